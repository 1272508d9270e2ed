"""What kinds of questions and forms are called."""

from flask_babel import lazy_gettext as _l

from dissemination.feedback.models import Purpose
from dissemination.feedback.questions import Kind

KINDS = {
    Kind.SCORE: _l("a score from 1 to 5"),
    Kind.CHOICE: _l("one of several choices"),
    Kind.SEVERAL: _l("any of several choices"),
    Kind.TEXT: _l("free text"),
    Kind.YES_NO: _l("yes or no"),
}
PURPOSES = {
    Purpose.FEEDBACK: _l("Feedback after the workshop"),
    Purpose.OUTCOME: _l("Outcome after six months"),
}
