"""The sources of this package: workshops, publications, foresight notes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.kernel.languages import date_time, long_date, translated
from dissemination.newsletters import queries, texts
from dissemination.newsletters.findings import Level
from dissemination.newsletters.sources import MOST, Source, Wish, register
from dissemination.publications import access
from dissemination.publications.models import Kind, Publication
from dissemination.registrations.queries import seats_left_many
from dissemination.subscriptions.mails import public
from dissemination.workshops.feeds import place_of
from dissemination.workshops.models import State, Workshop
from dissemination.workshops.queries import upcoming

FORESIGHT = (Kind.FORESIGHT, Kind.STRATEGIC_NOTE)
NEW_WITHIN = timedelta(days=92)  # with no earlier issue, this is how far back "new" goes


def when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """ "giovedì 12 marzo 2026, 14:00-17:00", or both dates when there are two."""
    first, last = local(start, zone), local(end, zone)
    if first.date() == last.date():
        return f"{long_date(first.date())}, {first:%H:%M}–{last:%H:%M}"
    return f"{long_date(first.date())} {first:%H:%M} – {long_date(last.date())} {last:%H:%M}"


def title(row, language: str) -> str:
    """The title of a workshop or publication on one line."""
    return texts.one_line(translated(row, "title", language))


# Workshops


def _coming(district: District) -> list[Workshop]:
    return upcoming(district.id, limit=MOST)


def _workshops_of(wish: Wish) -> list[Workshop]:
    return upcoming(wish.district.id, limit=MOST, sector_ids=wish.sectors, since=wish.starts, until=wish.ends)


def _workshop_facts(workshop: Workshop) -> dict[str, str]:
    return {
        "title_it": workshop.title_it, "title_en": workshop.title_en,
        "starts_at": workshop.starts_at.isoformat(), "ends_at": workshop.ends_at.isoformat(),
        "place": "\n".join((workshop.venue, workshop.address, workshop.mode.value)),
        "cancelled": "yes" if workshop.state is State.CANCELLED else "",
    }  # fmt: skip


def _said_of_workshop(name: str, value: str, district: District) -> str:
    if name in ("starts_at", "ends_at"):
        return date_time(datetime.fromisoformat(value).astimezone(district.zone))
    if name == "place":
        venue, address, mode = value.split("\n")[:3]
        words = ", ".join(part for part in (venue, address) if part)
        if mode == "online":
            return _("Online")
        return _("%(place)s, and online", place=words) if mode == "mixed" else words or "–"
    if name == "cancelled":
        return _("called off") if value else _("takes place")
    return value or "–"


def _workshop(issue, workshop: Workshop, language: str) -> dict:
    return {
        "kind": "workshop",
        "title": title(workshop, language),
        "when": when(workshop.starts_at, workshop.ends_at, workshop.district.zone),
        "place": texts.one_line(place_of(workshop)),
        "note": _("This workshop was cancelled.") if workshop.state is State.CANCELLED else "",
        # Where registrations come from is told by the issue alone: nothing in the link names a person.
        "url": public(issue.district, f"workshops/{workshop.slug}?n={issue.id}"),
    }


def _problems_of_workshops(rows: list[Workshop]) -> dict[int, list[tuple[Level, str, str]]]:
    free = seats_left_many([row.id for row in rows])
    return {row.id: _workshop_problems(row, free.get(row.id, 0)) for row in rows}


def _workshop_problems(workshop: Workshop, seats: int) -> list[tuple[Level, str, str]]:
    name, state = translated(workshop, "title"), workshop.state
    if state is State.CANCELLED:
        return [
            (Level.BLOCKING, "cancelled", _("“%(title)s” was cancelled. Take the block out.", title=name))
        ]
    if workshop.published_at is None or workshop.is_private:
        return [
            (
                Level.BLOCKING,
                "not_public",
                _("“%(title)s” is not public: its link would lead nowhere.", title=name),
            )
        ]
    if workshop.ends_at <= now():
        return [(Level.BLOCKING, "past", _("“%(title)s” is over. Take the block out.", title=name))]
    if workshop.registration_deadline <= now():
        return [(Level.WARNING, "deadline", _("Registration for “%(title)s” is closed.", title=name))]
    if seats == 0:
        words = _("“%(title)s” is full: who registers now goes on the waiting list.", title=name)
        return [(Level.WARNING, "full", words)]
    return []


# Publications


def _public_ones(district_id: int):
    query = select(Publication).where(
        Publication.district_id == district_id, Publication.published_at.is_not(None),
        Publication.superseded_at.is_(None),
    )  # fmt: skip
    query = query.options(selectinload(Publication.authors))
    return query.order_by(Publication.published_at.desc(), Publication.id.desc())


def _recent(district: District, *, foresight: bool) -> list[Publication]:
    query = _public_ones(district.id)
    if foresight:  # the list of publications offers all of them
        query = query.where(Publication.kind.in_(FORESIGHT))
    return list(db.session.scalars(query.limit(MOST)))


def _news(wish: Wish, *, foresight: bool) -> list[Publication]:
    kinds = Publication.kind.in_(FORESIGHT)
    query = _public_ones(wish.district.id).where(kinds if foresight else ~kinds)
    query = query.where(Publication.published_at > wish.since)
    if wish.sectors is not None:
        query = query.where(or_(Publication.sector_id.is_(None), Publication.sector_id.in_(wish.sectors)))
    return list(db.session.scalars(query.limit(MOST)))


def _authors(publication: Publication) -> str:
    names = [
        " ".join(filter(None, [a.given_name, a.family_name])) for a in publication.authors if not a.editor
    ]
    return texts.one_line(", ".join(names[:6]) + (" …" if len(names) > 6 else ""))


def _publication_facts(publication: Publication) -> dict[str, str]:
    return {
        "title_it": publication.title_it or "", "title_en": publication.title_en or "",
        "authors": _authors(publication), "public": "yes" if publication.published_at else "",
    }  # fmt: skip


def _said_of_publication(name: str, value: str, _district: District) -> str:
    if name == "public":
        return _("public") if value else _("taken back")
    return value or "–"


def _publication(issue, publication: Publication, language: str) -> dict:
    return {
        "kind": "publication",
        "title": title(publication, language),
        "authors": _authors(publication),
        "url": public(issue.district, f"publications/{publication.slug}?n={issue.id}"),
    }


def _problems_of_publications(rows: list[Publication]) -> dict[int, list[tuple[Level, str, str]]]:
    return {row.id: _publication_problems(row) for row in rows}


def _publication_problems(publication: Publication) -> list[tuple[Level, str, str]]:
    name = translated(publication, "title")
    if publication.published_at is None:
        words = _("“%(title)s” is not public: its link would lead nowhere.", title=name)
        return [(Level.BLOCKING, "not_public", words)]
    found = []
    if publication.superseded_at is not None:
        words = _("There is a newer version of “%(title)s”: better show that.", title=name)
        found.append((Level.WARNING, "superseded", words))
    if not access.is_open(publication, now()):
        words = _("Not everybody may read the files of “%(title)s”: its page says who may.", title=name)
        found.append((Level.WARNING, "access", words))
    return found


TITLES = {"title_it": _l("Title in Italian"), "title_en": _l("Title in English")}


def _publications(key: str, name, heading, *, foresight: bool) -> Source:
    return Source(
        key=key, name=name, heading=heading, by_ids=queries.publications_by_id,
        recent=lambda district: _recent(district, foresight=foresight),
        choose=lambda wish: _news(wish, foresight=foresight), title=title, line=_authors,
        facts=_publication_facts, said=_said_of_publication, shown=_publication,
        labels={**TITLES, "authors": _l("Authors"), "public": _l("Public")},
        address=lambda district, row: public(district, f"publications/{row.slug}"),
        problems=_problems_of_publications, corrected=frozenset({"public"}),
    )  # fmt: skip


def _workshop_line(workshop: Workshop) -> str:
    return date_time(workshop.starts_at)


def workshops_by_id(district_id: int, ids: Iterable[int]) -> dict[int, Workshop]:
    """The district's workshops with those ids."""
    return queries.workshops_by_id(district_id, ids)


def offer() -> None:
    """Register the sources of this package."""
    register(Source(
        key="workshop", name=_l("Workshop"), heading=_l("Coming workshops"), by_ids=workshops_by_id,
        recent=_coming, choose=_workshops_of, title=title, line=_workshop_line, facts=_workshop_facts,
        said=_said_of_workshop, shown=_workshop, problems=_problems_of_workshops,
        labels={
            **TITLES, "starts_at": _l("Start"), "ends_at": _l("End"), "place": _l("Place"),
            "cancelled": _l("State"),
        },
        address=lambda district, row: public(district, f"workshops/{row.slug}"),
        corrected=frozenset({"starts_at", "ends_at", "place", "cancelled"}),
    ))  # fmt: skip
    register(_publications("publication", _l("Publication"), _l("New publications"), foresight=False))
    register(_publications("foresight", _l("Foresight note"), _l("Foresight"), foresight=True))
