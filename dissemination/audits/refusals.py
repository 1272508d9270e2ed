"""What audits say no to, and what to do about it."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class OutOfOrder(Refusal):
    """States come one after the other."""

    message = _l("An audit goes planned, contacted, visited, drafted, shared, closed: this step comes later.")


class WrongDay(Refusal):
    """A step in the future, or before the one it follows."""

    status = 422
    field = "on"


class ReasonMissing(Refusal):
    """Going back, declining, and closing what was not shared need a word."""

    status = 422
    field = "reason"
    message = _l("Write why: it stays with the audit.")


class Changed(Refusal):
    """Somebody saved it meanwhile."""

    message = _l(
        "Somebody changed this audit while you were writing. Your text is below: compare, then save again."
    )


class AuditedAlready(Refusal):
    """A second audit of one company in a plan's period counts the company once (R1)."""

    field = "repeat_meant"

    def __init__(self, names: list[str]):
        self.names = names
        words = _l(
            "Already in this plan's period: %(names)s. A second audit is possible, but the company counts"
            " once. Tick the box if it is meant.", names=", ".join(names),
        )  # fmt: skip
        super().__init__(words)


class NoCompany(Refusal):
    """Research bodies, offices and merged duplicates are not audited."""

    status = 422
    field = "companies"
    message = _l("Audits are made in companies. Choose at least one.")


class NoLine(Refusal):
    """An audit hangs on a line of the plan."""

    status = 422
    field = "activity_line_id"
    message = _l("Make the plan first: an audit hangs on one of its activity lines.")


class NotHers(Refusal):
    """An appointment is made with somebody of that company."""

    status = 422
    field = "contact_id"
    message = _l("Choose a person of this company with an e-mail address.")


class WrongTimes(Refusal):
    """An appointment begins in the future and ends after it began, within a day."""

    status = 422
    field = "until"
    message = _l("The visit begins in the future, and ends after it began, on the same day.")


class NoAppointment(Refusal):
    """Nothing to change or to call off."""

    message = _l("There is no appointment any more. Make a new one.")


class AreaInUse(Refusal):
    """An application, or a meeting, came of an area."""

    field = "areas"

    def __init__(self, titles: list[str]):
        names = ", ".join(titles)
        super().__init__(
            _l("An application or a meeting came of this area, so it stays: %(titles)s.", titles=names)
        )


class WrongScore(Refusal):
    """Scores go from 1 to 5."""

    status = 422
    message = _l("A score is a whole number from 1 to 5.")


class NotVisited(Refusal):
    """The visit sheet is of a visit."""

    message = _l("The visit sheet comes with the visit: enter the visit first.")
