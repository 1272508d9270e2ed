"""The form that a person fills in, made of a workshop's questions, and the form that edits these."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange

from dissemination.feedback.questions import MOST_LETTERS, MOST_TEXT, SCORES, Kind, offered
from dissemination.feedback.texts import KINDS
from dissemination.kernel.forms import Form, Length, Optional, WholeField
from dissemination.plan.fields import CheckboxListField

BLANK = 2  # empty rows for new questions


def words(question: dict, language: str) -> str:
    """A question or a choice in the reader's language; the Italian where there is no other."""
    return question.get(language) or question["it"]


def filling_form(questions: list[dict], language: str) -> Form:
    """The form of `questions`; a field is called "q_<key>"."""
    fields = {f"q_{q['key']}": _field(q, language) for q in questions}
    return type("FillingForm", (Form,), fields)()


def answers(form: Form, questions: list[dict]) -> dict:
    """What was filled in, by question key; empty answers are left out."""
    given = {q["key"]: form[f"q_{q['key']}"].data for q in questions}
    return {key: value for key, value in given.items() if value not in (None, "", [])}


def _field(question: dict, language: str):
    label, kind = words(question, language), Kind(question["kind"])
    checks = [InputRequired(_l("Please answer this question.")) if question["required"] else Optional()]
    if kind is Kind.TEXT:
        return TextAreaField(label, validators=[*checks, Length(max=MOST_TEXT)])
    if kind is Kind.SCORE:
        ends = {"1": _("1 (lowest)"), "5": _("5 (highest)")}
        return RadioField(label, choices=[(s, ends.get(s, s)) for s in SCORES], validators=checks)
    if kind is Kind.YES_NO:
        return RadioField(label, choices=[("yes", _("Yes")), ("no", _("No"))], validators=checks)
    choices = [(c["key"], words(c, language)) for c in offered(question)]
    make = CheckboxListField if kind is Kind.SEVERAL else RadioField
    return make(label, choices=choices, validators=checks)


class QuestionForm(Form):
    """One question as it is edited: a part of the whole form, which has the token."""

    class Meta(Form.Meta):
        """Without a token of its own."""

        csrf = False

    key = HiddenField()
    position = WholeField(_l("Position in the form"), validators=[Optional(), NumberRange(1, 99)])
    kind = SelectField(_l("Answered by"), choices=[(k.value, label) for k, label in KINDS.items()])
    it = StringField(_l("Question in Italian"), validators=[Length(max=MOST_LETTERS)])
    en = StringField(_l("Question in English"), validators=[Length(max=MOST_LETTERS)])
    required = BooleanField(_l("An answer is needed"))
    choices = TextAreaField(_l("Choices, one on each line"), validators=[Length(max=6000)])
    gone = BooleanField(_l("Ask it no longer"))


class QuestionsForm(Form):
    """All questions of a form, and whether answers are anonymous."""

    version = HiddenField()
    anonymous = BooleanField(_l("Answers are anonymous"))
    questions = FieldList(FormField(QuestionForm, _l("Question")))

    def rows(self) -> list[dict]:
        """The questions that stay, in the order of their places."""
        kept = [e.form for e in self.questions if not e.form.gone.data and _is_written(e.form)]
        kept.sort(key=lambda f: f.position.data or 99)
        return [
            {
                "key": f.key.data or "", "kind": f.kind.data, "it": (f.it.data or "").strip(),
                "en": (f.en.data or "").strip(), "required": f.required.data,
                "choices": (f.choices.data or "").splitlines(),
            }
            for f in kept
        ]  # fmt: skip


def _is_written(part) -> bool:
    return bool((part.it.data or "").strip() or (part.en.data or "").strip())


def editing_data(questions: list[dict], *, anonymous: bool, version: int) -> dict:
    """What the editing form begins with: the questions asked now, and empty rows for new ones."""
    rows = [
        {
            "key": q["key"], "position": n, "kind": q["kind"], "it": q["it"], "en": q["en"],
            "required": q["required"], "choices": "\n".join(_line(c) for c in offered(q)),
        }
        for n, q in enumerate(questions, 1)
    ]  # fmt: skip
    blank = [{"key": "", "position": None, "kind": Kind.SCORE.value} for _n in range(BLANK)]
    return {"questions": rows + blank, "anonymous": anonymous, "version": version}


def _line(choice: dict) -> str:
    return f"{choice['it']} | {choice['en']}" if choice["en"] else choice["it"]
