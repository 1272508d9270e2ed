"""What cannot be done with a publication, in words."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class ChangedMeanwhile(Refusal):
    """Somebody else saved the publication since this form was opened."""

    message = _l(
        "Somebody else changed this publication while you were writing. Nothing of theirs was overwritten: "
        "open it in another window, compare, and save again."
    )


class AlreadyPublished(Refusal):
    """It is public already."""

    message = _l("This publication is already public.")


class NotPublished(Refusal):
    """Only what is public can be taken back."""

    message = _l("This publication is not public.")


class ReasonMissing(Refusal):
    """Taking back needs a reason: it is kept beside the figures."""

    status = 422
    message = _l("Write why it is taken back: the reason is kept beside the figures.")
    field = "reason"


class MoveUnexplained(Refusal):
    """Figures count it by its place in the plan: a change of that is corrected in the log, with a reason."""

    status = 422
    message = _l(
        "This publication is public, and figures count it by its type, language, licence and place in the "
        "plan. Write why these change: the log keeps the correction with its reason."
    )
    field = "reason"


class WasPublic(Refusal):
    """Only drafts that were never public can be removed."""

    message = _l("This publication was public: it is in the log and cannot be removed. Withdraw it instead.")


class NotApproved(Refusal):
    """The district approves before the public sees."""

    message = _l("A manager approves a publication before it becomes public. Ask for the approval.")


class AlreadyApproved(Refusal):
    """It is approved already."""

    message = _l("This publication is already approved.")


class ChangedSince(Refusal):
    """What would be approved is not what was looked at."""

    message = _l("This publication has changed since you opened its page. Look at it again, then approve it.")


class AlreadyAsked(Refusal):
    """The review is under way."""

    message = _l("The approval was asked for already.")


class NotUnderReview(Refusal):
    """Nobody asked for the approval."""

    message = _l("Nobody asked to approve this publication.")


class WordsMissing(Refusal):
    """A comment without words."""

    status = 422
    message = _l("Write what the others should know.")
    field = "text"


class NewerExists(Refusal):
    """Versions form a line, not a tree."""

    message = _l("There is a newer version of this publication already: make the next one from that.")
