"""The fields by which a workshop's questions are answered, one class per kind.

What a field gives (`answer()`) is what `Registration.answers` holds: a text, a choice's key, a list of
keys, a number or a date as plain text ("1234.5", "2027-03-11"), or a file as {"file", "name"}; "" when
there is none. Whether a question is asked at all depends on the answers before it, and the server
decides it here; scripts only hide what is not asked.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, TextInput

from dissemination.kernel import links
from dissemination.kernel.languages import language
from dissemination.workshops.models import Kind
from dissemination.workshops.questions import ANY

TEXT = 1000  # characters
DIGITS, DECIMALS = 12, 6  # before and after the comma
YEARS = (1900, 2100)
FILE_MB = 10
KEPT_FILE = 86_400  # seconds that a file waits for the rest of its form
_PURPOSE = "answer file"
_THOUSANDS = {"it": re.compile(r"-?\d{1,3}(\.\d{3})+"), "en": re.compile(r"-?\d{1,3}(,\d{3})+")}


@dataclass(frozen=True)
class Asked:
    """A question as a form needs it, free of the database, in one language."""

    id: int
    kind: Kind
    text: str
    required: bool
    choices: tuple[tuple[str, str], ...]  # key, words; those put aside are not among them
    put_aside: tuple[tuple[str, str], ...]
    depends_on: int | None
    depends_value: str
    condition: str  # in words; "" when it is always asked

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"question_{self.id}"


def in_force(questions: Iterable[Any], answers: Mapping[int, Any]) -> set[int]:
    """The ids of those of `questions` (in their order) that are asked, given `answers` by id.

    A question is asked when the one that it depends on is asked and has the answer wanted.
    """
    found: set[int] = set()
    here = list(questions)
    known = {q.id for q in here}
    for q in here:
        before = q.depends_on if isinstance(q, Asked) else q.depends_on_id
        always = before is None or before not in known
        if always or (before in found and _meets(answers.get(before), q.depends_value)):
            found.add(q.id)
    return found


def _meets(answer, value: str) -> bool:
    if value == ANY:
        return bool(answer)
    return value in answer if isinstance(answer, list) else value == answer


class _Answer:
    """What the fields have in common: they say nothing wrong of a question that is not asked."""

    question: Asked
    # Of WTForms' Field, told to the type checker.
    data: Any
    raw_data: Any
    process_errors: list
    errors: Any

    def __init__(self, *, question: Asked, **options):
        super().__init__(question.text, **options)  # type: ignore[call-arg]
        self.question = question
        if question.required:
            self.flags.required = True  # type: ignore[attr-defined]

    def answer(self):
        """What is kept of it; "" when nothing was answered."""
        return self.data or ""

    def wrong(self) -> str | None:
        """What is wrong with what was given."""
        return None

    def is_asked(self, form) -> bool:
        """Whether the answers before it lead here."""
        fields = [f for f in form if isinstance(f, _Answer)]
        answers = {f.question.id: f.answer() for f in fields}
        return self.question.id in in_force([f.question for f in fields], answers)

    def validate(self, form, extra_validators=()):  # noqa: ARG002 (WTForms' signature)
        """One clear sentence at most."""
        self.errors = []
        if self.is_asked(form):
            problem = self.wrong()
            self.errors = list(self.process_errors) or ([problem] if problem else [])
            if not self.errors and self.question.required and not self.answer():
                self.errors = [_("An answer is required.")]
        return not self.errors


class TextAnswer(_Answer, TextAreaField):
    """A text of at most TEXT characters."""

    def answer(self):
        """Without surplus space at the ends."""
        return (self.data or "").strip()

    def wrong(self):
        """Too long, with both numbers."""
        if len(self.answer()) <= TEXT:
            return None
        return _("At most %(most)d characters: this has %(length)d.", most=TEXT, length=len(self.answer()))


class ChoiceAnswer(_Answer, RadioField):
    """One of the choices; of an optional question also none."""

    def __init__(self, *, question: Asked, kept=None, **options):
        none = [] if question.required else [("", _("No answer"))]
        choices = [SelectChoice(*c) for c in [*none, *_offered(question, kept)]]
        super().__init__(question=question, choices=choices, validate_choice=False, default="", **options)
        self.type = "RadioField"

    def wrong(self):
        """A choice that is not, or no longer, offered."""
        if self.data and self.data not in {c.value for c in self.choices}:
            return _("This choice is not offered any more. Choose another one.")
        return None


class CheckboxListField(_Answer, SelectMultipleField):
    """Any of the choices."""

    option_widget = CheckboxInput()

    def __init__(self, *, question: Asked, kept=None, **options):
        choices = [SelectChoice(*c) for c in _offered(question, kept)]
        super().__init__(question=question, choices=choices, validate_choice=False, **options)

    def answer(self):
        """The keys, each once, in the order of the form."""
        ticked = set(self.data or ())
        return [c.value for c in self.choices if c.value in ticked] or ""

    def wrong(self):
        """A choice that is not, or no longer, offered."""
        if set(self.data or ()) - {c.value for c in self.choices}:
            return _("One of your choices is not offered any more. Look through them again.")
        return None


def _offered(question: Asked, kept) -> list[tuple[str, str]]:
    """The choices, and those put aside that the person had chosen before."""
    had = set(kept if isinstance(kept, list) else [kept])
    return [*question.choices, *(c for c in question.put_aside if c[0] in had)]


class NumberAnswer(_Answer, StringField):
    """A number as people write it: "1.234,5" and "1234.5". "1.234" is read as the page's language does."""

    widget = TextInput()

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        return written(self.data) if self.data else ""

    def process_formdata(self, valuelist):
        """Read it into plain decimal text."""
        raw = (valuelist[0] if valuelist else "").strip()
        self.data = plain_number(raw) if raw else ""
        if raw and self.data is None:
            raise ValueError(_l("Write a number such as 1.234,5: at most 12 digits, and 6 after the comma."))


def plain_number(raw: str) -> str | None:
    """`raw` as "1234.5"; None when it is no number, or too long a one."""
    raw = re.sub(r"[\s'’]", "", raw)
    if "," in raw and "." in raw:  # the last one of the two is the decimal sign
        thousands = "." if raw.rindex(",") > raw.rindex(".") else ","
        raw = raw.replace(thousands, "")
    elif _THOUSANDS[language()].fullmatch(raw):
        raw = raw.replace(".", "").replace(",", "")
    raw = raw.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,20})?", raw, re.ASCII):
        return None
    try:
        value = Decimal(raw).normalize()
    except InvalidOperation:  # pragma: no cover (the pattern lets only numbers through)
        return None
    exponent = value.as_tuple().exponent
    fits = abs(value) < 10**DIGITS and isinstance(exponent, int) and exponent >= -DECIMALS
    return f"{value:f}" if fits else None


def written(number: str) -> str:
    """Plain decimal text as the reader writes it: "1.234,5"."""
    try:
        return format_decimal(Decimal(number), "#,##0.######")
    except InvalidOperation:
        return str(number)


class DateAnswer(_Answer, DateField):
    """A date of YEARS, from a calendar or typed as 11/03/2027."""

    def __init__(self, **options):
        super().__init__(format=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"], **options)

    def process_data(self, value):
        """What was kept is text."""
        self.data = None
        if isinstance(value, date):
            self.data = value
        elif value:
            self.data = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 (a date has no zone)

    def process_formdata(self, valuelist):
        """Nothing given is nothing answered."""
        self.data = None
        if valuelist and valuelist[0].strip():
            super().process_formdata([valuelist[0].strip()])

    def answer(self):
        """As ISO 8601."""
        return self.data.isoformat() if self.data else ""

    def wrong(self):
        """A year that nobody means."""
        if self.data and not YEARS[0] <= self.data.year <= YEARS[1]:
            return _("Write a date between the years %(first)d and %(last)d.", first=YEARS[0], last=YEARS[1])
        return None


class FileAnswer(_Answer, Field):
    """A file. It is stored as soon as it arrives; the form then carries a signed reference to it.

    So an error in another field does not lose it. `upload` is what has just arrived and is not stored.
    """

    upload: Any = None
    stored_errors: tuple[str, ...] = ()

    def process(self, formdata, data=None, extra_filters=None):  # noqa: ARG002 (WTForms' signature)
        """A new file, else the one that the form refers to, else the one that was answered before."""
        self.process_errors, self.raw_data = [], []
        self.object_data = self.data = data if isinstance(data, dict) else None
        if formdata is None:
            return
        given = [f for f in formdata.getlist(self.name) if getattr(f, "filename", "")]
        self.upload = given[0] if given else None
        if formdata.get(f"{self.name}_remove"):
            self.data = None
        elif formdata.get(f"{self.name}_kept"):
            self.data = _referred(formdata[f"{self.name}_kept"], self.question.id) or self.data

    def reference(self) -> str:
        """What the form carries of a file that is not yet part of a registration."""
        if not self.data or self.data == self.object_data:
            return ""
        return links.sign_for_a_while(_PURPOSE, [self.question.id, self.data["file"], self.data["name"]])

    def wrong(self):
        """What storing it said."""
        return self.stored_errors[0] if self.stored_errors else None


def _referred(token: str, question_id: int) -> dict | None:
    """The file of a reference made for that question a day ago at most."""
    told = links.read_recent(_PURPOSE, token, max_age=KEPT_FILE)
    if not isinstance(told, list) or len(told) != 3 or told[0] != question_id:
        return None
    return {"file": told[1], "name": told[2]}


FIELDS: dict[Kind, type] = {
    Kind.TEXT: TextAnswer,
    Kind.CHOICE: ChoiceAnswer,
    Kind.SEVERAL: CheckboxListField,
    Kind.NUMBER: NumberAnswer,
    Kind.DATE: DateAnswer,
    Kind.FILE: FileAnswer,
}
