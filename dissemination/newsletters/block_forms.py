"""The forms of blocks: one for each kind of own words."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import NumberRange

from dissemination.delivery.lint import MAX_SIZE, Problem
from dissemination.kernel.forms import Form, Length, Optional, WholeField, text_field
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import fields, framing, pictures, texts
from dissemination.newsletters.models import Block, BlockKind
from dissemination.newsletters.shown import WIDTH
from dissemination.subscriptions.forms import VersionField

LONGEST_TEXT = 20_000


def _area(label):
    return TextAreaField(label, validators=[Length(max=LONGEST_TEXT)])


class BlockForm(Form):
    """What all blocks have. Fields other than `text_it` and `text_en` go into the block's data."""

    kind = HiddenField()
    after = HiddenField()
    version = VersionField(validators=[Optional()])
    NEEDED: tuple[tuple[str, str], ...] = ()  # (Italian field, English field): words in one of them at least
    APART = frozenset({"kind", "after", "version", "csrf_token", "text_it", "text_en"})
    PREFIXES: tuple[str, ...] = ()  # of groups of fields that hold a picture

    @classmethod
    def of(cls, block: Block | None, district, **more):
        """The form of `block`, or an empty one."""
        values: dict[str, Any] = dict(block.data or {}) if block else {}
        if block:
            values |= {"text_it": block.text_it, "text_en": block.text_en, "version": block.version}
        form = cls(data={**values, **more})
        form.offer(district)
        return form

    def offer(self, district) -> None:
        """Say which pictures there are."""
        for prefix in self.PREFIXES:
            field = self[f"{prefix}picture_id"]
            field.choices = pictures.choices(district.id, field.data)

    def words(self) -> dict[str, str]:
        """The main words, as arguments of `actions.add_block` and `actions.revise_block`."""
        return {name: (self[name].data or "") if name in self else "" for name in ("text_it", "text_en")}

    def facts(self) -> dict[str, Any]:
        """What goes into the block's data; uploads are stored by `keep_pictures` first."""
        return {
            name: field.data for name, field in self._fields.items()
            if name not in self.APART and not isinstance(field, FileField) and field.data not in (None, "", 0)
        }  # fmt: skip

    def keep_pictures(self, district, *, by) -> None:
        """Store what was sent in, and choose it. Inside a transaction."""
        for prefix in self.PREFIXES:
            upload = self[f"{prefix}upload"].data
            if upload:
                upload.stream.seek(0)
                picture = pictures.keep(district, upload.stream, upload.filename or "", by=by)
                self[f"{prefix}picture_id"].data = picture.id

    def validate(self, extra_validators=None) -> bool:
        """Words where they are needed, addresses that lead somewhere, fields that exist, good pictures."""
        valid = super().validate(extra_validators)
        wrong = [*self._missing(), *self._wrong_addresses(), *self._wrong_fields(), *self._wrong_pictures()]
        for name, message in wrong:
            self[name].errors = [*self[name].errors, message]
        return valid and not wrong

    def _missing(self):
        for italian, english in self.NEEDED:
            if not self[italian].data and not self[english].data:
                yield italian, _("Write something in at least one language.")

    def _wrong_addresses(self):
        for name, field in self._fields.items():
            if name.endswith(("url", "href")) and field.data and texts.address(field.data) is None:
                yield name, _("Write a whole address, such as https://www.example.org.")

    def _wrong_fields(self):
        for name, field in self._fields.items():
            if name.endswith(("_it", "_en")) and field.data:
                yield from ((name, problem) for problem in fields.problems(field.data)[:5])

    def _wrong_pictures(self):
        for prefix in self.PREFIXES:
            upload = self[f"{prefix}upload"].data
            if upload:
                try:
                    pictures.check(upload.stream.read())
                except Refusal as refusal:
                    yield f"{prefix}upload", refusal.message
            chosen = upload or self[f"{prefix}picture_id"].data
            if chosen and not self[f"{prefix}alt_it"].data and not self[f"{prefix}alt_en"].data:
                yield f"{prefix}alt_it", _("Say what the picture shows, for those who do not see it.")


class HeadingForm(BlockForm):
    """The words of a heading."""

    NEEDED = (("text_it", "text_en"),)
    text_it = text_field(_l("Heading in Italian"), most=200, required=False)
    text_en = text_field(_l("Heading in English"), most=200, required=False)
    level = SelectField(
        _l("Level"), coerce=int, default=2,
        choices=[SelectChoice(2, _l("section")), SelectChoice(3, _l("below a section"))],
    )  # fmt: skip


class TextForm(BlockForm):
    """The words of a text block."""

    NEEDED = (("text_it", "text_en"),)
    text_it = _area(_l("Text in Italian"))
    text_en = _area(_l("Text in English"))


class QuoteForm(TextForm):
    """What somebody said, and who."""

    author = text_field(_l("Who said it"), most=200, required=False)


def _picture_fields(prefix: str = "") -> dict[str, Any]:
    return {
        f"{prefix}upload": FileField(_l("New picture")),
        f"{prefix}picture_id": SelectField(_l("Picture sent in before"), coerce=int, default=0),
        f"{prefix}alt_it": text_field(_l("What the picture shows, in Italian"), most=300, required=False),
        f"{prefix}alt_en": text_field(_l("What the picture shows, in English"), most=300, required=False),
    }


class ImageForm(BlockForm):
    """A picture with words for those who do not see it."""

    PREFIXES = ("",)
    locals().update(_picture_fields())
    width = WholeField(
        _l("Width in pixels"), validators=[Optional(), NumberRange(min=40, max=WIDTH)], default=WIDTH
    )
    href = text_field(_l("Address that the picture leads to"), most=1000, required=False)

    def validate(self, extra_validators=None) -> bool:
        """A picture is needed."""
        valid = super().validate(extra_validators)
        if not self["upload"].data and not self["picture_id"].data:
            self["upload"].errors = [*self["upload"].errors, _("Choose a picture.")]
            return False
        return valid


class ButtonForm(BlockForm):
    """A button: what it says and where it leads."""

    NEEDED = (("label_it", "label_en"),)
    label_it = text_field(_l("Words in Italian"), most=80, required=False)
    label_en = text_field(_l("Words in English"), most=80, required=False)
    url = text_field(_l("Address that it leads to"), most=1000)


def _side_fields(side: str) -> dict[str, Any]:
    return {
        **_picture_fields(f"{side}_"),
        f"{side}_text_it": _area(_l("Text in Italian")),
        f"{side}_text_en": _area(_l("Text in English")),
        f"{side}_label_it": text_field(_l("Button in Italian"), most=80, required=False),
        f"{side}_label_en": text_field(_l("Button in English"), most=80, required=False),
        f"{side}_url": text_field(_l("Address that the button leads to"), most=1000, required=False),
    }


class ColumnsForm(BlockForm):
    """Two columns side by side, below each other on a telephone: each a picture, a text, a button."""

    PREFIXES = ("left_", "right_")
    locals().update(_side_fields("left"))
    locals().update(_side_fields("right"))

    def validate(self, extra_validators=None) -> bool:
        """Something must stand in it; a button has words and an address."""
        valid = super().validate(extra_validators)
        if not self.facts() and not any(self[f"{p}upload"].data for p in self.PREFIXES):
            self["left_text_it"].errors = [_("Write something in at least one language.")]
            return False
        for side in self.PREFIXES:
            label, url = self[f"{side}label_it"].data or self[f"{side}label_en"].data, self[f"{side}url"].data
            if bool(label) != bool(url):
                self[f"{side}url"].errors = [_("A button needs words and an address.")]
                valid = False
        return valid


class MjmlForm(BlockForm):
    """MJML as it is, for those who know it."""

    NEEDED = (("text_it", "text_en"), ("plain_it", "plain_en"))
    text_it = TextAreaField(_l("MJML, Italian"), validators=[Length(max=MAX_SIZE)])
    text_en = TextAreaField(_l("MJML, English"), validators=[Length(max=MAX_SIZE)])
    plain_it = _area(_l("The same as plain text, in Italian"))
    plain_en = _area(_l("The same as plain text, in English"))
    mjml_problems: dict[str, list[Problem]] = {}

    def validate(self, extra_validators=None) -> bool:
        """What the linter and the renderer say, by line and column."""
        valid = super().validate(extra_validators)
        self.mjml_problems = {}
        for name in ("text_it", "text_en"):
            if self[name].data:
                found = framing.check_block(self[name].data)
                self.mjml_problems[name] = found
                if any(p.serious for p in found):
                    self[name].errors = [
                        *self[name].errors,
                        _("The MJML cannot be used: see the list below it."),
                    ]
                    valid = False
        return valid


FORM_OF: dict[BlockKind, type[BlockForm]] = {
    BlockKind.HEADING: HeadingForm, BlockKind.TEXT: TextForm, BlockKind.QUOTE: QuoteForm,
    BlockKind.IMAGE: ImageForm, BlockKind.BUTTON: ButtonForm, BlockKind.COLUMNS: ColumnsForm,
    BlockKind.MJML: MjmlForm,
}  # fmt: skip
