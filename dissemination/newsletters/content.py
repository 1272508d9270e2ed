"""What an issue shows in one language, as plain data for the mail templates.

Workshops and publications are read as they stand now. What is missing in English is shown in Italian.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date, translated
from dissemination.newsletters import queries, texts
from dissemination.newsletters.marks import with_block
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.publications.models import Publication
from dissemination.subscriptions.mails import public
from dissemination.workshops.feeds import place_of
from dissemination.workshops.models import State, Workshop

Source = Workshop | Publication
SOURCES: dict[BlockKind, Callable[[int, Iterable[int]], Mapping[int, Source]]] = {
    BlockKind.WORKSHOP: queries.workshops_by_id,
    BlockKind.PUBLICATION: queries.publications_by_id,
}


def languages(issue: Issue) -> tuple[str, ...]:
    """The languages that `issue` is sent in: Italian for everybody when it has no English subject."""
    return ("it", "en") if issue.subject_en else ("it",)


def sources(issue: Issue) -> dict[int, Source]:
    """The row that each block shows, by block id; blocks whose row is gone are left out."""
    wanted = defaultdict(set)
    for block in issue.blocks:
        if block.source_id is not None:
            wanted[block.kind].add(block.source_id)
    rows = {kind: SOURCES[kind](issue.district_id, ids) for kind, ids in wanted.items()}
    found = {b.id: rows.get(b.kind, {}).get(b.source_id or 0) for b in issue.blocks}
    return {block_id: row for block_id, row in found.items() if row is not None}


def blocks(issue: Issue, language: str) -> list[dict]:
    """The blocks of `issue` in `language`, in order; those with nothing to show are left out."""
    rows = sources(issue)
    with force_locale(language):
        shown = [(block, _shown(issue, block, rows.get(block.id), language)) for block in issue.blocks]
    return [
        {**with_block(data, issue.id, block.id), "id": block.id} for block, data in shown if data is not None
    ]


def _shown(issue: Issue, block: Block, row, language: str) -> dict | None:
    if block.kind is BlockKind.HEADING:
        heading = texts.one_line(translated(block, "text", language))
        return {"kind": "heading", "text": heading} if heading else None
    if block.kind is BlockKind.TEXT:
        text = translated(block, "text", language)
        return {"kind": "text", "html": texts.to_html(text), "text": texts.to_text(text)} if text else None
    if row is None:
        return None
    return (
        _workshop(issue, row, language)
        if block.kind is BlockKind.WORKSHOP
        else _publication(issue, row, language)
    )


def when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """ "giovedì 12 marzo 2026, 14:00-17:00", or both dates when there are two."""
    first, last = local(start, zone), local(end, zone)
    if first.date() == last.date():
        return f"{long_date(first.date())}, {first:%H:%M}–{last:%H:%M}"
    return f"{long_date(first.date())} {first:%H:%M} – {long_date(last.date())} {last:%H:%M}"


def _workshop(issue: Issue, workshop: Workshop, language: str) -> dict:
    return {
        "kind": "workshop",
        "title": texts.one_line(translated(workshop, "title", language)),
        "when": when(workshop.starts_at, workshop.ends_at, workshop.district.zone),
        "place": texts.one_line(place_of(workshop)),
        "note": _("This workshop was cancelled.") if workshop.state is State.CANCELLED else "",
        # Where registrations come from is told by the issue alone: nothing in the link names a person.
        "url": public(issue.district, f"workshops/{workshop.slug}?n={issue.id}"),
    }


def _publication(issue: Issue, publication: Publication, language: str) -> dict:
    names = [
        " ".join(filter(None, [a.given_name, a.family_name])) for a in publication.authors if not a.editor
    ]
    return {
        "kind": "publication",
        "title": texts.one_line(translated(publication, "title", language)),
        "authors": texts.one_line(", ".join(names[:6]) + (" …" if len(names) > 6 else "")),
        "url": public(issue.district, f"publications/{publication.slug}?n={issue.id}"),
    }
