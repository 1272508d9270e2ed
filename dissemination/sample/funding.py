"""The calls, the laboratories and 84 applications for funding; a few more are being prepared."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import partial
from random import Random

from sqlalchemy import select

from dissemination.applications import actions, life
from dissemination.applications.actions import Facts
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.audits.models import Audit, ImprovementArea
from dissemination.calls import actions as calls
from dissemination.calls.models import Call, Service
from dissemination.calls.moments import last_moment
from dissemination.kernel.database import db
from dissemination.people.models import Company, Contact, OrganisationType
from dissemination.research import labs, meetings
from dissemination.research.models import Laboratory
from dissemination.sample.audits import ENTERED, Audited, forgotten
from dissemination.sample.dates import DAY, at
from dissemination.sample.world import World, table

APPLICATIONS, TWICE = 84, 6  # companies that apply a second time
FUNDED = 0.55
PREPARED = 4
THOUSAND = Decimal(1000)


@dataclass(frozen=True)
class Plan:
    """One application as chance wants it."""

    audited: Audited
    number: int
    day: date
    decided: date
    granted: bool
    cost: Decimal


def schedule(world: World, audited: list[Audited]) -> None:
    """Put the catalogue, the calls, the laboratories and the applications on the line of events."""
    world.then(at(world.plan.starts_on + 8 * DAY), partial(_catalogue, world))
    world.then(at(world.plan.starts_on + 9 * DAY), partial(_laboratories, world))
    late = forgotten(world, audited)
    known = [a for a in audited if a.tax_id not in late]
    plans = _plans(Random(84), known, world.today - (ENTERED + 5) * DAY)
    world.then(at(world.today - ENTERED * DAY, "12:00"), partial(_enter, world, plans))
    world.then(at(world.today - 7 * DAY, "11:40"), partial(_prepare, world))
    world.then(at(world.today - 5 * DAY, "16:30"), partial(_meet, world))


def _catalogue(world: World) -> None:
    calls.adopt_starter(world.district)
    codes = {s.code: s.id for s in _services(world)}
    for facts in table("audits")["calls"]:
        own = {name: value for name, value in facts.items() if name not in ("services", "cutoffs", "cap")}
        deadlines = [last_moment(world.today + days * DAY, world.district.zone) for days in facts["cutoffs"]]
        call = calls.add_call(
            world.district, deadlines=deadlines, service_ids=[codes[c] for c in facts["services"]],
            by=world.ada, cap=Decimal(facts["cap"]), url="https://bandi.example/moda", **own,
        )  # fmt: skip
        calls.publish(call)


def _services(world: World) -> list[Service]:
    return list(db.session.scalars(select(Service).where(Service.district_id == world.district.id)))


def _laboratories(world: World) -> None:
    bodies = {
        c.name: c for c in db.session.scalars(
            select(Company).where(
                Company.district_id == world.district.id, Company.type == OrganisationType.RESEARCH
            )
        )
    }  # fmt: skip
    for facts in table("audits")["laboratories"]:
        own = {name: value for name, value in facts.items() if name != "organisation"}
        body = bodies[facts["organisation"]]
        contact = db.session.scalars(select(Contact).where(Contact.company_id == body.id)).first()
        made = labs.add(
            world.district, by=world.ada, organisation_id=body.id, contact_id=contact.id if contact else None,
            website=body.website, **own,
        )  # fmt: skip
        labs.publish(made)


def _plans(chance: Random, audited: list[Audited], until: date) -> list[Plan]:
    early = [a for a in audited[: len(audited) * 2 // 3] if a.size != "large"]
    chosen = chance.sample(early, APPLICATIONS - TWICE)
    found = []
    for n, a in enumerate([*chosen, *chosen[:TWICE]]):
        day = min(a.day + timedelta(days=chance.randint(20, 200)), until)
        decided = day + timedelta(days=chance.randint(60, 120))
        cost = Decimal(chance.randrange(8, 40)) * THOUSAND
        found.append(Plan(a, 2 if n >= len(chosen) else 1, day, decided, chance.random() < FUNDED, cost))
    return sorted(found, key=lambda p: p.day)


def _enter(world: World, plans: list[Plan]) -> None:
    """All applications with their days, from the papers, on the day on which the audits were entered."""
    audits = {
        a.company.tax_id: a for a in db.session.scalars(
            select(Audit).where(Audit.district_id == world.district.id).order_by(Audit.visited_on.desc())
        )
    }  # fmt: skip
    offered = _calls(world)
    for n, plan in enumerate(plans, start=1):
        audit = audits[plan.audited.tax_id]
        area, call = _fitting(audit, offered, skip=plan.number - 1)
        made = _add(world, audit, area, call, cost=plan.cost, on=plan.day)
        _live(world, made, plan, f"ESEMPIO/{plan.day.year}/{n:04}")


def _calls(world: World) -> list[Call]:
    query = select(Call).where(Call.district_id == world.district.id).order_by(Call.id)
    return list(db.session.scalars(query))


def _fitting(audit: Audit, offered: list[Call], *, skip: int) -> tuple[ImprovementArea, Call]:
    """An area of the audit and a call that pays for its service; the next one for a second application."""
    pairs = [(area, call) for area in audit.areas for call in offered if area.service in call.services]
    return pairs[min(skip, len(pairs) - 1)]


def _add(
    world: World, audit: Audit, area: ImprovementArea, call: Call, *, cost: Decimal, on: date | None = None
) -> Application:  # fmt: skip
    service = area.service or call.services[0]
    size = audit.company.size
    percent = service.intensity.get(size.value, 40) if size else 40
    cost = min(cost, service.cost_cap or cost)
    requested = min(cost * percent / 100, call.cap or cost).quantize(Decimal("0.01"), ROUND_DOWN)
    facts = Facts(
        call=call, company=audit.company, title=area.title, line_id=world.line("c").id, services=[service],
        area=area, cost=cost, requested=requested,
    )  # fmt: skip
    return actions.add(world.district, facts, by=world.bice, on=on, stage=Stage.PREPARATION)


def _live(world: World, made: Application, plan: Plan, number: str) -> None:
    """Submitted, assessed, decided; who was funded starts, reports and is paid, as far as today reaches."""
    requested = made.requested or Decimal(0)
    granted = (requested * 9 / 10).quantize(Decimal(1), ROUND_DOWN)
    steps = [
        (Stage.SUBMITTED, plan.day, Said(protocol_number=number)),
        (Stage.ASSESSMENT, plan.day + 12 * DAY, Said()),
    ]
    if plan.granted:
        steps += [
            (Stage.FUNDED, plan.decided, Said(note=f"decreto di concessione {number}", amount=granted)),
            (Stage.STARTED, plan.decided + 25 * DAY, Said()),
            (Stage.REPORTED, plan.decided + 170 * DAY, Said()),
            (Stage.PAID, plan.decided + 215 * DAY, Said(amount=granted)),
        ]
    else:
        steps.append((Stage.NOT_ADMITTED, plan.decided, Said(note="punteggio sotto la soglia")))
    until = world.today - (ENTERED + 5) * DAY
    for stage, day, said in steps:
        if day <= until:
            life.advance(made, stage, on=day, by=world.bice, version=made.version, said=said)


def _prepare(world: World) -> None:
    """Applications that aim at the next deadline: what is missing stands on the board."""
    ahead = at(world.today, "23:59")
    latest = db.session.scalars(
        select(Audit).where(Audit.district_id == world.district.id, Audit.visited_on.is_not(None))
        .order_by(Audit.visited_on.desc(), Audit.id.desc()).limit(40)
    )  # fmt: skip
    offered, done = _calls(world), 0
    for audit in latest:
        size = audit.company.size
        pairs = [p for a in audit.areas for c in offered if a.service in c.services for p in [(a, c)]]
        if not pairs or size is None or size.value == "large":
            continue
        area, call = pairs[0]
        made = _add(world, audit, area, call, cost=Decimal(18) * THOUSAND)
        made.cutoff_id = next(c.id for c in call.cutoffs if c.closes_at > ahead)
        done += 1
        if done == PREPARED:
            return


def _meet(world: World) -> None:
    """One wish for a meeting with the laboratory that fits best to what came up in the latest audits."""
    latest = db.session.scalars(
        select(ImprovementArea).join(Audit).where(Audit.district_id == world.district.id)
        .order_by(ImprovementArea.id.desc()).limit(40)
    )  # fmt: skip
    offered = db.session.scalars(
        select(Laboratory).where(Laboratory.district_id == world.district.id).order_by(Laboratory.id)
    ).all()
    pairs = [(area, laboratory) for area in latest for laboratory in offered]
    if not pairs:
        return
    area, laboratory = max(pairs, key=lambda pair: len({*pair[0].keywords} & {*pair[1].keywords}))
    meetings.ask(
        world.district, company=area.audit.company, laboratory=laboratory, wish=area.proposed_action,
        activity_line_id=world.line("c").id, by=world.ada, origin=("improvement_areas", area.id),
    )  # fmt: skip
