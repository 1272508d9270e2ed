"""Small forms of the life of a publication: words of the review, links, and whose address is written to."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from dissemination.bibliography import records
from dissemination.districts.models import District
from dissemination.kernel import subjects
from dissemination.kernel.forms import Form, email_field
from dissemination.publications.models import Publication, Relation
from dissemination.publications.texts import RELATIONS


class ReaderForm(Form):
    """Whose address the link for members goes to."""

    email = email_field(_l("E-mail address"))


class NoteForm(Form):
    """Words of the internal review."""

    text = TextAreaField(_l("Comment"), validators=[Length(max=5000)])


class LinkForm(Form):
    """What a publication is related to: a workshop, another publication, or a work elsewhere."""

    relation = SelectField(
        _l("How"), choices=[SelectChoice(r.value, name) for r, name in RELATIONS.items()],
        default=Relation.IS_DOCUMENTED_BY.value,
    )  # fmt: skip
    workshop = SelectField(_l("Workshop"))
    publication = SelectField(_l("Publication of the district"))
    identifier = StringField(
        _l("Work elsewhere (DOI or web address)"), validators=[Optional(), Length(max=500)]
    )

    def offer(self, district: District, chosen: Publication):
        """Workshops and publications of the district to choose from."""
        nothing = ("", _l("No choice"))
        workshops = subjects.offered("workshops", district.id)
        works = subjects.offered("publications", district.id)
        self.workshop.choices = [nothing, *((str(n), name) for n, name in workshops)]
        self.publication.choices = [nothing, *((str(n), name) for n, name in works if n != chosen.id)]
        return self

    def validate_identifier(self, field):
        """A DOI or an address; what is kept is its plain form."""
        if field.data:
            found = records.clean_doi(field.data) or records.clean_url(field.data)
            if found is None:
                raise ValidationError(_l("Write a DOI, or a whole address that starts with https://."))
            field.data = found

    def target(self) -> dict | None:
        """What `linking.add` takes; None when not exactly one of the three was chosen."""
        chosen = [name for name in ("workshop", "publication", "identifier") if self[name].data]
        if len(chosen) != 1:
            return None
        if chosen == ["identifier"]:
            return {"identifier": self.identifier.data}
        return {"subject_kind": f"{chosen[0]}s", "subject_id": int(self[chosen[0]].data)}
