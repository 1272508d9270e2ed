"""What the checks of HTML, words and links find, and what they leave alone."""

import html
import re
from pathlib import Path

import pytest
import time_machine
from flask import g

from dissemination.delivery.models import Fate
from dissemination.kernel.database import transaction
from dissemination.newsletters import actions, checks, domain, markup, preflight, readers
from dissemination.newsletters.checks import Level
from dissemination.newsletters.findings import Finding
from dissemination.newsletters.models import BlockKind
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False) as moved:
        yield moved


def found(html):
    return [(f.level.value, f.code) for f in checks.of_html(html, "it")]


# ---- the HTML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ink", "paper", "ratio"),
    [
        ("#000", "#fff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#fff", "#fff", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(ink, paper, ratio):
    assert round(markup.contrast(markup.colour(ink), markup.colour(paper)), 2) == ratio


@pytest.mark.parametrize(
    ("html", "pale"),
    [
        ('<p style="color:#777">Troppo chiaro</p>', True),
        ('<p style="color:#767676">Giusto abbastanza</p>', False),
        ('<p style="color:#888;font-size:24px">Grande</p>', False),
        ('<p style="color:#888;font-size:19px;font-weight:bold">Grande e grasso</p>', False),
        ('<p style="color:#888;font-size:19px">Non abbastanza grande</p>', True),
        ('<table bgcolor="#06c"><tr><td style="color:#fff">Bianco su blu</td></tr></table>', False),
        ('<table bgcolor="#fc0"><tr><td style="color:#fff">Bianco su giallo</td></tr></table>', True),
        (
            '<div style="background:url(https://x.example/a.png)"><p style="color:#fff">Su una foto</p></div>',
            False,
        ),
        ('<div style="display:none;color:#fff">Non si vede</div>', False),
        ("<style>.k{color:#ddd}</style><p class=k>Da un foglio di stile</p>", True),
        ("<style>@media (prefers-color-scheme:dark){p{color:#eee}}</style><p>Solo di notte</p>", False),
    ],
)
def test_pale_text_is_found_where_a_reader_would_see_it(html, pale):
    assert ("contrast" in [code for _level, code in found(html)]) is pale


def test_what_nobody_can_read_at_all_blocks():
    assert found('<p style="color:#fff">Bianco su bianco</p>') == [("blocking", "contrast")]


@pytest.mark.parametrize(
    ("html", "codes"),
    [
        ('<img src="a.png" alt="Il telaio"><p>' + "Parole. " * 40, []),
        ('<img src="a.png" alt=""><p>' + "Parole. " * 40, ["no_alt"]),
        ('<img src="a.png"><p>' + "Parole. " * 40, ["no_alt"]),
        ('<img src="a.png" alt="Tutto qui">', ["mostly_pictures"]),
        ("<h1>Uno</h1><h2>Due</h2><h3>Tre</h3><h2>Ancora</h2>", []),
        ("<h1>Uno</h1><h3>Tre</h3>", ["headings"]),
        ("<h1>Uno</h1><h2></h2>", ["headings"]),
        ('<a href="https://a.example">clicca qui</a>', ["vague_link"]),
        ('<a href="https://a.example">Leggi di più →</a>', []),
        ('<a href="https://a.example">Read more »</a>', ["vague_link"]),
        ('<a href="https://a.example"><img src=x alt="Programma"></a><p>' + "Parole. " * 40, []),
        ('<a href="https://a.example"></a>', ["empty_link"]),
    ],
)
def test_pictures_headings_and_links_are_looked_at(html, codes):
    assert [code for _level, code in found(html)] == codes


def test_hostile_html_is_read_in_the_end():
    assert found("<div " * 3000) is not None
    assert found("<table><tr>" * 2000 + "ciao") == []
    assert found('<p style="font-size:' + "9" * 5000 + 'px;color:rgb(999,0,0)">x</p>') is not None


def test_our_own_frame_passes_its_own_checks(moda, ada):
    with transaction():
        workshop, work = factories.workshop(moda), cast.publication(moda)
        issue = cast.issue(
            moda, cast.topic(moda), by=ada, text="", workshop_ids=[workshop.id], publication_ids=[work.id]
        )
        plain = cast.issue(moda, by=ada)
        heading = actions.add_block(plain, kind=BlockKind.HEADING, text_it="In agenda")
        actions.add_sources(plain, workshop_ids=[workshop.id], publication_ids=[])
        assert heading.id
    for each in (issue, plain):
        for letter in actions.prepare(each).letters:
            assert list(checks.of_html(letter.html, "it")) == []


# ---- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "codes"),
    [
        ("Novità di marzo", []),
        ("DITECFER e CNR", []),
        ("NOVITÀ DI MARZO PER TUTTI", ["subject_shouts"]),
        ("🎉🎉", ["subject_without_words"]),
        ("Una novità 🎉", []),
        ("Gratis! Ultima occasione!!", ["subject_spam"]),
        ("A" + "b" * 90, ["subject_long"]),
    ],
)
def test_subjects_are_judged_modestly(subject, codes):
    assert [f.code for f in checks.of_subject(subject, "it")] == codes


def test_an_empty_text_part_blocks():
    assert [f.level for f in checks.of_text(" \n", "it")] == [Level.BLOCKING]
    assert list(checks.of_text("Un testo che dice qualcosa da solo.", "it")) == []


# ---- links -------------------------------------------------------------------------------------------


def links(*urls):
    html = "".join(f'<a href="{url}">Parole {n}</a>' for n, url in enumerate(urls))
    return [(f.level.value, f.code) for f in checks.of_links([html], own="https://own.example")]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://www.regione.toscana.it/bando", None),
        ("mailto:info@moda.example", None),
        ("mailto:info", "odd_link"),
        ("tel:+39055", None),
        ("http://www.regione.toscana.it", "odd_link"),
        ("https://bit.ly/x", "odd_link"),
        ("https://10.0.0.1/", "odd_link"),
        ("https://intranet/pagina", "odd_link"),
        ("ftp://files.example/a", "odd_link"),
        ("https://[::1", "odd_link"),
        ("https://own.example?edition=it", None),
    ],
)
def test_addresses_of_others_are_judged_by_their_shape_only(app, url, code):
    assert links(url) == ([("warning", code)] if code else [])


def test_our_own_links_are_opened_as_a_stranger_would(app, moda):
    home = app.config["SETTINGS"].public_url
    with transaction():
        shown, hidden = factories.workshop(moda), factories.workshop(moda, published=False)
    assert links(
        f"{home}/moda/workshops/{shown.slug}?n=1.2", f"{home}/moda/", f"{home}/moda/subscriptions",
        f"{home}/moda/newsletters/", f"{home}/moda/privacy",
    ) == []  # fmt: skip
    dead = [f"{home}/moda/workshops/{hidden.slug}", f"{home}/moda/workshops/gone", f"{home}/nowhere/at/all",
            f"{home}/altrove/"]  # fmt: skip
    assert links(*dead) == [("blocking", "dead_link")] * 4


def test_opening_a_link_leaves_the_request_that_asks_alone(sign_in, moda, ada):
    """The visit has a context of its own: else the page would be of the district that the link leads to."""
    with transaction():
        factories.district("altro")
        topic = cast.topic(moda)
        cast.subscriber(moda, topic)
        issue = cast.issue(
            moda, topic, by=ada,
            text="Vedi [l'altro distretto](http://127.0.0.1:8000/altro/) e [niente](http://127.0.0.1:8000/altro/workshops/x).",
        )  # fmt: skip
    page = sign_in(ada).get(f"{DESK}/{issue.id}/sending").text
    assert "Distretto moda" in page
    assert "Distretto altro" not in page
    assert "porta a una pagina che non c&#39;è (404): /altro/workshops/x" in page
    assert "/altro/ " not in page
    assert "ada@moda.example" in page or "Ada" in page


# ---- audience ----------------------------------------------------------------------------------------


def test_who_would_get_two_copies_is_named(sign_in, moda, ada):
    with transaction():
        topic = cast.topic(moda)
        for address in ("gina.rossi@gmail.com", "ginarossi@googlemail.com", "ugo@tessitura.example",
                        "ugo+news@tessitura.example", "zoe@tessitura.example"):  # fmt: skip
            cast.subscriber(moda, topic, email=address)
        issue = cast.issue(moda, topic, by=ada)
    assert readers.counts(issue).doubles == {"address": 2}
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/{issue.id}/sending").text
    assert "2 persone riceverebbero due copie." in page
    link = html.unescape(re.search(r'href="([^"]*/audience/doubles/address[^"]*)"', page)[1])
    named = re.findall(
        r"\b[\w.+-]+@(?:gmail|googlemail|tessitura)\.\w+", desk.get(link).text.replace("%2B", "+")
    )
    assert set(named) == {
        "gina.rossi@gmail.com", "ginarossi@googlemail.com", "ugo@tessitura.example",
        "ugo+news@tessitura.example", "ginarossi@gmail.com",
    }  # fmt: skip


def test_nobody_to_send_to_blocks_and_says_where_to_put_it_right(sign_in, moda, ada):
    with transaction():
        issue = cast.issue(moda, cast.topic(moda), by=ada)
    assert ("blocking", "nobody") in [(f.level.value, f.code) for f in preflight.check(issue).findings]
    page = sign_in(ada).get(f"{DESK}/{issue.id}/sending").text
    assert f'href="{DESK}/{issue.id}/facts#topics"' in page
    assert not re.search(r"Invia a \d", page)


def test_a_workshop_that_is_over_is_taken_out_with_one_press(sign_in, moda, ada):
    with transaction():
        topic = cast.topic(moda)
        cast.subscriber(moda, topic)
        past = factories.workshop(moda, starts_at=factories.DAY.replace(year=2026, month=1))
        issue = cast.issue(moda, topic, by=ada, workshop_ids=[past.id])
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/{issue.id}/sending").text
    block = next(b for b in issue.blocks if b.source_id == past.id)
    action = f"{DESK}/{issue.id}/blocks/{block.id}/removal"
    assert f'action="{action}"' in page
    desk.post(action)
    assert "Invia a 1 persona" in desk.get(f"{DESK}/{issue.id}/sending").text


def test_the_audience_that_is_stored_lists_the_same_people_later(moda, ada):
    with transaction():
        topic = cast.topic(moda)
        people = [cast.subscriber(moda, topic, language=lang) for lang in ("it", "en", "it")]
        issue = cast.issue(moda, topic, by=ada)
    from dissemination.kernel.clock import now

    audience = readers.described(issue, language="it", until=now())
    ids = [row.id for row in readers.listed(moda.id, audience)]
    assert ids == [people[0].id, people[2].id]
    assert [row.id for row in readers.listed(moda.id, audience, after=ids[0])] == [ids[1]]
    with transaction():
        assert readers.still(moda.id, audience, [p.id for p in people]) == set(ids)
    cast.send(issue, by=ada)
    assert {d.state for d in cast.deliveries(issue.id)} == {Fate.QUEUED}


# ---- fixes -------------------------------------------------------------------------------------------


def codes():
    """(code, whether it is of a block) of all findings that the package can make, read from its source."""
    made = re.compile(
        r'(?:_?blocking|_?warning)\(\s*"(\w+)"|_finding\(\s*Level\.\w+, "(\w+)"|\(\s*Level\.\w+,\s*"(\w+)"'
    )
    found = set()
    for path in Path(checks.__file__).parent.glob("*.py"):
        for whole, *names in ((m[0], *m.groups()) for m in made.finditer(path.read_text())):
            found.add(
                (next(filter(None, names)), path.name in ("problems.py", "live.py") or "_finding" in whole)
            )
    return sorted(found)


def test_every_finding_has_its_own_fix_that_leads_somewhere(sign_in, moda, ada, app):
    with transaction():
        topic = cast.topic(moda)
        corrected = cast.issue(moda, topic, by=ada)
        issue = cast.issue(moda, topic, by=ada)
        issue.corrects_id = corrected.id
    desk, generic = sign_in(ada), []
    assert len(codes()) > 30
    with app.test_request_context(f"{DESK}/{issue.id}"):
        g.district = moda
        fix = app.jinja_env.get_template("newsletters/_preflight.html").make_module({"district": moda}).fix
        for code, of_block in codes():
            block = issue.blocks[0].id if of_block else None
            made = str(fix(issue, Finding(Level.BLOCKING, code, "x", block, of_block))).strip()
            places = re.findall(r'(?:href|action)="([^"#]+)', made)
            assert len(places) == 1, (code, made)
            if made == f'<a href="{DESK}/{issue.id}/facts">Correggi</a>':
                generic.append(code)
            if "<form" not in made:
                assert desk.get(html.unescape(places[0])).status_code == 200, (code, places)
    assert generic == []


# ---- the domain --------------------------------------------------------------------------------------

RECORDS = {
    ("moda.example", "MX"): ["10 mx.moda.example."],
    ("moda.example", "TXT"): ["google-site-verification=x", "v=spf1 mx ~all"],
    ("_dmarc.moda.example", "TXT"): ["v=DMARC1; p=none"],
    ("k1._domainkey.moda.example", "TXT"): ["v=DKIM1; k=rsa; p="],
}


def test_the_domain_is_judged_by_what_it_publishes():
    def ask(name, kind):
        return RECORDS.get((name, kind), [])

    assert [(a.what, a.state) for a in domain.examine("moda.example", "k1", ask=ask)] == [
        ("MX", "good"), ("SPF", "good"), ("DMARC", "weak"), ("DKIM", "weak"),
    ]  # fmt: skip
    assert [(a.what, a.state) for a in domain.examine("other.example", "", ask=ask)] == [
        ("MX", "missing"), ("SPF", "missing"), ("DMARC", "missing"),
    ]  # fmt: skip


def test_name_servers_that_do_not_answer_say_nothing_about_the_domain():
    def ask(name, kind):
        raise domain.Silent("timed out")

    assert {a.state for a in domain.examine("moda.example", "k1", ask=ask)} == {"unknown"}


def test_the_page_of_the_domain_asks_nobody_before_the_button(sign_in, moda, bice, ada, monkeypatch):
    asked = []
    monkeypatch.setattr(domain, "examine", lambda *arguments: asked.append(arguments) or [])
    desk = sign_in(bice)
    assert desk.get(f"{DESK}/domain").status_code == 200
    assert asked == []
    assert desk.post(f"{DESK}/domain", data={"selector": "K1"}).status_code == 200
    assert asked == [("moda.example", "k1")]
    assert sign_in(ada).get(f"{DESK}/domain").status_code == 403


def test_settings_are_checked_and_kept(sign_in, moda, bice):
    desk, url = sign_in(bice), f"{DESK}/settings"
    page = desk.get(url).text
    assert 'value="500"' in page
    assert 'value="21:00"' in page
    wrong = {
        "version": 0,
        "approval_above": "-1",
        "quiet_from": "21:00",
        "quiet_until": "",
        "per_second": "0",
    }
    answer = desk.post(url, data=wrong)
    assert answer.status_code == 422
    assert answer.text.count("<li><a href=") >= 2
    good = {"version": 0, "approval_above": "", "quiet_from": "", "quiet_until": "", "per_second": "5",
            "counts_clicks": "y"}  # fmt: skip
    assert desk.post(url, data=good).status_code == 303
    again = desk.post(url, data=good)
    assert again.status_code == 422, "saved from a page that was opened before"
