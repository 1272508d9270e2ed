"""What the composing of issues refuses."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal


class TooManyBlocks(Refusal):
    """An issue has a bounded number of blocks."""

    message = _l("An issue has at most 100 blocks. Take one out first.")


class NothingToCorrect(Refusal):
    """Nothing that readers were told has changed."""

    message = _l("Nothing that this issue told has changed: there is nothing to correct.")
