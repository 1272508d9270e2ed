"""212 companies audited, as a spreadsheet of past audits brings them in; a few more are on their way.

The file is made here, with dates that end a month before the day of loading, and goes through the import of
audits like anybody's.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from dissemination.audits import actions, importing
from dissemination.audits.models import Audit, Dimension
from dissemination.people.models import Company, Contact
from dissemination.plan import periods
from dissemination.plan.periods import Period
from dissemination.sample.companies import tax_id
from dissemination.sample.dates import DAY, at, nobody_meets, spread
from dissemination.sample.world import World, rows, table

AUDITS = 212
ENTERED = 30  # days before today when the file was imported
FORGOTTEN, FOUND = 2, 12  # audits of the reported half-year entered after its sign-off; days before today
HEADER = (
    "Partita IVA", "Impresa", "Provincia", "Sede", "Settore", "Dimensione", "Data contatto", "Data visita",
    "Data bozza", "Data condivisione", "Data chiusura", "Auditor", "Persone incontrate", "Reparti",
    "Punti di forza", "Punti di debolezza", "Sintesi", "Scheda di visita", "Strategia", "Organizzazione",
    "Ciclo di vita", "Fattori abilitanti", "Risultati", "Ambito", "Tipo", "Priorità", "Descrizione",
    "Azione proposta", "Risultato atteso", "Parole chiave", "Codice servizio",
)  # fmt: skip
SCORES = ("Strategia", "Organizzazione", "Ciclo di vita", "Fattori abilitanti", "Risultati")
DEPARTMENTS = (
    "produzione", "qualità", "manutenzione", "progettazione", "acquisti", "logistica interna", "vendite",
    "amministrazione",
)  # fmt: skip
AUDITORS = ("Nara Ulivi", "Tiberio Checcacci")
ON_THE_WAY = 5  # companies that have not been visited yet


@dataclass(frozen=True)
class Audited:
    """A company with the day of its audit."""

    tax_id: str
    name: str
    sector: str
    size: str
    province: str
    municipality: str
    day: date


def schedule(world: World, audited: list[Audited]) -> None:
    """Put both imports on the line of events: the whole, and later what was forgotten."""
    chance, found = Random(212), table("audits") | table("names")
    until = world.today - (ENTERED + 1) * DAY
    lines = {x.tax_id: _lines(chance, found, x, n, until) for n, x in enumerate(audited)}
    late = forgotten(world, audited)
    for name, days, own in (
        ("audit-svolti.csv", ENTERED, [a for a in audited if a.tax_id not in late]),
        ("audit-dimenticati.csv", FOUND, [a for a in audited if a.tax_id in late]),
    ):
        data = _spreadsheet([line for a in own for line in lines[a.tax_id]])
        world.then(at(world.today - days * DAY, "09:30"), partial(_import, world, name, data.encode()))
    world.then(at(world.today - 8 * DAY, "15:00"), partial(_plan, world))


def forgotten(world: World, audited: list[Audited]) -> set[str]:
    """The tax ids of those that the first file lacks: the last audits of the half-year that is reported."""
    last = last_over(world).end
    return {a.tax_id for a in [a for a in audited if a.day <= last][-FORGOTTEN:]}


def last_over(world: World) -> Period:
    """The last half-year that was over when the first file was imported: the one that is reported."""
    halves = periods.half_years(world.plan)
    return [half for half in halves if half.end < world.today - ENTERED * DAY][-1]


def audited_companies(world: World) -> list[Audited]:
    """All of them, by the day of their audit; the last one five days before the file was imported."""
    until = world.today - (ENTERED + 5) * DAY
    known = [(tax_id(n, f["province"]), f) for n, f in enumerate(rows("companies"), start=1)]
    others = [(tax_id(500 + n, f["province"]), f) for n, f in enumerate(rows("audited"), start=1)]
    companies = [*known[: AUDITS - len(others)], *others]
    Random(1).shuffle(companies)
    first = world.plan.starts_on + 20 * DAY
    found = []
    for n, (number, facts) in enumerate(companies):
        day = spread(first, until, n, len(companies))
        while nobody_meets(day):
            day -= DAY
        found.append(
            Audited(
                number, facts["name"], facts["sector"], facts["size"], facts["province"],
                facts["municipality"], day,
            )
        )  # fmt: skip
    return sorted(found, key=lambda a: a.day)


def _import(world: World, name: str, data: bytes) -> None:
    report = importing.read(data, world.district)
    if report.problems:
        raise ValueError("; ".join(f"line {p.line}: {p.message}" for p in report.problems[:5]))
    importing.enter(report, world.district, source=name, by=world.bice)


def _lines(chance: Random, found: dict, audited: Audited, number: int, until: date) -> list[dict]:
    """The lines of one audit: its facts and first area, then an area each."""
    fitting = [a for a in found["areas"] if audited.sector in a["sectors"]]
    general = [a for a in found["areas"] if not a["sectors"]]
    areas = chance.sample(fitting, chance.choice((1, 1, 2))) + chance.sample(
        general, chance.choice((0, 1, 1))
    )
    chance.shuffle(areas)
    key = {"Partita IVA": audited.tax_id, "Data visita": audited.day.isoformat()}
    lines = [key | _area(area, n) for n, area in enumerate(areas, start=1)]
    lines[0] |= _facts(chance, found, audited, number, until)
    return lines


def _facts(chance: Random, found: dict, audited: Audited, number: int, until: date) -> dict:
    drafted = audited.day + timedelta(days=chance.randint(4, 12))
    shared = drafted + timedelta(days=chance.randint(2, 7))
    closed = shared + timedelta(days=chance.randint(10, 25))
    days = {"Data bozza": drafted, "Data condivisione": shared, "Data chiusura": closed}
    # The last audits are on their way: some not written up, some in draft, some shared, none closed.
    done = sum(number < AUDITS - left for left in (4, 8, 20))
    days = {name: day for name, day in list(days.items())[:done] if day <= until}
    people = "; ".join(
        f"{chance.choice(found['given'])} {chance.choice(found['family'])}, {chance.choice(roles)}"
        for roles in found["people"][: chance.choice((1, 2, 2))]
    )
    points = [str(chance.choice((1, 2, 2, 3, 3, 3, 4, 5))) for _ in Dimension]
    return {
        "Impresa": audited.name, "Provincia": audited.province, "Sede": audited.municipality,
        "Settore": audited.sector, "Dimensione": audited.size, "Auditor": AUDITORS[number % 2],
        "Persone incontrate": people,
        "Data contatto": (audited.day - timedelta(days=chance.randint(6, 21))).isoformat(),
        "Reparti": "; ".join(chance.sample(DEPARTMENTS, chance.randint(2, 5))),
        "Punti di forza": chance.choice(found["strengths"]),
        "Punti di debolezza": chance.choice(found["weaknesses"]),
        "Sintesi": chance.choice(found["summaries"]),
        "Scheda di visita": f"faldone {audited.day.year}, scheda {number + 1}",
        **dict(zip(SCORES, points, strict=True)),
        **{name: day.isoformat() for name, day in days.items()},
    }  # fmt: skip


def _area(area: dict, priority: int) -> dict:
    return {
        "Ambito": area["title"], "Tipo": area["type"], "Priorità": str(min(priority, 3)),
        "Descrizione": area["description"], "Azione proposta": area["proposed_action"],
        "Risultato atteso": area["expected_result"], "Parole chiave": "; ".join(area["keywords"]),
        "Codice servizio": area["service"],
    }  # fmt: skip


def _spreadsheet(lines: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _plan(world: World) -> None:
    """Companies of the district that nobody audited yet: planned, one with a date, one that declined."""
    mine = Company.query.filter_by(district_id=world.district.id, merged_into_id=None).order_by(Company.id)
    never = [company for company in mine if company.tax_id in _numbers_left()]
    planned = actions.plan(
        world.district, never[:ON_THE_WAY], by=world.ada, auditor=world.ada, on=world.today - 8 * DAY,
        reason="Ha partecipato a due workshop e ha chiesto una visita in reparto.",
    )  # fmt: skip
    moving = "Trasloco in corso: se ne riparla in primavera."
    actions.declined(planned[-1], on=world.today - 8 * DAY, by=world.ada, reason=moving)
    world.then(at(world.today - 6 * DAY, "10:15"), partial(_appoint, world, planned[:-1]))


def _numbers_left() -> set[str]:
    """The tax ids of the companies in `companies.csv` that the file of past audits leaves out."""
    others = len(rows("audited"))
    return {tax_id(n, f["province"]) for n, f in enumerate(rows("companies"), start=1) if n > AUDITS - others}


def _appoint(world: World, planned: list[Audit]) -> None:
    for audit, days in zip(planned, (4, 11), strict=False):
        contact = Contact.query.filter_by(company_id=audit.company_id).order_by(Contact.id).first()
        if contact is None:
            actions.contacted(audit, on=world.today - 6 * DAY, by=world.ada)
            continue
        day = world.today + days * DAY
        while nobody_meets(day):
            day += DAY
        actions.appoint(
            audit, contact=contact, starts_at=at(day, "09:30"), ends_at=at(day, "12:00"), by=world.ada,
            place=audit.site, message="Ci bastano due ore: un giro in reparto e una chiacchierata.",
        )  # fmt: skip
