"""Forms of the publications desk, and filters out of a query string."""

import re
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from dissemination.bibliography import records
from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import Person, iso_date
from dissemination.districts.models import District
from dissemination.kernel.forms import DataRequired, DayField, Form, WholeField, text_field
from dissemination.kernel.languages import translated
from dissemination.plan import queries as plans
from dissemination.publications.funding import read_funding, written_funding
from dissemination.publications.models import Kind, Publication, State
from dissemination.publications.queries import Filter
from dissemination.publications.texts import ACCESSES, KINDS, LANGUAGES, LICENCES, language_name

DATES = (
    r"(?P<y>\d{4})(?:-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2}))?)?",
    r"(?:(?:(?P<d>\d{1,2})[/.])?(?P<m>\d{1,2})[/.])?(?P<y>\d{4})",
)
"""2026, 2026-05, 2026-05-04; 05/2026, 04/05/2026."""


def read_date(text: str) -> tuple[date, str]:
    """(date of issue, precision) of what a person wrote. Raises ValueError."""
    for pattern in DATES:
        found = re.fullmatch(pattern, text.strip())
        if found:
            parts = [int(found[name] or 0) for name in "ymd"]
            precision = "day" if parts[2] else "month" if parts[1] else "year"
            return date(parts[0], parts[1] or 1, parts[2] or 1), precision
    raise ValueError(text)


def read_people(text: str, *, editor: bool) -> list[Person]:
    """One person a line: `Family, Given; ORCID; affiliation`, or `{Organisation}`. Raises ValueError."""
    people = []
    for number, line in enumerate(text.splitlines(), 1):
        name, *notes = (part.strip() for part in line.split(";"))
        if not name:
            continue
        orcid, affiliation = "", ""
        for note in filter(None, notes):
            found = records.clean_orcid(note)
            if found is None and re.search(r"\d{4}-?\d{4}-?\d{4}-?\d{3}", note):
                raise ValueError(_("Line %(n)d: %(orcid)s is not a valid ORCID iD.", n=number, orcid=note))
            orcid, affiliation = (found or orcid), (affiliation if found else note)
        people.append(_person(name, number, editor=editor, orcid=orcid, affiliation=affiliation))
    return people


def _person(name: str, number: int, *, editor: bool, orcid: str, affiliation: str) -> Person:
    if name.startswith("{") and name.endswith("}") and name.strip("{} "):
        return Person(name.strip("{} "), "", True, editor, affiliation, orcid)
    family, comma, given = (part.strip() for part in name.partition(","))
    if not family or "{" in name or "}" in name or (comma and not given):
        raise ValueError(_("Line %(n)d: write “Family name, Given name”, or {Organisation}.", n=number))
    return Person(family, given, False, editor, affiliation, orcid)


def written_people(people) -> str:
    """The reverse of `read_people`, to show in the form."""
    lines = []
    for person in people:
        name = f"{{{person.family_name}}}" if person.organisation else person.family_name
        name += f", {person.given_name}" if person.given_name else ""
        lines.append("; ".join(part for part in (name, person.orcid, person.affiliation) if part))
    return "\n".join(lines)


class _Checked(StringField):
    """A text that `clean` (see `records`) must accept; the data is what it gives back."""

    def __init__(self, label, *, clean, refusal, most, **options):
        super().__init__(label, validators=[Optional(), Length(max=most)], **options)
        self.clean, self.refusal = clean, refusal

    def post_validate(self, _form, validation_stopped):
        """Put the cleaned value in place of the written one."""
        if self.data and not validation_stopped:
            cleaned = self.clean(self.data)
            if cleaned is None:
                raise ValidationError(self.refusal)
            self.data = cleaned


class _Choice(SelectField):
    """A choice among rows or nothing; the data is an id or None."""

    def __init__(self, label, **options):
        super().__init__(label, coerce=lambda v: int(v) if v and v != "None" else None, **options)
        self.type = "SelectField"  # what the form macro goes by


class _Day(DayField):
    """A day or nothing, left to the form to judge (`Optional` would skip its check)."""

    def process_formdata(self, valuelist):
        """Read the day, if one was written."""
        if valuelist and valuelist[0].strip():
            super().process_formdata(valuelist)


class PlacedForm(Form):
    """Where publications belong in the plan: activity line, macro-area, sector."""

    activity_line_id = _Choice(_l("Activity line of the plan"))
    macro_area_id = _Choice(_l("Macro-area"))
    sector_id = _Choice(_l("Sector"))

    def offer(self, district: District, chosen: Publication | None = None):
        """Put the district's rows into the choices; strategic information first, as most are that."""
        lines = plans.lines(district.id)
        if chosen is not None and chosen.line not in lines:
            lines = [chosen.line, *lines]
        areas = plans.macro_areas(district.id)
        if chosen is not None and chosen.macro_area and chosen.macro_area not in areas:
            areas = [chosen.macro_area, *areas]
        nothing = ("", _l("No choice"))
        self.activity_line_id.choices = [(x.id, f"{x.code}) {translated(x, 'name')}") for x in lines]
        self.macro_area_id.choices = [nothing, *((x.id, translated(x, "name")) for x in areas)]
        self.sector_id.choices = [nothing, *((x.id, translated(x, "name")) for x in district.sectors)]
        if not self.is_submitted() and chosen is None:
            self.activity_line_id.data = next((x.id for x in lines if x.code == "b"), None)
        return self

    def validate_activity_line_id(self, field):
        """Every publication hangs on a line of the plan."""
        if field.data is None:
            raise ValidationError(_l("Choose a line. If there is none, a manager first writes the plan."))

    def placed(self) -> dict:
        """The chosen ids, as `actions.add_all` takes them."""
        names = ("activity_line_id", "macro_area_id", "sector_id")
        return {name: self[name].data for name in names}


class PublicationForm(PlacedForm):
    """A publication entered by hand."""

    kind = SelectField(_l("Type"), choices=[SelectChoice(k.value, name) for k, name in KINDS.items()])
    language = SelectField(_l("Language of the work"))
    title_it = text_field(_l("Title in Italian"), most=1000, required=False)
    title_en = text_field(_l("Title in English"), most=1000, required=False)
    authors = TextAreaField(_l("Authors"), validators=[Length(max=50_000)])
    editors = TextAreaField(_l("Editors"), validators=[Length(max=50_000)])
    issued = text_field(_l("Date of issue"), most=10)
    abstract_it = TextAreaField(_l("Abstract in Italian"), validators=[Length(max=20_000)])
    abstract_en = TextAreaField(_l("Abstract in English"), validators=[Length(max=20_000)])
    container = text_field(_l("Journal, book or proceedings"), most=1000, required=False)
    volume = text_field(_l("Volume"), most=40, required=False)
    number = text_field(_l("Number"), most=40, required=False)
    pages = text_field(_l("Pages"), most=60, required=False)
    publisher = text_field(_l("Publisher or institution"), most=200, required=False)
    doi = _Checked(_l("DOI"), clean=records.clean_doi, most=300,
                   refusal=_l("A DOI starts with “10.” and has a slash, as in 10.1000/182."))  # fmt: skip
    isbn = _Checked(_l("ISBN"), clean=records.clean_isbn, most=40,
                    refusal=_l("This ISBN is wrong: its last digit does not match the others."))  # fmt: skip
    issn = _Checked(_l("ISSN"), clean=records.clean_issn, most=20,
                    refusal=_l("This ISSN is wrong: its last digit does not match the others."))  # fmt: skip
    url = _Checked(_l("Web address"), clean=records.clean_url, most=500,
                   refusal=_l("Write a whole address that starts with https:// or http://."))  # fmt: skip
    licence = SelectField(_l("Licence"), validate_choice=True)
    access = SelectField(
        _l("Who may read the files"), choices=[SelectChoice(a.value, name) for a, name in ACCESSES.items()],
        default=Access.OPEN.value,
    )  # fmt: skip
    embargo_until = _Day(_l("Last day of the embargo"))
    funding = TextAreaField(_l("Funding"), validators=[Length(max=10_000)])
    version_label = text_field(_l("Version"), most=40, required=False)
    application_area_id = _Choice(_l("Application area"))
    keywords = text_field(_l("Keywords"), most=1000, required=False)
    reason = text_field(_l("Why it is counted otherwise"), most=300, required=False)
    version = WholeField(widget=HiddenInput(), validators=[Optional()])

    def offer(self, district: District, chosen: Publication | None = None):
        """The choices, with what the publication has now even when we would not offer it."""
        self.offer_words(chosen)
        self._offer_application_areas(district, chosen)
        return super().offer(district, chosen)

    def offer_words(self, chosen: Publication | None) -> None:
        """The languages and licences to choose from."""
        languages = dict(LANGUAGES)
        if chosen is not None:
            languages.setdefault(chosen.language, language_name(chosen.language))
        self.language.choices = list(languages.items())
        licences = {"": _l("All rights reserved, or not known"), **LICENCES}
        if chosen is not None:
            licences.setdefault(chosen.licence, chosen.licence)
        self.licence.choices = list(licences.items())

    def _offer_application_areas(self, district: District, chosen: Publication | None) -> None:
        areas = [a for macro in plans.macro_areas(district.id) for a in macro.application_areas]
        if chosen is not None and chosen.application_area and chosen.application_area not in areas:
            areas = [chosen.application_area, *areas]
        named = [(a.id, f"{translated(a.macro_area, 'name')}: {translated(a, 'name')}") for a in areas]
        self.application_area_id.choices = [("", _l("No choice")), *named]

    def validate_issued(self, field):
        """A date that exists, as far as it is known."""
        try:
            read_date(field.data)
        except ValueError:
            raise ValidationError(
                _l("Write a year (2026), a month (05/2026) or a day (04/05/2026) that exists.")
            ) from None

    def validate_authors(self, field):
        """Each line is a person or an organisation."""
        _check_people(field)

    validate_editors = validate_authors

    def validate_embargo_until(self, field):
        """An embargo has a last day; else none is kept."""
        if self.access.data == Access.EMBARGOED.value and field.data is None:
            raise ValidationError(_l("Write the last day of the embargo."))

    def validate_funding(self, field):
        """Each line can be read."""
        try:
            read_funding(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_title_it(self, field):
        """One of the two titles."""
        if not field.data and not self.title_en.data:
            raise ValidationError(_l("Write a title in Italian or in English."))

    def placed(self) -> dict:
        """The chosen ids, that of the application area among them."""
        return super().placed() | {"application_area_id": self.application_area_id.data}

    def facts(self) -> dict:
        """What `actions.add` and `actions.revise` take."""
        names = (
            "language", "title_it", "title_en", "abstract_it", "abstract_en", "container", "volume", "number",
            "pages", "publisher", "doi", "isbn", "issn", "url", "licence", "version_label",
        )  # fmt: skip
        issued, precision = read_date(self.issued.data)
        people = read_people(self.authors.data or "", editor=False)
        people += read_people(self.editors.data or "", editor=True)
        keywords = (records.one_line(k) for k in re.split(r"[,;]", self.keywords.data or ""))
        return {name: self[name].data or "" for name in names} | self.placed() | {
            "kind": Kind(self.kind.data), "issued": issued, "issued_precision": precision, "authors": people,
            "keywords": list(dict.fromkeys(k for k in keywords if k)), "access": Access(self.access.data),
            "embargo_until": self._last_day(), "funding": read_funding(self.funding.data or ""),
        }  # fmt: skip

    def _last_day(self) -> date | None:
        return self.embargo_until.data if self.access.data == Access.EMBARGOED.value else None


def _check_people(field) -> None:
    try:
        read_people(field.data or "", editor=False)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def values_of(publication: Publication) -> dict:
    """What the form shows of a publication."""
    own = {
        name: getattr(publication, name) for name in PublicationForm()._fields if hasattr(publication, name)
    }
    return own | {
        "kind": publication.kind.value,
        "issued": _shown_date(publication),
        "authors": written_people(a for a in publication.authors if not a.editor),
        "editors": written_people(a for a in publication.authors if a.editor),
        "keywords": ", ".join(publication.keywords),
        "access": publication.access.value,
        "funding": written_funding(publication.funding),
    }


def _shown_date(publication: Publication) -> str:
    return "/".join(reversed(iso_date(publication).split("-")))


class WithdrawalForm(Form):
    """Why a publication is taken back."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(), Length(max=500)])


class FileForm(Form):
    """A file to add to a publication."""

    file = FileField(_l("File"))

    def validate_file(self, field):
        """A file must be chosen."""
        if not field.data or not field.data.filename:
            raise ValidationError(_l("Choose a file."))


class UploadForm(Form):
    """A bibliography: a file, pasted text, or DOIs."""

    file = FileField(_l("File of publications"))
    text = TextAreaField(_l("or paste entries here"))
    dois = TextAreaField(_l("or fetch by DOI, one a line"), validators=[Length(max=3000)])
    language = SelectField(
        _l("Language of entries that do not say theirs"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )

    def validate_file(self, field):
        """One of the three."""
        written = (self.text.data or "").strip() or (self.dois.data or "").strip()
        if not (field.data and field.data.filename) and not written:
            raise ValidationError(_l("Choose a file, paste entries, or write a DOI."))


class ImportForm(PlacedForm):
    """What to import of a previewed file, and where it belongs."""

    published = BooleanField(_l("Publish at once (otherwise they become drafts)"))


def filter_from(arguments, district: District, *, public: bool) -> Filter:
    """Filters out of a query string; what cannot be read is left out, never an error."""
    year = arguments.get("year", "")
    sectors = {s.code: s.id for s in district.sectors}
    return Filter(
        text=arguments.get("q", "")[:100].replace("\0", ""),
        kind=_member(Kind, arguments.get("kind")),
        year=int(year) if re.fullmatch(r"[1-9]\d{3}", year) else None,
        sector_id=sectors.get(arguments.get("sector", "")),
        access=_member(Access, arguments.get("access")),
        state=None if public else _member(State, arguments.get("state")),
    )


def _member(kind, value):
    return kind(value) if value in set(kind) else None
