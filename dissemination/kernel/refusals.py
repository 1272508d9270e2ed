"""Refusals: what an action raises when a rule says no. One handler turns them into a page."""


class Refusal(Exception):
    """A rule of the domain said no.

    Subclasses set `status` (HTTP) and `message` (a lazy translated text that says what to do), or
    pass a message to the constructor. `field` names the form field at fault, when there is one.
    """

    status = 409
    message = ""
    field: str | None = None

    def __init__(self, message=None, *, field=None):
        if message is not None:
            self.message = message
        if field is not None:
            self.field = field
        super().__init__(str(self.message))
