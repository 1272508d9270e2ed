"""What the district did before it used the program: audits and applications, imported from a spreadsheet.

The files are made here, with dates that end a month before the day of loading, and go through the import
of past years like anybody's: 212 companies audited, 84 applications for funding.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from dissemination.pastyears import actions
from dissemination.plan import periods
from dissemination.plan.periods import Period
from dissemination.sample.companies import tax_id
from dissemination.sample.dates import DAY, at, nobody_meets, spread
from dissemination.sample.world import World, rows

AUDITS, APPLICATIONS, MEETINGS = 212, 84, 40
TWICE = 6  # companies that apply a second time
ENTERED = 30  # days before today when the file was imported
FORGOTTEN, FOUND = 2, 12  # audits of the reported half-year entered after its sign-off; days before today
HEADER = (
    "Tipo", "Data", "Partita IVA", "Impresa", "Oggetto", "Linea", "Importo", "Settore", "Dimensione",
    "Provincia", "Tipo di miglioramento", "Bando", "Codice catalogo", "Partner", "Collaborazione",
    "Ambito di applicazione",
)  # fmt: skip
IMPROVED = "Tipo di miglioramento"
AREAS = ("processo", "energia e acqua", "controllo di qualità", "materiali", "organizzazione", "digitale")
CALLS = (("Voucher innovazione", "B.1"), ("Ricerca e sviluppo PMI", "A.2"), ("Microinnovazione", "B.2"))
PARTNERS = ("Università", "Centro di ricerca", "Laboratorio di prova")


@dataclass(frozen=True)
class Audited:
    """A company with the day of its audit."""

    tax_id: str
    name: str
    sector: str
    size: str
    province: str
    day: date


def schedule(world: World) -> None:
    """Put both imports on the line of events: the whole, and later what was forgotten."""
    lines = lines_of(world)
    forgotten = _forgotten(world, lines)
    for name, days, own in (
        ("attivita-precedenti.csv", ENTERED, [x for x in lines if x not in forgotten]),
        ("audit-dimenticati.csv", FOUND, forgotten),
    ):
        moment = at(world.today - days * DAY, "10:00")
        world.then(moment, partial(_import, world, name, _spreadsheet(own).encode()))


def last_over(world: World) -> Period:
    """The last half-year that was over when the first file was imported: the one that is reported."""
    halves = periods.half_years(world.plan)
    return [half for half in halves if half.end < world.today - ENTERED * DAY][-1]


def _forgotten(world: World, lines: list[dict]) -> list[dict]:
    """What the first file lacked: the last audits of the reported half-year, with what they found."""
    last = last_over(world).end.isoformat()
    audits = [x for x in lines if x["Tipo"] == "audit" and x["Data"] <= last]
    companies = {x["Partita IVA"] for x in sorted(audits, key=lambda x: x["Data"])[-FORGOTTEN:]}
    kinds = ("audit", "area di miglioramento")
    return [x for x in lines if x["Partita IVA"] in companies and x["Tipo"] in kinds]


def _import(world: World, name: str, data: bytes) -> None:
    row = actions.enter_at_once(world.district, name, data, line="c", by=world.bice)
    if row.counts.keys() != {"new"}:
        raise ValueError(f"the sample's history has lines that are not new: {row.counts}")


def lines_of(world: World) -> list[dict]:
    """All lines by date; a chance of their own, so that the rest of the sample stays as it is."""
    chance = Random(212_84)
    until = world.today - (ENTERED + 5) * DAY
    audited = _audited(world, until)
    lines = [_line(c, "audit", c.day, f"Audit tecnologico: {c.name}") for c in audited]
    lines += [
        _line(c, "area di miglioramento", c.day, f"{area.capitalize()}: {c.name}", **{IMPROVED: area})
        for c in audited
        for area in chance.sample(AREAS, chance.choice((1, 2, 2, 3)))
    ]
    lines += [
        _line(c, "incontro", min(c.day + 40 * DAY, until), f"Incontro con un esperto: {c.name}")
        for c in chance.sample(audited, MEETINGS)
    ]
    lines += _applications(chance, audited, until)
    lines += [
        _line(c, "accordo", min(c.day + 90 * DAY, until), f"Accordo di prova condivisa: {c.name}",
              Partner=PARTNERS[n % 3], Collaborazione="active")
        for n, c in enumerate(chance.sample(audited, 6))
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line["Data"])


def _spreadsheet(lines: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _audited(world: World, until: date) -> list[Audited]:
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
            Audited(number, facts["name"], facts["sector"], facts["size"], facts["province"], day)
        )  # fmt: skip
    return found


def _applications(chance: Random, audited: list[Audited], until: date) -> list[dict]:
    early = audited[: len(audited) * 2 // 3]
    chosen = chance.sample(early, APPLICATIONS - TWICE)
    lines = []
    for n, c in enumerate([*chosen, *chosen[:TWICE]]):
        call, code = CALLS[n % len(CALLS)]
        day = min(c.day + timedelta(days=chance.randint(20, 200)), until)
        number = 2 if n >= len(chosen) else 1
        facts = {"Bando": call, "Codice catalogo": code}
        lines.append(_line(c, "domanda", day, f"{call}, domanda {number}: {c.name}", **facts))
        decided = day + timedelta(days=chance.randint(60, 120))
        amount = chance.randrange(8_000, 60_000, 500)
        funded = chance.random() < 0.55
        if decided <= until:
            lines.append(_line(c, "domanda valutata", decided, f"{call}, esito {number}: {c.name}", **facts))
            if funded:
                title = f"{call}, contributo {number}: {c.name}"
                lines.append(_line(c, "domanda finanziata", decided, title, Importo=f"{amount},00", **facts))
    return lines


def _line(c: Audited, kind: str, day: date, title: str, **more: str) -> dict:
    common = {
        "Tipo": kind, "Data": day.isoformat(), "Partita IVA": c.tax_id, "Impresa": c.name, "Oggetto": title,
        "Settore": c.sector, "Dimensione": c.size, "Provincia": c.province,
    }  # fmt: skip
    return common | more
