"""What a workshop's actions refuse, each with what to do instead. Raised by `actions`, shown by forms."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import short_date
from dissemination.kernel.refusals import Refusal


class NoTitle(Refusal):
    """The Italian title is empty."""

    status, field = 422, "title_it"
    message = _l("A workshop needs a title in Italian.")


class NoSession(Refusal):
    """There is no session, so nobody knows when to come."""

    status, field = 422, "sessions"
    message = _l("A workshop needs at least one session with its date, start and end.")


class SessionEndsBeforeItStarts(Refusal):
    """A session's end is not after its start."""

    status, field = 422, "sessions"
    message = _l("A session ends before it starts. Give it a later end.")


class TooLong(Refusal):
    """From first start to last end it is longer than models.LONGEST."""

    status, field = 422, "sessions"
    message = _l("The sessions span more than six months. Make two workshops of them.")


class DeadlineAfterStart(Refusal):
    """Registration would end after the start."""

    status, field = 422, "registration_deadline"
    message = _l("The registration deadline is after the start. Choose the start or an earlier moment.")


class NoPlace(Refusal):
    """Neither a venue nor an online link."""

    status, field = 422, "venue"
    message = _l("Say where the workshop takes place: a venue, an online link, or both.")


class InsecureLink(Refusal):
    """The online link is not an https address."""

    status, field = 422, "online_url"
    message = _l("The online link must start with https:// and name a site.")


class NoSeats(Refusal):
    """The number of seats is outside 1 to 100,000."""

    status, field = 422, "seats"
    message = _l("Seats must be a number from 1 to 100,000.")


class ChangedMeanwhile(Refusal):
    """The optimistic lock: somebody else saved first."""

    message = _l(
        "Somebody else changed this workshop while you were writing. Nothing was overwritten, and what you "
        "wrote is kept below. Look at the workshop in another window; saving again replaces it."
    )


class AlreadyPublished(Refusal):
    """A published workshop is not deleted."""

    message = _l("This workshop is published: people may hold a seat. Cancel it instead.")


class NotYetPublished(Refusal):
    """A draft is not cancelled."""

    message = _l("This workshop is a draft: nobody knows of it yet. Delete it instead.")


class AlreadyHeld(Refusal):
    """A workshop that is over is not cancelled."""

    message = _l("This workshop is over. It can be closed, not cancelled.")


class AlreadyCancelled(Refusal):
    """Nothing changes in a cancelled workshop."""

    message = _l("This workshop is cancelled.")


class AlreadyClosed(Refusal):
    """Nothing changes in a closed workshop."""

    message = _l("This workshop is closed. A manager can open it again on its attendance page.")


class NoReason(Refusal):
    """A cancellation without its reason."""

    status, field = 422, "reason"
    message = _l("Give the reason: it is shown on the public page and told to everyone registered.")


class NoQuestionText(Refusal):
    """A question without words."""

    status, field = 422, "text_it"
    message = _l("Write the question in Italian.")


class NoChoices(Refusal):
    """Fewer than two different choices."""

    status, field = 422, "choices"
    message = _l("Give at least two different choices to choose from.")


class TooManyQuestions(Refusal):
    """A form that nobody would fill in."""

    message = _l("A form has at most 60 questions. Remove one that you no longer need.")


class AskedAfterItself(Refusal):
    """A condition that looks forward, at itself, or at an answer that nobody can give."""

    status, field = 422, "condition"
    message = _l(
        "A question can be asked only after an answer to one that comes before it in the form. "
        "Change the order or the condition."
    )


class AnswersStandInTheWay(Refusal):
    """Another kind for a question that people answered."""

    field = "kind"
    message = _l(
        "People have answered this question already, and their answers would not fit another kind. "
        "Remove it (the answers are kept) and add a new question."
    )


class OthersDependOnIt(Refusal):
    """Later questions are asked only after an answer that would no longer be possible."""

    def __init__(self, followers):
        names = ", ".join(f"«{q.text_it}»" for q in followers)
        said = _(
            "Other questions are asked after an answer to this one: %(names)s. Change their condition first.",
            names=names,
        )
        super().__init__(said)


class HourDoesNotExist(Refusal):
    """On that night the clocks go forward over this hour."""

    status, field = 422, "sessions"

    def __init__(self, day, hour: str):
        super().__init__(
            _(
                "On %(day)s there is no %(hour)s: on that night the clocks go forward. Choose another date.",
                day=short_date(day), hour=hour,
            )
        )  # fmt: skip


class YearOutOfBounds(Refusal):
    """A date before the year 2000, or more than ten years ahead."""

    status, field = 422, "sessions"

    def __init__(self, day, *, last: int):
        super().__init__(
            _(
                "%(day)s cannot be right: workshops lie between the years 2000 and %(last)d.",
                day=short_date(day), last=last,
            )
        )  # fmt: skip


class Overlap(Refusal):
    """Two sessions at the same time that are not told apart by their tracks."""

    status, field = 422, "sessions"

    def __init__(self, first: str, second: str):
        super().__init__(
            _(
                "«%(first)s» and «%(second)s» take place at the same time. Give each a track of its own "
                "(such as A and B), or change the hours.",
                first=first, second=second,
            )
        )  # fmt: skip


class OnlineSeatsNeedBoth(Refusal):
    """Seats online, counted apart, of a workshop that is not hybrid."""

    status, field = 422, "online_seats"
    message = _l(
        "Seats online are counted apart only where there is a venue and an online link. Leave it empty."
    )


class OutOfRange(Refusal):
    """A number of the settings is outside what is allowed."""

    status = 422

    def __init__(self, field: str, lowest: int, highest: int):
        super().__init__(
            _("Write a number from %(lowest)d to %(highest)d.", lowest=lowest, highest=highest), field=field
        )


class NotCancelled(Refusal):
    """Only a cancelled workshop can be taken up again."""

    message = _l("This workshop is not cancelled.")


class TooLateToReinstate(Refusal):
    """Its date has come: nobody could be told in time."""

    message = _l("Its date has passed. Copy the workshop to another date instead.")


class ReinstatedWithoutReason(Refusal):
    """Taking a cancellation back without saying why."""

    status, field = 422, "reason"
    message = _l("Give the reason: it is told to everyone registered.")


class NoDates(Refusal):
    """No date to repeat the workshop on."""

    status, field = 422, "days"
    message = _l("Give at least one date.")


class DateTaken(Refusal):
    """The series already has a workshop that begins on that day."""

    status, field = 422, "days"

    def __init__(self, day):
        super().__init__(_("The series already has a workshop on %(day)s.", day=short_date(day)))


class InAnotherSeries(Refusal):
    """A workshop belongs to one series."""

    field = "workshop_id"
    message = _l("This workshop belongs to a series already. Take it out of that one first.")


class NameTaken(Refusal):
    """Another template has that name."""

    field = "name"
    message = _l("There is a template of this name already. Choose another name.")


class NoPlanLine(Refusal):
    """The district has no plan with activity lines."""

    message = _l("A workshop hangs on an activity line of the plan. Write the plan first.")


class RowChangedMeanwhile(Refusal):
    """The optimistic lock of a series, a template, a speaker or a material."""

    message = _l(
        "Somebody else changed this while you were writing. Nothing was overwritten, and what you wrote is "
        "kept below. Look at it in another window; saving again replaces it."
    )


class NoName(Refusal):
    """A speaker or a template without a name."""

    status, field = 422, "name"
    message = _l("Write the name.")


class HowSheAgreed(Refusal):
    """A consent of which nobody knows how it was given."""

    status, field = 422, "agreed_text"
    message = _l("Say how the consent was given: a signed form, a mail of which date …")


class FileTooLarge(Refusal):
    """More bytes than a material may have."""

    status, field = 422, "file"

    def __init__(self, most_mb: int):
        super().__init__(
            _("The file is larger than %(most)d MB. Make it smaller, or split it.", most=most_mb)
        )
