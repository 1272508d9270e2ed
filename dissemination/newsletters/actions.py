"""The verbs of this package. Sending is in `sending.py`; named here too.

Here: composing an issue out of blocks. Every change of an issue raises its version, so that
two editors and a sender never overwrite or send what they have not seen.
"""

from collections.abc import Iterable

from sqlalchemy import delete, func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.ordering import swap
from dissemination.kernel.text import free_slug
from dissemination.newsletters import history, queries, texts
from dissemination.newsletters.content import sources
from dissemination.newsletters.models import Block, BlockKind, Issue, IssueTest
from dissemination.newsletters.preflight import prepare
from dissemination.newsletters.sending import AlreadySent, IsScheduled, finish, send, send_test, stop
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile, check_version
from dissemination.subscriptions.models import Topic

__all__ = [
    "AlreadySent",
    "IsScheduled",
    "add_block",
    "add_sources",
    "compose",
    "discard",
    "finish",
    "move_block",
    "prepare",
    "remove_block",
    "restore_block",
    "revise",
    "revise_block",
    "send",
    "send_test",
    "sources",
    "stop",
]  # fmt: skip


def compose(
    district: District, *, by: Account | None, subject_it: str, activity_line_id: int,
    topics: Iterable[Topic] = (), subject_en: str = "", preheader_it: str = "", preheader_en: str = "",
    workshop_ids: Iterable[int] = (), publication_ids: Iterable[int] = (),
) -> Issue:  # fmt: skip
    """Begin an issue, with a block for each of the workshops and publications."""
    subject = texts.one_line(subject_it)
    issue = Issue(
        district_id=district.id, slug=free_slug(subject, lambda s: queries.slug_is_taken(district.id, s)),
        subject_it=subject, subject_en=texts.one_line(subject_en), preheader_it=texts.one_line(preheader_it),
        preheader_en=texts.one_line(preheader_en), activity_line_id=activity_line_id, topics=list(topics),
        created_at=now(), created_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(issue)
    db.session.flush()
    _append_sources(issue, BlockKind.WORKSHOP, workshop_ids)
    _append_sources(issue, BlockKind.PUBLICATION, publication_ids)
    return issue


def _change(issue: Issue, version: int | None = None) -> None:
    """Lock `issue` for a change. Raises AlreadySent, IsScheduled, ChangedMeanwhile."""
    db.session.refresh(issue, with_for_update={"of": Issue})
    if issue.sent_at is not None:
        raise AlreadySent
    if history.open_dispatch(issue) is not None:
        raise IsScheduled
    if version is not None and issue.version != version:
        raise ChangedMeanwhile
    issue.version += 1


def revise(
    issue: Issue, *, version: int, subject_it: str, subject_en: str, preheader_it: str, preheader_en: str,
    activity_line_id: int, topics: Iterable[Topic],
) -> None:  # fmt: skip
    """Change the facts of a draft; its address stays. Raises AlreadySent, ChangedMeanwhile."""
    _change(issue, version)
    issue.subject_it, issue.subject_en = texts.one_line(subject_it), texts.one_line(subject_en)
    issue.preheader_it, issue.preheader_en = texts.one_line(preheader_it), texts.one_line(preheader_en)
    issue.activity_line_id, issue.topics = activity_line_id, list(topics)
    db.session.flush()


def _append(issue: Issue, kind: BlockKind, **values) -> Block:
    last = db.session.scalar(select(func.max(Block.position)).where(Block.issue_id == issue.id))
    block = Block(issue_id=issue.id, kind=kind, position=0 if last is None else last + 1, **values)
    db.session.add(block)
    db.session.flush()
    db.session.expire(issue, ["blocks"])
    return block


def add_block(issue: Issue, *, kind: BlockKind, text_it: str = "", text_en: str = "") -> Block:
    """Add a heading or a text at the end. Raises AlreadySent."""
    _change(issue)
    return _append(issue, kind, text_it=texts.clean(text_it), text_en=texts.clean(text_en))


def _append_sources(issue: Issue, kind: BlockKind, ids: Iterable[int]) -> int:
    there = {b.source_id for b in issue.blocks if b.kind is kind}
    new = [i for i in dict.fromkeys(ids) if i not in there]
    for source_id in new:
        _append(issue, kind, source_id=source_id)
    return len(new)


def add_sources(issue: Issue, *, workshop_ids: Iterable[int], publication_ids: Iterable[int]) -> int:
    """Add a block for each workshop and publication that is not in the issue yet; how many.

    Raises AlreadySent. Ids of another district are the caller's to keep out; they would show nothing.
    """
    _change(issue)
    return _append_sources(issue, BlockKind.WORKSHOP, workshop_ids) + _append_sources(
        issue, BlockKind.PUBLICATION, publication_ids
    )


def revise_block(block: Block, *, version: int, text_it: str, text_en: str) -> None:
    """Change the words of a block. Raises AlreadySent, and ChangedMeanwhile when another saved that block."""
    _change(block.issue)
    check_version(block, version)
    block.text_it, block.text_en = texts.clean(text_it), texts.clean(text_en)
    db.session.flush()


def move_block(block: Block, *, up: bool) -> None:
    """Move a block one place up or down. Raises AlreadySent."""
    _change(block.issue)
    swap(list(block.issue.blocks), block, up=up)
    db.session.expire(block.issue, ["blocks"])


def remove_block(block: Block) -> None:
    """Take a block out; `restore_block` brings it back with its words. Raises AlreadySent."""
    _change(block.issue)
    block.removed_at = now()
    db.session.flush()
    db.session.expire(block.issue, ["blocks"])


def restore_block(block: Block) -> None:
    """Put a block back where it was. Raises AlreadySent."""
    _change(block.issue)
    block.removed_at = None
    db.session.flush()
    db.session.expire(block.issue, ["blocks"])


def discard(issue: Issue) -> None:
    """Delete a draft with its blocks. Raises AlreadySent."""
    _change(issue)
    db.session.flush()
    for model in (Block, IssueTest):
        db.session.execute(delete(model).where(model.issue_id == issue.id))
    db.session.delete(issue)
    db.session.flush()
