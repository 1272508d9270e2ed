"""The forms of this package."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import ColorInput

from dissemination.districts.models import District
from dissemination.kernel.forms import (
    Form,
    InputRequired,
    Length,
    Optional,
    WholeField,
    text_field,
)
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import colours, fields, framing, pictures, texts
from dissemination.newsletters.block_forms import LONGEST_TEXT
from dissemination.newsletters.looks import templates
from dissemination.plan.queries import lines
from dissemination.subscriptions import segments
from dissemination.subscriptions.forms import CheckboxListField, VersionField
from dissemination.subscriptions.models import Topic
from dissemination.subscriptions.queries import topics as topics_of


class IssueForm(Form):
    """The facts of an issue."""

    subject_it = text_field(_l("Subject in Italian"), most=200)
    subject_en = text_field(_l("Subject in English"), most=200, required=False)
    preheader_it = text_field(_l("Preheader in Italian"), most=200, required=False)
    preheader_en = text_field(_l("Preheader in English"), most=200, required=False)
    topics = CheckboxListField(_l("Topics"), coerce=int)
    activity_line_id = SelectField(_l("Activity line of the plan"), coerce=int, validators=[InputRequired()])
    template_id = SelectField(_l("Template"), coerce=int, default=0)
    segment_id = SelectField(_l("Segment"), coerce=int, default=0)
    unguarded = BooleanField(_l("Send it also to those who had enough newsletters lately (frequency guard)"))
    version = VersionField(validators=[Optional()])

    def show_rule(self, rule: dict) -> None:
        """Fill in the segment and the guard of an issue's `audience_rule`."""
        self.segment_id.data, self.unguarded.data = rule.get("segment") or 0, not rule.get("guarded", True)

    def offer(self, district: District, chosen: Sequence[Topic] = ()) -> None:
        """Say which topics and activity lines there are; a closed topic only where it is chosen already."""
        topics = topics_of(district.id)
        topics += [t for t in chosen if t not in topics]
        self.topics.choices = [(t.id, translated(t, "name")) for t in topics]
        self.activity_line_id.choices = [
            (line.id, f"{line.code}) {translated(line, 'name')}") for line in lines(district.id)
        ]
        self.template_id.choices = template_choices(district)
        none = (0, _("everybody who is subscribed"))
        self.segment_id.choices = [none, *((s.id, s.name) for s in segments.all_of(district.id))]
        for field in (self.template_id, self.segment_id):
            if field.data is None:
                field.data = 0

    def facts(self, district: District) -> dict:
        """What was entered, as arguments of `actions.compose` and `actions.revise`."""
        chosen = {t.id: t for t in topics_of(district.id, closed=True)}
        return {
            "subject_it": self.subject_it.data, "subject_en": self.subject_en.data or "",
            "preheader_it": self.preheader_it.data or "", "preheader_en": self.preheader_en.data or "",
            "topics": [chosen[i] for i in self.topics.data or [] if i in chosen],
            "activity_line_id": self.activity_line_id.data, "template_id": self.template_id.data or None,
            "audience_rule": {"segment": self.segment_id.data or None, "guarded": not self.unguarded.data},
        }  # fmt: skip


class ComposeForm(Form):
    """What an issue made from the calendar begins with."""

    subject_it = text_field(_l("Subject in Italian"), most=200)
    subject_en = text_field(_l("Subject in English"), most=200, required=False)
    preheader_it = text_field(_l("Preheader in Italian"), most=200, required=False)
    preheader_en = text_field(_l("Preheader in English"), most=200, required=False)
    intro_it = TextAreaField(_l("Opening words in Italian"), validators=[Length(max=LONGEST_TEXT)])
    intro_en = TextAreaField(_l("Opening words in English"), validators=[Length(max=LONGEST_TEXT)])
    activity_line_id = SelectField(_l("Activity line of the plan"), coerce=int, validators=[InputRequired()])
    template_id = SelectField(_l("Template"), coerce=int, default=0)

    @classmethod
    def proposed(cls, district: District, proposal) -> "ComposeForm":
        """The form with the words of `proposal`, or with what was sent."""
        words = {
            f"{name}_{language}": values[language]
            for name, values in (
                ("subject", proposal.subjects), ("preheader", proposal.preheaders), ("intro", proposal.intros)
            ) for language in values
        }  # fmt: skip
        form = cls(data=words)
        form.activity_line_id.choices = [
            (line.id, f"{line.code}) {translated(line, 'name')}") for line in lines(district.id)
        ]
        form.template_id.choices = template_choices(district)
        return form

    def facts(self) -> dict:
        """Arguments of `actions.compose`."""
        names = ("subject_it", "subject_en", "preheader_it", "preheader_en")
        return {
            **{name: self[name].data or "" for name in names},
            "activity_line_id": self.activity_line_id.data, "template_id": self.template_id.data or None,
        }  # fmt: skip

    def intros(self) -> dict[str, str]:
        """The opening words by language."""
        return {"it": self.intro_it.data or "", "en": self.intro_en.data or ""}

    def validate(self, extra_validators=None) -> bool:
        """Fields in braces exist and have words for strangers."""
        valid = super().validate(extra_validators)
        for field in (self.intro_it, self.intro_en):
            found = fields.problems(field.data or "")
            field.errors = [*field.errors, *found[:5]]
            valid = valid and not found
        return valid


class TemplateForm(Form):
    """Colours, logo, footer and links of a template."""

    name = text_field(_l("Name"), most=120)
    upload = FileField(_l("Logo"))
    logo_id = SelectField(_l("Picture sent in before"), coerce=int, default=0)
    logo_alt = text_field(_l("What the logo says, for those who do not see it"), most=200, required=False)
    footer_it = TextAreaField(_l("Footer in Italian"), validators=[Length(max=2000)])
    footer_en = TextAreaField(_l("Footer in English"), validators=[Length(max=2000)])
    social = TextAreaField(_l("Social links, one a line: name and address"), validators=[Length(max=2000)])
    version = VersionField(validators=[Optional()])
    locals().update({
        part: StringField(label, default=ours, widget=ColorInput())
        for part, (label, ours) in colours.PARTS.items()
    })  # fmt: skip

    @classmethod
    def of(cls, row, district: District) -> "TemplateForm":
        """The form of a template, or of a new one in our colours."""
        values: dict = {}
        if row is not None:
            names = ("name", "logo_id", "logo_alt", "footer_it", "footer_en", "version")
            values = {name: getattr(row, name) for name in names} | colours.cleaned(row.colours)
            values["social"] = "\n".join(f"{s['name']} {s['url']}" for s in row.social)
        form = cls(data=values)
        form.logo_id.choices = pictures.choices(district.id)
        if form.logo_id.data is None:
            form.logo_id.data = 0
        return form

    def links(self) -> list[dict[str, str]]:
        """The social links that were written, wrong ones with an empty address."""
        found = []
        for line in (self.social.data or "").splitlines()[:12]:
            name, _space, url = line.strip().rpartition(" ")
            if line.strip():
                found.append({"name": name.strip()[:60], "url": texts.address(url) or ""})
        return found

    def validate(self, extra_validators=None) -> bool:
        """Colours that can be read, a logo with words, links that lead somewhere."""
        valid = super().validate(extra_validators)
        wrong = [*self._wrong_colours(), *self._wrong_logo()]
        for n, link in enumerate(self.links(), 1):
            if not link["name"] or not link["url"]:
                wrong.append(("social", _("Line %(line)s: write a name and a whole address.", line=n)))
        for name, message in wrong:
            self[name].errors = [*self[name].errors, message]
        return valid and not wrong

    def _wrong_colours(self):
        chosen = {part: (self[part].data or "").lower() for part in colours.PARTS}
        for part in colours.PARTS:
            if not colours.HEX.fullmatch(chosen[part]):
                yield part, _("Write a colour such as #0066cc.")
        for part, ground, ratio, better in colours.faults(colours.cleaned(chosen)):
            yield part, _(
                "Contrast with “%(ground)s” is %(ratio)s to 1; 4.5 are needed. %(better)s can be read.",
                ground=colours.PARTS[ground][0], ratio=f"{ratio:.1f}", better=better,
            )  # fmt: skip

    def _wrong_logo(self):
        if self.upload.data:
            try:
                pictures.check(self.upload.data.stream.read())
            except Refusal as refusal:
                yield "upload", refusal.message
        if (self.upload.data or self.logo_id.data) and not self.logo_alt.data:
            yield "logo_alt", _("Say what the picture shows, for those who do not see it.")

    def keep_pictures(self, district: District, *, by) -> None:
        """Store the logo that was sent in, and choose it. Inside a transaction."""
        if self.upload.data:
            self.upload.data.stream.seek(0)
            name = self.upload.data.filename or ""
            self.logo_id.data = pictures.keep(district, self.upload.data.stream, name, by=by).id

    def facts(self) -> dict:
        """Arguments of `templates.save`."""
        return {
            "name": self.name.data, "chosen": {part: self[part].data for part in colours.PARTS},
            "logo_id": self.logo_id.data or None, "logo_alt": self.logo_alt.data or "",
            "footer_it": self.footer_it.data or "", "footer_en": self.footer_en.data or "",
            "social": self.links(), "version": self.version.data or 0,
        }  # fmt: skip


class FrameForm(Form):
    """An .mjml file, first sent in, then looked at again before it is kept."""

    name = text_field(_l("Name"), most=120)
    file = FileField(_l("MJML file"))
    source = TextAreaField(_l("MJML"))
    place = WholeField(validators=[Optional()])
    final = HiddenField()
    original = ""  # what was sent in, to be sent in again with what was chosen

    @property
    def is_final(self) -> bool:
        """Whether the person has seen what was changed and says yes."""
        return self.final.data == "1"

    def text(self) -> str:
        """The MJML that was sent in; "" with an error at the field when there is none that can be read."""
        try:
            if self.file.data:
                source = framing.read(self.file.data.stream.read(framing.MAX_SIZE + 1))
            else:
                source = framing.read((self.source.data or "").encode("utf-8", "replace"))
        except ValueError as problem:
            self.file.errors = [*self.file.errors, str(problem)]
            return ""
        if not source.strip():
            self.file.errors = [*self.file.errors, _("Choose a file.")]
            return ""
        return source


def template_choices(district: District) -> list[SelectChoice]:
    """The templates to choose from; 0 is the district's default."""
    offered = [(t.id, t.name) for t in templates(district.id)]
    return [SelectChoice(*choice) for choice in ((0, _("the district's default")), *offered)]
