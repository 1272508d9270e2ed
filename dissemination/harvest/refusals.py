"""What OAI-PMH calls errors and exceptions (protocol 2.0, §3.6): codes in an answer, never an HTTP status."""


class Fault(Exception):
    """An error of the protocol. `code` is one of OAI-PMH.xsd's `OAI-PMHerrorcodeType`."""

    code = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadVerb(Fault):
    """The verb is missing, repeated, or none of the six."""

    code = "badVerb"


class BadArgument(Fault):
    """An argument is missing, repeated, unknown, or cannot be read."""

    code = "badArgument"


class BadResumptionToken(Fault):
    """The token was forged, is too old, or belongs to another verb."""

    code = "badResumptionToken"


class CannotDisseminateFormat(Fault):
    """There is no metadata format of that prefix."""

    code = "cannotDisseminateFormat"


class IdDoesNotExist(Fault):
    """No record has that identifier, or it is none of ours."""

    code = "idDoesNotExist"


class NoRecordsMatch(Fault):
    """Nothing was found for from, until and set."""

    code = "noRecordsMatch"


WITHOUT_ATTRIBUTES = (BadVerb, BadArgument)
"""Errors after which `request` repeats no argument (§3.2): these could break the schema."""
