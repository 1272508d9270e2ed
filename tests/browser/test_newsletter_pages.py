"""axe on every page of the desk that leads to a newsletter, in the states in which a person meets it.

The walk along links (`test_accessibility`) sees the sample district, in which nobody waits for an approval,
nothing is about to leave and no server refused anything. Here each page has something to show.
"""

import pytest
import time_machine
from sqlalchemy import update

from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import (
    actions,
    approving,
    jobs,
    preflight,
    rehearsing,
    scheduling,
    settling,
    templates,
)
from dissemination.subscriptions import exclusions, importing, segments, suppression
from dissemination.subscriptions.formats import Upload
from tests.browser.test_accessibility import VIEWS, Look, session_cookie
from tests.newsletters import cast
from tests.newsletters.test_dispatching import MONDAY

pytestmark = pytest.mark.browser
PACKAGES = ("newsletters_desk", "subscriptions_desk")
NOT_PAGES = {  # files, parts of pages, frames of mails
    "newsletters_desk.export", "newsletters_desk.preview", "newsletters_desk.progress",
    "newsletters_desk.template_preview", "subscriptions_desk.consents_file",
    "subscriptions_desk.import_progress", "subscriptions_desk.import_report",
}  # fmt: skip
NEWS, READERS = "/moda/desk/newsletters", "/moda/desk/subscriptions"


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=True) as moved:
        yield moved


def people(moda, topic):
    """Five readers; two with one mailbox, one who is left out, one whose address is suppressed."""
    for address in ("anna@moda.example", "anna+news@moda.example", "en@moda.example", "no@moda.example"):
        cast.subscriber(moda, topic, email=address, language=address[:2] if address[:2] == "en" else "it")
    return cast.subscriber(moda, topic, email="dead@moda.example")


def decided(issue, by):
    draft = preflight.check(issue)
    with transaction():
        scheduling.decide(issue, draft, version=issue.version, by=by)


@pytest.fixture
def states(moda, ada, bice, clock):
    """The ids that the addresses of the pages need."""
    with transaction():
        topic = cast.topic(moda, "Tessile", name_en="Textiles")
        dead = people(moda, topic)
        suppression.add(moda.id, dead.email, kind="manual", reason="Casella chiusa", by=ada)
        out = exclusions.exclude(moda, exclusions.find(moda, "no@moda.example"), reason="Concorrente", by=ada)
        english = [{"what": "language", "language": "en"}, {"what": "never_reached", "months": 6}]
        segment = segments.save(moda, None, name="Inglesi", conditions=english, version=0, by=ada)
        template = templates.save(
            moda,
            None,
            name="Cornice",
            chosen={},
            logo_id=None,
            logo_alt="",
            footer_it="Ciao",
            footer_en="",
            social=[],
            version=0,
            by=ada,
        )
        sent, leaving, draft = (
            cast.issue(moda, topic, by=ada, subject_it=name) for name in ("Inviata", "In partenza", "Bozza")
        )
        block = actions.add_block(draft, kind=cast.BlockKind.TEXT, text_it="[clicca qui](https://x.example)")
        uploaded = importing.upload(
            moda, [Upload("a.csv", b"email;nome\nnuova@moda.example;Nuova\nrotta;Rotta\n")], topics=[topic],
            language="it", basis="Fiera di marzo", by=ada,
        ).id  # fmt: skip
    importing.go_on(uploaded)
    cast.send(sent, by=ada)
    decided(leaving, ada)
    with transaction():
        rows = update(Delivery).where(Delivery.subject_kind == "issues", Delivery.subject_id == sent.id)
        reason = "550 5.1.1 no such user"
        db.session.execute(rows.values(state=Fate.REFUSED, reason=reason, finished_at=MONDAY))
        settling.settle(moda, version=0, approval_above=1)
    prepared = preflight.check(draft)
    with transaction():
        approving.ask(draft, version=draft.version, persons=3, by=ada)
        rehearsing.rehearse(draft, prepared, by=ada)
    jobs.finish_issues()
    suppressed = suppression.find(moda.id, "dead@moda.example")
    return {
        "sent": sent.id, "leaving": leaving.id, "draft": draft.id, "block": block.id, "segment": segment.id,
        "template": template.id, "import": uploaded, "topic": topic.id, "suppression": suppressed.id,
        "person": dead.id, "excluded": out.id,
    }  # fmt: skip


def pages(ids) -> list[str]:
    """Every page of both packages, some in several states."""
    sent, draft, rule = f"{NEWS}/{ids['sent']}", f"{NEWS}/{ids['draft']}", f"?topic={ids['topic']}"
    kinds = ("heading", "text", "image", "button", "divider", "columns", "quote", "mjml")
    return [
        *(f"{NEWS}/{name}" for name in ("", "compose", "new", "settings", "domain", "templates",
                                        "templates/new", "templates/import", f"templates/{ids['template']}")),
        *(f"{sent}{name}" for name in ("", "/recipients", "/recipients?fate=refused", "/outcome",
                                       "/retries/refused", "/withholding", "/versions")),
        f"{NEWS}/{ids['leaving']}/departure",
        *(f"{draft}{name}" for name in ("", "/facts", "/sources", "/sending", "/approval", "/rehearsal",
                                        "/versions", "/versions/1", "/removal", f"/blocks/{ids['block']}")),
        *(f"{draft}/blocks/new?kind={kind}" for kind in kinds),
        *(f"{READERS}/{name}" for name in (
            "", "topics", f"topics/{ids['topic']}", f"topics/{ids['topic']}/closing", "segments/",
            "segments/new", f"segments/{ids['segment']}", f"segments/{ids['segment']}/edit", "audience",
            f"audience{rule}", f"audience/reached{rule}", f"audience/left-out/excluded{rule}",
            f"audience/left-out/suppressed{rule}", f"audience/doubles/address{rule}", "exclusions/", "guard",
            "people", f"people/{ids['person']}", "ledger", "suppressions/", "suppressions/?kind=complaint",
            f"suppressions/{ids['suppression']}", "imports/", "imports/new", f"imports/{ids['import']}",
            f"imports/{ids['import']}/lines")),
    ]  # fmt: skip


def endpoint(app, path) -> str:
    return app.url_map.bind("localhost").match(path.split("?")[0])[0]


@VIEWS
def test_no_page_around_a_newsletter_has_a_serious_finding(
    chromium_browser, app, site, bice, states, lang, width
):
    look = Look(chromium_browser, site, lang=lang, width=width, cookie=session_cookie(app, bice))
    seen = set()
    for path in pages(states):
        answer = look.page.goto(site + path)
        assert answer.status == 200, f"{path} answered {answer.status}"
        assert look.page.url == site + path, f"{path} leads to {look.page.url}"
        seen.add(endpoint(app, path))
        look.at(endpoint(app, path))
    look.context.close()
    assert look.found == []
    needed = {
        rule.endpoint for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint.split(".")[0] in PACKAGES
    }  # fmt: skip
    assert sorted(needed - seen - NOT_PAGES) == []
