"""What the district did before it used the program and has no record of its own: meetings and agreements.

The file is made here and goes through the import of past years like anybody's.
"""

import csv
import io
from functools import partial
from random import Random

from dissemination.pastyears import actions
from dissemination.sample.audits import ENTERED, Audited
from dissemination.sample.dates import DAY, at
from dissemination.sample.world import World

MEETINGS, AGREEMENTS = 40, 6
HEADER = (
    "Tipo", "Data", "Partita IVA", "Impresa", "Oggetto", "Settore", "Dimensione", "Provincia", "Partner",
    "Collaborazione",
)  # fmt: skip
PARTNERS = ("Università", "Centro di ricerca", "Laboratorio di prova")


def schedule(world: World, audited: list[Audited]) -> None:
    """Put the import on the line of events."""
    data = _spreadsheet(_lines(world, audited)).encode()
    moment = at(world.today - ENTERED * DAY, "10:00")
    world.then(moment, partial(_import, world, "attivita-precedenti.csv", data))


def _import(world: World, name: str, data: bytes) -> None:
    row = actions.enter_at_once(world.district, name, data, line="c", by=world.bice)
    if row.counts.keys() != {"new"}:
        raise ValueError(f"the sample's history has lines that are not new: {row.counts}")


def _lines(world: World, audited: list[Audited]) -> list[dict]:
    """All lines by date; a chance of their own, so that the rest of the sample stays as it is."""
    chance = Random(212_84)
    until = world.today - (ENTERED + 5) * DAY
    lines = [
        _line(a, "incontro", min(a.day + 40 * DAY, until), f"Incontro con un esperto: {a.name}")
        for a in chance.sample(audited, MEETINGS)
    ]
    lines += [
        _line(a, "accordo", min(a.day + 90 * DAY, until), f"Accordo di prova condivisa: {a.name}",
              Partner=PARTNERS[n % 3], Collaborazione="active")
        for n, a in enumerate(chance.sample(audited, AGREEMENTS))
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line["Data"])


def _spreadsheet(lines: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _line(a: Audited, kind: str, day, title: str, **more: str) -> dict:
    common = {
        "Tipo": kind, "Data": day.isoformat(), "Partita IVA": a.tax_id, "Impresa": a.name, "Oggetto": title,
        "Settore": a.sector, "Dimensione": a.size, "Provincia": a.province,
    }  # fmt: skip
    return common | more
