"""The thirty works of publications.bib: imported in batches through the same steps as a user's upload."""

import re
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import groupby

from dissemination.bibliography import bibtex
from dissemination.publications import actions
from dissemination.publications.models import Publication
from dissemination.sample import pdf, shelf
from dissemination.sample.dates import at, spread
from dissemination.sample.world import DATA, World, table

LAST = 9  # days before today when the last work came out
WITH_FILE = 0.6  # how many have their document in the archive


def schedule(world: World) -> None:
    """Put one import a month on the line of events, and the publishing of each work two days later."""
    placed = table("publications")
    for batch in _batches(world):
        text = "\n".join(entry for _day, entry in batch)
        moment = at(batch[-1][0] + timedelta(days=2), "10:30")
        world.then(moment, partial(_import, world, text, placed))


def _batches(world: World) -> list[list[tuple]]:
    """The entries with their dates filled in, by the month in which they came out."""
    text = (DATA / "publications.bib").read_text("utf-8")
    entries = [e for e in re.split(r"(?m)^(?=@)", text) if e.startswith("@")]
    first, last = world.plan.starts_on + timedelta(days=12), world.today - timedelta(days=LAST)
    dated = []
    for n, entry in enumerate(entries):
        day = spread(first, last, n, len(entries))
        dated.append((day, entry.replace("@DATE@", f"{day:%Y-%m}")))
    return [list(group) for _month, group in groupby(dated, key=lambda pair: (pair[0].year, pair[0].month))]


def _import(world: World, text: str, placed: dict) -> None:
    """Upload, preview, import as drafts; then file, complete and publish each."""
    upload = actions.keep_upload(
        world.district, BytesIO(text.encode()), "nuove-uscite.bib", language="it", by=world.ada
    )
    reading = bibtex.read(text.encode(), language="it")
    if reading.problems:
        raise ValueError("; ".join(f"line {p.line}: {p.message}" for p in reading.problems))
    made = actions.finish_import(
        upload, [found.record for found in reading.found], by=world.ada, published=False,
        activity_line_id=world.line("a").id,
    )  # fmt: skip
    for publication in made:
        _complete(world, publication, *placed[publication.citation_key])


def _complete(world: World, publication: Publication, line: str, sector: str, area: int) -> None:
    actions.revise(
        publication, by=world.ada, version=publication.version, activity_line_id=world.line(line).id,
        sector_id=world.sector(sector).id if sector else None,
        macro_area_id=world.area(area).id if area else None,
        **shelf.restricted(world, publication.citation_key),
    )  # fmt: skip
    if world.chance.random() < WITH_FILE or not (publication.url or publication.doi):
        title = publication.title_it if publication.language == "it" else publication.title_en
        names = ", ".join(f"{a.given_name} {a.family_name}".strip() for a in publication.authors)
        abstract = publication.abstract_it or publication.abstract_en
        lines = [title, "", names, "", abstract, "", "Opera inventata, per il distretto di esempio."]
        document = pdf.document(publication.publisher or publication.container, lines)
        actions.attach(publication, BytesIO(document), f"{publication.slug[:60]}.pdf")
    actions.publish(publication, by=world.bice)
