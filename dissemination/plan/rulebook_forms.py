"""The form of a rulebook: the counting rules of one call."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from dissemination.kernel.forms import DayField, Form, text_field
from dissemination.kernel.languages import translated
from dissemination.plan.counting_forms import ends_after_start
from dissemination.plan.fields import NEW, CheckboxListField, without_marks

CODES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class RulebookForm(Form):
    """Names, validity, and the exclusions that belong to the call."""

    version = HiddenField(default=NEW)
    code = text_field(_l("Code, such as 2016"), most=20)
    name_it = text_field(_l("Name in Italian"), most=200)
    name_en = text_field(_l("Name in English"), most=200)
    reference = text_field(_l("The decree, or the address of the call"), most=300, required=False)
    valid_from = DayField(_l("In force from"), validators=[InputRequired()])
    valid_until = DayField(_l("In force to (empty: until further notice)"), validators=[Optional()])
    exclusion_ids = CheckboxListField(_l("Exclusions that belong to this call"), coerce=int)

    def prepare(self, exclusions, book) -> None:
        """Offer the district's exclusions that belong to no other call."""
        free = [e for e in exclusions if e.rulebook_id in (None, book.id if book else None)]
        self.exclusion_ids.choices = [SelectChoice(e.id, translated(e, "reason")) for e in free]

    def validate_code(self, field):
        """It stands in addresses; `new` is the page of a new one."""
        if not set(field.data) <= CODES or field.data == "new":
            raise ValidationError(_("Small letters, digits and - only, such as 2016."))

    def validate_valid_until(self, field):
        """Ends after it begins."""
        ends_after_start(self, field)

    def facts(self) -> dict:
        """Columns of the rulebook, and `exclusion_ids`."""
        return without_marks(self.data)
