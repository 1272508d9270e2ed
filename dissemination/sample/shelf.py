"""What becomes of the sample's works: who may read them, a newer version, a tombstone, drafts, readers.

A chance of its own, so that the rest of the sample stays as it is.
"""

from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import insert, select

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Person
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.publications import actions
from dissemination.publications.models import Publication
from dissemination.sample.dates import DAY, at
from dissemination.sample.world import World
from dissemination.usage import actions as counting
from dissemination.usage import noting
from dissemination.usage.models import UsageHit, What

RESTRICTED = {
    "moda22": (Access.EMBARGOED, 75), "moda18": (Access.EMBARGOED, -40), "moda24": (Access.MEMBERS, None),
    "moda28": (Access.CLOSED, None),
}  # fmt: skip
"""Citation key -> access, and the days from today to the last day of its embargo."""
REVISED, VERSION = "moda10", "2.0"
WEEK = timedelta(days=7)
READERS = (2, 14)  # a week, of all works together
TAKES_FILE = 0.6
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def schedule(world: World) -> None:
    """Put what happens to the works, and the weeks of their readers, on the line of events."""
    world.then(at(world.today - 28 * DAY, "16:00"), partial(_renew, world))
    world.then(at(world.today - 26 * DAY, "11:00"), partial(_add_and_withdraw, world))
    world.then(at(world.today - 6 * DAY, "15:10"), partial(_leave_drafts, world))
    chance, day = Random(101), world.plan.starts_on + 20 * DAY
    while day < world.today:
        world.then(at(day, "23:40"), partial(_week, world, chance))
        day += WEEK


def restricted(world: World, citation_key: str) -> dict:
    """The facts of a work that not everybody may read; {} of most."""
    access, days = RESTRICTED.get(citation_key, (None, None))
    if access is None:
        return {}
    until = world.today + days * DAY if days is not None else None
    return {"access": access, "embargo_until": until}


def _renew(world: World) -> None:
    former = db.session.scalars(
        select(Publication).where(
            Publication.district_id == world.district.id, Publication.citation_key == REVISED
        )
    ).one()
    made, today = actions.new_version(former, by=world.ada), clock.today(world.district.zone)
    actions.revise(
        made, by=world.ada, version=made.version, version_label=VERSION, issued=today,
        abstract_it=former.abstract_it + " Aggiornata con i primi atti delegati.",
    )  # fmt: skip
    actions.publish(made, by=world.bice)


def _add_and_withdraw(world: World) -> None:
    made = _add(
        world, "Prezzi dei filati rigenerati: prima rilevazione", "Prices of recycled yarns: first survey",
        "Sei filature, quattro titoli, i prezzi di un trimestre.", kind=Kind.REPORT,
    )  # fmt: skip
    actions.approve(made, by=world.bice)
    actions.publish(made, by=world.bice)
    reason = "Due filature hanno comunicato prezzi sbagliati: la rilevazione va rifatta."
    world.then(
        at(world.today - 24 * DAY, "09:20"), partial(actions.withdraw, made, reason=reason, by=world.bice)
    )


def _leave_drafts(world: World) -> None:
    asked = _add(
        world, "Roadmap dell'acqua in tintoria", "Roadmap of water in dyeing",
        "Tre traguardi in cinque anni: misurare, riusare, chiudere il ciclo.", kind=Kind.ROADMAP, line="b",
    )  # fmt: skip
    actions.ask_approval(asked, text="Pronta per la riunione del comitato di indirizzo.", by=world.ada)
    returned = _add(
        world, "Scarti di pelle in concia: quanti e quali", "Leather offcuts in tanning: how many, which",
        "Prime pesate in nove concerie.", kind=Kind.BROCHURE,
    )  # fmt: skip
    actions.ask_approval(returned, by=world.ada)
    actions.want_changes(returned, text="Manca la fonte delle pesate: chi le ha fatte?", by=world.bice)


def _add(world: World, title_it: str, title_en: str, abstract_it: str, *, kind: Kind, line: str = "a"):
    return actions.add(
        world.district, by=world.ada, kind=kind, title_it=title_it, title_en=title_en,
        abstract_it=abstract_it, issued=clock.today(world.district.zone), licence="CC-BY-4.0", language="it",
        authors=[Person(world.district.name_it, organisation=True)],
        activity_line_id=world.line(line).id, macro_area_id=world.area(1).id,
    )  # fmt: skip


def _week(world: World, chance: Random) -> None:
    """Readers of a week, noted on its last day; the hours before it are counted, and months that are over."""
    counting.fold()
    counting.log_months(world.district)
    works = db.session.scalars(
        select(Publication)
        .where(Publication.district_id == world.district.id, Publication.published_at.is_not(None))
        .order_by(Publication.id)
    ).all()
    if not works:
        return
    hits = [
        hit
        for _ in range(chance.randint(*READERS))
        for hit in _reader(chance, chance.choice(works), clock.now() - chance.random() * timedelta(hours=12))
    ]
    db.session.execute(insert(UsageHit), hits)


def _reader(chance: Random, work: Publication, moment: datetime) -> list[dict]:
    """A view of the page, and mostly a file of it a minute later."""
    address = f"192.0.2.{chance.randint(1, 254)}"  # RFC 5737: nobody's
    visitor = noting.visitor(address, BROWSER, day=moment.date())
    common = {"publication_id": work.id, "visitor": visitor}
    found = [{**common, "what": What.VIEW, "file_id": 0, "at": moment}]
    open_to_all = work.access is Access.OPEN and work.files
    if open_to_all and chance.random() < TAKES_FILE:
        file = work.files[0].id
        later = moment + timedelta(seconds=70)
        found.append({**common, "what": What.DOWNLOAD, "file_id": file, "at": later})
    return found
