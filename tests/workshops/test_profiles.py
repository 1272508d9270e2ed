"""Speakers used again from workshop to workshop: linking, biographies, consent."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.workshops import actions, profiles, refusals
from dissemination.workshops.models import Profile, Speaker
from tests.workshops.scenes import rome, scheduled, selects, session
from tests.workshops.test_desk import BASE, written

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DESK = "/moda/desk/speakers/"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def speaking(moda, *speakers, **facts):
    return scheduled(moda, sessions=[session(rome(2027, 3, 11), speakers=speakers)], **facts)


def known():
    return db.session.scalars(select(Profile).order_by(Profile.id)).all()


def test_a_known_name_is_linked_and_a_new_one_makes_a_profile(moda, nautica):
    first = speaking(moda, ("Lia Neri", "CNR"), ("Ugo Po", ""))
    second = speaking(moda, ("lia  NERI", ""), ("Eva Sani", "CNA"))
    assert [(p.name, p.affiliation) for p in known()] == [
        ("Lia Neri", "CNR"),
        ("Ugo Po", ""),
        ("Eva Sani", "CNA"),
    ]
    linked = [[p.profile_id for p in w.sessions[0].speakers] for w in (first, second)]
    lia, ugo, eva = (p.id for p in known())
    assert linked == [[lia, ugo], [lia, eva]]
    assert second.sessions[0].speakers[0].affiliation == "CNR"  # an empty one is filled in
    theirs = speaking(nautica, ("Lia Neri", "CNR"))
    assert theirs.sessions[0].speakers[0].profile.district_id == nautica.id


def test_of_two_with_one_name_the_affiliation_decides(moda):
    with transaction():
        first = profiles.add(moda.id, name="Mario Rossi", affiliation="CNR")
        second = profiles.add(moda.id, name="Mario Rossi", affiliation="Comune di Prato")
    workshop = speaking(moda, ("Mario Rossi", "Comune di Prato"), ("Mario Rossi", "altrove"))
    assert [p.profile_id for p in workshop.sessions[0].speakers] == [second.id, first.id]
    assert workshop.sessions[0].speakers[1].affiliation == "altrove"


def test_a_refused_workshop_leaves_no_profile(moda):
    with pytest.raises(refusals.NoSeats):
        speaking(moda, ("Lia Neri", "CNR"), seats=0)
    assert known() == []


def test_the_form_offers_known_names_in_a_plain_list(desk, moda):
    speaking(moda, ("Lia Neri", "CNR"))
    page = desk.get(f"{BASE}new").text
    assert '<option value="Lia Neri">CNR</option>' in page
    assert 'list="speaker-names"' in page
    desk.post(f"{BASE}new", data=written(moda))
    assert [p.name for p in known()] == ["Lia Neri", "Ugo Po"]


BIOGRAPHY = {"biography_it": "Insegna chimica tessile.", "biography_en": "She teaches textile chemistry."}


def with_biography(moda):
    workshop = speaking(moda, ("Lia Neri", "CNR"))
    (lia,) = known()
    with transaction():
        profiles.revise(lia, version=1, website="https://lia.example", email="lia@cnr.example", **BIOGRAPHY)
    return workshop, lia


def test_a_biography_is_public_only_while_the_speaker_agrees(client, desk, moda):
    workshop, lia = with_biography(moda)
    address = f"/moda/workshops/{workshop.slug}"
    assert "chimica tessile" not in client.get(address).text
    agreed = {"agreed_text": "con e-mail del 3 marzo", "version": "2"}
    assert desk.post(f"{DESK}{lia.id}/consent", data=agreed).status_code == 303
    page = client.get(address).text  # kept pages hear of it at once
    assert ("Insegna chimica tessile." in page, "https://lia.example" in page) == (True, True)
    assert "lia@cnr.example" not in page
    assert "She teaches" in client.get(f"{address}?lang=en").text
    told = desk.get(f"{DESK}{lia.id}").text
    assert ("01/02/2027" in told, "con e-mail del 3 marzo" in told) == (True, True)
    assert desk.post(f"{DESK}{lia.id}/consent/withdrawal").status_code == 303
    assert "chimica tessile" not in client.get(address).text
    db.session.rollback()
    assert (known()[0].agreed_at, known()[0].agreed_text, known()[0].agreed_by) == (None, "", None)


def test_a_consent_says_how_it_was_given(desk, moda):
    _workshop, lia = with_biography(moda)
    for text in ("", "   "):
        assert (
            desk.post(f"{DESK}{lia.id}/consent", data={"agreed_text": text, "version": "2"}).status_code
            == 422
        )
    stale = desk.post(f"{DESK}{lia.id}/consent", data={"agreed_text": "per posta", "version": "1"})
    assert (stale.status_code, "Qualcun altro" in stale.text) == (422, True)  # what she agreed to has changed
    assert known()[0].agreed_at is None


def test_of_two_editors_the_second_is_told_and_keeps_what_she_wrote(desk, moda):
    speaking(moda, ("Lia Neri", "CNR"))
    (lia,) = known()
    edit = f"{DESK}{lia.id}/edit"
    assert 'value="Lia Neri"' in desk.get(edit).text
    assert (
        desk.post(edit, data={"name": "Lia Neri", "biography_it": "Prima", "version": "1"}).status_code == 303
    )
    late = desk.post(edit, data={"name": "Lia Neri", "biography_it": "Seconda", "version": "1"})
    assert (late.status_code, "Qualcun altro" in late.text, "Seconda" in late.text) == (422, True, True)
    db.session.rollback()
    assert known()[0].biography_it == "Prima"
    again = {"name": "Lia Neri", "biography_it": "Seconda", "version": "2"}
    assert desk.post(edit, data=again).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 201}, {"email": "niente"}, {"website": "javascript:alert(1)"},
     {"website": "ftp://x.example"}, {"biography_it": "x" * 4001}],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(desk, wrong):
    answer = desk.post(f"{DESK}new", data={"name": "Eva", **wrong})
    assert (answer.status_code, "error-summary" in answer.text) == (422, True)
    assert known() == []


def test_a_hostile_biography_is_only_text(client, desk, moda):
    workshop = speaking(moda, ("Lia <b>Neri", "CNR"))
    (lia,) = known()
    with transaction():
        profiles.revise(lia, version=1, biography_it="<script>alert(1)</script>")
        profiles.agree(lia, how="x", by=None, version=2)
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    assert ("<script>alert" in page, "&lt;script&gt;alert(1)" in page) == (False, True)
    assert "Lia <b>Neri" not in desk.get(DESK).text


def test_a_deleted_speaker_stays_on_programmes_by_name_only(client, desk, moda):
    workshop, lia = with_biography(moda)
    with transaction():
        profiles.agree(lia, how="x", by=None, version=2)
    assert "chimica tessile" in client.get(f"/moda/workshops/{workshop.slug}").text
    asked = desk.get(f"{DESK}{lia.id}/deletion").text
    assert "Il programma di 1 sessione conserva il solo nome." in asked
    assert desk.post(f"{DESK}{lia.id}/deletion").status_code == 303
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    assert ("Lia Neri" in page, "chimica tessile" in page) == (True, False)
    db.session.rollback()
    assert (known(), db.session.scalars(select(Speaker.profile_id)).all()) == ([], [None])
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, title_it="Nuovo")  # still editable


def test_the_directory_finds_by_any_part_of_a_name_and_dora_finds_nothing(desk, dora, sign_in, moda):
    speaking(moda, ("Lia Neri", "CNR"), ("Ugo Pò", ""))
    assert "Ugo Pò" in desk.get(f"{DESK}?q=po").text
    assert "Lia Neri" not in desk.get(f"{DESK}?q=po").text
    assert "Nessun relatore con questo nome" in desk.get(f"{DESK}?q=%25_").text
    hers = sign_in(dora)
    lia = known()[0].id
    for path in ("", f"{lia}", f"{lia}/edit", f"{lia}/deletion"):
        assert hers.get(DESK + path).status_code == 404
    for path in (f"{lia}/edit", f"{lia}/consent", f"{lia}/consent/withdrawal", f"{lia}/deletion"):
        assert hers.post(DESK + path, data={"name": "x", "version": "1"}).status_code == 404


def test_a_speaker_of_another_district_is_not_here(desk, nautica):
    with transaction():
        other = profiles.add(nautica.id, name="Eva")
    assert desk.get(f"{DESK}{other.id}").status_code == 404
    assert desk.post(f"{DESK}{other.id}/deletion").status_code == 404


def test_the_directory_costs_the_same_for_1_and_for_100(desk, moda):
    speaking(moda, ("Nome 0", "CNR"))
    desk.get(DESK)
    one = selects(desk, DESK)
    with transaction():
        for n in range(1, 100):
            profiles.add(moda.id, name=f"Nome {n}", biography_it="x")
    assert selects(desk, DESK) == one
    assert "after=" in desk.get(DESK).text  # pages by key
