"""From draft to tombstone: review, approval, newer versions, what is taken back, and what figures count."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import Person, Record
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.plan import figures, periods
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import ApplicationArea
from dissemination.publications import actions, queries, versions
from dissemination.publications.models import Publication, Relation, State, Step
from tests import factories
from tests.publications.cast import publication

DESK = "/moda/desk/publications"


def draft(district, **facts):
    with transaction():
        return publication(district, published=False, **facts)


def fresh(row):
    db.session.expire_all()
    return db.session.get(Publication, row.id)


def steps(row):
    return [(n.step, n.text, n.by) for n in fresh(row).notes]


def test_a_draft_is_reviewed_with_words_approved_and_published(moda, ada, bice, sign_in, client):
    row = draft(moda, by=ada, title_it="Scenari 2030")
    path = f"{DESK}/{row.slug}"
    by_ada, by_bice = sign_in(ada), sign_in(bice)
    assert (
        "Chiedi l&#39;approvazione" in by_ada.get(path).text
        or "Chiedi l'approvazione" in by_ada.get(path).text
    )
    assert by_ada.post(f"{path}/review", data={"text": "Pronta"}).status_code == 303
    assert fresh(row).state is State.REVIEW
    assert by_bice.post(f"{path}/changes", data={"text": " "}).status_code == 422
    assert by_bice.post(f"{path}/changes", data={"text": "Manca la fonte"}).status_code == 303
    assert fresh(row).state is State.DRAFT
    assert by_ada.post(f"{path}/notes", data={"text": "Aggiunta"}).status_code == 303
    assert by_ada.post(f"{path}/review").status_code == 303
    assert by_ada.post(f"{path}/approval").status_code == 403
    assert by_bice.post(f"{path}/approval", data={"text": "Bene"}).status_code == 303
    assert fresh(row).state is State.APPROVED
    assert client.get(f"/moda/publications/{row.slug}").status_code == 404
    assert by_ada.post(f"{path}/publication").status_code == 303
    assert (fresh(row).state, fresh(row).approved_by, fresh(row).published_by) == (
        State.PUBLISHED,
        bice.id,
        ada.id,
    )
    assert steps(row) == [
        (Step.ASKED, "Pronta", ada.id), (Step.CHANGES, "Manca la fonte", bice.id),
        (Step.COMMENT, "Aggiunta", ada.id), (Step.ASKED, "", ada.id), (Step.APPROVED, "Bene", bice.id),
    ]  # fmt: skip
    assert "Manca la fonte" in by_ada.get(path).text
    assert "Manca la fonte" not in client.get(f"/moda/publications/{row.slug}").text


def test_the_review_tells_by_mail_who_has_to_act(moda, ada, bice, sign_in):
    row = draft(moda, by=ada, title_it="Scenari 2030")
    sign_in(ada).post(f"{DESK}/{row.slug}/review", data={"text": "<b>Pronta</b>"})
    sign_in(bice).post(f"{DESK}/{row.slug}/changes", data={"text": "Manca la fonte"})
    sign_in(ada).post(f"{DESK}/{row.slug}/notes", data={"text": "Un attimo"})
    sign_in(ada).post(f"{DESK}/{row.slug}/review")
    sign_in(bice).post(f"{DESK}/{row.slug}/approval")
    sent = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [(d.address, d.letter.subject) for d in sent] == [
        ("bice@moda.example", "Da approvare: Scenari 2030"),
        ("ada@moda.example", "Richieste modifiche: Scenari 2030"),
        ("bice@moda.example", "Da approvare: Scenari 2030"),
        ("ada@moda.example", "Approvata: Scenari 2030"),
    ]


def test_each_step_is_refused_where_it_makes_no_sense(moda, ada, bice):
    row = draft(moda)
    for refusal, verb in (
        (actions.NotApproved, lambda: actions.publish(row, by=ada)),
        (actions.NotApproved, lambda: actions.approve(row, by=ada)),
        (actions.NotUnderReview, lambda: actions.want_changes(row, text="x", by=bice)),
        (actions.WordsMissing, lambda: actions.comment(row, text=" ", by=ada)),
        (actions.NotPublished, lambda: actions.new_version(row, by=ada)),
    ):
        with pytest.raises(refusal), transaction():
            verb()
    with transaction():
        actions.ask_approval(row, by=ada)
    with pytest.raises(actions.AlreadyAsked), transaction():
        actions.ask_approval(row, by=ada)
    with transaction():
        actions.approve(row, by=bice)
    for verb in (actions.approve, actions.ask_approval):
        with pytest.raises(actions.AlreadyApproved), transaction():
            verb(row, by=bice)
    assert fresh(row).state is State.APPROVED


def test_a_manager_approves_by_publishing(moda, bice, sign_in):
    row = draft(moda)
    assert "Approva e pubblica" in sign_in(bice).get(f"{DESK}/{row.slug}").text
    assert sign_in(bice).post(f"{DESK}/{row.slug}/publication").status_code == 303
    assert (fresh(row).state, fresh(row).approved_by) == (State.PUBLISHED, bice.id)


def test_what_is_changed_after_its_approval_is_approved_anew(moda, ada, bice):
    row, other = draft(moda, kind=Kind.ROADMAP), draft(moda)
    with transaction():
        for one in (row, other):
            actions.approve(one, by=bice)
        actions.revise(row, by=ada, version=1, title_it="Altro")
        actions.revise(other, by=bice, version=1, title_it="Altro")
    assert [fresh(one).state for one in (row, other)] == [State.DRAFT, State.APPROVED]
    assert [n.step for n in row.notes] == [Step.APPROVED, Step.LAPSED]
    assert [r.reverses_id is not None for r in log("roadmap.approved")] == [False, True]
    with pytest.raises(actions.NotApproved), transaction():
        actions.publish(row, by=ada)


def test_a_manager_corrects_an_approved_roadmap_and_the_log_follows(moda, bice):
    row = draft(moda, kind=Kind.ROADMAP)
    with transaction():
        dyeing, _recycling = areas(moda)
        actions.approve(row, by=bice)
        actions.revise(row, by=bice, version=1, application_area_id=dyeing.id)
    assert [(r.attributes["application_area"], r.reverses_id is None) for r in log("roadmap.approved")] == [
        ("", True), ("", False), ("Tintura", True),
    ]  # fmt: skip
    with transaction():
        actions.revise(row, by=bice, version=2, kind=Kind.REPORT)
    assert len(log("roadmap.approved")) == 4
    assert log("publication.published") == []


def log(verb):
    return db.session.scalars(select(Activity).where(Activity.verb == verb).order_by(Activity.id)).all()


def areas(district):
    macro = plans.current_plan(district.id).macro_areas[0]
    rows = [
        ApplicationArea(macro_area_id=macro.id, rank=n, name_it=t)
        for n, t in ((1, "Tintura"), (2, "Riciclo"))
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def test_approved_versions_of_roadmaps_are_counted_by_application_area(moda, ada, bice, time_machine):
    time_machine.move_to("2026-05-10T10:00:00+00:00")
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        dyeing, recycling = areas(moda)
        first = publication(moda, kind=Kind.ROADMAP, application_area_id=dyeing.id)
        second = actions.new_version(first, by=ada)
        publication(moda, kind=Kind.ROADMAP, published=False, application_area_id=recycling.id)
        publication(moda, kind=Kind.REPORT)
    indicator = plans.indicator(plan, "IS-02")
    period = periods.read("2026-H1", plan)
    assert figures.figure(indicator, period).actual == 1
    with transaction():
        actions.approve(second, by=bice)
    assert figures.figure(indicator, period).actual == 2
    with transaction():
        actions.publish(second, by=ada)
    assert figures.figure(indicator, period).actual == 2
    assert [r.attributes["application_area"] for r in log("roadmap.approved")] == ["Tintura", "Tintura"]
    with transaction():
        actions.withdraw(second, reason="Errore", by=ada)
    assert figures.figure(indicator, period).actual == 1
    with transaction():
        actions.publish(second, by=ada)
    assert figures.figure(indicator, period).actual == 2
    with transaction():
        actions.revise(second, by=ada, version=second.version, reason="area sbagliata",
                       application_area_id=recycling.id)  # fmt: skip
    standing = [r for r in log("roadmap.approved") if r.reverses_id is None]
    assert standing[-1].attributes["application_area"] == "Riciclo"
    assert figures.figure(indicator, period).actual == 2


def test_roadmaps_that_are_imported_as_public_are_logged_as_approved(moda, bice):
    record = Record(Kind.ROADMAP, date(2025, 1, 1), title_it="Roadmap")
    report = Record(Kind.REPORT, date(2025, 1, 1), title_it="Rapporto")
    with transaction():
        ids = actions.add_all(
            moda, [record, report], by=bice, published=True, activity_line_id=factories.line(moda, "b").id
        )
    assert [(r.verb, r.subject_id) for r in db.session.scalars(select(Activity).order_by(Activity.id))] == [
        ("publication.published", ids[0]), ("publication.published", ids[1]), ("roadmap.approved", ids[0]),
    ]  # fmt: skip


def test_a_newer_version_is_seen_and_not_counted_as_another_publication(moda, ada, bice, time_machine):
    time_machine.move_to("2026-05-10T10:00:00+00:00")
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        one = publication(moda, kind=Kind.FORESIGHT)
        actions.publish(actions.new_version(one, by=ada), by=bice)
    period = periods.read("2026-H1", plan)
    found = {code: figures.figure(plans.indicator(plan, code), period) for code in ("DV-08", "IS-01")}
    assert {code: (f.actual, f.not_counted) for code, f in found.items()} == {
        "DV-08": (1, 1),
        "IS-01": (1, 1),
    }
    assert [r.not_counted for r in log("publication.published")] == [None, "newer_version"]


def test_strategic_notes_count_once_approved_and_public_on_line_b(moda, ada, bice, time_machine):
    time_machine.move_to("2026-05-10T10:00:00+00:00")
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        note = publication(moda, kind=Kind.STRATEGIC_NOTE, published=False)
        publication(moda, kind=Kind.STRATEGIC_NOTE, activity_line_id=factories.line(moda, "a").id)
    indicator, period = plans.indicator(plan, "IS-01"), periods.read("2026-H1", plan)
    with transaction():
        actions.ask_approval(note, by=ada)
    assert figures.figure(indicator, period).actual == 0
    with transaction():
        actions.approve(note, by=bice)
        actions.publish(note, by=ada)
    assert figures.figure(indicator, period).actual == 1


def test_a_tombstone_keeps_the_address_with_title_authors_date_and_reason(
    moda, ada, sign_in, client, time_machine
):
    time_machine.move_to("2026-06-30T22:30:00+00:00")
    with transaction():
        row = publication(moda, title_it="Scenari 2030", doi="10.1000/182", abstract_it="Riassunto segreto.")
    sign_in(ada).post(f"{DESK}/{row.slug}/withdrawal", data={"reason": "Dati sbagliati"})
    gone = client.get(f"/moda/publications/{row.slug}")
    assert gone.status_code == 410
    for text in (
        "Scenari 2030",
        "Maria Rossi",
        "Regione Toscana",
        "01/07/2026",
        "Dati sbagliati",
        "10.1000/182",
    ):
        assert text in gone.text
    assert "Riassunto segreto" not in gone.text
    assert gone.headers["X-Robots-Tag"] == "noindex"
    assert "citation_title" not in gone.text
    assert row.title_it not in client.get("/moda/publications/").text
    with transaction():
        actions.publish(fresh(row), by=ada)
    assert client.get(f"/moda/publications/{row.slug}").status_code == 200


def test_reasons_written_for_the_desk_only_stay_there(moda, ada, client, sign_in):
    with transaction():
        row = publication(moda)
        actions.withdraw(row, reason="Litigio con Rossi", by=ada)
        row.withdrawals[0].public = False
    gone = client.get(f"/moda/publications/{row.slug}")
    assert (gone.status_code, "Litigio" in gone.text) == (410, False)
    assert "Litigio" in sign_in(ada).get(f"{DESK}/{row.slug}").text


def test_a_newer_version_supersedes_the_former_which_points_to_it(moda, ada, sign_in, client, time_machine):
    time_machine.move_to("2026-05-10T10:00:00+00:00")
    with transaction():
        one = publication(moda, title_it="Roadmap", version_label="1.0", doi="10.1000/1", keywords=["acqua"])
    assert f"{DESK}/roadmap/versions" in sign_in(ada).get(f"{DESK}/roadmap").text
    made = sign_in(ada).post(f"{DESK}/{one.slug}/versions")
    two = db.session.scalars(select(Publication).where(Publication.previous_id == one.id)).one()
    assert (made.status_code, made.location) == (303, f"{DESK}/roadmap-2/edit")
    assert (two.slug, two.state, two.doi, two.version_label, two.keywords) == (
        "roadmap-2",
        State.DRAFT,
        "",
        "",
        ["acqua"],
    )
    assert [a.family_name for a in two.authors] == ["Rossi", "Regione Toscana"]
    assert "roadmap-2" not in client.get("/moda/publications/roadmap").text
    assert f"{DESK}/roadmap/versions" not in sign_in(ada).get(f"{DESK}/roadmap").text
    assert sign_in(ada).post(f"{DESK}/roadmap/versions").status_code == 409
    time_machine.move_to("2026-06-10T10:00:00+00:00")
    with transaction():
        actions.revise(two, by=ada, version=1, version_label="2.0")
        actions.approve(two, by=None)
        actions.publish(two, by=ada)
    assert (fresh(one).state, one.changed_at == two.published_at) == (State.SUPERSEDED, True)
    old, new = (client.get(f"/moda/publications/{s}").text for s in ("roadmap", "roadmap-2"))
    assert ("C'è una versione più recente" in unescaped(old), "C'è una versione più recente" in unescaped(new)) == (
        True, False,
    )  # fmt: skip
    assert [re.findall(r'href="(/moda/publications/roadmap[^"/?.]*)"', page)[0] for page in (old, new)] == [
        "/moda/publications/roadmap-2", "/moda/publications/roadmap",
    ]  # fmt: skip
    with transaction():
        actions.withdraw(two, reason="Errore", by=ada)
    assert fresh(one).state is State.PUBLISHED
    assert "versione più recente" not in client.get("/moda/publications/roadmap").text


def unescaped(text):
    return text.replace("&#39;", "'")


def test_versions_are_a_line_newest_first_and_none_branches_off(moda, ada):
    with transaction():
        one = publication(moda)
        two = actions.new_version(one, by=ada)
        actions.approve(two, by=None)
        actions.publish(two, by=ada)
        three = actions.new_version(two, by=ada)
    for row in (one, two, three):
        assert [p.id for p in versions.line(row, public=False)] == [three.id, two.id, one.id]
        assert [p.id for p in versions.line(row, public=True)] == [two.id, one.id]
    with pytest.raises(actions.NewerExists), transaction():
        actions.new_version(one, by=ada)
    assert versions.newest(fresh(one)).id == two.id


@pytest.mark.parametrize("state", list(State))
def test_the_desk_filters_by_the_state_that_it_shows(moda, ada, bice, state):
    with transaction():
        rows = {s: publication(moda, published=s in PUBLIC) for s in State}
        actions.ask_approval(rows[State.REVIEW], by=ada)
        actions.approve(rows[State.APPROVED], by=bice)
        actions.withdraw(rows[State.WITHDRAWN], reason="x", by=ada)
        newer = actions.new_version(rows[State.SUPERSEDED], by=ada)
        actions.publish(newer, by=bice)
    for row in rows.values():
        db.session.refresh(row)
    assert {s: row.state for s, row in rows.items()} == {s: s for s in State}
    page = queries.listed(moda.id, wanted=queries.Filter(state=state))
    assert rows[state].id in {p.id for p in page.rows}
    assert {p.state for p in page.rows} == {state}


PUBLIC = (State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN)


def test_a_workshop_and_its_publication_show_each_other(moda, ada, sign_in, client):
    with transaction():
        workshop = factories.workshop(moda, title="Tingere a freddo")
        row = publication(moda, title_it="Atti del workshop")
        publication(moda, title_it="Altro rapporto")
    browser, path = sign_in(ada), f"{DESK}/{row.slug}/links"
    form = {"relation": "IsDocumentedBy", "workshop": str(workshop.id), "publication": "", "identifier": ""}
    assert browser.post(path, data=form).status_code == 303
    assert browser.post(path, data=form).status_code == 303  # said twice, kept once
    (link,) = fresh(row).links
    assert (link.subject_kind, link.subject_id, link.relation) == (
        "workshops",
        workshop.id,
        Relation.IS_DOCUMENTED_BY,
    )
    works = f"/moda/publications/{row.slug}"
    assert f'href="/moda/workshops/{workshop.slug}"' in client.get(works).text
    assert f'href="{works}"' in client.get(f"/moda/workshops/{workshop.slug}").text
    with transaction():
        actions.withdraw(fresh(row), reason="x", by=ada)
    assert f'href="{works}"' not in browser.get(f"/moda/workshops/{workshop.slug}").text
    assert browser.post(f"{path}/{link.id}/removal").status_code == 303
    assert fresh(row).links == []


def test_related_works_are_of_the_district_public_or_elsewhere(moda, nautica, ada, sign_in, client):
    with transaction():
        row, known = publication(moda), publication(moda, title_it="Rapporto pubblico")
        hidden, strange = publication(moda, published=False), publication(nautica)
    browser, path = sign_in(ada), f"{DESK}/{row.slug}/links"
    form = {"relation": "Cites", "workshop": "", "publication": "", "identifier": ""}
    for values, status in (
        ({"publication": str(known.id)}, 303), ({"identifier": "https://doi.org/10.1000/182"}, 303),
        ({"identifier": "https://example.org/x"}, 303), ({"publication": str(strange.id)}, 422),
        ({"publication": str(hidden.id)}, 422), ({"identifier": "javascript:alert(1)"}, 422), ({}, 422),
        ({"publication": str(known.id), "identifier": "10.1000/182"}, 422), ({"relation": "x"}, 422),
    ):  # fmt: skip
        assert (values, browser.post(path, data=form | values).status_code) == (values, status)
    assert [(x.subject_id, x.identifier) for x in fresh(row).links] == [
        (known.id, ""), (None, "10.1000/182"), (None, "https://example.org/x"),
    ]  # fmt: skip
    page = client.get(f"/moda/publications/{row.slug}").text
    for address in (
        f"/moda/publications/{known.slug}",
        "https://doi.org/10.1000/182",
        "https://example.org/x",
    ):
        assert f'href="{address}"' in page
    with transaction():
        actions.withdraw(fresh(known), reason="x", by=ada)
    assert "Rapporto pubblico" not in client.get(f"/moda/publications/{row.slug}").text


@pytest.mark.parametrize(
    "path", ["review", "notes", "changes", "approval", "versions", "links", "links/1/removal", "authors"]
)
def test_dora_is_refused_the_life_too(moda, nautica, dora, sign_in, path):
    with transaction():
        row = publication(moda)
    for district in ("moda", "nautica"):
        answer = sign_in(dora).post(f"/{district}/desk/publications/{row.slug}/{path}", data={"text": "x"})
        assert answer.status_code == 404
    assert (fresh(row).notes[1:], fresh(row).links) == ([], [])


def test_the_form_takes_access_embargo_funding_version_and_area(moda, ada, sign_in):
    with transaction():
        area, _other = areas(moda)
        row = publication(moda, published=False, issued=date(2026, 5, 4))
    browser, path = sign_in(ada), f"{DESK}/{row.slug}/edit"
    form = {
        "kind": "roadmap", "language": "it", "title_it": "Roadmap", "issued": "2026", "licence": "", "version": "1",
        "activity_line_id": str(row.activity_line_id), "access": "embargoed", "embargo_until": "",
        "version_label": "2.0", "application_area_id": str(area.id),
        "funding": "Regione Toscana; Piano 2026-2028; DGR 1080/2024; https://www.regione.toscana.it\nCNR",
    }  # fmt: skip
    page = browser.post(path, data=form)
    assert (page.status_code, 'id="embargo_until-errors"' in page.text) == (422, True)
    assert (
        browser.post(path, data=form | {"embargo_until": "2026-12-31", "funding": "a;b;c;d"}).status_code
        == 422
    )
    assert browser.post(path, data=form | {"embargo_until": "2026-12-31"}).status_code == 303
    row = fresh(row)
    assert (row.access, row.embargo_until, row.version_label, row.application_area_id) == (
        "embargoed", date(2026, 12, 31), "2.0", area.id,
    )  # fmt: skip
    assert row.funding == [
        {"funder": "Regione Toscana", "award_title": "Piano 2026-2028", "award_number": "DGR 1080/2024",
         "award_uri": "https://www.regione.toscana.it"},
        {"funder": "CNR"},
    ]  # fmt: skip
    shown = browser.get(path).text
    for text in (
        "Regione Toscana; Piano 2026-2028; DGR 1080/2024; https://www.regione.toscana.it",
        "2026-12-31",
    ):
        assert text in shown
    browser.post(
        path, data=form | {"access": "open", "embargo_until": "2026-12-31", "version": str(row.version)}
    )
    assert (fresh(row).access, fresh(row).embargo_until) == ("open", None)


def people_of(row):
    return [(a.family_name, a.affiliation, a.company_id, a.orcid) for a in fresh(row).authors]


def test_authors_get_an_organisation_of_the_registry(moda, nautica, ada, sign_in):
    with transaction():
        mill, university = (
            factories.company(moda, "Tessitura Neri"),
            factories.company(moda, "Università di Firenze"),
        )
        factories.company(nautica, "Cantiere Blu")
        row = publication(
            moda, published=False,
            authors=[Person("Rossi", "Maria", affiliation="tessitura NERI"), Person("Verdi", "Ugo", affiliation="CNR")],
        )  # fmt: skip
    assert people_of(row) == [("Rossi", "tessitura NERI", mill.id, ""), ("Verdi", "CNR", None, "")]
    one, two = row.authors
    browser, path = sign_in(ada), f"{DESK}/{row.slug}/authors"
    assert '<option value="Tessitura Neri">' in browser.get(path).text
    assert "Cantiere Blu" not in browser.get(path).text
    sent = {
        "version": "1", f"organisation-{one.id}": "Tessitura Neri", f"affiliation-{one.id}": "",
        f"orcid-{one.id}": "https://orcid.org/0000-0002-1825-0097", f"organisation-{two.id}": "Università di Firenze",
        f"affiliation-{two.id}": "DIEF, Università di Firenze",
    }  # fmt: skip
    for wrong in (
        {f"orcid-{one.id}": "0000-0002-1825-0098"},
        {f"organisation-{two.id}": "Cantiere Blu"},
        {"version": "x"},
    ):
        page = browser.post(path, data=sent | wrong)
        assert (page.status_code, "DIEF, Università di Firenze" in page.text) == (422, True)
    assert browser.post(path, data=sent).status_code == 303
    assert browser.post(path, data=sent).status_code == 409  # of two editors the second
    expected = [
        ("Rossi", "Tessitura Neri", mill.id, "0000-0002-1825-0097"),
        ("Verdi", "DIEF, Università di Firenze", university.id, ""),
    ]
    assert people_of(row) == expected
    with transaction():  # saved anew by the form of the publication, which knows names only
        again = [
            Person(a.family_name, a.given_name, False, False, a.affiliation, a.orcid) for a in row.authors
        ]
        actions.revise(row, by=ada, version=2, authors=again)
    assert people_of(row) == expected
    assert f"/moda/desk/people/companies/{university.id}" in browser.get(f"{DESK}/{row.slug}").text


def test_lists_for_the_public_show_the_newest_version_only(moda, ada, bice, client, sign_in):
    with transaction():
        one = publication(moda, title_it="Tabella di marcia")
        two = actions.new_version(one, by=ada)
        actions.publish(two, by=bice)
    shown = f'href="/moda/publications/{one.slug}"', f'href="/moda/publications/{two.slug}"'
    for address in ("/moda/publications/", "/moda/publications/?q=tabella"):
        page = client.get(address).text
        assert [link in page for link in shown] == [False, True]
    assert shown[0] in client.get(f"/moda/publications/{two.slug}").text
    assert one.slug in sign_in(ada).get(f"{DESK}/").text


def test_a_feed_has_the_newest_version_only(moda, ada, bice, client):
    with transaction():
        one = publication(moda, title_it="Tabella di marcia")
        two = actions.new_version(one, by=ada)
        actions.publish(two, by=bice)
    for address in ("/moda/publications.atom", "/moda/publications.atom?kind=report"):
        feed = client.get(address).text
        assert [f"/moda/publications/{row.slug}<" in feed for row in (one, two)] == [False, True]
