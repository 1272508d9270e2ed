"""Past applications from CSV or XLSX: each line through the same actions as by hand, all or nothing.

One line is one application; the header is Italian or English (`COLUMNS`). States without a day take that of
the next one. A line whose protocol number (to that call) is there already is left as it is. At most
MOST_LINES lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from flask_babel import gettext as _
from sqlalchemy import func, select

from dissemination.applications import actions, life
from dissemination.applications.actions import Facts
from dissemination.applications.exports import DAYS
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.audits.models import Audit
from dissemination.audits.queries import family
from dissemination.audits.states import FROM_THE_VISIT
from dissemination.calls import queries as catalogue
from dissemination.calls.models import Call
from dissemination.districts.models import District
from dissemination.districts.queries import hold
from dissemination.kernel.database import db
from dissemination.kernel.forms import two_decimals
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import fold
from dissemination.pastyears import reading
from dissemination.people.accounts import Account
from dissemination.people.actions import find_or_add_company
from dissemination.people.models import Company
from dissemination.plan import queries as plans
from dissemination.plan.models import LineKind

MOST_LINES = 2000
COLUMNS = {
    "tax_id": ("partita iva", "p.iva", "piva"), "company": ("impresa", "ragione sociale"),
    "call": ("bando",), "services": ("servizi", "servizio", "codici", "codice"),
    "title": ("progetto", "titolo"),
    "protocol_number": ("protocollo", "numero di protocollo"), "cost": ("costo",),
    "requested": ("contributo richiesto", "richiesto"), "granted": ("contributo concesso", "concesso"),
    "paid": ("contributo erogato", "erogato", "pagato"), "partners": ("partner", "raggruppamento"),
    "submitted_on": ("presentata il", "data presentazione"), "assessment_on": ("in istruttoria dal",),
    "waiting_list_on": ("in lista d'attesa dal",), "not_admitted_on": ("non ammessa il",),
    "funded_on": ("finanziata il", "data concessione"), "started_on": ("avviata il",),
    "reported_on": ("rendicontata il",), "paid_on": ("erogata il", "pagata il"),
    "waived_on": ("rinunciata il",), "revoked_on": ("revocata il",),
    "decision": ("atto di concessione", "decreto"), "without_audit": ("senza audit", "motivo senza audit"),
    "line": ("linea",), "stage": ("stato",), "id": (),
}  # fmt: skip
REQUIRED = ("tax_id", "call", "title")
ORDER = (
    Stage.SUBMITTED, Stage.ASSESSMENT, Stage.WAITING_LIST, Stage.NOT_ADMITTED, Stage.FUNDED, Stage.STARTED,
    Stage.REPORTED, Stage.PAID, Stage.WAIVED, Stage.REVOKED,
)  # fmt: skip
FILLED = {  # what must lie before a state and may be without a day of its own
    Stage.ASSESSMENT: {Stage.WAITING_LIST, Stage.NOT_ADMITTED, Stage.FUNDED},
    Stage.STARTED: {Stage.REPORTED, Stage.PAID}, Stage.REPORTED: {Stage.PAID},
}  # fmt: skip


class Undone(Exception):
    """Nothing is kept: lines are wrong, or it was only a look."""


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file."""

    line: int
    message: str


@dataclass
class Report:
    """What an import did, or would do."""

    added: int = 0
    same: int = 0
    problems: list[Problem] = field(default_factory=list)


def carry_out(district: District, data: bytes, *, by: Account | None, sheet: str = "") -> Report:
    """Enter the applications of a file through the actions. Needs a transaction.

    The caller leaves it by `Undone` when the report has problems (see `bringing.run`). Raises NotReadable.
    """
    report = Report()
    hold(district)  # of two imports at once the second finds what the first brought
    source = reading.lines(data, sheet or reading.sheets(data)[0])
    header = _header(next(source, None), report)
    if report.problems:
        return report
    lines = sorted(_rows(source, header, report), key=lambda row: (row[1].get("submitted_on", ""), row[0]))
    registry = _Registry(district, by)
    for number, cells in lines:
        try:
            companies = registry.companies(cells)  # kept by the savepoint's failure: all goes then anyway
            with db.session.begin_nested():
                made = registry.enter(cells, *companies)
        except (Refusal, ValueError) as wrong:
            report.problems.append(Problem(number, str(getattr(wrong, "message", wrong))))
            continue
        report.added += made
        report.same += not made
    report.problems.sort(key=lambda problem: problem.line)
    if not lines and not report.problems:
        report.problems.append(Problem(0, _("There is no row below the header.")))
    return report


def _header(first: reading.Line | None, report: Report) -> list[str | None]:
    names = {fold(alias): name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}
    cells = [cell.text for cell in first.cells] if first else []
    header = [names.get(fold(text), names.get(fold(text).replace(" ", "_"))) for text in cells]
    missing = [name for name in REQUIRED if name not in header]
    unknown = [text for text, name in zip(cells, header, strict=True) if name is None and text]
    known = [name for name in header if name]
    if missing:
        named = [COLUMNS[name][0] if language() == "it" else name for name in missing]
        words = _("These columns are missing in the header: %(names)s.", names=", ".join(named))
        report.problems.append(Problem(1, words))
    elif unknown:
        words = _("These columns are not known: %(names)s.", names=", ".join(unknown))
        report.problems.append(Problem(1, words))
    elif len(set(known)) < len(known):
        report.problems.append(Problem(1, _("A column stands twice in the header.")))
    return header


def _rows(source: Iterator[reading.Line], header, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    for line in islice(source, MOST_LINES + 1):
        wrong = next((cell.problem for cell in line.cells if cell.problem), "")
        if wrong:
            report.problems.append(Problem(line.number, wrong))
            continue
        pairs = zip(header, line.cells, strict=False)
        row = {name: cell.text.strip() for name, cell in pairs if name}
        for name in DAYS:
            if row.get(name):
                try:
                    row[name] = _day(row[name]).isoformat()
                except ValueError as bad:
                    report.problems.append(Problem(line.number, str(bad)))
                    break
        else:
            yield line.number, row


class _Registry:
    """What the district has, asked for once, and how a line becomes an application."""

    def __init__(self, district: District, by: Account | None):
        self.district, self.by = district, by
        calls = catalogue.offered(district.id)
        self.calls = {
            fold(key): c for c in reversed(calls) for key in (c.slug, c.title_it, c.title_en) if key
        }
        self.services = {s.code.upper(): s for s in catalogue.services(district.id)}
        lines = sorted(plans.lines(district.id), key=lambda x: x.kind is not LineKind.RELATIONS)
        self.lines = {line.code: line.id for line in reversed(lines)}
        self.line = lines[0].id if lines else None

    def companies(self, row: dict[str, str]) -> tuple[Company, list[Company]]:
        """The company of a line and its partners, added where they are not there. Raises ValueError."""
        partners = [self._company(n, "") for n in row.get("partners", "").replace(",", " ").split()]
        return self._company(row.get("tax_id", ""), row.get("company", "")), partners

    def enter(self, row: dict[str, str], company: Company, partners: list[Company]) -> bool:
        """Enter one line; False when it is there already. Raises Refusal, ValueError."""
        call = self._call(row.get("call", ""))
        number = row.get("protocol_number", "")
        if number and self._is_there(call, number):
            return False
        on = {stage: date.fromisoformat(row[name]) for name, stage in DAYS.items() if row.get(name)}
        on = _filled(on)
        first = min(on.values(), default=None)
        facts = self._facts(row, call, first, company=company, partners=partners)
        made = actions.add(self.district, facts, by=self.by, on=first, stage=Stage.PREPARATION)
        for stage in ORDER:
            if stage in on:
                said = _said(stage, row)
                life.advance(made, stage, on=on[stage], by=self.by, version=made.version, said=said)
        return True

    def _call(self, name: str) -> Call:
        call = self.calls.get(fold(name))
        if call is None:
            raise ValueError(_("The call “%(name)s” is not known. Write it down first.", name=name[:80]))
        return call

    def _is_there(self, call: Call, number: str) -> bool:
        query = select(func.count()).where(
            Application.call_id == call.id, Application.protocol_number == number
        )
        return bool(db.session.scalar(query))

    def _company(self, tax_id: str, name: str) -> Company:
        from stdnum.exceptions import ValidationError
        from stdnum.it import iva

        try:
            number = iva.validate(tax_id)
        except ValidationError:
            raise ValueError(_("“%(value)s” is not a valid partita IVA.", value=tax_id[:30])) from None
        return find_or_add_company(district_id=self.district.id, tax_id=number, name=(name or number)[:200])

    def _facts(self, row, call: Call, first: date | None, *, company: Company, partners) -> Facts:
        codes = row.get("services", "").replace("+", " ").replace(",", " ").upper().split()
        unknown = [code for code in codes if code not in self.services]
        if unknown:
            raise ValueError(_("The catalogue has no service %(codes)s.", codes=", ".join(unknown)))
        if row.get("line") and row["line"] not in self.lines:
            raise ValueError(_("The plan has no line “%(name)s”.", name=row["line"][:40]))
        audit = None if row.get("without_audit") else self._audit(company, first)
        unlinked = row.get("without_audit") or _("no audit is known: imported")
        return Facts(
            call=call, company=company, title=_title(row), services=[self.services[c] for c in codes],
            line_id=self.lines.get(row.get("line", ""), self.line), partners=partners, audit=audit,
            without_audit="" if audit is not None else unlinked, cost=_amount(row.get("cost", "")),
            requested=_amount(row.get("requested", "")),
        )  # fmt: skip

    def _audit(self, company: Company, on: date | None) -> Audit | None:
        """The company's last audit before that day."""
        query = select(Audit).where(
            Audit.district_id == self.district.id, Audit.state.in_(FROM_THE_VISIT),
            Audit.company_id.in_(family(self.district.id, [company.id])),
        )  # fmt: skip
        if on is not None:
            query = query.where(Audit.visited_on <= on)
        return db.session.scalars(query.order_by(Audit.visited_on.desc(), Audit.id.desc())).first()


def _title(row: dict[str, str]) -> str:
    if not row.get("title"):
        raise ValueError(_("The title is missing."))
    return row["title"]


def _filled(on: dict[Stage, date]) -> dict[Stage, date]:
    """The days with those of the states that must lie between and have none: the next state's."""
    found = dict(on)
    for stage, after in reversed(FILLED.items()):
        later = [found[s] for s in after if s in found]
        if stage not in found and later:
            found[stage] = min(later)
    return found


def _said(stage: Stage, row: dict[str, str]) -> Said:
    amount = {Stage.SUBMITTED: "requested", Stage.FUNDED: "granted", Stage.PAID: "paid"}.get(stage)
    note = row.get("decision", "") or _("imported") if stage is Stage.FUNDED else ""
    if stage in (Stage.WAIVED, Stage.REVOKED):
        note = _("imported")
    return Said(
        note=note, protocol_number=row.get("protocol_number", "") if stage is Stage.SUBMITTED else "",
        amount=_amount(row.get(amount, "")) if amount else None,
    )  # fmt: skip


def _amount(text: str) -> Decimal | None:
    value = two_decimals(text.replace("€", "")) if text else None
    if text and (value is None or value < 0 or value >= 10**12):
        raise ValueError(_("“%(value)s” is not an amount such as 1.234,50.", value=text[:40]))
    return value


def _day(text: str) -> date:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    raise ValueError(_("“%(value)s” is not a date such as 31/12/2026.", value=text[:40]))
