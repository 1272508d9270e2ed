"""What an author fills in, and what the organisers write."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from dissemination.districts.models import District
from dissemination.kernel.forms import Form, email_field
from dissemination.kernel.languages import translated
from dissemination.plan import queries as plans
from dissemination.publications.forms import PublicationForm
from dissemination.publications.models import Publication

MOST_FILES = 10


class AskForm(Form):
    """Whose address the link goes to."""

    email = email_field(_l("E-mail address"))


class WordsForm(Form):
    """What the organisers write to an author."""

    text = TextAreaField(_l("Words to the author"), validators=[DataRequired(), Length(max=5000)])


class SubmissionForm(PublicationForm):
    """A work as its author describes it; where it belongs in the plan the organisers say."""

    activity_line_id = None
    macro_area_id = None
    application_area_id = None
    reason = None
    files = MultipleFileField(_l("Files"))
    message = TextAreaField(_l("Message to the organisers"), validators=[Length(max=5000)])
    may_publish = BooleanField(
        _l("I may publish this work, and its authors know of it"),
        validators=[DataRequired(_l("Without this the district cannot publish the work."))],
    )  # fmt: skip

    def offer(self, district: District, chosen: Publication | None = None):
        """Languages, licences and the district's sectors."""
        self.offer_words(chosen)
        self.district, self.had_files = district, bool(chosen and chosen.files)
        sectors = [(x.id, translated(x, "name")) for x in district.sectors]
        self.sector_id.choices = [("", _l("No choice")), *sectors]
        return self

    def placed(self) -> dict:
        """The sector that she chose; for the plan see `first_line`."""
        return {"sector_id": self.sector_id.data}

    def first_line(self) -> int | None:
        """What a new work hangs on until the organisers say otherwise: strategic information, if planned."""
        lines = {x.code: x.id for x in plans.lines(self.district.id)}
        return lines.get("b") or next(iter(lines.values()), None)

    def sent_files(self) -> list:
        """The files that were chosen."""
        return [f for f in self.files.data or () if f and getattr(f, "filename", "")]

    def validate_files(self, _field):
        """A work has a file or an address where it stands."""
        if len(self.sent_files()) > MOST_FILES:
            raise ValidationError(_("At most %(n)d files at once.", n=MOST_FILES))
        if not (self.sent_files() or self.had_files or self.doi.data or self.url.data):
            raise ValidationError(_l("Add a file, or write the DOI or the web address of the work."))
