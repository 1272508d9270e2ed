"""The catalogue as CSV: written for spreadsheets, and read back strictly, all or nothing.

`;` or `,`; a header with the names below in Italian or English; at most 5,000 rows and 1 MB. A service whose
code is there is changed, the others are added.
"""

from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _

from dissemination.calls import actions
from dissemination.calls.models import AreaType, Family, Service
from dissemination.calls.queries import services
from dissemination.districts.models import District
from dissemination.kernel.forms import two_decimals
from dissemination.kernel.text import fold
from dissemination.people import imports
from dissemination.people.imports import Problem, Report
from dissemination.people.models import SizeClass

COLUMNS = {
    "code": ("codice",), "title_it": ("titolo", "titolo it"), "title_en": ("titolo en",),
    "description_it": ("descrizione", "descrizione it"), "description_en": ("descrizione en",),
    "cost_cap": ("costo massimo", "massimale"), "months": ("mesi", "durata"),
    "percent_micro": ("intensità micro",), "percent_small": ("intensità piccola",),
    "percent_medium": ("intensità media",), "percent_large": ("intensità grande",),
    "area_types": ("tipi di ambito", "tipi"), "keywords": ("parole chiave",),
    "valid_from": ("valido dal",), "valid_until": ("valido al",),
}  # fmt: skip
REQUIRED = ("code", "title_it")
TYPES = {"prodotto": "product", "processo": "process", "riorganizzazione": "reorganisation"}
LONGEST = {"code": 20, "title_it": 300, "title_en": 300}


def head() -> list[str]:
    """The header of the export, which the import reads again."""
    return list(COLUMNS)


def line(service: Service) -> list:
    """A service as cells under `head`."""
    percents = [service.intensity.get(size.value, "") for size in SizeClass]
    return [
        service.code, service.title_it, service.title_en, service.description_it, service.description_en,
        "" if service.cost_cap is None else f"{service.cost_cap:.2f}", service.months or "", *percents,
        ", ".join(service.area_types), ", ".join(service.keywords),
        service.valid_from or "", service.valid_until or "",
    ]  # fmt: skip


def carry_out(data: bytes, district: District) -> Report:
    """Enter the services of a CSV, or nothing when a line is wrong. Needs a transaction."""
    text, problems = imports.decode(data)
    report = Report(problems=problems)
    if not problems:
        imports.read_rows(text, report, columns=COLUMNS, required=REQUIRED)
    clean = _checked(report)
    if report.problems:
        return report
    known = {service.code: service for service in services(district.id)}
    for facts in clean:
        if facts["code"] in known:
            there = known[facts["code"]]
            actions.revise_service(there, version=there.version, **facts)
            report.existing += 1
        else:
            actions.add_service(district, **facts)
            report.added += 1
    return report


def _checked(report: Report) -> list[dict]:
    clean: list[dict] = []
    seen: dict[str, int] = {}
    for number, row in report.rows:
        try:
            facts = _facts(row)
            if facts["code"] in seen:
                raise ValueError(_("The same as line %(n)d.", n=seen[facts["code"]]))
        except ValueError as wrong:
            report.problems.append(Problem(number, str(wrong)))
            continue
        seen[facts["code"]] = number
        clean.append(facts)
    return clean


def _facts(row: dict) -> dict:
    code = row.get("code", "").upper()
    if not code or not row.get("title_it"):
        raise ValueError(_("Code and title are needed."))
    if code[0] not in list(Family):
        raise ValueError(_("“%(code)s”: a code begins with its family A, B or C.", code=code[:20]))
    for name, most in LONGEST.items():
        if len(row.get(name, "")) > most:
            raise ValueError(_("%(name)s is longer than %(n)d characters.", name=name, n=most))
    facts = {
        "code": code, "family": Family(code[0]),
        **{n: row.get(n, "") for n in ("title_it", "title_en", "description_it", "description_en")},
        "cost_cap": _amount(row.get("cost_cap", "")), "months": _whole(row.get("months", ""), 120),
        "intensity": _intensity(row), "area_types": _types(row.get("area_types", "")),
        "keywords": [w.strip()[:60] for w in row.get("keywords", "").split(",") if w.strip()][:30],
        "valid_from": _day(row.get("valid_from", "")), "valid_until": _day(row.get("valid_until", "")),
    }  # fmt: skip
    if facts["valid_from"] and facts["valid_until"] and facts["valid_until"] < facts["valid_from"]:
        raise ValueError(_("The last day is before the first."))
    return facts


def _amount(text: str) -> Decimal | None:
    value = two_decimals(text.replace("€", "")) if text else None
    if text and (value is None or value < 0 or value >= 10**12):
        raise ValueError(_("“%(value)s” is not an amount such as 1.234,50.", value=text[:40]))
    return value


def _whole(text: str, most: int) -> int | None:
    if not text:
        return None
    plain = text.removesuffix("%").strip()
    if not (plain.isascii() and plain.isdigit() and int(plain) <= most):
        raise ValueError(_("“%(value)s” is not a whole number up to %(n)d.", value=text[:40], n=most))
    return int(plain)


def _intensity(row: dict) -> dict:
    percents = {size.value: _whole(row.get(f"percent_{size.value}", ""), 100) for size in SizeClass}
    return {size: percent for size, percent in percents.items() if percent is not None}


def _types(text: str) -> list[str]:
    found = []
    for word in filter(None, (fold(part) for part in text.replace(";", ",").split(","))):
        try:
            found.append(AreaType(TYPES.get(word, word)).value)
        except ValueError:
            raise ValueError(
                _("“%(value)s” is not a value of %(name)s.", value=word, name="area_types")
            ) from None
    return found


def _day(text: str) -> date | None:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y") if text else ():
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    if text:
        raise ValueError(_("“%(value)s” is not a date such as 31/12/2026.", value=text[:40]))
    return None
