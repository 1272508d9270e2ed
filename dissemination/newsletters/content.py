"""What an issue shows in one language, as plain data for the mail templates, and what is wrong with it.

Workshops, publications and other sources are read as they stand now. What is missing in English is shown
in Italian.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import force_locale

from dissemination.newsletters import pictures, shown
from dissemination.newsletters import sources as registered
from dissemination.newsletters.findings import Finding
from dissemination.newsletters.live import when
from dissemination.newsletters.marks import with_block
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.newsletters.problems import of_blocks
from dissemination.subscriptions.mails import public

__all__ = ["blocks", "languages", "problems", "public", "rows", "sources", "when"]


def languages(issue: Issue) -> tuple[str, ...]:
    """The languages that `issue` is sent in: Italian for everybody when it has no English subject."""
    return ("it", "en") if issue.subject_en else ("it",)


def rows(issue: Issue, among: Sequence[Block] | None = None) -> dict[int, list[Any]]:
    """The rows that each block shows, by block id, in its order; rows that are gone are left out."""
    listed = issue.blocks if among is None else among
    wanted: dict[str, set[int]] = defaultdict(set)
    for block in listed:
        if block.source_key and block.source_ids:
            wanted[block.source_key].update(block.source_ids)
    found: dict[str, Mapping[int, Any]] = {}
    for key, ids in wanted.items():
        source = registered.get(key)
        found[key] = source.by_ids(issue.district_id, ids) if source else {}
    return {
        b.id: [found[b.source_key][i] for i in b.source_ids if i in found.get(b.source_key, {})]
        for b in listed if b.source_key
    }  # fmt: skip


def sources(issue: Issue) -> dict[int, Any]:
    """The first row that each block shows, by block id; blocks whose rows are gone are left out."""
    return {block_id: found[0] for block_id, found in rows(issue).items() if found}


def blocks(issue: Issue, language: str, among: Sequence[Block] | None = None) -> list[dict]:
    """The blocks of `issue` in `language`, in order; those with nothing to show are left out.

    `among` stands for the issue's own blocks: a preview of what is not saved yet.
    """
    listed = issue.blocks if among is None else among
    live = rows(issue, listed)
    found = pictures.by_ids(issue.district_id, shown.picture_ids(listed))
    with force_locale(language):
        return [
            {**with_block(data, issue.id, block.id), "id": block.id}
            for block in listed
            for data in _shown(issue, block, live, language, found)
        ]


def _shown(issue: Issue, block: Block, live, language: str, found) -> Iterator[dict]:
    if block.source_key is None:
        data = shown.own_words(block, issue.district, language, found)
        if data is not None:
            # The block that somebody is writing: the preview goes there.
            yield {**data, "here": True} if (block.data or {}).get("here") else data
        return
    source = registered.get(block.source_key)
    note = (block.data or {}).get("notes", {})
    if source is None:
        return
    for row in live.get(block.id, ()):
        data = {
            **source.shown(issue, row, language), "source": [block.source_key, row.id],
            "facts": source.facts(row),
        }  # fmt: skip
        # What a correction says stood in the issue that it corrects.
        yield {**data, "was": note.get(str(row.id), {}).get(language, "")} if note else data


def problems(issue: Issue) -> list[Finding]:
    """What is wrong with the blocks of `issue`: changed, full, past, cancelled or missing sources, words."""
    return of_blocks(issue, rows(issue), pictures.by_ids(issue.district_id, shown.picture_ids(issue.blocks)))


KINDS_OF_WORDS = tuple(kind for kind in BlockKind if kind.value not in ("workshop", "publication", "source"))
