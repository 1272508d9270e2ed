"""Past audits from a spreadsheet (CSV or XLSX): read strictly, all or nothing, with a report line by line.

One line is one improvement area; lines of the same company and day are one audit, whose facts may stand in
any of them. An audit that is known already (company and day) is left as it is. What is entered goes through
the same actions as an audit of today, with its own days; its visit sheet is the note in the file, or where
it came from: "imported".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select
from stdnum.exceptions import ValidationError
from stdnum.it import iva

from dissemination.audits import actions, queries, states
from dissemination.audits.columns import (
    AREA_COLUMNS,
    COLUMNS,
    DEPARTMENTS,
    NO,
    OUTCOMES,
    SIZES,
    STATES,
    STEP_DAYS,
    TYPES,
)
from dissemination.audits.models import Audit, Dimension, Outcome, State
from dissemination.bibliography.records import one_line
from dissemination.districts.models import District
from dissemination.districts.queries import hold
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.pastyears import reading
from dissemination.people.accounts import Account
from dissemination.people.actions import find_or_add_company
from dissemination.people.models import Company, OrganisationType
from dissemination.people.queries import company_by_tax_id, company_without_tax_id

MOST = 10_000  # lines
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file (1 is the header, 0 the file)."""

    line: int
    message: str


@dataclass
class Found:
    """One audit of the file: its company as written, its day, its facts, its areas."""

    line: int
    tax_id: str
    name: str
    visited_on: date
    facts: dict = field(default_factory=dict)
    days: dict[State, date] = field(default_factory=dict)
    state: State = State.VISITED
    areas: list[dict] = field(default_factory=list)
    days_line: int = 0  # where the days of its steps stand


@dataclass
class Report:
    """What a file holds, or did. Nothing is written while there are problems."""

    audits: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    added: int = 0
    duplicates: int = 0


class _Wrong(ValueError):
    """A cell that cannot be used; its text says why."""


def read(data: bytes, district: District) -> Report:
    """The audits in a file, or everything that is wrong with it; writes nothing."""
    report = Report()
    try:
        lines = reading.lines(data)
        header = next(lines, None)
        names = _header(report, [cell.text for cell in header.cells] if header else [])
        if report.problems:
            return report
        reader = _Reader(report, district)
        for number, line in enumerate(lines, 1):
            if number > MOST:
                report.problems.append(Problem(line.number, _("There are too many lines. Split the file.")))
                break
            reader.take(line.number, _row(report, line, names))
        reader.finish()
    except reading.NotReadable as why:
        report.problems.append(Problem(0, str(why)))
    if not report.audits and not report.problems:
        report.problems.append(Problem(0, _("There is no row below the header.")))
    return report


def _header(report: Report, cells: list[str]) -> list[str]:
    known = {fold(alias): name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}
    names = [known.get(fold(cell).replace("_", " "), known.get(fold(cell), "")) for cell in cells]
    unknown = [cell for cell, name in zip(cells, names, strict=True) if cell.strip() and not name]
    if unknown:
        report.problems.append(
            Problem(1, _("These columns are not known: %(names)s.", names=", ".join(unknown)))
        )
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        report.problems.append(Problem(1, _("A column stands twice in the header.")))
    if "visited_on" not in names or not {"tax_id", "company"} & set(names):
        report.problems.append(
            Problem(1, _("The header names the day of the visit, and the company or its tax id."))
        )
    return names


def _row(report: Report, line, names: list[str]) -> dict[str, str]:
    for cell in line.cells:
        if cell.problem:
            report.problems.append(Problem(line.number, cell.problem))
    return {name: cell.text for name, cell in zip(names, line.cells, strict=False) if name and cell.text}


class _Reader:
    """Puts lines together to audits."""

    def __init__(self, report: Report, district: District):
        self.report, self.today = report, today(district.zone)
        self.services = {fold(s.code): s.id for s in queries.services(district.id)}
        self.sectors = {fold(s.code): s.id for s in district.sectors}
        self.sectors |= {fold(s.name_it): s.id for s in district.sectors}
        self.known: dict[tuple[str, date], Found] = {}

    def take(self, number: int, row: dict[str, str]) -> None:
        """Read one line; what is wrong goes into the report."""
        try:
            audit = self._audit(number, row)
            self._facts(audit, row)
            if any(row.get(name) for name in (*STEP_DAYS.values(), "state")):
                audit.days_line = number
            if any(row.get(name) for name in AREA_COLUMNS):
                audit.areas.append(self._area(row))
        except _Wrong as why:
            self.report.problems.append(Problem(number, str(why)))

    def finish(self) -> None:
        """Complete the days of each audit and look at their order."""
        for audit in self.known.values():
            try:
                _complete(audit)
            except _Wrong as why:
                self.report.problems.append(Problem(audit.days_line, str(why)))
        self.report.audits = list(self.known.values())
        self.report.problems.sort(key=lambda problem: problem.line)

    def _audit(self, number: int, row: dict[str, str]) -> Found:
        tax_id, name = row.get("tax_id", ""), one_line(row.get("company", ""))[:200]
        if tax_id:
            try:
                tax_id = iva.validate(tax_id.zfill(11) if tax_id.isdecimal() else tax_id)
            except ValidationError:
                raise _Wrong(_("%(value)s is not a valid partita IVA.", value=tax_id)) from None
        elif not name:
            raise _Wrong(_("The company is missing."))
        on = self._day(row, "visited_on")
        if on is None:
            raise _Wrong(_("The day of the visit is missing."))
        key = tax_id or fold(name), on
        if key not in self.known:
            self.known[key] = Found(number, tax_id, name, on, days={State.VISITED: on})
        return self.known[key]

    def _day(self, row: dict[str, str], name: str) -> date | None:
        text = row.get(name, "")
        if not text:
            return None
        for pattern in DAYS:
            try:
                found = datetime.strptime(text[:10], pattern).date()  # noqa: DTZ007 (a date)
            except ValueError:
                continue
            if found > self.today:
                raise _Wrong(_("%(value)s lies in the future.", value=text))
            return found
        raise _Wrong(_("%(value)s is not a date: write 2026-05-04 or 04/05/2026.", value=text))

    def _facts(self, audit: Found, row: dict[str, str]) -> None:
        for name in ("strengths", "weaknesses", "summary", "site", "auditor_name", "sheet", "province"):
            if row.get(name):
                audit.facts[name] = row[name]
        audit.name = audit.name or one_line(row.get("company", ""))[:200]
        for state, name in STEP_DAYS.items():
            day = self._day(row, name)
            if day is not None:
                audit.days[state] = day
        if row.get("state"):
            audit.state = _one(STATES, row["state"])
        self._lists(audit, row)
        if row.get("sector"):
            audit.facts["sector_id"] = _one(self.sectors, row["sector"])

    def _lists(self, audit: Found, row: dict[str, str]) -> None:
        if row.get("departments"):
            parts = [part for part in re.split(r"[;,|]", row["departments"]) if part.strip()]
            audit.facts["departments"] = [_one(DEPARTMENTS, part).value for part in parts]
        if row.get("people"):
            people = (part.partition(",") for part in re.split(r"[;|\n]", row["people"]))
            audit.facts["people"] = [{"name": n.strip(), "role": r.strip()} for n, _c, r in people]
        if row.get("size"):
            audit.facts["size"] = _one(SIZES, row["size"])
        for dimension in Dimension:
            if row.get(dimension.value):
                audit.facts.setdefault("scores", {})[dimension] = (_points(row[dimension.value]), "")

    def _area(self, row: dict[str, str]) -> dict:
        if not row.get("area_title") or not row.get("area_type"):
            raise _Wrong(_("An improvement area has a title and a type."))
        facts: dict = {
            "title": row["area_title"], "type": _one(TYPES, row["area_type"]),
            "priority": _one({"1": 1, "2": 2, "3": 3}, row.get("priority", "2")),
            **{n: row.get(n, "") for n in ("description", "proposed_action", "expected_result")},
            "keywords": re.split(r"[;,|]", row.get("keywords", "")),
            "outcome": _one(OUTCOMES, row["outcome"]) if row.get("outcome") else Outcome.OPEN,
        }  # fmt: skip
        if len(row["area_title"]) > 200:
            raise _Wrong(_("A title has at most 200 characters."))
        if row.get("service"):
            facts["service_id"] = _one(self.services, row["service"])
        return facts


def _one(values: dict, text: str):
    found = values.get(fold(text))
    if found is None:
        raise _Wrong(_("%(value)s is not one of: %(values)s.", value=text, values=", ".join(sorted(values))))
    return found


def _points(text: str) -> int:
    if text not in ("1", "2", "3", "4", "5"):
        raise _Wrong(_("%(value)s: a score is a whole number from 1 to 5.", value=text))
    return int(text)


def _complete(audit: Found) -> None:
    """Give each step up to the audit's state a day: its own, else that of the step before it."""
    given = [state for state in states.ORDER if state in audit.days]
    last = max([*given, audit.state], key=states.ORDER.index)
    audit.state = last
    audit.days.setdefault(State.CONTACTED, audit.visited_on)
    before = audit.days[State.CONTACTED]
    for state in states.ORDER[1 : states.ORDER.index(last) + 1]:
        day = audit.days.setdefault(state, before)
        if day < before:
            raise _Wrong(_("The days of the steps are not in order."))
        before = day


def enter(report: Report, district: District, *, source: str, by: Account | None) -> None:
    """Enter what was read, all of it; into `report` what was added and what was there. Needs transaction().

    Raises Refusal when the registry or the plan says no; the transaction is then to be given up.
    """
    if report.problems:
        return
    hold(district)  # of two imports at once the second finds what the first brought
    for found in report.audits:
        company = _company(found, district)
        if _is_known(district, company, found.visited_on):
            report.duplicates += 1
            continue
        _enter(found, district, company, source, by)
        report.added += 1


def check(report: Report, district: District) -> None:
    """As `enter` would go, writing nothing: companies that cannot be found, audits that are known."""
    for found in report.audits:
        company = _registered(found, district)
        if company is None and not (found.tax_id and found.name):
            report.problems.append(
                Problem(found.line, _("%(name)s is not in the registry: give its tax id and its name.",
                                      name=found.name or found.tax_id))
            )  # fmt: skip
        elif company is not None and company.type is not OrganisationType.COMPANY:
            report.problems.append(Problem(found.line, _("%(name)s is not a company.", name=company.name)))
        elif company is not None and _is_known(district, company, found.visited_on):
            report.duplicates += 1
        else:
            report.added += 1


def _registered(found: Found, district: District) -> Company | None:
    if found.tax_id:
        return company_by_tax_id(district.id, found.tax_id)
    named = select(Company).where(
        Company.district_id == district.id, Company.name_folded == fold(found.name),
        Company.merged_into_id.is_(None),
    )  # fmt: skip
    same = db.session.scalars(named.limit(2)).all()
    return same[0] if len(same) == 1 else company_without_tax_id(district.id, found.name)


def _company(found: Found, district: District) -> Company:
    company = _registered(found, district)
    if company is not None:
        return company
    return find_or_add_company(
        district_id=district.id, tax_id=found.tax_id, name=found.name,
        province=found.facts.get("province", "")[:2].upper() or None,
        sector_id=found.facts.get("sector_id"), size=found.facts.get("size"),
    )  # fmt: skip


def _is_known(district: District, company: Company, on: date) -> bool:
    query = select(Audit.id).where(
        Audit.district_id == district.id, Audit.company_id.in_(queries.family(district.id, [company.id])),
        Audit.visited_on == on,
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


STEPS: dict[State, Callable[..., None]] = {
    State.DRAFTED: actions.drafted, State.SHARED: actions.shared, State.CLOSED: actions.closed,
}  # fmt: skip


def _enter(found: Found, district: District, company: Company, source: str, by: Account | None) -> None:
    days = found.days
    audit = actions.plan(
        district, [company], by=by, auditor_name=found.facts.get("auditor_name", ""), repeat_meant=True,
        on=days[State.CONTACTED],
    )[0]  # fmt: skip
    actions.contacted(audit, on=days[State.CONTACTED], by=by)
    actions.visited(audit, on=found.visited_on, by=by)
    kept = ("strengths", "weaknesses", "summary", "site", "departments", "people", "scores")
    facts = {name: found.facts[name] for name in kept if name in found.facts}
    actions.revise(audit, facts=facts | {"areas": found.areas}, version=audit.version, by=by)
    note = found.facts.get("sheet", "")
    if fold(note) not in NO:
        origin = f"importato da {one_line(source)[-100:]}, riga {found.line}"
        actions.sheet_on_file(audit, note=f"{note} ({origin})" if note else origin, by=by)
    for state, verb in STEPS.items():
        if states.ORDER.index(state) <= states.ORDER.index(found.state):
            verb(audit, on=days[state], by=by)
