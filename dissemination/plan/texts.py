"""How codes of the plan read: units, reasons, attributes and their values, periods."""

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import number, translated

UNITS = {
    "companies": _l("companies"), "workshops": _l("workshops"), "persons": _l("persons"),
    "1-5": _l("from 1 to 5"), "issues": _l("issues"), "items": _l("items"), "downloads": _l("downloads"),
    "audits": _l("audits"), "areas": _l("areas"), "meetings": _l("meetings"), "agreements": _l("agreements"),
    "applications": _l("applications"), "EUR": _l("EUR"), "%": "%",
}  # fmt: skip
REASONS = {
    "absent": _l("registered, not present"),
    "without_counting": _l("closed without counting"),
    "cancelled": _l("called off"),
    "newer_version": _l("a newer version of a publication that was counted"),
    "bounced": _l("came back"),
    "nobody_reached": _l("reached nobody"),
    "reversal": _l("a correction"),
    "reversed": _l("taken back by a correction"),
    "evidence_missing": _l("evidence is missing"),
    "no_person": _l("no person is known"),
    "no_amount": _l("no amount is known"),
    "no_company": _l("without a company"),
    "not_a_company": _l("not a company (research, public body, association)"),
    "no_tax_id": _l("company without a tax id"),
    "returning": _l("reached before this period"),
    "not_a_member": _l("not a member company at the period's end"),
    "not_followed": _l("not followed by an application in time"),
    "not_yet_member": _l("not yet a member at the period's end"),
    "no_longer_member": _l("no longer a member at the period's end"),
}
ATTRIBUTES = {
    "sector": _l("Sector"), "size": _l("Size class"), "province": _l("Province"), "channel": _l("Channel"),
    "mode": _l("Mode"), "macro_area": _l("Macro-area"), "role": _l("Role"),
    "organisation_type": _l("Organisation type"), "returning": _l("New or returning"),
    "language": _l("Language"), "type": _l("Type"), "open_access": _l("Open access"),
    "application_area": _l("Application area"), "area_type": _l("Kind of improvement"),
    "partner": _l("Partner"), "call": _l("Call"), "catalogue_code": _l("Catalogue code"),
    "line": _l("Activity line"), "cooperation": _l("Cooperation"),
    "in_managing_body": _l("In the managing body"),
}  # fmt: skip
PROVINCES = {
    "AR": "Arezzo", "FI": "Firenze", "GR": "Grosseto", "LI": "Livorno", "LU": "Lucca", "MS": "Massa-Carrara",
    "PI": "Pisa", "PO": "Prato", "PT": "Pistoia", "SI": "Siena",
}  # fmt: skip
VALUES = {
    "size": {"micro": _l("micro"), "small": _l("small"), "medium": _l("medium"), "large": _l("large")},
    "mode": {"onsite": _l("in a room"), "online": _l("online"), "mixed": _l("in a room and online")},
    "organisation_type": {
        "company": _l("company"), "research": _l("research organisation"), "public": _l("public body"),
        "association": _l("association"), "other": _l("other"),
    },
    "returning": {"new": _l("new"), "returning": _l("returning")},
    "language": {"it": _l("Italian"), "en": _l("English")},
    "province": PROVINCES,
    "open_access": {"yes": _l("yes"), "no": _l("no")},
    "in_managing_body": {"yes": _l("yes"), "no": _l("no")},
    "type": {
        "article": _l("article"), "conference_paper": _l("conference paper"),
        "proceedings": _l("proceedings"),
        "book": _l("book"), "chapter": _l("chapter"), "thesis": _l("thesis"), "report": _l("report"),
        "foresight": _l("foresight report"), "strategic_note": _l("strategic note"),
        "brochure": _l("brochure"), "other": _l("other"),
    },
}  # fmt: skip
STANDARD_SPLITS = ("sector", "size", "province", "macro_area", "returning")
GRAINS = {
    "half": _l("half-years"), "quarter": _l("quarters"), "month": _l("months"), "year": _l("years"),
}  # fmt: skip
FAMILIES = (
    ("AD", _l("Companies of the district")),
    ("DV", _l("Technology dissemination")),
    ("IS", _l("Strategic information")),
    ("RE", _l("Relations between companies and research")),
    ("FI", _l("Funding")),
    ("PF", _l("Progress of the plan")),
    ("", _l("Other indicators")),
)


def period_name(code: str) -> str:
    """A period as people say it: "1st half of 2026"."""
    year, _dash, part = code.partition("-")
    if code == "plan":
        return _("The whole plan")
    if part in ("H1", "H2"):
        return _("1st half of %(year)s", year=year) if part == "H1" else _("2nd half of %(year)s", year=year)
    if part.startswith("Q"):
        return _("quarter %(n)s of %(year)s", n=part[1:], year=year)
    return f"{part}/{year}" if part else year


def unit_name(unit: str) -> str:
    """A unit in the reader's language; one that a district made up as it stands."""
    return str(UNITS.get(unit, unit))


def shown(value: Decimal | None, unit: str) -> str:
    """A figure with the decimals that its unit wants, without the unit; "–" for none."""
    if value is None:
        return "–"
    whole = value == value.to_integral_value()
    text = number(value, 0 if whole else (1 if unit == "%" else 2))
    return f"{text} %" if unit == "%" else text


def attribute_name(name: str) -> str:
    """What a split is called."""
    return str(ATTRIBUTES.get(name, name))


def value_name(attribute: str, value: str, names: dict[tuple[str, str], object]) -> str:
    """A class of a split as people read it. `names`: (attribute, code) -> a row with `name_it`, `name_en`."""
    if not value:
        return _("not given")
    row = names.get((attribute, value))
    if row is not None:
        return translated(row, "name")
    return str(VALUES.get(attribute, {}).get(value, value))


def class_name(attribute: str, value: str) -> str:
    """A class of a split where no rows of the plan are at hand."""
    return value_name(attribute, value, {})


def reason_name(code: str | None, exclusions: dict[str, object]) -> str:
    """A reason as people read it; an exclusion with its own text. `exclusions` is by "exclusion:<id>"."""
    if code is None:
        return ""
    row = exclusions.get(code)
    if row is not None:
        return translated(row, "reason")
    return str(REASONS.get(code, code))


def family(code: str) -> str:
    """The family that an indicator's code begins with; "" when it is of none."""
    head = code.partition("-")[0]
    return head if any(head == name for name, _title in FAMILIES) else ""
