"""The 25 starter indicators counted another way: plain Python over all rows of the raw tables.

Nothing here reads an indicator's rule or the SQL that it becomes: what each indicator counts is written
down a second time, from the decree's table of indicators. A figure is made of the rows that count; its
classes are those rows by the value of an attribute.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from dissemination.districts.models import Sector
from dissemination.kernel.database import db
from dissemination.people.models import Company, Membership
from dissemination.plan.log import Activity
from dissemination.plan.models import ActivityLine, BudgetLine, Exclusion

SERVICES = {"attendance.present", "audit.visited", "application.submitted"}
PROVEN = {"workshop.held", "newsletter.sent", "publication.published", "audit.visited"}


def raw(model):
    """Every row of a table, of all districts, as plain dictionaries."""
    columns = model.__table__.columns
    return [dict(zip(columns.keys(), row, strict=True)) for row in db.session.execute(db.select(*columns))]


@dataclass
class Counted:
    """What a figure is made of: rows above and below the line, and what is made of them."""

    make: object
    above: list
    below: list = field(default_factory=list)

    def worth(self, among=lambda _row: True):
        """(actual, numerator, denominator) of the rows that `among` lets through."""
        above, below = [r for r in self.above if among(r)], [r for r in self.below if among(r)]
        return self.make(above, below)

    def classes(self, attribute):
        """{value: worth} by an attribute of the rows."""
        values = {r["attributes"].get(attribute, "") for r in [*self.above, *self.below]}
        return {v: self.worth(lambda r, v=v: r["attributes"].get(attribute, "") == v) for v in sorted(values)}


class Books:
    """The raw tables of one district."""

    def __init__(self, plan, today):
        self.today = today
        mine = plan.district_id
        self.log = [r for r in raw(Activity) if r["district_id"] == mine]
        self.companies = {c["id"]: c for c in raw(Company) if c["district_id"] == mine}
        self.memberships = [m for m in raw(Membership) if m["company_id"] in self.companies]
        self.exclusions = [e for e in raw(Exclusion) if e["district_id"] == mine]
        self.lines = {x["id"]: x for x in raw(ActivityLine) if x["plan_id"] == plan.id}
        self.money = [b for b in raw(BudgetLine) if b["activity_line_id"] in self.lines]
        self.sectors = {s["id"]: s["code"] for s in raw(Sector)}
        self.corrected = {r["reverses_id"] for r in self.log if r["reverses_id"] is not None}
        for r in self.log:
            line = self.lines.get(r["activity_line_id"])
            r["attributes"] = r["attributes"] | ({"line": line["code"]} if line else {})

    def company(self, row):
        """The company behind a row after all merges; None when it is none with a partita IVA."""
        found = self.companies.get(row["company_id"])
        while found and found["merged_into_id"] is not None:
            found = self.companies[found["merged_into_id"]]
        good = found and str(found["type"]) == "company" and found["tax_id"]
        return found if good else None

    def standing(self, row):
        """Whether a row is neither a correction nor corrected nor noted as not counting."""
        return row["reverses_id"] is None and row["id"] not in self.corrected and row["not_counted"] is None

    def excluded(self, row):
        """Whether a rule of the call leaves a row out."""
        return any(
            e["valid_from"] <= row["happened_on"] <= (e["valid_until"] or row["happened_on"])
            and (not e["verbs"] or row["verb"] in e["verbs"])
            and all(row["attributes"].get(k) in v for k, v in e["condition"].items())
            for e in self.exclusions
        )

    def sound(self, verbs, start, end):
        """The rows that count for whoever counts `verbs`."""
        return [
            r for r in self.log
            if r["verb"] in verbs and start <= r["happened_on"] <= end and self.standing(r)
            and not self.excluded(r)
        ]  # fmt: skip

    def serving(self, verbs, start, end):
        """The sound rows that hang on a company with a partita IVA."""
        return [r for r in self.sound(verbs, start, end) if self.company(r)]

    def members(self, start, end):
        """One row per membership in force on the period's last day, or today while it lasts.

        Of a period that has not begun: those in force today that will still be when it begins.
        """
        on = min(end, self.today)
        found = []
        for m in self.memberships:
            company = self.company(m)
            if company and m["since"] <= on and (m["until"] is None or m["until"] >= max(on, start)):
                looks = {
                    "sector": self.sectors.get(company["sector_id"]), "province": company["province"],
                    "size": None if company["size"] is None else str(company["size"]),
                }  # fmt: skip
                looks = {k: v for k, v in looks.items() if v}
                found.append({"id": m["id"], "company_id": company["id"], "attributes": looks})
        return found

    def distinct(self, rows):
        """How many companies stand behind rows."""
        return Decimal(len({self.company(r)["id"] for r in rows}))


def count(books, start, end, *verbs):
    """A figure that counts rows."""
    return Counted(lambda a, _b: (Decimal(len(a)), None, None), books.sound(set(verbs), start, end))


def companies(books, start, end, *verbs):
    """A figure that counts companies."""
    return Counted(lambda a, _b: (books.distinct(a), None, None), books.serving(set(verbs), start, end))


def per_cent(part, whole):
    """In percent with one decimal; of nothing there is none."""
    return (100 * Decimal(part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


def _share(over, under):
    return per_cent(over, under), over, under


def _new(b, start, end):
    rows = b.serving(SERVICES, start, end)
    before = {b.company(r)["id"] for r in b.serving(SERVICES, start.replace(year=1900), end)
              if r["happened_on"] < start}  # fmt: skip
    fresh = [r for r in rows if b.company(r)["id"] not in before]
    return Counted(lambda a, _b: (b.distinct(a), None, None), fresh)


def _members(b, start, end):
    return Counted(lambda a, _b: (b.distinct(a), None, None), b.members(start, end))


def _contacted(b, start, end):
    members = b.members(start, end)
    ids = {m["company_id"] for m in members}
    rows = b.serving({"attendance.present", "audit.visited"}, start, end)
    reached = [r for r in rows if b.company(r)["id"] in ids]
    return Counted(lambda a, d: _share(b.distinct(a), b.distinct(d)), reached, members)


def _came(b, start, end):
    present = b.sound({"attendance.present"}, start, end)
    absent = [
        r for r in b.log
        if r["verb"] in {"attendance.absent", "attendance.present"} and start <= r["happened_on"] <= end
        and r["not_counted"] in (None, "absent") and b.standing(r | {"not_counted": None}) and not b.excluded(r)
    ]  # fmt: skip
    return Counted(lambda a, d: _share(Decimal(len(a)), Decimal(len(d))), present, absent)


def _mean(b, start, end):
    def make(rows, _below):
        if not rows:
            return None, None, Decimal(0)
        total = sum((Decimal(str(r["amount"])) for r in rows), Decimal(0))
        return (total / len(rows)).quantize(Decimal("0.01"), ROUND_HALF_UP), None, Decimal(len(rows))

    return Counted(make, [r for r in b.sound({"feedback.given"}, start, end) if r["amount"] is not None])


def _reached(b, start, end):
    rows = [r for r in b.sound({"newsletter.reached"}, start, end) if r["contact_id"] is not None]
    return Counted(lambda a, _b: (Decimal(len({r["contact_id"] for r in a})), None, None), rows)


def _strategic(b, start, end):
    rows = b.sound({"publication.published"}, start, end)
    on_b = [r for r in rows if str(b.lines.get(r["activity_line_id"], {}).get("kind")) == "b"]
    return Counted(lambda a, _b: (Decimal(len(a)), None, None), on_b)


def _agreements(b, start, end):
    rows = b.sound({"agreement.signed"}, start, end)
    active = [r for r in rows if r["attributes"].get("cooperation") == "active"]
    return Counted(lambda a, _b: (Decimal(len(a)), None, None), active)


def _funded(b, start, end):
    funded, decided = (
        b.sound({"application.funded"}, start, end),
        b.sound({"application.decided"}, start, end),
    )
    return Counted(lambda a, d: (Decimal(len(a)), Decimal(len(a)), Decimal(len(d))), funded, decided)


def _downloads(b, start, end):
    return _summed(b, "publication.downloaded", start, end)


def _money_granted(b, start, end):
    return _summed(b, "application.funded", start, end)


def _summed(b, verb, start, end):
    rows = [r for r in b.sound({verb}, start, end) if r["amount"] is not None]
    return Counted(
        lambda a, _b: (sum((Decimal(str(r["amount"])) for r in a), Decimal("0.00")), None, None), rows
    )


def _converted(b, start, end):
    audited = b.serving({"audit.visited"}, start, end)
    # An application that a call leaves out of its count is still an application.
    applied = [r for r in b.log if r["verb"] == "application.submitted" and b.standing(r)]

    def follows(row):
        root, last = _root(b, row), row["happened_on"] + timedelta(days=365)
        return any(_root(b, r) == root and row["happened_on"] <= r["happened_on"] <= last for r in applied)

    return Counted(
        lambda a, d: _share(b.distinct(a), b.distinct(d)), [r for r in audited if follows(r)], audited
    )


def _root(b, row):
    found = b.company(row)
    return found["id"] if found else None


def _spent(b, start, end):
    rows = [
        m | {"attributes": {"line": b.lines[m["activity_line_id"]]["code"]}}
        for m in b.money
        if start.year <= m["year"] <= end.year
    ]

    def make(rows, _below):
        spent = Decimal(sum(r["spent_cents"] for r in rows)) / 100
        return _share(spent, Decimal(sum(r["budget_cents"] for r in rows)) / 100)

    return Counted(make, rows)


def _proven(b, start, end):
    seen = [
        r for r in b.log
        if r["verb"] in PROVEN and start <= r["happened_on"] <= end and r["reverses_id"] is None
        and r["id"] not in b.corrected and (r["not_counted"] is not None or not b.excluded(r))
    ]  # fmt: skip
    full = [r for r in seen if r["not_counted"] is None and r["attributes"].get("evidence") != "missing"]
    return Counted(lambda a, d: _share(Decimal(len(a)), Decimal(len(d))), full, seen)


def _of(how, *verbs):
    return lambda b, start, end: how(b, start, end, *verbs)


INDICATORS = {
    "AD-01": _members,
    "AD-02": _new,
    "AD-03": _contacted,
    "DV-01": _of(count, "workshop.held"),
    "DV-02": _of(count, "attendance.present"),
    "DV-03": _of(companies, "attendance.present"),
    "DV-04": _came,
    "DV-05": _mean,
    "DV-06": _of(count, "newsletter.sent"),
    "DV-07": _reached,
    "DV-08": _of(count, "publication.published"),
    "DV-09": _downloads,
    "IS-01": _strategic,
    "IS-02": _of(count, "roadmap.approved"),
    "RE-01": _of(count, "audit.visited"),
    "RE-02": _of(companies, "audit.visited"),
    "RE-03": _of(count, "audit.area_found"),
    "RE-04": _of(count, "audit.visited", "meeting.held"),
    "RE-05": _agreements,
    "FI-01": _of(count, "application.submitted"),
    "FI-02": _funded,
    "FI-03": _money_granted,
    "FI-04": _converted,
    "PF-01": _spent,
    "PF-02": _proven,
}
# The kinds of rows that an indicator looks at and never counts.
ONLY_SEEN = {
    "AD-02": {"attendance.absent"}, "DV-01": {"workshop.cancelled"}, "DV-02": {"attendance.absent"},
    "DV-03": {"attendance.absent"}, "DV-04": {"attendance.absent"}, "DV-07": {"newsletter.bounced"},
}  # fmt: skip
COUNTED = {
    "AD-02": SERVICES, "AD-03": {"attendance.present", "audit.visited"}, "DV-01": {"workshop.held"},
    "DV-02": {"attendance.present"}, "DV-03": {"attendance.present"}, "DV-04": {"attendance.present"},
    "DV-05": {"feedback.given"}, "DV-06": {"newsletter.sent"}, "DV-07": {"newsletter.reached"},
    "DV-08": {"publication.published"}, "DV-09": {"publication.downloaded"}, "IS-01": {"publication.published"},
    "IS-02": {"roadmap.approved"}, "RE-01": {"audit.visited"}, "RE-02": {"audit.visited"},
    "RE-03": {"audit.area_found"}, "RE-04": {"audit.visited", "meeting.held"}, "RE-05": {"agreement.signed"},
    "FI-01": {"application.submitted"}, "FI-02": {"application.funded"}, "FI-03": {"application.funded"},
    "FI-04": {"audit.visited"}, "PF-02": PROVEN,
}  # fmt: skip


def looked_at(b, code, start, end):
    """The ids of all rows above the line, counted or not: the log's, memberships, or the annex's."""
    if code == "AD-01":
        return {m["id"] for m in b.memberships if m["since"] <= end and (m["until"] or end) >= start}
    if code == "PF-01":
        return {m["id"] for m in b.money if start.year <= m["year"] <= end.year}
    mine = COUNTED[code] | ONLY_SEEN.get(code, set())
    rows = [r for r in b.log if r["verb"] in mine and start <= r["happened_on"] <= end]
    if code == "IS-01":
        rows = [r for r in rows if str(b.lines.get(r["activity_line_id"], {}).get("kind")) == "b"]
    if code == "RE-05":
        rows = [r for r in rows if r["attributes"].get("cooperation") == "active"]
    return {r["id"] for r in rows}


SPLITS = {
    "AD-01": ["sector", "size", "province"], "AD-02": ["sector", "size", "channel"], "AD-03": ["sector", "size"],
    "DV-01": ["sector", "mode", "macro_area"], "DV-02": ["role", "organisation_type"],
    "DV-03": ["sector", "size", "province", "returning"], "DV-04": ["sector", "mode"], "DV-05": ["sector", "mode"],
    "DV-06": ["language", "sector"], "DV-07": ["organisation_type", "sector"],
    "DV-08": ["type", "language", "open_access"], "DV-09": ["type", "language"], "IS-01": ["macro_area"],
    "IS-02": ["application_area"], "RE-01": ["sector", "size"], "RE-02": ["sector", "size", "returning"],
    "RE-03": ["area_type"], "RE-04": ["sector"], "RE-05": ["partner", "sector"],
    "FI-01": ["call", "catalogue_code", "sector"], "FI-02": ["call", "size"], "FI-03": ["call", "sector"],
    "FI-04": ["sector"], "PF-01": ["line"], "PF-02": ["line"],
}  # fmt: skip
