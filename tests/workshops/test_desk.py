"""The organisers' pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.kernel.subjects import url
from dissemination.workshops import actions
from dissemination.workshops.models import State, Workshop
from tests import factories

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
BASE = "/moda/desk/workshops/"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def written(moda, **changes):
    """The form as Ada fills it in."""
    values = {
        "title_it": "Fibre riciclate", "title_en": "Recycled fibres", "theme": "Sostenibilità",
        "sector_id": moda.sectors[0].id, "macro_area_id": "", "activity_line_id": factories.line(moda).id,
        "abstract_it": "Di che si parla.", "abstract_en": "", "venue": "Museo del Tessuto",
        "address": "Via Puccetti 3, Prato", "online_url": "https://meet.example/segreto", "seats": "30",
        "registration_deadline": "2027-03-10", "registration_deadline_time": "",
        "sessions-0-title_it": "Apertura", "sessions-0-day": "2027-03-11", "sessions-0-start": "14:00",
        "sessions-0-end": "17:00", "sessions-0-room": "Sala A",
        "sessions-0-speakers-0-name": "Lia Neri", "sessions-0-speakers-0-affiliation": "Università di Pisa, DICI",
        "sessions-0-speakers-1-name": "Ugo Po",
        "version": "0", **changes,
    }  # fmt: skip
    return {k: v for k, v in values.items() if v is not None}


def only():
    db.session.rollback()
    return db.session.scalars(select(Workshop)).one()


def test_ada_schedules_a_workshop_and_publishes_it(desk, moda):
    answer = desk.post(f"{BASE}new", data=written(moda))
    assert (answer.status_code, answer.location) == (302, f"{BASE}fibre-riciclate")
    workshop = only()
    assert (workshop.starts_at, workshop.ends_at) == (START, START + timedelta(hours=3))
    assert workshop.registration_deadline == datetime(2027, 3, 10, 22, 59, tzinfo=UTC)
    assert [(p.name, p.affiliation) for p in workshop.sessions[0].speakers] == [
        ("Lia Neri", "Università di Pisa, DICI"), ("Ugo Po", ""),
    ]  # fmt: skip
    page = desk.get(answer.location).text
    assert "Bozza" in page
    assert "Sintesi in inglese" in page  # what is still missing
    assert "Fibre riciclate" in desk.get(f"{BASE}fibre-riciclate/publication").text
    answer = desk.post(f"{BASE}fibre-riciclate/publication")
    assert (answer.status_code, only().state) == (302, State.PUBLISHED)
    assert "/moda/workshops/fibre-riciclate" in desk.get(answer.location).text  # the link to share


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title_it": ""}, "Titolo in italiano"),
        ({"venue": "", "online_url": ""}, "indica una sede, un link online o entrambi"),
        ({"online_url": "http://meet.example/x"}, "deve iniziare con https://"),
        ({"seats": "0"}, "I posti devono essere un numero da 1 a 100.000."),
        ({"sessions-0-end": "13:00"}, "La fine viene prima dell&#39;inizio"),
        ({"sessions-0-end": "24:00"}, "Le 24:00 non esistono"),
        ({"sessions-0-start": "25:61"}, "Scrivi un&#39;ora da 00:00 a 23:59"),
        ({"sessions-0-day": ""}, "Indica la data."),
        ({"sessions-0-day": "2027-03-28", "sessions-0-start": "02:30"}, "le lancette vanno avanti"),
        (
            {"registration_deadline": "2027-03-28", "registration_deadline_time": "02:30"},
            "lancette vanno avanti",
        ),
        ({"registration_deadline": "2027-03-12"}, "La scadenza per iscriversi è dopo l&#39;inizio"),
        (
            {"sessions-0-speakers-1-name": "", "sessions-0-speakers-1-affiliation": "CNR"},
            "Scrivi il nome del relatore.",
        ),
        ({"sector_id": "99999"}, "Settore"),
        ({"activity_line_id": ""}, "Linea di attività"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_contents_are_kept(desk, moda, changes, message):
    answer = desk.post(f"{BASE}new", data=written(moda, theme="Tema tutto mio", **changes))
    assert answer.status_code == 422
    assert message in answer.text
    assert "Tema tutto mio" in answer.text
    assert "Lia Neri" in answer.text
    assert "Università di Pisa, DICI" in answer.text
    assert db.session.scalars(select(Workshop)).all() == []


def test_a_session_may_go_past_midnight(desk, moda):
    night = {"sessions-0-start": "22:00", "sessions-0-end": "01:30", "sessions-0-overnight": "y"}
    desk.post(f"{BASE}new", data=written(moda, **night))
    assert only().ends_at - only().starts_at == timedelta(hours=3, minutes=30)
    form = desk.get(f"{BASE}fibre-riciclate/edit").text
    assert 'value="01:30"' in form
    assert only().days.keys() == {START.date()}


def test_sessions_lie_right_on_the_days_when_clocks_change(desk, moda):
    for n, (day, start, end, hours) in enumerate(
        (("2027-03-28", "01:30", "03:30", 1), ("2027-10-31", "01:30", "03:30", 3))
    ):
        title = {"title_it": f"Notte {n}", "registration_deadline": ""}
        times = {"sessions-0-day": day, "sessions-0-start": start, "sessions-0-end": end}
        assert desk.post(f"{BASE}new", data=written(moda, **title, **times)).status_code == 302
        workshop = db.session.scalars(select(Workshop).where(Workshop.slug == f"notte-{n}")).one()
        assert workshop.ends_at - workshop.starts_at == timedelta(hours=hours)
        assert workshop.registration_deadline == workshop.starts_at


def test_the_form_grows_and_shrinks_by_named_buttons_and_keeps_contents(desk, moda):
    more = desk.post(f"{BASE}new", data=written(moda, add_session="+", title_it="")).text
    assert 'name="sessions-1-title_it"' in more
    assert 'value="2027-03-11"' in more.split('name="sessions-1-day"')[1][:200]
    assert "Università di Pisa" in more
    two = {"sessions-1-title_it": "Seconda", "sessions-1-day": "2027-03-12"}
    less = desk.post(f"{BASE}new", data=written(moda, remove_session="sessions-0", **two)).text
    assert "Seconda" in less
    assert 'name="sessions-0-title_it"' not in less
    assert db.session.scalars(select(Workshop)).all() == []


def test_a_part_in_which_nobody_wrote_is_left_out(desk, moda):
    blank = {"sessions-1-title_it": "", "sessions-1-day": ""}
    desk.post(f"{BASE}new", data=written(moda, **blank))
    assert len(only().sessions) == 1


def test_what_is_wrong_names_the_session_and_leads_to_its_field(desk, moda):
    more = {
        f"sessions-1-{name}": value
        for name, value in {"title_it": "Sera", "day": "2027-03-11", "start": "22:00", "end": "01:00"}.items()
    }
    page = desk.post(f"{BASE}new", data=written(moda, **more, **{"sessions-0-title_it": ""})).text
    assert "2 cose da correggere" in page
    assert '<a href="#sessions-0-title_it">Programma 1, Titolo</a>: ' in page
    assert '<a href="#sessions-1-end">Programma 2, Fine</a>: La fine viene prima' in page


def test_of_two_editors_the_second_is_told_and_keeps_what_she_wrote(desk, moda):
    desk.post(f"{BASE}new", data=written(moda))
    edit = f"{BASE}fibre-riciclate/edit"
    ids = {"sessions-0-id": only().sessions[0].id}
    assert desk.post(edit, data=written(moda, version="1", title_it="Prima", **ids)).status_code == 302
    late = desk.post(edit, data=written(moda, version="1", title_it="Seconda", **ids))
    assert late.status_code == 422
    assert "Qualcun altro ha modificato" in late.text
    assert 'value="Seconda"' in late.text
    assert (only().title_it, only().version) == ("Prima", 2)
    assert '<input id="version" name="version" type="hidden" value="2">' in late.text
    assert desk.post(edit, data=written(moda, version="2", title_it="Seconda", **ids)).status_code == 302
    assert (only().title_it, only().sessions[0].id) == ("Seconda", ids["sessions-0-id"])


def test_the_second_editor_sees_what_saving_again_would_replace(desk, moda):
    desk.post(f"{BASE}new", data=written(moda, abstract_it="Uno\r\ndue"))
    edit, ids = f"{BASE}fibre-riciclate/edit", {"sessions-0-id": only().sessions[0].id}
    first = {"version": "1", "abstract_it": "Uno\r\ndue", **ids}
    hers = {**first, "venue": "Opificio", "seats": "31", "is_private": "y", "sessions-0-room": "Sala B"}
    assert desk.post(edit, data=written(moda, **hers)).status_code == 302
    late = desk.post(edit, data=written(moda, **first)).text
    told = late.split('<div class="alert alert-warning"')[1].split("</ul>")[0]
    assert re.findall(r'<li><a href="(#[^"]+)">[^<]+</a>(?:: ([^<]+))?</li>', told) == [
        ("#venue", "Opificio"), ("#seats", "31"), ("#is_private", "sì"), ("#sessions", ""),
    ]  # fmt: skip
    assert 'href="/moda/desk/workshops/fibre-riciclate" target="_blank"' in late
    assert "alert-warning" not in desk.get(edit).text


def test_the_form_shows_what_is_stored(desk, moda):
    desk.post(f"{BASE}new", data=written(moda))
    form = desk.get(f"{BASE}fibre-riciclate/edit").text
    for kept in ("Fibre riciclate", 'value="14:00"', 'value="2027-03-11"', 'value="23:59"', "Sala A",
                 "Lia Neri", "Università di Pisa, DICI", "https://meet.example/segreto"):  # fmt: skip
        assert kept in form


def test_cancelling_asks_for_the_reason_and_says_who_is_told(desk, moda):
    desk.post(f"{BASE}new", data=written(moda))
    desk.post(f"{BASE}fibre-riciclate/publication")
    page = f"{BASE}fibre-riciclate/cancellation"
    assert "Tutte le persone iscritte" in desk.get(page).text
    assert desk.post(page, data={"reason": " "}).status_code == 422
    assert only().state is State.PUBLISHED
    assert desk.post(page, data={"reason": "Neve"}).status_code == 302
    assert (only().state, only().cancellation.reason) == (State.CANCELLED, "Neve")
    assert "Neve" in desk.get(f"{BASE}fibre-riciclate").text


def test_a_draft_is_deleted_after_asking_a_published_one_never(desk, moda):
    desk.post(f"{BASE}new", data=written(moda))
    assert "Eliminare" in desk.get(f"{BASE}fibre-riciclate/deletion").text
    desk.post(f"{BASE}fibre-riciclate/publication")
    assert desk.post(f"{BASE}fibre-riciclate/deletion").status_code == 409
    desk.post(f"{BASE}new", data=written(moda))
    assert desk.post(f"{BASE}fibre-riciclate-2/deletion").status_code == 302
    assert only().slug == "fibre-riciclate"


def test_a_copy_lands_on_the_chosen_date(desk, moda):
    desk.post(f"{BASE}new", data=written(moda))
    page = f"{BASE}fibre-riciclate/copies"
    assert 'value="2027-03-18"' in desk.get(page).text
    answer = desk.post(page, data={"day": "2027-04-08"})
    assert answer.location == f"{BASE}fibre-riciclate-2"
    copy = db.session.scalars(select(Workshop).where(Workshop.slug == "fibre-riciclate-2")).one()
    assert copy.starts_at == datetime(2027, 4, 8, 12, 0, tzinfo=UTC)


def test_the_list_starts_with_what_to_close_then_what_comes(desk, moda):
    with transaction():
        for title, days in (("Passato", -40), ("Vicino", 1), ("Lontano", 30)):
            factories.workshop(moda, title=title, starts_at=START + timedelta(days=days))
        factories.workshop(moda, title="Bozza futura", published=False)
    page = desk.get(BASE).text
    places = [page.index(title) for title in ("Passato", "Bozza futura", "Vicino", "Lontano")]
    assert places == sorted(places)
    drafts = desk.get(f"{BASE}?state=draft").text
    assert ("Bozza futura" in drafts, "Vicino" in drafts) == (True, False)
    assert "Nessun workshop corrisponde" in desk.get(f"{BASE}?q=zzz").text


def test_a_row_of_the_log_opens_the_workshop(app, moda):
    with transaction():
        workshop = factories.workshop(moda)
    with app.test_request_context("/"):
        assert url("workshops", workshop.id) == f"/moda/desk/workshops/{workshop.slug}"
        assert url("workshops", 0) is None


PAGES = ("", "new", "{slug}", "{slug}/edit", "{slug}/publication", "{slug}/cancellation", "{slug}/copies",
         "{slug}/deletion")  # fmt: skip


def test_dora_is_refused_on_every_page(dora, moda, sign_in, client):
    with transaction():
        slug = factories.workshop(moda, published=False).slug
    hers = sign_in(dora)
    for path in PAGES:
        path = BASE + path.format(slug=slug)
        assert hers.get(path).status_code == 404, path
        assert client.get(path).status_code == 302, path  # to the sign-in page
    for path in PAGES[3:]:
        assert hers.post(BASE + path.format(slug=slug), data={"reason": "x"}).status_code in (404, 405), path


def test_elio_reads_and_writes_nothing(elio, moda, sign_in):
    with transaction():
        slug = factories.workshop(moda).slug
    his = sign_in(elio)
    assert [his.get(BASE + p.format(slug=slug)).status_code for p in PAGES] == [200, 403, 200] + [403] * 5
    assert "Modifica" not in his.get(f"{BASE}{slug}").text


def test_a_workshop_of_another_district_is_not_here(desk, nautica):
    with transaction():
        slug = factories.workshop(nautica).slug
    assert desk.get(f"{BASE}{slug}").status_code == 404


def queries_of(client, path):
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    db.session.expire_all()  # the request shares our session: nothing may be known beforehand
    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len([s for s in statements if s.lstrip().upper().startswith("SELECT")])


@pytest.mark.parametrize("path", [BASE, "/moda/workshops/", "/moda/workshops.json", "/moda/workshops.ics"])
def test_lists_ask_the_database_as_often_for_100_rows_as_for_1(desk, moda, path):
    def add(n):
        with transaction():
            actions.publish(
                actions.add(
                    moda, by=None, title_it=f"N{n}", venue="Museo", seats=30, sector_id=moda.sectors[n % 2].id,
                    activity_line_id=factories.line(moda).id,
                    sessions=[{"title_it": "A", "starts_at": START + timedelta(days=n),
                               "ends_at": START + timedelta(days=n, hours=1)}],
                ), by=None,
            )  # fmt: skip

    add(0)
    desk.get(path)
    one = queries_of(desk, path)
    for n in range(1, 100):
        add(n)
    assert queries_of(desk, path) == one


def test_a_district_without_a_plan_is_told_to_write_it_first(app, sign_in, person):
    with transaction():
        bare = District(
            slug="ferro",
            name_it="Ferro",
            name_en="Rail",
            managing_body="X",
            mailbox_name="X",
            mailbox_address="x@ferro.example",
        )
        db.session.add(bare)
    page = sign_in(person(bare, "fia@ferro.example", "organiser")).get("/ferro/desk/workshops/new")
    assert (page.status_code, "Scrivi prima il piano" in page.text) == (200, True)


@pytest.mark.parametrize(
    "template", ["attendance/show", "guests/index", "certificates/index", "registrations/index"]
)
def test_lists_of_people_stack_on_a_phone_and_each_cell_says_what_it_is(app, template):
    source = app.jinja_env.loader.get_source(app.jinja_env, f"{template}.html")[0]
    tables = re.findall(r'<table class="list[^"]*">.*?</table>', source, re.DOTALL)
    people = [table for table in tables if 'scope="row"' in table]
    assert people
    assert all('class="list stacks"' in table and "data-label=" in table for table in people)
