"""Which workshops were followed by audits and funded applications: "preceded by", never "caused by".

Counted from the activity log, as the plan's figures are: presence of companies at a workshop, audits with
their visit sheet, applications submitted and funded. A company counts once for a workshop and once in the
totals, merged duplicates as one; an audit or application that followed on two workshops stands at both, so
the lines may add up to more than the totals.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dissemination.applications.models import Application
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.people.models import Company
from dissemination.people.queries import surviving_ids
from dissemination.plan.log import Activity
from dissemination.workshops.models import Workshop

PRESENT, VISITED = "attendance.present", "audit.visited"
SUBMITTED, FUNDED = "application.submitted", "application.funded"
WHAT = ("companies", "audits", "applications", "funded")
"""What the columns count, and what one can open."""


@dataclass(frozen=True)
class Deed:
    """A row of the log: what a company did, on what day."""

    company_id: int  # the one that stands today
    on: date
    kind: str
    subject_id: int
    title: str
    amount: Decimal | None = None

    @property
    def subject(self) -> tuple[str, int]:
        """What it was: an audit or an application, or a line of an import of past years."""
        return self.kind, self.subject_id


@dataclass
class Effect:
    """One workshop: its companies, and what followed within the window."""

    workshop_id: int
    slug: str
    title: str
    on: date
    companies: set[int] = field(default_factory=set)
    audits: list[Deed] = field(default_factory=list)
    applications: list[Deed] = field(default_factory=list)
    funded: list[Deed] = field(default_factory=list)

    @property
    def audited(self) -> set[int]:
        """The companies that were audited afterwards."""
        return {deed.company_id for deed in self.audits}

    @property
    def granted(self) -> Decimal:
        """EUR granted to applications that followed."""
        return sum((deed.amount or Decimal(0) for deed in self.funded), Decimal(0))


@dataclass(frozen=True)
class Report:
    """All workshops with presence, the newest first, and the totals in which each thing stands once."""

    days: int
    effects: list[Effect]

    def companies(self) -> int:
        """Different companies that attended."""
        return len({c for e in self.effects for c in e.companies})

    def audited(self) -> int:
        """Different companies audited after a workshop."""
        return len({c for e in self.effects for c in e.audited})

    def applications(self) -> int:
        """Different applications submitted after a workshop."""
        return len({d.subject for e in self.effects for d in e.applications})

    def funded(self) -> int:
        """Different applications of those that were funded."""
        return len({d.subject for e in self.effects for d in e.funded})

    def granted(self) -> Decimal:
        """EUR granted to them, each once."""
        amounts = {d.subject: d.amount or Decimal(0) for e in self.effects for d in e.funded}
        return sum(amounts.values(), Decimal(0))


def report(district: District, *, days: int, since: date | None = None, until: date | None = None) -> Report:
    """What followed on each workshop within `days` days; workshops held from `since` to `until`.

    An application follows when it was *submitted* within the window; it is funded whenever the decision
    came. A funded application that was imported from past years has a day of its own, which has to be
    within the window: an import does not say which submission it belongs to.
    """
    rows = _rows(district.id, (PRESENT, VISITED, SUBMITTED, FUNDED))
    ids = surviving_ids({row.company_id for row in rows})
    deeds: dict[str, list[Deed]] = defaultdict(list)
    for row in rows:
        deeds[row.verb].append(
            Deed(
                ids[row.company_id], row.happened_on, row.subject_kind, row.subject_id, row.title, row.amount
            )
        )
    effects = _workshops(district, deeds[PRESENT], since, until)
    money = {d.subject: d for d in deeds[FUNDED] if d.kind == Application.__tablename__}
    imported = _by_company(d for d in deeds[FUNDED] if d.kind != Application.__tablename__)
    later, asked = _by_company(deeds[VISITED]), _by_company(deeds[SUBMITTED])
    for effect in effects:
        last = effect.on + timedelta(days=days)
        effect.audits = _following(effect, later, last)
        effect.applications = _following(effect, asked, last)
        granted = [money[d.subject] for d in effect.applications if d.subject in money]
        effect.funded = [*granted, *_following(effect, imported, last)]
    return Report(days, effects)


def _rows(district_id: int, verbs: tuple[str, ...]):
    back = aliased(Activity)
    query = (
        select(
            Activity.verb, Activity.company_id, Activity.happened_on, Activity.subject_kind,
            Activity.subject_id, Activity.title, Activity.amount,
        )
        .outerjoin(back, back.reverses_id == Activity.id)
        .where(
            Activity.district_id == district_id, Activity.verb.in_(verbs), Activity.company_id.is_not(None),
            Activity.not_counted.is_(None), Activity.reverses_id.is_(None), back.id.is_(None),
        )
    )  # fmt: skip
    return db.session.execute(query).all()


def _workshops(
    district: District, present: list[Deed], since: date | None, until: date | None
) -> list[Effect]:
    came: dict[int, set[int]] = defaultdict(set)
    days: dict[int, date] = {}
    for deed in present:
        inside = (since is None or deed.on >= since) and (until is None or deed.on <= until)
        if deed.kind == Workshop.__tablename__ and inside:
            came[deed.subject_id].add(deed.company_id)
            days[deed.subject_id] = deed.on
    query = select(Workshop).where(Workshop.district_id == district.id, Workshop.id.in_(list(came)))
    effects = [
        Effect(w.id, w.slug, translated(w, "title"), days[w.id], came[w.id])
        for w in db.session.scalars(query)
    ]
    return sorted(effects, key=lambda e: (e.on, e.workshop_id), reverse=True)


def _by_company(deeds) -> dict[int, list[Deed]]:
    found: dict[int, list[Deed]] = defaultdict(list)
    for deed in deeds:
        found[deed.company_id].append(deed)
    return found


def _following(effect: Effect, deeds: dict[int, list[Deed]], last: date) -> list[Deed]:
    found = [d for c in effect.companies for d in deeds.get(c, ()) if effect.on <= d.on <= last]
    return sorted(found, key=lambda d: (d.on, d.subject_id))


def names(district_id: int, ids) -> dict[int, Company]:
    """The companies with these ids."""
    query = select(Company).where(Company.district_id == district_id, Company.id.in_(list(ids)))
    return {c.id: c for c in db.session.scalars(query)}


def before(district: District, kind: str, subject_id: int, *, days: int) -> list[Effect]:
    """The workshops that preceded an audit or an application ("audits", "applications", and its id)."""
    found = report(district, days=days).effects
    return [
        e for e in found
        if any(d.subject == (kind, subject_id) for d in (*e.audits, *e.applications))
    ]  # fmt: skip
