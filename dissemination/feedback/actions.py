"""Editing a form, asking for answers, and answering. An anonymous answer leaves no trace of its giver."""

import secrets
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import select, update

from dissemination.attendance import queries as attendance
from dissemination.delivery import outbox
from dissemination.feedback import mails, queries, questions
from dissemination.feedback.models import FeedbackAnswer, FeedbackAsked, FeedbackForm, Purpose
from dissemination.feedback.queries import LEAST, Turn
from dissemination.feedback.questions import OVERALL
from dissemination.feedback.refusals import (
    AnsweredAlready,
    ChangedMeanwhile,
    DoesNotCount,
    FormClosed,
    NoOverall,
    NotForYou,
    NothingAnswered,
    NotYet,
    OutcomeNotYet,
    PromiseChanged,
    PromiseGiven,
)
from dissemination.kernel import clock
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.languages import short_date
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.registrations.models import Registration
from dissemination.workshops.actions import attributes
from dissemination.workshops.models import Workshop
from dissemination.workshops.queries import hold

WITHOUT_COUNTING = "without_counting"


class Did(StrEnum):
    """What the activity log keeps: one row for each feedback form filled in, with its overall score."""

    GIVEN = "feedback.given"


def ensure(workshop: Workshop, purpose: Purpose) -> FeedbackForm:
    """The workshop's form, made of the questions that every workshop begins with when there is none."""
    hold(workshop)  # also: of two at once one waits
    form = queries.form_of(workshop, purpose)
    if form is None:
        sheet = queries.sheet(workshop, purpose)
        form = FeedbackForm(
            workshop_id=workshop.id, purpose=purpose, questions=sheet.questions, anonymous=sheet.anonymous,
            version=1,
        )  # fmt: skip
        db.session.add(form)
        db.session.flush()
    return form


def revise(workshop: Workshop, purpose: Purpose, *, rows: list[dict], anonymous: bool, version: int) -> None:
    """Change the questions (`rows` as in `questions.edited`); answers that were given stay.

    `version` is the one that the editor read (0: no form yet). Raises ChangedMeanwhile, PromiseGiven,
    FormClosed, WrongQuestions.
    """
    hold(workshop)
    existing = queries.form_of(workshop, purpose)
    if version != (existing.version if existing else 0):
        raise ChangedMeanwhile
    form = ensure(workshop, purpose)
    if form.closed_at is not None:
        raise FormClosed
    answered = _has(FeedbackAnswer.form_id == form.id, FeedbackAnswer.id)
    if anonymous != form.anonymous and (answered or _was_asked(form)):
        raise PromiseGiven
    form.questions = questions.edited(form.questions, rows, purpose=purpose, keep=answered)
    form.anonymous = anonymous
    if existing is not None:
        form.version += 1
    db.session.flush()


def ask(workshop: Workshop, by: Account | None = None) -> int:  # noqa: ARG001 (who asked is in the mail log)
    """Write once to everybody present who has neither been asked nor answered; how many mails.

    Raises NotYet before the workshop's end, FormClosed.
    """
    if workshop.cancellation is not None or workshop.ends_at > now():
        raise NotYet
    form = ensure(workshop, Purpose.FEEDBACK)
    return _ask(form, queries.present(workshop), mails.ask)


def ask_outcome(workshop: Workshop) -> int:
    """Write once to those who came for a company, six months after the end; how many mails.

    Raises OutcomeNotYet, DoesNotCount, FormClosed.
    """
    if not queries.counts(workshop):
        raise DoesNotCount
    day = queries.outcome_day(workshop)
    if today(workshop.district.zone) < day:
        raise OutcomeNotYet(short_date(day))
    form = ensure(workshop, Purpose.OUTCOME)
    return _ask(form, queries.of_companies(workshop), mails.outcome)


def answer(registration: Registration, purpose: Purpose, *, answers: dict, anonymous: bool) -> FeedbackAnswer:
    """Keep one person's answers (question key -> answer), once.

    `anonymous` is what the page promised her. Of an anonymous form nothing leads from the answer to her:
    no id, no time but the day, no order; it appears in results and in the log with four others.
    Raises NotForYou, AnsweredAlready, FormClosed, PromiseChanged, NothingAnswered, NoOverall.
    """
    form = ensure(registration.workshop, purpose)
    _must_be_open(queries.turn(registration, purpose))
    if form.anonymous != anonymous:
        raise PromiseChanged
    if not any(value not in ("", [], None) for value in answers.values()):
        raise NothingAnswered
    if purpose is Purpose.FEEDBACK and answers.get(OVERALL) not in questions.SCORES:
        raise NoOverall
    if db.session.get(FeedbackAsked, (form.id, registration.id)) is None:
        _enlist(form, queries.present(registration.workshop))
    if not _mark_answered(form, registration):
        raise AnsweredAlready
    given = FeedbackAnswer(
        id=_new_id(held_back=form.anonymous), form_id=form.id,
        given_on=today(registration.workshop.district.zone),
        registration_id=None if form.anonymous else registration.id, answers=answers,
    )  # fmt: skip
    db.session.add(given)
    db.session.flush()
    appearing = _release(form) if form.anonymous else [given]
    if purpose is Purpose.FEEDBACK and appearing:
        _log(form, appearing, registration)
    return given


def _new_id(*, held_back: bool = False) -> str:
    return queries.HELD_BACK + secrets.token_hex(15) if held_back else secrets.token_hex(16)


def _release(form: FeedbackForm) -> list[FeedbackAnswer]:
    """Let the answers that wait appear once they are five; new ids, so that their order says nothing."""
    waiting = queries.held_back(form)
    if len(waiting) < LEAST:
        return []
    for one in waiting:
        one.id = _new_id()
    db.session.flush()
    return sorted(waiting, key=lambda one: one.id)


def close(workshop: Workshop, purpose: Purpose) -> None:
    """Take no more answers. Twice is once."""
    form = ensure(workshop, purpose)
    form.closed_at = form.closed_at or now()
    db.session.flush()


def reopen(workshop: Workshop, purpose: Purpose) -> None:
    """Take answers again."""
    form = ensure(workshop, purpose)
    form.closed_at = None
    db.session.flush()


def _has(condition, column) -> bool:
    return db.session.scalar(select(column).where(condition).limit(1)) is not None


def _was_asked(form: FeedbackForm) -> bool:
    condition = (FeedbackAsked.form_id == form.id) & FeedbackAsked.asked_at.is_not(None)
    return _has(condition, FeedbackAsked.form_id)


def _must_be_open(turn: Turn) -> None:
    if turn is Turn.ANSWERED:
        raise AnsweredAlready
    if turn is Turn.CLOSED:
        raise FormClosed
    if turn is not Turn.OPEN:
        raise NotForYou


def _ask(form: FeedbackForm, people: list[Registration], make) -> int:
    if form.closed_at is not None:
        raise FormClosed
    waiting = queries.unasked(form, people)
    _enlist(form, people)
    rows = {row.registration_id: row for row in queries.rows_of(form)}
    for registration in waiting:
        mail, recipient = make(registration, anonymous=form.anonymous)
        outbox.put(mail, recipient, about=registration, idempotency=form.purpose.value)
        rows[registration.id].asked_at = now()
    db.session.flush()
    return len(waiting)


def _enlist(form: FeedbackForm, people: list[Registration]) -> None:
    """A row for everybody who may answer, before anybody does: its place in the table then tells nothing."""
    known = {row.registration_id for row in queries.rows_of(form)}
    missing = sorted(r.id for r in people if r.id not in known)
    db.session.add_all(FeedbackAsked(form_id=form.id, registration_id=key) for key in missing)
    db.session.flush()


def _mark_answered(form: FeedbackForm, registration: Registration) -> bool:
    statement = update(FeedbackAsked).where(
        FeedbackAsked.form_id == form.id, FeedbackAsked.registration_id == registration.id,
        FeedbackAsked.answered.is_(False),
    )  # fmt: skip
    done = rows_changed(statement.values(answered=True)) == 1
    db.session.expire_all()
    return done


def _log(form: FeedbackForm, appearing: list[FeedbackAnswer], registration: Registration) -> None:
    """Log the scores, so that DV-05 counts them: of an anonymous form five together.

    A log row of an anonymous answer names nobody, and not the hour either.
    """
    if not form.anonymous:
        _record(form, appearing, registration)
        return
    zone = form.workshop.district.zone
    with clock.at(datetime.combine(today(zone), time.min, tzinfo=zone).astimezone(UTC)):
        _record(form, appearing, None)


def _record(form: FeedbackForm, answers: list[FeedbackAnswer], registration: Registration | None) -> None:
    workshop = form.workshop
    closing = workshop.closing
    activity.record_all(
        {
            "verb": Did.GIVEN, "subject_kind": kind_of(workshop), "subject_id": workshop.id,
            "district_id": workshop.district_id, "title": workshop.title_it, "by": None,
            "happened_on": attendance.day_of(workshop), "activity_line_id": workshop.activity_line_id,
            "attributes": attributes(workshop), "amount": Decimal(a.answers[OVERALL]),
            "company_id": registration.company_id if registration else None,
            "contact_id": registration.contact_id if registration else None,
            "not_counted": WITHOUT_COUNTING if closing and closing.not_counted else None,
        }
        for a in answers
    )  # fmt: skip
