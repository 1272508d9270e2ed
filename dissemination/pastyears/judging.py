"""Each line of a file judged: new, there already, or wrong, with the cell at fault. Writes nothing."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from stdnum.exceptions import ValidationError
from stdnum.it import iva

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.languages import short_date
from dissemination.kernel.text import fold
from dissemination.pastyears import texts
from dissemination.pastyears.models import PastActivity, PastImport, Verdict
from dissemination.pastyears.reading import Cell, Line, address
from dissemination.people.models import Company, SizeClass
from dissemination.plan import queries as plans
from dissemination.plan.log import Activity
from dissemination.plan.models import Plan

EARLIEST = date(2000, 1, 1)
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
SIZES = {"piccola": "small", "media": "medium", "grande": "large", "microimpresa": "micro"}
MOST = Decimal(10) ** 12
# Addresses and the codice fiscale of a person: names cannot be told from other words, these can.
PERSONAL = re.compile(
    r"[^\s@]@[^\s@]+\.[a-z]|\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE
)
# Two lines that differ in these are two facts, though kind, day, company and title are the same.
TELLING = ("application_area", "area_type", "call", "catalogue_code", "partner")
OUR_OWN = PastActivity.__tablename__


class _Bad(Exception):
    """A cell that cannot be used."""

    def __init__(self, name: str, message: str):
        self.name = name
        super().__init__(message)


class Judge:
    """Decides about each line, knowing what the district knows. Reads the database once, when it is made."""

    def __init__(self, row: PastImport, district: District):
        self.import_id, self.district_id, self.mapping = row.id, district.id, row.mapping
        self.today = today(district.zone)
        self.plans = plans.plans(district.id)
        self.words = {fold(w): v for v, (_t, _c, known) in texts.VERBS.items() for w in (v, *known)}
        self.sectors = {fold(t): s.code for s in district.sectors for t in (s.code, s.name_it, s.name_en)}
        self.known = set(db.session.scalars(
            select(Company.tax_id).where(Company.district_id == district.id, Company.tax_id.is_not(None))
        ))  # fmt: skip
        self.marks = set(db.session.scalars(
            select(PastActivity.mark).where(
                PastActivity.district_id == district.id, PastActivity.mark.is_not(None)
            )
        ))  # fmt: skip
        self.seen: dict[str, int] = {}
        self.since = _counted_since(district.id)

    def row(self, line: Line) -> dict:
        """The values of a `PastActivity`."""
        cells = {
            name: (line.cells[n], address(n + 1, line.number))
            for n, name in ((int(n), name) for n, name in self.mapping["columns"].items())
            if n < len(line.cells)
        }
        common = {"import_id": self.import_id, "district_id": self.district_id, "line": line.number}
        empty: dict[str, Any] = {"verb": "", "happened_on": None, "title": "", "tax_id": "",
                 "company_name": "", "activity_line_id": None, "amount": None, "attributes": {}}  # fmt: skip
        try:
            facts = empty | self._facts(cells)
        except _Bad as bad:
            cell = cells.get(bad.name, (None, ""))[1]
            return common | empty | self._shown(cells) | {
                "verdict": Verdict.WRONG, "cell": cell, "message": str(bad)[:300]
            }  # fmt: skip
        mark = mark_of(facts)
        if mark in self.marks:
            said = Verdict.SAME, _("Entered by an earlier import.")
        elif mark in self.seen:
            said = Verdict.SAME, _("The same as line %(n)d.", n=self.seen[mark])
        else:
            said = Verdict.NEW, ""
            self.seen[mark] = line.number
        return common | facts | {"verdict": said[0], "cell": "", "message": said[1]}

    def _shown(self, cells) -> dict:
        """Of a line that is wrong, what helps to find it again."""
        title, company = cells.get("title"), cells.get("company")
        return {"title": title[0].text[:300] if title else "",
                "company_name": company[0].text[:200] if company else ""}  # fmt: skip

    def _facts(self, cells: dict[str, tuple[Cell, str]]) -> dict:
        for name, (cell, _at) in cells.items():
            if cell.problem:
                raise _Bad(name, cell.problem)
        text = {name: cell.text for name, (cell, _at) in cells.items()}
        verb = self._verb(text.get("verb", ""))
        day = self._day(text.get("date", ""), verb, number=cells["date"][0].number)
        number = "tax_id" in cells and cells["tax_id"][0].number
        tax_id, company = self._company(verb, text, number=number)
        title = text.get("title", "") or _title(verb, company)
        if len(title) > 300:
            raise _Bad("title", _("The title is longer than 300 characters."))
        for name in ("title", *(n for n in text if n.startswith("attr:"))):
            if PERSONAL.search(text.get(name, "")):
                raise _Bad(name, _("An e-mail address or a personal tax code stands here: the log keeps its"
                                   " rows for good, so nothing of a person may be in them."))  # fmt: skip
        return {
            "verb": verb, "happened_on": day, "title": title, "tax_id": tax_id, "company_name": company,
            "activity_line_id": self._line(text.get("line", "") or self.mapping.get("line", ""), day),
            "amount": _amount(cells["amount"][0]) if "amount" in cells else None,
            "attributes": self._attributes(text),
        }  # fmt: skip

    def _verb(self, text: str) -> str:
        if not text:
            if self.mapping.get("verb"):
                return self.mapping["verb"]
            raise _Bad("verb", _("The kind of activity is missing."))
        found = self.words.get(fold(text))
        if found is None:
            raise _Bad(
                "verb", _("“%(value)s” is not a kind of activity that can be imported.", value=text[:60])
            )
        return found

    def _day(self, text: str, verb: str, *, number: bool) -> date:
        found = None if number else _date(text)
        if found is None:
            raise _Bad("date", _("“%(value)s” is not a date such as 31/12/2026.", value=text[:60]) if text
                       else _("The date is missing."))  # fmt: skip
        if found > self.today:
            raise _Bad("date", _("This day has not come yet."))
        if found < EARLIEST:
            raise _Bad("date", _("This is before the year 2000."))
        since = self.since.get(verb)
        if since is not None and found >= since:
            raise _Bad("date", _("Since %(day)s the program logs this kind of activity itself.",
                                 day=short_date(since)))  # fmt: skip
        return found

    def _company(self, verb: str, text: dict[str, str], *, number: bool) -> tuple[str, str]:
        given, name = text.get("tax_id", ""), text.get("company", "")[:200]
        if not given:
            if texts.VERBS[verb][1]:
                raise _Bad("tax_id", _("The tax id is missing: companies are counted by it."))
            return "", name
        try:
            # A spreadsheet takes a tax id for a number and drops the zeros in front.
            tax_id = iva.validate(given.zfill(11) if number else given)
        except ValidationError:
            raise _Bad("tax_id", _("“%(value)s” is not a valid partita IVA.", value=given[:60])) from None
        if tax_id not in self.known and not name:
            raise _Bad(
                "company", _("No company with this tax id is in the registry, and the line has no name.")
            )
        return tax_id, name

    def _line(self, code: str, day: date) -> int | None:
        plan = plan_on(self.plans, day)
        if not code or plan is None:
            return None  # no plan counts that day: the line says nothing
        found = next((line.id for line in plan.lines if fold(line.code) == fold(code)), None)
        if found is None:
            raise _Bad("line", _("The plan has no activity line “%(value)s”.", value=code[:60]))
        return found

    def _attributes(self, text: dict[str, str]) -> dict[str, str]:
        given = {n.removeprefix("attr:"): v for n, v in text.items() if n.startswith("attr:") and v}
        for name, value in given.items():
            if len(value) > 120:
                raise _Bad(f"attr:{name}", _("This is longer than 120 characters."))
        if "sector" in given:
            code = self.sectors.get(fold(given["sector"]))
            if code is None:
                raise _Bad("attr:sector", _("The district has no sector “%(name)s”.", name=given["sector"]))
            given["sector"] = code
        if "size" in given:
            size = SIZES.get(fold(given["size"]), fold(given["size"]))
            if size not in set(SizeClass):
                raise _Bad("attr:size", _("“%(value)s” is not a size: micro, small, medium or large.",
                                          value=given["size"]))  # fmt: skip
            given["size"] = size
        if "province" in given:
            given["province"] = given["province"].upper()
            if not re.fullmatch("[A-Z]{2}", given["province"]):
                raise _Bad("attr:province", _("The province is written with two letters, such as PO."))
        return given


def mark_of(facts: dict) -> str:
    """What makes two lines the same fact: kind, day, company, title, amount, and what tells two apart."""
    who = facts["tax_id"] or fold(facts["company_name"])
    amount = "" if facts["amount"] is None else f"{facts['amount']:.2f}"
    parts = [facts["verb"], facts["happened_on"].isoformat(), who, fold(facts["title"]), amount]
    parts += [f"{n}={fold(facts['attributes'][n])}" for n in TELLING if n in facts["attributes"]]
    return sha256("\0".join(parts).encode()).hexdigest()


def plan_on(found: list[Plan], day: date) -> Plan | None:
    """The plan that counts a day."""
    return next((p for p in found if p.starts_on <= day <= p.ends_on), None)


def _counted_since(district_id: int) -> dict[str, date]:
    """For each kind of activity the first day that the program itself logged."""
    query = (
        select(Activity.verb, func.min(Activity.happened_on))
        .where(Activity.district_id == district_id, Activity.verb.in_(texts.VERBS))
        .where(Activity.subject_kind != OUR_OWN, Activity.reverses_id.is_(None))
        .group_by(Activity.verb)
    )
    return dict(db.session.execute(query).all())


def _title(verb: str, company: str) -> str:
    name = texts.verb_name(verb)
    return f"{name}: {company}" if company else name


def _date(text: str) -> date | None:
    head = text.split(" ")[0].split("T")[0] if text else ""
    for pattern in DATES:
        try:
            return datetime.strptime(head, pattern).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    return None


def _amount(cell: Cell) -> Decimal | None:
    raw = re.sub(r"€|EUR|\s", "", cell.text)
    if not raw:
        return None
    value = _number(raw) if cell.number else _written(raw)
    if value is None or not value.is_finite() or not 0 <= value < MOST:
        raise _Bad("amount", _("“%(value)s” is not an amount such as 1.234,50.", value=cell.text[:60]))
    return value.quantize(Decimal("0.01"))


def _written(raw: str) -> Decimal | None:
    """An amount as people write it, in Italian or in English; None where it could mean two things."""
    if re.fullmatch(r"\d+([.,]\d{1,2})?", raw, re.ASCII):
        return Decimal(raw.replace(",", "."))
    if re.fullmatch(r"\d{1,3}([.'’]\d{3})+(,\d{1,2})?", raw, re.ASCII):
        return Decimal(re.sub(r"[.'’]", "", raw).replace(",", "."))
    if re.fullmatch(r"\d{1,3}([,'’]\d{3})+\.\d{1,2}", raw, re.ASCII):
        return Decimal(re.sub(r"[,'’]", "", raw))
    return None


def _number(raw: str) -> Decimal | None:
    """An amount as a spreadsheet holds it."""
    try:
        return Decimal(raw)
    except InvalidOperation:
        return None
