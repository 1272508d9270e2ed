"""What a device sends of a visit: read strictly, taken once, never over what somebody else wrote."""

import io
from datetime import date, time

import pytest
from sqlalchemy import func, select

from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, State
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity, Evidence
from dissemination.visits import actions, sheets
from dissemination.visits.models import Photo, VisitSheet
from dissemination.visits.refusals import BadSheet
from tests.visits import cast

HERE = "/moda/desk/audits/{}/visit/{}"


@pytest.fixture
def audit(moda, ada):
    with transaction():
        return cast.planned(moda, ada)


def send(browser, audit, key="sheet-key-1", version=None, **values):
    """Send a sheet as the page does."""
    db.session.expire_all()
    seen = audit.version if version is None else version
    body = {"key": key, "seen_version": seen, "facts": cast.facts(**values)}
    answer = browser.post(HERE.format(audit.id, "sheets"), json=body)
    db.session.expire_all()
    return answer


def logged():
    return db.session.scalars(select(Activity.verb).order_by(Activity.id)).all()


def test_a_sheet_is_written_into_the_audit_and_the_visit_is_entered(audit, ada, sign_in):
    answer = send(sign_in(ada), audit)
    assert (answer.status_code, answer.json["outcome"], answer.json["version"]) == (
        200,
        "taken",
        audit.version,
    )
    assert (audit.state, audit.visited_on, audit.visited_from, audit.visited_until) == (
        State.VISITED, cast.DAY, time(9, 30), time(12, 0),
    )  # fmt: skip
    assert audit.departments == ["production", "quality"]
    assert [(p.name, p.role) for p in audit.people] == [("Mara Blu", "titolare")]
    assert [(a.title, a.type.value, a.priority, a.deadline) for a in audit.areas] == [
        ("Riuso dell’acqua", "process", 1, date(2027, 6, 30))
    ]
    assert [(s.dimension.value, s.points, s.note) for s in audit.scores] == [("strategy", 3, "un piano")]
    assert [step.state.value for step in audit.steps] == ["planned", "contacted", "visited"]
    assert logged() == []  # its visit sheet is not on file


def test_the_same_sheet_twice_changes_nothing(audit, ada, sign_in):
    browser = sign_in(ada)
    send(browser, audit, signature=cast.signature(), signed_by="Mara Blu")
    version, rows = audit.version, logged()
    again = send(
        browser, audit, version=1, signature=cast.signature(), signed_by="Mara Blu", strengths="Altro"
    )
    assert (again.status_code, again.json["outcome"]) == (200, "repeated")
    assert (audit.version, audit.strengths, logged()) == (version, "Squadra esperta", rows)
    assert db.session.scalar(select(func.count()).select_from(VisitSheet)) == 1
    assert db.session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_a_signature_makes_the_visit_sheet_and_the_audit_counts(audit, ada, sign_in):
    browser = sign_in(ada)
    send(browser, audit, signature=cast.signature(), signed_by="Mara Blu", signed_role="titolare")
    assert logged() == ["audit.visited", "audit.area_found"]
    sheet = db.session.scalars(select(VisitSheet)).one()
    data = files.read(sheet.file)
    assert (data[:5], sheet.signed_by, sheet.file.media_type) == (b"%PDF-", "Mara Blu", "application/pdf")
    page = browser.get(f"/moda/desk/audits/{audit.id}/visit/sheets/{sheet.id}/signed.pdf")
    assert (page.status_code, page.data, page.headers["Cache-Control"]) == (200, data, "private, no-store")


def test_what_somebody_wrote_at_the_desk_meanwhile_is_not_overwritten(audit, ada, bice, sign_in):
    browser = sign_in(ada)
    with transaction():
        audits.revise(audit, facts={"strengths": "Scritto al banco"}, version=audit.version, by=bice)
    answer = send(browser, audit, version=1)
    assert (answer.status_code, answer.json["outcome"]) == (200, "to_compare")
    assert (audit.strengths, audit.state) == ("Scritto al banco", State.PLANNED)
    sheet = db.session.scalars(select(VisitSheet)).one()
    address = f"/moda/desk/audits/{audit.id}/visit/sheets/{sheet.id}"
    page = browser.get(address).text
    assert "Scritto al banco" in page
    assert "Squadra esperta" in page
    assert browser.post(f"{address}/decision", data={"decision": "take"}).status_code == 303
    db.session.expire_all()
    assert (audit.strengths, audit.state, sheet.taken) == ("Squadra esperta", State.VISITED, True)
    # Decided is decided: a second click changes nothing.
    assert browser.post(f"{address}/decision", data={"decision": "keep"}).status_code == 303
    db.session.expire_all()
    assert (sheet.taken, audit.strengths) == (True, "Squadra esperta")


def test_the_desk_may_keep_what_it_has(audit, ada, bice, sign_in):
    with transaction():
        audits.revise(audit, facts={"strengths": "Scritto al banco"}, version=audit.version, by=bice)
    browser = sign_in(ada)
    send(browser, audit, version=1, signature=cast.signature(), signed_by="Mara Blu")
    sheet = db.session.scalars(select(VisitSheet)).one()
    browser.post(f"/moda/desk/audits/{audit.id}/visit/sheets/{sheet.id}/decision", data={"decision": "keep"})
    db.session.expire_all()
    assert (audit.strengths, audit.state, sheet.waits, logged()) == (
        "Scritto al banco",
        State.PLANNED,
        False,
        [],
    )
    assert sheet.facts["strengths"] == "Squadra esperta"  # kept as it came


def test_a_visit_entered_with_another_day_waits_for_a_person(audit, ada, sign_in):
    with transaction():
        audits.contacted(audit, on=cast.DAY, by=ada)
        audits.visited(audit, on=date(2026, 10, 7), by=ada)
    answer = send(sign_in(ada), audit)
    assert (answer.json["outcome"], audit.visited_on) == ("to_compare", date(2026, 10, 7))


def test_a_closed_audit_takes_no_sheet_and_loses_none(audit, ada, sign_in):
    with transaction():
        audits.declined(audit, on=cast.DAY, by=ada, reason="Non interessa")
    browser = sign_in(ada)
    assert send(browser, audit).json["outcome"] == "to_compare"
    sheet = db.session.scalars(select(VisitSheet)).one()
    browser.post(f"/moda/desk/audits/{audit.id}/visit/sheets/{sheet.id}/decision", data={"decision": "take"})
    db.session.expire_all()
    assert (audit.state, sheet.waits) == (State.DECLINED, True)


def test_areas_keep_what_the_desk_added_to_them(audit, ada, sign_in):
    browser = sign_in(ada)
    send(browser, audit)
    first = audit.areas[0]
    with transaction():
        audits.set_area(first, by=ada, keywords=["acqua"], outcome="started")
    two = [cast.area("area-key-2", "Seconda"), cast.area(title="Riuso, rivisto")]
    answer = send(browser, audit, key="sheet-key-2", areas=two)
    assert answer.json["outcome"] == "taken"
    assert [(a.title, a.keywords, a.outcome.value) for a in audit.areas] == [
        ("Seconda", [], "open"), ("Riuso, rivisto", ["acqua"], "started"),
    ]  # fmt: skip
    assert audit.areas[1].id == first.id


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"visited_on": ""}, "giorno"), ({"visited_on": "2026-02-31"}, "data"), ({"visited_on": "2099-01-01"}, "futuro"),
        ({"visited_from": "12:00", "visited_until": "09:00"}, "orari"), ({"visited_from": "25:99"}, "orari"),
        ({"areas": [cast.area(title=" ")]}, "titolo"), ({"areas": [cast.area(type="x")]}, "tipo"),
        ({"areas": [cast.area(), cast.area()]}, "chiave"), ({"areas": "x"}, "scheda"), ({"people": [1]}, "scheda"),
        ({"scores": {"strategy": {"points": 6}}}, "punteggio"), ({"strengths": "x" * 20_001}, "20000"),
        ({"scores": {"strategy": {"points": 0, "note": "x"}}}, "punteggio"),
        ({"signature": "data:image/png;base64,AAAA", "signed_by": "M"}, "firma"),
        ({"signature": cast.signature()}, "nome"), ({"areas": [cast.area(f"area-key-{n}") for n in range(41)]}, "40"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_answered_in_words_and_changes_nothing(audit, ada, sign_in, values, said):
    answer = send(sign_in(ada), audit, **values)
    assert (answer.status_code, answer.json["outcome"]) == (422, "refused")
    assert said in answer.json["why"]
    assert (audit.version, audit.state) == (1, State.PLANNED)
    assert db.session.scalar(select(func.count()).select_from(VisitSheet)) == 0


@pytest.mark.parametrize(
    "sent", [None, [], "x", {}, {"seen_version": "1"}, {"key": "short", "seen_version": 1}]
)
def test_nonsense_is_refused(audit, ada, sign_in, sent):
    assert sign_in(ada).post(HERE.format(audit.id, "sheets"), json=sent).status_code == 422


def test_a_signature_that_looks_right_and_cannot_be_drawn_is_asked_for_again(audit, ada, sign_in):
    import base64

    broken = cast.png()[:33] + b"\0" * 40 + b"IEND\xaeB`\x82"
    drawn = sheets.PNG + base64.b64encode(broken).decode()
    answer = send(sign_in(ada), audit, signature=drawn, signed_by="Mara Blu")
    assert (answer.status_code, "firma" in answer.json["why"]) == (422, True)


def test_texts_lose_nul_and_halves_of_characters():
    assert sheets.text("a\0b\ud83d c\r\nd", 100) == "ab c\nd"
    with pytest.raises(BadSheet):
        sheets.read([])


def test_the_device_is_given_what_it_needs_and_nothing_is_kept_on_the_way(audit, ada, sign_in):
    with transaction():
        cast.contact_of(audit)
    answer = sign_in(ada).get(HERE.format(audit.id, "data"))
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-CSRFToken"]
    said = answer.json
    assert (said["version"], said["open"], said["visited"], said["photos"]) == (1, True, False, 0)
    assert [one["name"] for one in said["contacts"]] == ["Carlo Neri"]
    assert said["facts"] == sheets.EMPTY


def send_photo(browser, audit, key="photo-key-1", data=None, name="x.jpg", **values):
    form = {"key": key, "caption": "Telai", "department": "production", **values}
    form["file"] = (io.BytesIO(cast.png() if data is None else data), name)
    return browser.post(HERE.format(audit.id, "photos"), data=form, content_type="multipart/form-data")


def test_a_photo_is_kept_once_without_what_the_camera_wrote(audit, ada, sign_in):
    browser = sign_in(ada)
    marked = cast.png()[:33] + b"\0\0\0\x09tEXtGPS\x0043.9" + b"\0\0\0\0" + cast.png()[33:]
    assert [send_photo(browser, audit, data=marked, name="segreto.jpg").status_code for _n in range(2)] == [
        200,
        200,
    ]
    photo = db.session.scalars(select(Photo)).one()
    assert (photo.caption, photo.department.value, photo.file.name) == (
        "Telai",
        "production",
        f"audit-{audit.id}-1.png",
    )
    assert b"GPS" not in files.read(photo.file)
    page = browser.get(f"/moda/desk/audits/{audit.id}/photos/{photo.id}/file")
    assert (page.status_code, page.mimetype) == (200, "image/png")


def test_photos_have_limits_that_are_told(audit, ada, sign_in, monkeypatch):
    browser = sign_in(ada)
    monkeypatch.setattr("dissemination.visits.photos.MOST", 2)
    answers = [send_photo(browser, audit, key=f"photo-key-{n}").status_code for n in range(3)]
    assert answers == [200, 200, 422]
    for data, said in (
        (b"GIF89a", "JPEG"),
        (b"", "JPEG"),
        (b"\xff\xd8\xff" + b"\0" * (15 * 1024 * 1024), "15 MB"),
    ):
        answer = send_photo(browser, audit, key="photo-key-9", data=data)
        assert (answer.status_code, said in answer.json["why"]) == (422, True)


def test_another_districts_people_and_viewers_reach_nothing(audit, ada, dora, elio, person, sign_in):
    viewer = person(audit.district, "vera@moda.example", "viewer")
    for who, status in ((dora, 404), (elio, 403), (viewer, 403)):
        browser = sign_in(who)
        assert send(browser, audit).status_code == status
        assert browser.get(HERE.format(audit.id, "data")).status_code == status
    assert db.session.scalar(select(func.count()).select_from(VisitSheet)) == 0


def test_two_sheets_of_one_key_at_once_are_one(audit, ada):
    values = {"seen_version": 1, "facts": sheets.read(cast.facts()), "by": ada, "key": "sheet-key-1"}
    with transaction():
        first = actions.take(audit, **values)
        second = actions.take(audit, **values)
    assert (first.outcome.value, second.outcome.value, first.sheet.id) == (
        "taken",
        "repeated",
        second.sheet.id,
    )
    assert db.session.get(Audit, audit.id).version == 2
