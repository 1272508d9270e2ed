"""What was approved becomes rows of the log, in small transactions that go on where one was cut off."""

from datetime import date

from sqlalchemy import func, select

from dissemination.districts.models import District, Sector
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.pastyears.judging import OUR_OWN, mark_of
from dissemination.pastyears.models import PastActivity, PastImport, Verdict
from dissemination.people.accounts import Account
from dissemination.people.actions import find_or_add_company
from dissemination.people.models import Company, SizeClass
from dissemination.people.queries import company_without_tax_id
from dissemination.plan import activity
from dissemination.plan.log import Activity

BATCH = 500


def enter_some(row: PastImport, by: Account | None) -> int:
    """Log the next lines of an import, the earliest facts first; 0 when none is left. Needs transaction()."""
    waiting = (
        select(PastActivity)
        .where(PastActivity.import_id == row.id, PastActivity.verdict == Verdict.NEW)
        .where(PastActivity.mark.is_(None))
        .order_by(PastActivity.happened_on, PastActivity.id)
        .limit(BATCH)
    )
    lines = list(db.session.scalars(waiting))
    if not lines:
        return 0
    lines = _not_entered_meanwhile(row, lines)
    district = db.session.get_one(District, row.district_id)
    log = _Log(district, by)
    activity.record_all([log.row(line) for line in lines])
    db.session.flush()
    return BATCH


def _not_entered_meanwhile(row: PastImport, lines: list[PastActivity]) -> list[PastActivity]:
    """Mark the lines as entered, but for those that another import entered since they were judged."""
    marks = {line.id: mark_of(_facts(line)) for line in lines}
    taken = set(db.session.scalars(
        select(PastActivity.mark).where(
            PastActivity.district_id == row.district_id, PastActivity.mark.in_(marks.values())
        )
    ))  # fmt: skip
    fresh = []
    for line in lines:
        if marks[line.id] in taken:
            line.verdict = Verdict.SAME
            continue
        line.mark = marks[line.id]
        fresh.append(line)
    return fresh


def _facts(line: PastActivity) -> dict:
    names = ("verb", "happened_on", "tax_id", "company_name", "title", "amount", "attributes")
    return {name: getattr(line, name) for name in names}


class _Log:
    """Makes rows of the log of lines, with what the registry knows about their companies."""

    def __init__(self, district: District, by: Account | None):
        self.district, self.by = district, by
        self.sectors = {s.code: s.id for s in district.sectors}
        self.codes = {
            s.id: s.code for s in db.session.scalars(select(Sector).where(Sector.district_id == district.id))
        }
        self.companies: dict[tuple[str, str], Company | None] = {}
        self.first: dict[tuple[str, int], date | None] = {}

    def row(self, line: PastActivity) -> dict:
        """The keyword arguments of `activity.record_all` for one line."""
        company = self._company(line)
        return {
            "verb": line.verb, "subject_kind": OUR_OWN, "subject_id": line.id,
            "district_id": self.district.id, "title": line.title, "happened_on": line.happened_on,
            "by": self.by, "activity_line_id": line.activity_line_id,
            "company_id": company.id if company else None, "amount": line.amount,
            "attributes": self._attributes(line, company),
        }  # fmt: skip

    def _company(self, line: PastActivity) -> Company | None:
        key = (line.tax_id, fold(line.company_name))
        if key not in self.companies:
            self.companies[key] = self._found(line)
        return self.companies[key]

    def _found(self, line: PastActivity) -> Company | None:
        if not line.tax_id:  # a name alone adds nobody to the registry
            return company_without_tax_id(self.district.id, line.company_name) if line.company_name else None
        facts = line.attributes
        size = facts.get("size")
        return find_or_add_company(
            district_id=self.district.id, tax_id=line.tax_id, name=line.company_name or line.tax_id,
            size=SizeClass(size) if size else None, province=facts.get("province"),
            sector_id=self.sectors.get(facts.get("sector", "")),
        )  # fmt: skip

    def _attributes(self, line: PastActivity, company: Company | None) -> dict[str, str]:
        known = {"channel": line.verb.partition(".")[0]}
        if company is not None:
            known |= {
                "sector": self.codes.get(company.sector_id or 0, ""),
                "size": company.size.value if company.size else "", "province": company.province,
                "organisation_type": company.type.value,
                "in_managing_body": "yes" if company.in_managing_body else "no",
                "returning": self._returning(line, company),
            }  # fmt: skip
        return {name: value for name, value in known.items() if value} | line.attributes

    def _returning(self, line: PastActivity, company: Company) -> str:
        key, day = (line.verb, company.id), line.happened_on
        if key not in self.first:
            ours = Activity.company_id == company.id, Activity.district_id == self.district.id
            query = select(func.min(Activity.happened_on)).where(*ours, Activity.verb == line.verb)
            self.first[key] = db.session.scalar(query.where(Activity.reverses_id.is_(None)))
        before = self.first[key]
        if before is None:
            self.first[key] = day
        return "returning" if before is not None and day is not None and before < day else "new"


def undo_some(row: PastImport, by: Account | None) -> int:
    """Take the next lines of an import back; 0 when none stands any more. Needs transaction()."""
    standing = select(PastActivity).where(PastActivity.import_id == row.id, PastActivity.mark.is_not(None))
    lines = list(db.session.scalars(standing.order_by(PastActivity.id).limit(activity.BATCH)))
    if not lines:
        return 0
    rows = db.session.scalars(
        select(Activity)
        .where(Activity.subject_kind == OUR_OWN, Activity.subject_id.in_([line.id for line in lines]))
        .where(Activity.reverses_id.is_(None))
        .order_by(Activity.id)
    ).all()
    activity.reverse_all(rows, by=by, reason=row.undone_because)
    for line in lines:
        line.mark = None
    db.session.flush()
    return len(lines)
