"""Companies and contacts from a CSV file: read strictly, all or nothing, with a report line by line.

At most 5,000 rows and 1 MB; UTF-8 with or without BOM, or what Windows programs write (CP1252); `;` or
`,`; a header line with the column names below, in Italian or English. What is in the registry already
stays as it is.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import select
from stdnum.exceptions import ValidationError
from stdnum.it import iva

from dissemination.delivery import suppressed
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.people import actions, queries
from dissemination.people.models import Company, Contact, OrganisationType, SizeClass

MOST_ROWS, MOST_BYTES = 5_000, 1024 * 1024
COMPANY_COLUMNS = {
    "tax_id": ("partita iva", "p.iva", "piva"), "name": ("ragione sociale", "nome", "denominazione"),
    "type": ("tipo",), "size": ("dimensione",), "ateco": ("codice ateco",), "sector": ("settore",),
    "province": ("provincia", "prov"), "municipality": ("comune",), "address": ("indirizzo",),
    "website": ("sito", "sito web"), "member_since": ("aderente dal",), "member_until": ("aderente al",),
    "in_managing_body": ("soggetto gestore",),
}  # fmt: skip
CONTACT_COLUMNS = {
    "email": ("e-mail", "indirizzo e-mail"), "given_name": ("nome",), "family_name": ("cognome",),
    "tax_id": ("partita iva", "p.iva", "piva"), "job_title": ("ruolo", "qualifica"),
    "phone": ("telefono",), "language": ("lingua",),
}  # fmt: skip
REQUIRED = {"companies": ("tax_id", "name"), "contacts": ("email", "given_name", "family_name")}
TYPES = {
    "impresa": "company", "ricerca": "research", "organismo di ricerca": "research",
    "pubblico": "public", "ente pubblico": "public", "associazione": "association", "altro": "other",
}  # fmt: skip
SIZES = {"piccola": "small", "media": "medium", "grande": "large", "micro": "micro"}
YES, NO = ("si", "yes", "1", "x", "true"), ("", "no", "0", "false")
LENGTHS = {"name": 200, "ateco": 10, "municipality": 120, "address": 200, "website": 300,
           "given_name": 100, "family_name": 100, "job_title": 120, "phone": 40}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file (1 is the header)."""

    line: int
    message: str


@dataclass
class Report:
    """What an import found or did. Nothing is written while there are problems."""

    rows: list[tuple[int, dict]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    added: int = 0
    existing: int = 0


def decode(data: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, and why it cannot be read."""
    if len(data) > MOST_BYTES:
        return "", [Problem(0, _("The file is larger than 1 MB. Split it."))]
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, []
    return "", [Problem(0, _("This is not a CSV file."))]


def read(data: bytes, kind: str) -> Report:
    """The rows of a CSV of `kind` ("companies", "contacts") as (line, {column: text}), or its problems."""
    text, problems = decode(data)
    report = Report(problems=problems)
    if problems:
        return report
    columns = COMPANY_COLUMNS if kind == "companies" else CONTACT_COLUMNS
    read_rows(text, report, columns=columns, required=REQUIRED[kind])
    return report


def read_rows(text: str, report: Report, *, columns: dict, required) -> None:
    """The rows of the CSV `text` into `report`, or its problems: {column: other names}, those needed."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, []), columns, required, report)
        if report.problems:  # nobody can tell what stands in the columns
            return
        for cells in reader:
            if not any(c.strip() for c in cells):
                continue
            if len(cells) > len(header):
                report.problems.append(Problem(reader.line_num, _("There are more cells than columns.")))
            row = {name: c.strip() for name, c in zip(header, cells, strict=False) if name}
            report.rows.append((reader.line_num, row))
            if len(report.rows) > MOST_ROWS:
                report.problems.append(
                    Problem(reader.line_num, _("There are more than 5,000 rows. Split the file."))
                )
                return
    except csv.Error as error:
        report.problems.append(
            Problem(reader.line_num, _("The line cannot be read as CSV: %(error)s", error=str(error)))
        )
    if not report.rows and not report.problems:
        report.problems.append(Problem(0, _("There is no row below the header.")))


def _header(cells: list[str], columns: dict, required, report: Report) -> list[str | None]:
    names = {fold(alias): name for name, aliases in columns.items() for alias in (name, *aliases)}
    header = [names.get(fold(cell).replace("_", " "), names.get(fold(cell))) for cell in cells]
    unknown = [cell for cell, name in zip(cells, header, strict=True) if name is None and cell.strip()]
    missing = [name for name in required if name not in header]
    if missing:
        report.problems.append(
            Problem(1, _("These columns are missing in the header: %(names)s.", names=", ".join(missing)))
        )
    elif unknown:
        report.problems.append(
            Problem(1, _("These columns are not known: %(names)s.", names=", ".join(unknown)))
        )
    elif len({n for n in header if n}) < len([n for n in header if n]):
        report.problems.append(Problem(1, _("A column stands twice in the header.")))
    return header


class _Bad(ValueError):
    """A cell that cannot be accepted; the text says why."""


def _one(value: str, words: dict, kind, name: str):
    try:
        return kind(words.get(fold(value), fold(value)))
    except ValueError:
        raise _Bad(_("“%(value)s” is not a value of %(name)s.", value=value, name=name)) from None


def _day(value: str) -> date | None:
    if not value:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(value, pattern).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    raise _Bad(_("“%(value)s” is not a date such as 31/12/2026.", value=value))


def _yes(value: str) -> bool:
    if fold(value) in YES:
        return True
    if fold(value) in NO:
        return False
    raise _Bad(_("“%(value)s” is neither yes nor no.", value=value))


def _tax_id(value: str) -> str:
    try:
        return iva.validate(value)
    except ValidationError:
        raise _Bad(_("“%(value)s” is not a valid partita IVA.", value=value)) from None


def _texts(row: dict, names) -> dict:
    for name in names:
        if len(row.get(name, "")) > LENGTHS[name]:
            raise _Bad(_("%(name)s is longer than %(n)d characters.", name=name, n=LENGTHS[name]))
    return {name: row.get(name, "") for name in names}


def _company(row: dict, sectors: dict) -> dict:
    if not row.get("name"):
        raise _Bad(_("The name is missing."))
    facts = _texts(row, ("name", "ateco", "municipality", "address", "website"))
    facts["tax_id"] = _tax_id(row.get("tax_id", ""))
    facts["type"] = _one(row.get("type") or "company", TYPES, OrganisationType, "type")
    facts["size"] = _one(row["size"], SIZES, SizeClass, "size") if row.get("size") else None
    facts["province"] = row.get("province", "").upper()
    if facts["province"] and not (len(facts["province"]) == 2 and facts["province"].isalpha()):
        raise _Bad(_("The province is written with two letters, such as PO."))
    facts["sector_id"] = None
    if row.get("sector"):
        facts["sector_id"] = sectors.get(fold(row["sector"]))
        if facts["sector_id"] is None:
            raise _Bad(_("The district has no sector “%(name)s”.", name=row["sector"]))
    facts["in_managing_body"] = _yes(row.get("in_managing_body", ""))
    since, until = _day(row.get("member_since", "")), _day(row.get("member_until", ""))
    if (until and not since) or (since and until and until < since):
        raise _Bad(_("The membership ends before it starts."))
    return {**facts, "membership": (since, until) if since else None}


def _contact(row: dict, companies: dict) -> dict:
    facts = _texts(row, ("given_name", "family_name", "job_title", "phone"))
    if not facts["given_name"] or not facts["family_name"]:
        raise _Bad(_("The name is missing."))
    try:
        email = validate_email(row.get("email", ""), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise _Bad(_("“%(value)s” is not a complete e-mail address.", value=row.get("email", ""))) from None
    facts["email"] = email.normalized.lower()
    facts["language"] = fold(row.get("language") or "it")[:2]
    if facts["language"] not in ("it", "en"):
        raise _Bad(_("The language is it or en."))
    facts["company_id"] = None
    if row.get("tax_id"):
        facts["company_id"] = companies.get(_tax_id(row["tax_id"]))
        if facts["company_id"] is None:
            raise _Bad(_("No company with this partita IVA is in the registry. Import the companies first."))
    return facts


def check(report: Report, kind: str, district: District) -> list[tuple[int, dict]]:
    """The clean facts of all rows; adds to `report` its problems and how many are new. Writes nothing."""
    key, known = ("tax_id", _known_companies) if kind == "companies" else ("email", _known_contacts)
    there = known(district)
    clean: list[tuple[int, dict]] = []
    seen: dict[str, int] = {}
    context = _sectors(district) if kind == "companies" else _known_companies(district)
    erased = _erased(report, district) if kind == "contacts" else set()
    make = _company if kind == "companies" else _contact
    for line, row in report.rows:
        try:
            facts = make(row, context)
        except _Bad as bad:
            report.problems.append(Problem(line, str(bad)))
            continue
        if facts[key] in seen:
            report.problems.append(Problem(line, _("The same as line %(n)d.", n=seen[facts[key]])))
            continue
        if facts[key] in erased:
            why = _("This person asked for her data to be erased: take the line out.")
            report.problems.append(Problem(line, why))
            continue
        seen[facts[key]] = line
        clean.append((line, facts))
    report.existing = sum(facts[key] in there for _line, facts in clean)
    report.added = len(clean) - report.existing
    return clean


def _sectors(district: District) -> dict[str, int]:
    return {fold(t): s.id for s in district.sectors for t in (s.code, s.name_it, s.name_en)}


def _known_companies(district: District) -> dict[str, int]:
    rows = db.session.execute(
        select(Company.tax_id, Company.id, Company.merged_into_id)
        .where(Company.district_id == district.id, Company.tax_id.is_not(None))
    )  # fmt: skip
    return {str(tax_id): merged or id_ for tax_id, id_, merged in rows}


def _erased(report: Report, district: District) -> set[str]:
    """The addresses of the file whose persons asked to be forgotten; known as keyed hashes only."""
    return suppressed.forgotten(district.id, {row.get("email", "").lower() for _line, row in report.rows})


def _known_contacts(district: District) -> set[str]:
    return set(db.session.scalars(select(Contact.email).where(Contact.district_id == district.id)))


def carry_out(report: Report, kind: str, district: District) -> Report:
    """Write what `report` holds, or nothing when there is a problem. Needs a transaction."""
    clean = check(report, kind, district) if not report.problems else []
    if report.problems:
        report.added = report.existing = 0
        return report
    for _line, facts in clean:
        (_enter_company if kind == "companies" else _enter_contact)(district, dict(facts))
    return report


def _enter_company(district: District, facts: dict) -> None:
    membership = facts.pop("membership")
    company = actions.find_or_add_company(district_id=district.id, **facts)
    if membership and not company.memberships:
        actions.add_membership(company, since=membership[0], until=membership[1])


def _enter_contact(district: District, facts: dict) -> None:
    company_id = facts.pop("company_id")
    company = queries.company(district.id, company_id) if company_id else None
    actions.find_or_add_contact(district_id=district.id, company=company, **facts)
