"""The form of one question. Its choices grow and shrink without JavaScript, by named buttons."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from dissemination.kernel.forms import Form, Length, Optional, WholeField, text_field
from dissemination.kernel.languages import language, translated
from dissemination.workshops import questions
from dissemination.workshops.models import Kind, Question, Workshop

MOST = 40  # choices
KINDS = {
    Kind.TEXT: _l("Text"),
    Kind.CHOICE: _l("One choice of several"),
    Kind.SEVERAL: _l("Several choices"),
    Kind.NUMBER: _l("Number"),
    Kind.DATE: _l("Date"),
    Kind.FILE: _l("File"),
}


class ChoiceForm(Form):
    """One choice."""

    class Meta(Form.Meta):
        """The whole form has the token."""

        csrf = False

    key = HiddenField()
    it = text_field(_l("Choice in Italian"), most=120, required=False)
    en = text_field(_l("Choice in English"), most=120, required=False)

    def validate_en(self, _field):
        """The Italian words are the ones that are always there."""
        if self.en.data and not self.it.data:
            self.it.errors = [*self.it.errors, _("Write the choice in Italian too.")]

    def validate(self, extra_validators=None):
        """False as soon as any field has something to say."""
        return super().validate(extra_validators) and not self.errors


class QuestionForm(Form):
    """A question of the registration form."""

    version = HiddenField(default="0")
    text_it = text_field(_l("Question in Italian"), most=300)
    text_en = text_field(_l("Question in English"), most=300, required=False)
    kind = SelectField(_l("How it is answered"), default=Kind.TEXT.value)
    choices = FieldList(FormField(ChoiceForm), label=_l("Choices"), max_entries=MOST)
    required = BooleanField(_l("An answer is required"))
    condition = SelectField(_l("When it is asked"), default="", validators=[Optional()])
    retention_months = WholeField(
        _l("Keep the answers for (months)"),
        validators=[
            Optional(),
            NumberRange(0, 120, _l("Write a number of months from 0 to 120, or nothing.")),
        ],
    )
    add_choice = StringField(validators=[Length(max=10)])
    remove_choice = StringField(validators=[Length(max=40)])

    def offer(self, workshop: Workshop, question: Question | None = None) -> "QuestionForm":
        """Fill in what can be chosen: the kinds, and answers to questions that come before."""
        self.kind.choices = [SelectChoice(kind.value, words) for kind, words in KINDS.items()]
        self.condition.choices = [SelectChoice("", _("Always")), *_conditions(workshop, question)]
        return self

    def reshape(self) -> bool:
        """Do what a named button asks (add or remove a choice); True when one was pressed."""
        entries = self.choices.entries
        if self.add_choice.data and len(entries) < MOST:
            self.choices.append_entry({})
        elif self.remove_choice.data:
            entries[:] = [e for e in entries if e.name != self.remove_choice.data]
        return bool(self.add_choice.data or self.remove_choice.data)

    def drop_blanks(self) -> None:
        """Leave out choices in which nobody wrote."""
        self.choices.entries[:] = [e for e in self.choices.entries if e.form.it.data or e.form.en.data]

    def fill_up(self) -> None:
        """Room for two choices at least."""
        while len(self.choices.entries) < 2:
            self.choices.append_entry({})

    def facts(self) -> dict:
        """What `questions.add` and `questions.revise` take."""
        before, _colon, value = (self.condition.data or "").partition(":")
        return {
            "version": int(self.version.data) if (self.version.data or "").isdecimal() else 0,
            "text_it": self.text_it.data, "text_en": self.text_en.data or "", "kind": Kind(self.kind.data),
            "required": self.required.data, "retention_months": self.retention_months.data,
            "choices": [
                {"key": e.form.key.data, "it": e.form.it.data, "en": e.form.en.data or ""}
                for e in self.choices.entries
            ],
            "depends_on_id": int(before) if before else None, "depends_value": value,
        }  # fmt: skip


def values_of(question: Question) -> dict:
    """What the form shows of a question that exists."""
    condition = f"{question.depends_on_id}:{question.depends_value}" if question.depends_on_id else ""
    names = ("text_it", "text_en", "required", "retention_months")
    return {
        **{name: getattr(question, name) for name in names}, "kind": question.kind.value,
        "version": str(question.workshop.version), "condition": condition,
        "choices": [{n: c.get(n, "") for n in ("key", "it", "en")} for c in questions.offered(question)],
    }  # fmt: skip


def condition_in_words(question: Question) -> str:
    """ "after “Yes” to “Do you stay for lunch?”"; "" when it is always asked."""
    before = question.depends_on
    return "" if before is None else _after(before, question.depends_value)


def _conditions(workshop: Workshop, question: Question | None) -> list[SelectChoice]:
    rows = []
    for before in questions.may_depend_on(workshop, question):
        rows.append(SelectChoice(f"{before.id}:{questions.ANY}", _after(before, questions.ANY)))
        rows += [
            SelectChoice(f"{before.id}:{c['key']}", _after(before, c["key"]))
            for c in questions.offered(before)
        ]
    return rows


def _after(before: Question, value: str) -> str:
    text = translated(before, "text")
    if value == questions.ANY:
        return _("after any answer to “%(question)s”", question=text)
    words = {c["key"]: c.get(language()) or c["it"] for c in before.choices or []}
    return _("after “%(answer)s” to “%(question)s”", answer=words.get(value, value), question=text)
