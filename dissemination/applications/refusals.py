"""What applications refuse, each with what to do."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class Wrong(Refusal):
    """What was entered cannot be."""

    status = 422


class NoCompany(Wrong):
    """The company is not of this district."""

    message = _l("Choose a company of the registry.")


class NoLine(Wrong):
    """The district has no plan."""

    field = "activity_line_id"
    message = _l("Choose a line of the plan. If there is none, a manager first writes the plan.")


class WrongPartner(Wrong):
    """A partner is unknown, the company itself, or named twice."""

    field = "partners"


class WrongServices(Wrong):
    """More than two services, or one that the call does not pay for."""

    field = "service_ids"


class WrongDeadline(Wrong):
    """The deadline belongs to another call."""

    field = "target"
    message = _l("Choose a deadline of this call.")


class NoAudit(Wrong):
    """Nothing stands behind the application, and nobody said why."""

    field = "without_audit"
    message = _l(
        "No audit stands behind this application: choose the improvement area it comes from, "
        "or say why there is none."
    )


class WrongArea(Wrong):
    """The area is of a company that takes no part."""

    field = "area_id"
    message = _l("This improvement area was found in a company that takes no part in the application.")


class OverTheLimit(Wrong):
    """An amount is above what may be asked, granted or paid; the text names the limit."""


class AmountMissing(Wrong):
    """A state needs an amount."""


class OutOfOrder(Refusal):
    """States come in their order; the text says which may come now."""


class WrongDay(Wrong):
    """A date in the future, or before the step that it follows."""

    field = "on"


class TooLate(Wrong):
    """The application was submitted after its deadline, or before the call opened."""

    field = "on"


class ProtocolMissing(Wrong):
    """Without a protocol number nothing proves that it was submitted (R4)."""

    field = "protocol_number"
    message = _l("Write the protocol number: without it nothing proves that the application was submitted.")


class SameProtocol(Wrong):
    """Another application to the call has this number."""

    field = "protocol_number"
    message = _l("Another application to this call has this protocol number. Is it entered already?")


class DecisionMissing(Wrong):
    """Without the grant decision nothing proves the grant (R4)."""

    field = "note"
    message = _l("Write the number and date of the grant decision: it proves the grant.")


class ReasonMissing(Wrong):
    """What is taken back says why."""

    field = "reason"
    message = _l("Say why.")


class AtTheStart(Refusal):
    """There is no earlier state."""

    message = _l("This application is at its first state: there is nothing to go back to.")


class IsSubmitted(Refusal):
    """What was submitted is corrected with a reason, not rewritten."""

    message = _l("This application was submitted. Correct its amounts, or go back one state first.")


class CannotRemove(Refusal):
    """What was submitted stays."""

    message = _l("An application that was submitted stays. Go back, or enter that it was waived.")


class NotOpen(Refusal):
    """Nobody is told of a call that is not public, or over."""

    message = _l("People are told of a call while it is public and not over.")


class NobodyChosen(Wrong):
    """No contact is ticked, or those that were have been told meanwhile."""

    message = _l("Nobody is left to be written to. Look at the list again.")
