"""Forms, who may answer them, and how many did. Nothing here says who gave which anonymous answer."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.attendance import queries as attendance
from dissemination.feedback import questions
from dissemination.feedback.models import FeedbackAnswer, FeedbackAsked, FeedbackForm, Purpose
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.people.models import Contact, OrganisationType
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import State, Workshop

LEAST = 5  # answers: below, an anonymous form shows no result
HELD_BACK = "-"  # begins the id of an anonymous answer that is not shown before there are five such
MONTHS = 6  # after the workshop its outcome is asked about


class Turn(StrEnum):
    """What a person may do with a form."""

    OPEN = "open"  # she may answer
    ANSWERED = "answered"
    CLOSED = "closed"
    NOT_YET = "not_yet"  # the workshop is not over, or she was not asked yet
    NOT_FOR_YOU = "not_for_you"  # she was not there


@dataclass(frozen=True)
class Sheet:
    """A form as it is filled in: that of the workshop, or the one that it begins with."""

    purpose: Purpose
    questions: list[dict]
    anonymous: bool
    version: int
    closed_at: datetime | None
    form_id: int | None

    @property
    def asked(self) -> list[dict]:
        """The questions that are asked now."""
        return questions.asked(self.questions)


@dataclass(frozen=True)
class Response:
    """How many answered, of how many who could; `asked`: how many a mail asked."""

    n: int
    of: int
    asked: int

    @property
    def rate(self) -> int | None:
        """The response rate in whole percent; None while nobody could answer."""
        return min(100, round(100 * self.n / self.of)) if self.of else None


def form_of(workshop: Workshop, purpose: Purpose) -> FeedbackForm | None:
    """The workshop's own form; None while it is the one that every workshop begins with."""
    return db.session.scalar(
        select(FeedbackForm).where(
            FeedbackForm.workshop_id == workshop.id, FeedbackForm.purpose == purpose
        )
    )  # fmt: skip


def sheet(workshop: Workshop, purpose: Purpose) -> Sheet:
    """The form of a workshop, whether it was edited or not."""
    form = form_of(workshop, purpose)
    if form is None:
        return Sheet(purpose, questions.defaults(purpose), purpose is Purpose.FEEDBACK, 0, None, None)
    return Sheet(purpose, form.questions, form.anonymous, form.version, form.closed_at, form.id)


def turn(registration: Registration, purpose: Purpose) -> Turn:
    """What this person may do with the form now."""
    workshop = registration.workshop
    if workshop.cancellation is not None or not _is_there(registration):
        return Turn.NOT_FOR_YOU
    form = form_of(workshop, purpose)
    row = db.session.get(FeedbackAsked, (form.id, registration.id)) if form else None
    if row is not None and row.answered:
        return Turn.ANSWERED
    if workshop.ends_at > now():
        return Turn.NOT_YET
    if purpose is Purpose.OUTCOME and (row is None or row.asked_at is None):
        return Turn.NOT_YET
    if form is not None and form.closed_at is not None:
        return Turn.CLOSED
    return Turn.OPEN if registration.id in attendance.present_ids(workshop) else Turn.NOT_FOR_YOU


def _is_there(registration: Registration) -> bool:
    gone = registration.purged_at is not None or registration.contact.erased_at is not None
    return registration.standing is Standing.CONFIRMED and not gone


def present(workshop: Workshop) -> list[Registration]:
    """Who was there and is still known by name, with contact and company."""
    there = attendance.present_ids(workshop)
    return [r for r in attendance.people(workshop) if r.id in there and _is_there(r)]


def of_companies(workshop: Workshop) -> list[Registration]:
    """Those present who came for a company."""
    return [
        r
        for r in present(workshop)
        if r.company is not None and r.company.type is OrganisationType.COMPANY
    ]  # fmt: skip


def unasked(form: FeedbackForm, people: list[Registration]) -> list[Registration]:
    """Those of `people` who were not asked yet and have not answered by themselves."""
    rows = {row.registration_id: row for row in rows_of(form)}
    done = {key for key, row in rows.items() if row.asked_at is not None or row.answered}
    return [r for r in people if r.id not in done]


def rows_of(form: FeedbackForm) -> list[FeedbackAsked]:
    """Who may answer a form, as rows."""
    return list(db.session.scalars(select(FeedbackAsked).where(FeedbackAsked.form_id == form.id)))


def response(workshop: Workshop, purpose: Purpose) -> Response:
    """How many answered. Of feedback everybody present could, of the outcome survey everybody asked."""
    form = form_of(workshop, purpose)
    n = asked = 0
    if form is not None:
        n = db.session.scalar(select(func.count()).where(FeedbackAnswer.form_id == form.id)) or 0
        asked = db.session.scalar(
            select(func.count()).where(FeedbackAsked.form_id == form.id, FeedbackAsked.asked_at.is_not(None))
        ) or 0  # fmt: skip
    if purpose is Purpose.OUTCOME:
        return Response(n, max(n, asked), asked)
    return Response(n, max(n, attendance.count_present(workshop)), asked)


def answers(form: FeedbackForm | None) -> list[FeedbackAnswer]:
    """Every answer that may be shown, in the order of their random ids.

    Those to an anonymous form appear five at a time: results looked at before and after one more answer
    would tell, by what changed, what that one said.
    """
    return [a for a in all_answers(form) if not a.id.startswith(HELD_BACK)]


def held_back(form: FeedbackForm) -> list[FeedbackAnswer]:
    """The answers that nobody has seen yet: four at most, unless they are about to appear."""
    found = all_answers(form)
    waiting = [a for a in found if a.id.startswith(HELD_BACK)]
    return waiting if len(found) - len(waiting) >= LEAST else found


def all_answers(form: FeedbackForm | None) -> list[FeedbackAnswer]:
    """Every answer, shown or not."""
    if form is None:
        return []
    query = select(FeedbackAnswer).where(FeedbackAnswer.form_id == form.id)
    return list(db.session.scalars(query.order_by(FeedbackAnswer.id)))


def givers(rows: list[FeedbackAnswer]) -> dict[int, Registration]:
    """Who gave answers that are not anonymous: registration id -> registration with contact and company."""
    ids = [row.registration_id for row in rows if row.registration_id is not None]
    if not ids:
        return {}
    query = (
        select(Registration)
        .join(Contact, Contact.id == Registration.contact_id)
        .where(Registration.id.in_(ids))
        .options(joinedload(Registration.contact), joinedload(Registration.company))
    )
    return {r.id: r for r in db.session.scalars(query)}


def outcome_day(workshop: Workshop) -> date:
    """From which day on the outcome is asked about: six calendar months after the end."""
    end = local(workshop.ends_at, workshop.district.zone).date()
    months = end.month - 1 + MONTHS
    year, month = end.year + months // 12, months % 12 + 1
    for day in range(end.day, end.day - 4, -1):  # 31 August: the last day of February
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def counts(workshop: Workshop) -> bool:
    """The workshop is closed and counts in the plan."""
    return workshop.state is State.CLOSED and not (workshop.closing and workshop.closing.not_counted)
