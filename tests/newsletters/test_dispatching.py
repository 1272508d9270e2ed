"""From the decision to the first message: undo, a later moment, quiet hours, approval, holding, steering."""

import csv
import io
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dissemination.delivery import outbox
from dissemination.delivery import queries as delivery
from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import (
    actions,
    approving,
    history,
    jobs,
    preflight,
    quiet,
    scheduling,
    settling,
)
from dissemination.newsletters.dispatches import What
from dissemination.newsletters.models import Issue, IssueState
from dissemination.people.actions import ChangedMeanwhile
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.newsletters import cast

ROME = ZoneInfo("Europe/Rome")
DESK = "/moda/desk/newsletters"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 10:00 in Prato
QUIET = quiet.Quiet(ROME, (time(21), time(7, 30)), days=True)


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
def issue(clock, moda, ada):
    """A draft that three people would get."""
    with transaction():
        topic = cast.topic(moda)
        for name in "abc":
            cast.subscriber(moda, topic, email=f"{name}@moda.example")
        return cast.issue(moda, topic, by=ada)


def decide(issue, by, **more):
    draft = preflight.check(issue)
    with transaction():
        return scheduling.decide(issue, draft, version=issue.version, by=by, **more)


def happened(issue):
    db.session.rollback()
    return [e.what for e in history.events(issue)]


# ---- quiet hours and clock changes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "goes"),
    [
        ("2026-03-02 10:00", "2026-03-02 10:00"),  # a Monday morning
        ("2026-03-02 20:59", "2026-03-02 20:59"),
        ("2026-03-02 21:00", "2026-03-03 07:30"),
        ("2026-03-03 03:00", "2026-03-03 07:30"),
        ("2026-03-07 22:00", "2026-03-09 07:30"),  # Saturday night: Sunday is left out
        ("2026-03-08 12:00", "2026-03-09 07:30"),
        ("2026-12-24 22:00", "2026-12-28 07:30"),  # Christmas, Saint Stephen, Sunday
        ("2026-03-28 23:00", "2026-03-30 07:30"),  # clocks go forward on that Sunday
        ("2026-10-24 23:00", "2026-10-26 07:30"),
    ],
)
def test_what_is_decided_in_quiet_hours_goes_when_they_end(moment, goes):
    at, expected = (datetime.fromisoformat(m).replace(tzinfo=ROME).astimezone(UTC) for m in (moment, goes))
    assert quiet.first_allowed(at, QUIET) == expected


def test_without_quiet_hours_it_goes_at_once():
    night = datetime(2026, 3, 8, 2, 0, tzinfo=UTC)
    assert quiet.first_allowed(night, quiet.Quiet(ROME)) == night
    assert quiet.first_allowed(night, quiet.Quiet(ROME, None, days=True)) == datetime(
        2026, 3, 8, 23, tzinfo=UTC
    )


def test_a_time_that_clocks_leave_out_or_show_twice_is_said():
    assert quiet.real(date(2026, 3, 29), time(2, 30), ROME) == quiet.Real(
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "gap"
    )
    assert quiet.real(date(2026, 10, 25), time(2, 30), ROME) == quiet.Real(
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "twice"
    )
    assert quiet.real(date(2026, 3, 30), time(2, 30), ROME).odd == ""


# ---- undo and schedule -------------------------------------------------------------------------------


def test_nothing_leaves_for_a_minute_and_then_it_begins(issue, ada, clock):
    decide(issue, ada)
    clock.shift(59)
    assert jobs.begin_due() == 0
    assert (issue.sent_at, outbox.progress(issue)) == (None, {})
    clock.shift(1)
    assert jobs.begin_due() == 1
    assert issue.sent_at == MONDAY + timedelta(seconds=60)
    assert outbox.progress(issue) == {Fate.QUEUED: 3}


def test_undoing_makes_a_draft_of_it_and_leaves_no_trace_among_recipients(issue, ada, clock):
    decide(issue, ada)
    with transaction():
        scheduling.undo(issue, by=ada)
    clock.shift(600)
    assert jobs.begin_due() == 0
    assert issue.state is IssueState.DRAFT
    assert db.session.scalars(db.select(Delivery)).all() == []
    assert happened(issue) == [What.SCHEDULED, What.UNDONE]
    with transaction():
        actions.discard(issue)
    assert db.session.scalars(db.select(Issue)).all() == []


def test_it_is_too_late_to_undo_once_it_began(issue, ada, clock):
    decide(issue, ada)
    clock.shift(60)
    jobs.begin_due()
    with pytest.raises(scheduling.TooLate), transaction():
        scheduling.undo(issue, by=ada)


def test_two_who_decide_at_once_decide_once(issue, ada, bice):
    decide(issue, ada)
    with pytest.raises(scheduling.ScheduledAlready):
        decide(issue, bice)


def test_what_is_about_to_go_cannot_be_changed(issue, ada):
    decide(issue, ada)
    with pytest.raises(actions.IsScheduled), transaction():
        actions.remove_block(issue.blocks[0])
    with pytest.raises(actions.IsScheduled), transaction():
        actions.discard(issue)


def test_a_chosen_moment_is_kept_and_moved_out_of_quiet_hours_unless_confirmed(issue, ada):
    sunday = datetime(2026, 3, 8, 10, 0, tzinfo=UTC)
    assert decide(issue, ada, at=sunday).starts_at == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)
    with transaction():
        scheduling.undo(issue, by=ada)
    assert decide(issue, ada, at=sunday, anyhow=True).starts_at == sunday
    with transaction():
        scheduling.undo(issue, by=ada)
    for wrong in (MONDAY - timedelta(minutes=1), MONDAY + timedelta(days=400)):
        with pytest.raises(scheduling.InThePast):
            decide(issue, ada, at=wrong)


def test_a_workshop_cancelled_meanwhile_holds_the_issue_and_its_sender_is_told(moda, issue, ada, clock):
    with transaction():
        workshop = factories.workshop(moda)
        actions.add_sources(issue, workshop_ids=[workshop.id], publication_ids=[])
    decide(issue, ada, at=MONDAY + timedelta(hours=3))
    with transaction():
        workshop.cancellation = Cancellation(reason="Sciopero", at=MONDAY)
    clock.shift(3 * 3600)
    assert jobs.begin_due() == 0
    db.session.rollback()
    assert issue.state is IssueState.DRAFT
    ((template, shared),) = cast.mails_to("ada@moda.example")
    assert template == "newsletters/held"
    assert "è stato annullato" in shared["because"]
    assert happened(issue) == [What.SCHEDULED, What.HELD]
    assert jobs.begin_due() == 0


def test_a_moment_that_was_missed_by_more_than_a_day_holds_it(issue, ada, clock):
    decide(issue, ada)
    clock.shift(timedelta(hours=25))
    jobs.begin_due()
    db.session.rollback()
    assert (issue.sent_at, happened(issue)[-1]) == (None, What.HELD)


def test_a_late_worker_still_keeps_quiet_hours(issue, ada, clock):
    decide(issue, ada, at=datetime(2026, 3, 2, 19, 30, tzinfo=UTC))  # 20:30
    clock.move_to(datetime(2026, 3, 2, 21, 0, tzinfo=UTC))
    assert jobs.begin_due() == 0
    clock.move_to(datetime(2026, 3, 3, 6, 30, tzinfo=UTC))
    assert jobs.begin_due() == 1


def test_a_long_sending_rests_in_the_night_and_on_sunday(desk, issue, ada, clock):
    clock.move_to(datetime(2026, 3, 7, 10, 0, tzinfo=UTC))  # a Saturday
    decide(issue, ada)
    clock.shift(60)
    jobs.begin_due()
    steered = delivery.sending(issue)
    assert (steered.quiet_from, steered.quiet_until, steered.zone) == (time(21), time(7, 30), "Europe/Rome")
    assert jobs.rest_on_quiet_days() == 0
    clock.move_to(datetime(2026, 3, 8, 8, 0, tzinfo=UTC))
    assert [jobs.rest_on_quiet_days() for _ in range(2)] == [1, 0]
    assert delivery.sending(issue).starts_at == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)
    shown = desk.get(f"{DESK}/{issue.id}/progress").text
    assert "Non parte nulla prima del 09/03/2026 07:30" in shown
    clock.move_to(datetime(2026, 3, 9, 8, 0, tzinfo=UTC))
    assert "Non parte nulla prima" not in desk.get(f"{DESK}/{issue.id}/progress").text


# ---- approval ----------------------------------------------------------------------------------------


@pytest.fixture
def careful(issue, moda):
    """A district in which anything to more than two people needs a second person."""
    with transaction():
        settling.settle(moda, version=0, approval_above=2)
    return issue


def ask(issue, by):
    with transaction():
        return approving.ask(issue, version=issue.version, persons=3, by=by)


def answer(issue, by, granted=True, words=""):
    with transaction():
        approving.decide(issue, granted=granted, words=words, by=by)


def test_above_the_threshold_a_second_person_approves(careful, ada, bice):
    with pytest.raises(approving.NeedsApproval):
        decide(careful, ada)
    ask(careful, ada)
    assert [t for t, _s in cast.mails_to("bice@moda.example")] == ["newsletters/approval_asked"]
    assert cast.mails_to("ada@moda.example") == []
    with pytest.raises(approving.AskedAlready):
        ask(careful, bice)
    with pytest.raises(approving.NotOneself):
        answer(careful, ada)
    answer(careful, bice)
    assert [t for t, _s in cast.mails_to("ada@moda.example")] == ["newsletters/approval_decided"]
    decide(careful, ada)
    assert outbox.progress(careful) == {}, "the mails to approvers are none of its recipients"


def test_a_change_after_the_approval_makes_it_void(careful, ada, bice):
    ask(careful, ada)
    answer(careful, bice)
    with transaction():
        actions.add_block(careful, kind=careful.blocks[0].kind, text_it="Un'aggiunta")
    assert not approving.is_granted(careful)
    with pytest.raises(approving.NeedsApproval):
        decide(careful, ada)
    with pytest.raises(approving.NothingToApprove):
        answer(careful, bice)


def test_who_says_no_says_why_and_may_be_asked_again(careful, ada, bice):
    ask(careful, ada)
    answer(careful, bice, granted=False, words="Manca il bando")
    (_template, shared), *_ = cast.mails_to("ada@moda.example")
    assert (shared["granted"], shared["words"]) == (False, "Manca il bando")
    with pytest.raises(approving.NeedsApproval):
        decide(careful, ada)
    ask(careful, ada)
    answer(careful, bice)
    decide(careful, ada)


def test_a_district_of_one_person_is_told_that_nobody_can_approve(careful, ada):
    with pytest.raises(approving.NobodyToAsk):
        ask(careful, ada)


def test_who_subscribed_meanwhile_can_make_an_approval_necessary(moda, issue, ada, clock):
    with transaction():
        settling.settle(moda, version=0, approval_above=3)
    decide(issue, ada)
    with transaction():
        cast.subscriber(moda, issue.topics[0], email="d@moda.example")
    clock.shift(60)
    assert jobs.begin_due() == 0
    assert happened(issue)[-1] is What.HELD


def test_two_managers_do_not_overwrite_each_others_settings(moda):
    with transaction():
        settling.settle(moda, version=0, approval_above=10)
    with pytest.raises(ChangedMeanwhile), transaction():
        settling.settle(moda, version=0, approval_above=20)


# ---- on the pages ------------------------------------------------------------------------------------


@pytest.fixture
def desk(clock, sign_in, ada):
    return sign_in(ada)


def form(page):
    return {"version": re.search(r'name="version" value="(\d+)"', page)[1], "when": "now"}


def test_the_page_counts_down_and_undoes_without_script(desk, issue):
    url = f"{DESK}/{issue.id}"
    sent = desk.post(f"{url}/sending", data=form(desk.get(f"{url}/sending").text))
    assert sent.location == f"{url}/departure"
    page = desk.get(sent.location).text
    assert 'data-seconds="60"' in page
    assert "Annulla: di nuovo una bozza" in page
    assert desk.get(url).location == f"{url}/departure"
    assert desk.get(f"{url}/sending").location == f"{url}/departure"
    assert "parte il 02/03/2026 10:01" in desk.get(f"{DESK}/").text
    back = desk.post(f"{url}/undoing")
    assert back.location == url
    assert "di nuovo una bozza" in desk.get(url).text
    assert "Invia a 3 persone" in desk.get(f"{url}/sending").text
    assert "È troppo tardi per annullare" in desk.get(desk.post(f"{url}/undoing").location).text


@pytest.mark.parametrize(
    ("day", "hour", "said"),
    [
        ("2026-03-29", "02:30", "l&#39;ora salta in avanti"),
        ("2026-10-25", "02:30", "viene due volte"),
        ("2026-03-03", "23:00", "ore di silenzio"),
    ],
)
def test_an_odd_moment_is_said(desk, issue, day, hour, said):
    url = f"{DESK}/{issue.id}"
    data = {**form(desk.get(f"{url}/sending").text), "when": "later", "day": day, "hour": hour}
    if said != "ore di silenzio":
        data["anyhow"] = "y"
    answer = desk.post(f"{url}/sending", data=data)
    assert answer.status_code == 303
    assert said in desk.get(answer.location).text


def test_a_moment_without_its_time_or_in_the_past_keeps_what_was_written(desk, issue):
    url = f"{DESK}/{issue.id}"
    data = {**form(desk.get(f"{url}/sending").text), "when": "later", "day": "2026-03-04"}
    answer = desk.post(f"{url}/sending", data=data)
    assert answer.status_code == 422
    assert 'value="2026-03-04"' in answer.text
    answer = desk.post(f"{url}/sending", data={**data, "day": "2026-03-01", "hour": "10:00"})
    assert answer.status_code == 422
    assert "Scegli un momento nel futuro" in answer.text
    assert history.open_dispatch(issue) is None


def test_approving_is_done_on_a_page_that_shows_the_whole_issue(desk, sign_in, bice, careful):
    url = f"{DESK}/{careful.id}"
    page = desk.get(f"{url}/sending").text
    assert "Invia a 3 persone" not in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert desk.post(f"{url}/sending", data={"version": version, "when": "now"}).status_code == 409
    assert desk.post(f"{url}/approvals", data={"version": version}).status_code == 303
    page = desk.get(f"{url}/sending").text
    assert "Guardalo e decidi" not in page, "who asked cannot decide"
    assert "Che cosa vede l'altra persona" in page
    assert "L'approvazione l'hai chiesta tu" in desk.get(f"{url}/approval").text
    assert desk.post(f"{url}/approval", data={"decision": "yes"}).status_code == 403
    second = sign_in(bice)
    assert "Guardalo e decidi" in second.get(f"{url}/sending").text
    assert "In attesa di approvazione" in second.get(f"{DESK}/").text
    page = second.get(f"{url}/approval").text
    assert f'src="{url}/preview/it"' in page
    assert "La tua decisione" in page
    assert second.post(f"{url}/approval", data={"decision": "yes"}).status_code == 303
    assert "Invia a 3 persone" in desk.get(f"{url}/sending").text


@pytest.fixture
def going(issue, ada):
    """The issue on its way, its rows written."""
    cast.send(issue, by=ada)
    return issue


def test_pause_go_on_and_pace_change_one_row_and_say_so(desk, going):
    url = f"{DESK}/{going.id}"
    desk.post(f"{url}/pause")
    assert delivery.sending(going).paused_at is not None
    page = desk.get(url).text
    assert "Non parte più nulla finché non riprendi" in page
    assert f"{url}/resumption" in page
    desk.post(f"{url}/pause")
    desk.post(f"{url}/resumption")
    assert delivery.sending(going).paused_at is None
    desk.post(f"{url}/pace", data={"per_second": "20"})
    assert delivery.sending(going).per_second == 20
    for wrong in ("0", "-3", "x", "1e3", "99999"):
        answer = desk.post(f"{url}/pace", data={"per_second": wrong})
        assert "Scrivi un numero intero da 1 a 1000" in desk.get(answer.location).text
    assert delivery.sending(going).per_second == 20
    desk.post(f"{url}/pace", data={"per_second": ""})
    assert delivery.sending(going).per_second is None
    assert happened(going) == [What.BEGUN, What.PAUSED, What.RESUMED, What.PACED, What.PACED]


def test_calling_back_also_reaches_those_whose_rows_are_not_written(issue, ada):
    draft = actions.prepare(issue)
    with transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
    with transaction():
        assert actions.stop(issue, by=ada) == 3
    assert outbox.progress(issue) == {Fate.CANCELLED: 3}
    jobs.finish_issues()
    assert issue.state is IssueState.FINISHED


def test_sending_again_asks_first_and_wants_a_reason(desk, going):
    with transaction():
        cast.settle(going, Fate.UNCERTAIN, address="b@moda.example")
        cast.settle(going, Fate.ACCEPTED, state=Fate.QUEUED)
    url = f"{DESK}/{going.id}/retries"
    assert "qualcuno potrebbe ricevere il numero due volte" in desk.get(f"{url}/uncertain").text
    assert "Nessuno ha questo esito" in desk.get(f"{url}/refused").text
    assert desk.get(f"{url}/accepted").status_code == 404
    assert desk.post(f"{url}/uncertain", data={"reason": ""}).status_code == 422
    assert desk.post(f"{url}/uncertain", data={"reason": "Lo hanno chiesto"}).status_code == 303
    assert outbox.progress(going) == {Fate.ACCEPTED: 2, Fate.QUEUED: 1}
    last = history.events(going)[-1]
    assert (last.what, last.words) == (What.RETRIED, "incerto 1: Lo hanno chiesto")


def test_the_fates_are_exported_filtered_and_no_cell_is_a_formula(desk, sign_in, person, moda, going):
    with transaction():
        cast.settle(going, Fate.REFUSED, address="b@moda.example")
        row = cast.deliveries(going.id)[1]
        row.last_reply, row.name = "550 5.1.1 no such user", "=1+1"
    url = f"{DESK}/{going.id}/recipients"
    answer = desk.get(f"{url}.csv?fate=refused")
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [[line[n] for n in (0, 1, 4)] for line in lines[1:]] == [
        ["'=1+1", "b@moda.example", "550 5.1.1 no such user"]
    ]
    assert len(list(csv.reader(io.StringIO(desk.get(f"{url}.csv").data.decode("utf-8-sig"))))) == 4
    assert desk.get(f"{url}.xlsx").data.startswith(b"PK")
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    assert viewer.get(f"{url}.csv").status_code == 403
    assert viewer.get(url).status_code == 200


def test_progress_says_how_fast_and_how_long_still(desk, going):
    steered = delivery.sending(going)
    with transaction():
        steered = delivery.sending(going)
        steered.mark_at, steered.mark_done, steered.done, steered.seen_rate = MONDAY, 1, 1, 0.5
        cast.settle(going, Fate.ACCEPTED, address="a@moda.example")
    page = desk.get(f"{DESK}/{going.id}/progress").text
    assert "0,5 messaggi al secondo" in page
    assert "finito fra circa 4 secondi" in page
    assert '<meta http-equiv="refresh"' in desk.get(f"{DESK}/{going.id}").text


def test_the_report_makes_the_same_queries_for_one_and_for_many(desk, moda, ada, issue):
    from sqlalchemy import event

    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count(row):
        row_id = row.id
        db.session.rollback()
        db.session.expunge_all()
        statements.clear()
        assert desk.get(f"{DESK}/{row_id}/recipients").status_code == 200
        return len(statements)

    with transaction():
        topic = cast.topic(moda, "Molti")
        company = factories.company(moda)
        for n in range(40):
            cast.subscriber(moda, topic, company=company, email=f"m{n}@moda.example")
        many = cast.issue(moda, topic, by=ada)
    cast.send(many, by=ada)
    cast.send(issue, by=ada)
    ids = issue.id, many.id
    count(issue)  # the first page of a session reads more
    issue, many = (db.session.get(Issue, row_id) for row_id in ids)
    alone = count(issue)
    assert count(db.session.get(Issue, ids[1])) == alone


def test_the_pace_for_single_receivers_is_written_in_lines_and_goes_with_the_next_issue(
    sign_in, moda, bice, ada, issue
):
    desk, url = sign_in(bice), f"{DESK}/settings"
    given = {"version": 0, "approval_above": "", "quiet_from": "", "quiet_until": ""}
    for lines, said in (
        ("gmail.com 5\ngmail", "La riga 2 non è come"), ("gmail.com 0", "La riga 1 non è come"),
        ("a.example 1\nA.example 2", "Riga 2: a.example compare due volte"),
        ("\n".join(f"d{i}.example 1" for i in range(51)), "Al massimo 50 domini"),
    ):  # fmt: skip
        answer = desk.post(url, data={**given, "domain_rates": lines})
        assert (answer.status_code, said in answer.text) == (422, True)
        assert lines.splitlines()[-1] in answer.text, "what was typed is still there"
    assert desk.post(url, data={**given, "domain_rates": "gmail.com 5\r\n\r\n*: 0,5"}).status_code == 303
    assert "gmail.com 5\n* 0.5</textarea>" in desk.get(url).text
    cast.send(issue, by=ada)
    assert delivery.sending(issue).domain_rates == {"gmail.com": 5.0, "*": 0.5}
