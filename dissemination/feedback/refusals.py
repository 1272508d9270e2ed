"""Why an answer, a question or a change is refused, in words that say what to do."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class FormClosed(Refusal):
    """The organiser closed the form."""

    message = _l("This form is closed: answers are no longer taken. Thank you all the same.")


class NotForYou(Refusal):
    """The person was not there, or the workshop is not over."""

    message = _l("This form is for those who were present. If you were there, write to the district.")


class AnsweredAlready(Refusal):
    """A person answers once."""

    message = _l("You have answered already. Thank you!")


class PromiseChanged(Refusal):
    """The page promised anonymity and the form is not anonymous any more, or the other way round."""

    message = _l(
        "The organisers changed meanwhile whether answers are anonymous. Read the note above the "
        "questions and send your answers again; they are kept."
    )


class NothingAnswered(Refusal):
    """Every question was left empty."""

    status = 422
    message = _l("Answer at least one question.")


class NoOverall(Refusal):
    """The one score that an indicator is counted from is missing."""

    status, field = 422, "q_overall"
    message = _l("Choose a value from 1 to 5.")


class PromiseGiven(Refusal):
    """People were asked, or answered, under the promise that stands."""

    field = "anonymous"
    message = _l(
        "People were already asked or have answered: whether answers are anonymous can no longer change."
    )


class ChangedMeanwhile(Refusal):
    """Somebody else saved the questions while this page was open."""

    message = _l(
        "Somebody else changed these questions while you had them open. Nothing was overwritten, and what "
        "you wrote is kept below. Look at the questions in another window; saving again replaces them."
    )


class WrongQuestions(Refusal):
    """The list of questions breaks a rule; the message says which."""

    status, field = 422, "questions"


class NotYet(Refusal):
    """It is too early to ask."""

    message = _l("The workshop is not over: ask for feedback afterwards.")


class OutcomeNotYet(Refusal):
    """The six months are not over."""

    def __init__(self, day: str):
        super().__init__(_("What came of it is asked from %(day)s on.", day=day))


class DoesNotCount(Refusal):
    """The workshop is not closed, or was closed without counting."""

    message = _l("What came of it is asked only after workshops that are closed and count.")
