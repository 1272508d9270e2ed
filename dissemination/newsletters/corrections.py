"""Putting right what a sent issue told wrongly: what changed since, and who was told.

The letters of an issue keep the facts of the rows that they showed. What differs from the rows as they
stand now, in facts that matter (date, place, cancelled, taken back), is worth a second mail, to those
alone whose delivery of that letter was accepted or is uncertain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from dissemination.delivery.models import OPEN, Delivery, Letter
from dissemination.kernel.database import db
from dissemination.newsletters import sources
from dissemination.newsletters.models import Issue


@dataclass(frozen=True)
class Wrong:
    """A row of a source that a sent issue shows otherwise than it stands now."""

    key: str
    row: Any
    title: str
    changes: tuple[sources.Change, ...]


def _letters(issue_id: int) -> list[tuple[int, dict]]:
    """(id, shared data) of the letters of an issue that somebody may have got."""
    ids = select(Delivery.letter_id).where(Delivery.subject_kind == "issues", Delivery.subject_id == issue_id)
    query = select(Letter.id, Letter.source).where(Letter.id.in_(ids)).order_by(Letter.id)
    return [(letter_id, source.get("shared", {})) for letter_id, source in db.session.execute(query)]


def _told(issue: Issue) -> dict[tuple[str, int], dict[str, str]]:
    """The facts that the letters of `issue` told, by source and row."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for _id, shared in _letters(issue.id):
        for block in shared.get("blocks", []):
            if "source" in block and "facts" in block:
                key, row_id = block["source"]
                found.setdefault((key, row_id), block["facts"])
    return found


def wrong(issue: Issue) -> list[Wrong]:
    """What a sent issue told and is no longer so, in the facts that matter."""
    told = _told(issue)
    by_key: dict[str, list[int]] = {}
    for key, row_id in told:
        by_key.setdefault(key, []).append(row_id)
    found = []
    for key, ids in by_key.items():
        source = sources.get(key)
        rows = source.by_ids(issue.district_id, ids) if source else {}
        for row_id in ids if source else ():
            row = rows.get(row_id)
            if row is None or source is None:
                continue
            changes = tuple(
                c for c in sources.changes(source, row, told[key, row_id], issue.district)
                if c.name in source.corrected
            )  # fmt: skip
            if changes:
                found.append(Wrong(key, row, source.title(row, "it"), changes))
    return found


def notes(issue: Issue, wrongs: Iterable[Wrong]) -> dict[int, dict[str, str]]:
    """What to say beside each row, by language: "It was: 11/03/2026 14:00"."""
    told = _told(issue)
    found: dict[int, dict[str, str]] = {}
    for one in wrongs:
        source = sources.get(one.key)
        for language in ("it", "en"):
            with force_locale(language):
                changes = (
                    sources.changes(source, one.row, told[one.key, one.row.id], issue.district)
                    if source
                    else []
                )
                words = "; ".join(
                    _("%(label)s: no longer %(old)s but %(new)s", label=c.label, old=c.old, new=c.new)
                    for c in changes if source and c.name in source.corrected
                )  # fmt: skip
            found.setdefault(one.row.id, {})[language] = words
    return found


def still_leaving(issue: Issue) -> bool:
    """Whether the issue that `issue` corrects is still on its way to somebody."""
    query = select(Delivery.id).where(
        Delivery.subject_kind == "issues", Delivery.subject_id == issue.corrects_id, Delivery.state.in_(OPEN)
    )
    return db.session.scalar(query.limit(1)) is not None


def told_by(issue: Issue) -> tuple[int, tuple[int, ...]] | None:
    """(id of the corrected issue, ids of its letters) that `issue` corrects; None when it corrects nothing.

    A correction is for those whose delivery of one of these letters was accepted or is uncertain: they
    showed a row which this issue shows too. Whoever left since is the audience's to leave out.
    """
    if issue.corrects_id is None:
        return None
    mine = {(b.source_key, i) for b in issue.blocks for i in b.source_ids}
    return issue.corrects_id, tuple(
        letter_id for letter_id, shared in _letters(issue.corrects_id)
        if not mine or mine & {tuple(b["source"]) for b in shared.get("blocks", []) if "source" in b}
    )  # fmt: skip


def corrections_of(issue: Issue) -> list[Issue]:
    """The issues, drafts too, that correct `issue`, oldest first."""
    return list(db.session.scalars(select(Issue).where(Issue.corrects_id == issue.id).order_by(Issue.id)))
