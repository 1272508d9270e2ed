"""The verbs of this package. Sending is in `sending.py`; named here too.

Here: composing an issue out of blocks. Every change of an issue raises its version and keeps one (see
`versions`), so that two editors and a sender never overwrite or send what they have not seen.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.ordering import swap
from dissemination.kernel.text import free_slug
from dissemination.newsletters import history, queries, texts, versions
from dissemination.newsletters import sources as registered
from dissemination.newsletters.content import sources
from dissemination.newsletters.drafts import IssueVersion
from dissemination.newsletters.models import Block, BlockKind, Issue, IssueTest
from dissemination.newsletters.preflight import prepare
from dissemination.newsletters.refusals import TooManyBlocks
from dissemination.newsletters.sending import AlreadySent, IsScheduled, finish, send, send_test, stop
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile, check_version
from dissemination.subscriptions.models import Topic

__all__ = [
    "AlreadySent",
    "IsScheduled",
    "accept_changes",
    "add_block",
    "add_rows",
    "add_sources",
    "compose",
    "discard",
    "finish",
    "leave_out",
    "move_block",
    "place_block",
    "prepare",
    "remove_block",
    "restore_block",
    "restore_version",
    "revise",
    "revise_block",
    "send",
    "send_test",
    "sources",
    "stop",
]  # fmt: skip
MOST_BLOCKS = 100


def compose(
    district: District, *, by: Account | None, subject_it: str, activity_line_id: int,
    topics: Iterable[Topic] = (), subject_en: str = "", preheader_it: str = "", preheader_en: str = "",
    workshop_ids: Iterable[int] = (), publication_ids: Iterable[int] = (), template_id: int | None = None,
    corrects: Issue | None = None, audience_rule: dict | None = None,
) -> Issue:  # fmt: skip
    """Begin an issue, with a block for each of the workshops and publications.

    `corrects` is a sent issue whose wrong dates this one puts right.
    """
    subject = texts.one_line(subject_it)[:200]
    issue = Issue(
        district_id=district.id, slug=free_slug(subject, lambda s: queries.slug_is_taken(district.id, s)),
        subject_it=subject, subject_en=texts.one_line(subject_en), preheader_it=texts.one_line(preheader_it),
        preheader_en=texts.one_line(preheader_en), activity_line_id=activity_line_id, topics=list(topics),
        created_at=now(), created_by=by.id if by else None, template_id=template_id,
        corrects_id=corrects.id if corrects else None, audience_rule=audience_rule or {},
    )  # fmt: skip
    db.session.add(issue)
    db.session.flush()
    _append_sources(issue, BlockKind.WORKSHOP, workshop_ids)
    _append_sources(issue, BlockKind.PUBLICATION, publication_ids)
    versions.keep(issue, "composed", by=by)
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
    activity_line_id: int, topics: Iterable[Topic], template_id: int | None = None, by: Account | None = None,
    audience_rule: dict | None = None,
) -> None:  # fmt: skip
    """Change the facts of a draft; its address stays. Raises AlreadySent, ChangedMeanwhile."""
    _change(issue, version)
    issue.subject_it, issue.subject_en = texts.one_line(subject_it), texts.one_line(subject_en)
    issue.preheader_it, issue.preheader_en = texts.one_line(preheader_it), texts.one_line(preheader_en)
    issue.activity_line_id, issue.topics = activity_line_id, list(topics)
    issue.template_id, issue.audience_rule = template_id, audience_rule or {}
    versions.keep(issue, "revised", by=by)


def name_of(block: Block) -> str:
    """A block in a few words: its own, else its kind."""
    data = block.data or {}
    own = block.text_it or block.text_en or data.get("label_it") or data.get("alt_it") or data.get("label_en")
    if own and block.kind is not BlockKind.MJML:
        return texts.one_line(texts.to_text(own))[:80]
    row = sources_of(block)
    return row or block.kind.value


def sources_of(block: Block) -> str:
    """The titles of the rows that `block` shows, in Italian, in one line."""
    source = registered.get(block.source_key)
    if source is None:
        return ""
    found = source.by_ids(block.issue.district_id, block.source_ids)
    return ", ".join(source.title(found[i], "it") for i in block.source_ids if i in found)[:80]


def _append(issue: Issue, kind: BlockKind, **values) -> Block:
    if len(issue.blocks) >= MOST_BLOCKS:
        raise TooManyBlocks
    last = db.session.scalar(select(func.max(Block.position)).where(Block.issue_id == issue.id))
    block = Block(issue_id=issue.id, kind=kind, position=0 if last is None else last + 1, **values)
    db.session.add(block)
    db.session.flush()
    db.session.expire(issue, ["blocks"])
    return block


def add_block(
    issue: Issue, *, kind: BlockKind, text_it: str = "", text_en: str = "", data: Mapping | None = None,
    after: int | None = None, by: Account | None = None,
) -> Block:  # fmt: skip
    """Add a block of own words, at the end or behind the block `after`. Raises AlreadySent, TooManyBlocks."""
    _change(issue)
    block = _append(
        issue, kind, text_it=texts.clean(text_it), text_en=texts.clean(text_en), data=dict(data or {})
    )
    if after is not None:
        place = next((n for n, b in enumerate(issue.blocks) if b.id == after), None)
        if place is not None:
            _put_at(block, place + 1)
    versions.keep(issue, "added", by=by, about=name_of(block))
    return block


def _append_sources(issue: Issue, kind: BlockKind, ids: Iterable[int]) -> int:
    """A block for each row of a source that has a kind of its own."""
    there = {i for b in issue.blocks if b.kind is kind for i in b.source_ids}
    new = [i for i in dict.fromkeys(ids) if i not in there]
    seen = _facts(issue, kind.value, new)
    for source_id in new:
        data = {"seen": {str(source_id): seen[source_id]}} if source_id in seen else {}
        _append(issue, kind, source_id=source_id, data=data)
    return len(new)


def _facts(issue: Issue, key: str, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    source = registered.get(key)
    found = source.by_ids(issue.district_id, ids) if source and ids else {}
    return {i: source.facts(row) for i, row in found.items()} if source else {}


def add_sources(
    issue: Issue, *, workshop_ids: Iterable[int], publication_ids: Iterable[int], by: Account | None = None
) -> int:
    """Add a block for each workshop and publication that is not in the issue yet; how many.

    Raises AlreadySent. Ids of another district are the caller's to keep out; they would show nothing.
    """
    _change(issue)
    count = _append_sources(issue, BlockKind.WORKSHOP, workshop_ids) + _append_sources(
        issue, BlockKind.PUBLICATION, publication_ids
    )
    if count:
        versions.keep(issue, "added", by=by, about=name_of(issue.blocks[-1]))
    return count


def add_rows(
    issue: Issue, key: str, ids: Iterable[int], *, together: bool = False, notes: Mapping | None = None,
    by: Account | None = None,
) -> int:  # fmt: skip
    """Add rows of the source `key` that are not in the issue yet, each a block or all `together` one.

    How many rows were added. `notes` are words per row and language that stand beside it in the mail.
    Raises AlreadySent, TooManyBlocks.
    """
    _change(issue)
    there = {i for b in issue.blocks if b.source_key == key for i in b.source_ids}
    facts = _facts(issue, key, [i for i in dict.fromkeys(ids) if i not in there])
    new = [i for i in dict.fromkeys(ids) if i in facts]
    kind = BlockKind(key) if key in (BlockKind.WORKSHOP, BlockKind.PUBLICATION) else BlockKind.SOURCE
    for some in [new] if together and new else [[i] for i in new]:
        data: dict = {"seen": {str(i): facts[i] for i in some}}
        if len(some) > 1:
            data["ids"] = some
        if notes:
            data["notes"] = {str(i): notes[i] for i in some if i in notes}
        if kind is BlockKind.SOURCE:
            data["source"] = key
        _append(issue, kind, source_id=some[0] if len(some) == 1 else None, data=data)
    if new:
        versions.keep(issue, "added", by=by, about=name_of(issue.blocks[-1]))
    return len(new)


def revise_block(
    block: Block, *, version: int, text_it: str, text_en: str, data: Mapping | None = None,
    by: Account | None = None,
) -> None:  # fmt: skip
    """Change the words of a block. Raises AlreadySent, and ChangedMeanwhile when another saved that block."""
    _change(block.issue)
    check_version(block, version)
    block.text_it, block.text_en = texts.clean(text_it), texts.clean(text_en)
    if data is not None:
        block.data = dict(data)
    versions.keep(block.issue, "rewritten", by=by, about=name_of(block))


def accept_changes(block: Block, *, by: Account | None = None) -> None:
    """What the rows of `block` are now has been looked at: it is no longer flagged. Raises AlreadySent."""
    _change(block.issue)
    facts = _facts(block.issue, block.source_key or "", block.source_ids)
    block.data = {**(block.data or {}), "seen": {str(i): facts[i] for i in block.source_ids if i in facts}}
    versions.keep(block.issue, "accepted", by=by, about=name_of(block))


def leave_out(block: Block, row_id: int, *, by: Account | None = None) -> None:
    """Take one row out of a block that shows several; the block itself with its last. Raises AlreadySent."""
    if block.source_ids in ([row_id], []):
        remove_block(block, by=by)
        return
    _change(block.issue)
    name = name_of(block)
    block.data = {**block.data, "ids": [i for i in block.source_ids if i != row_id]}
    versions.keep(block.issue, "rewritten", by=by, about=name)


def move_block(block: Block, *, up: bool, by: Account | None = None) -> None:
    """Move a block one place up or down. Raises AlreadySent."""
    _change(block.issue)
    swap(list(block.issue.blocks), block, up=up)
    db.session.expire(block.issue, ["blocks"])
    versions.keep(block.issue, "moved", by=by, about=name_of(block))


def place_block(block: Block, place: int, *, by: Account | None = None) -> None:
    """Move a block to a place, counted from 0; past the end is the end. Raises AlreadySent."""
    _change(block.issue)
    _put_at(block, place)
    versions.keep(block.issue, "moved", by=by, about=name_of(block))


def _put_at(block: Block, place: int) -> None:
    others = [b for b in block.issue.blocks if b.id != block.id]
    others.insert(max(0, place), block)
    for position, one in enumerate(others):
        one.position = position
    db.session.flush()
    db.session.expire(block.issue, ["blocks"])


def remove_block(block: Block, *, by: Account | None = None) -> None:
    """Take a block out; `restore_block` brings it back with its words. Raises AlreadySent."""
    _change(block.issue)
    block.removed_at = now()
    db.session.flush()
    db.session.expire(block.issue, ["blocks"])
    versions.keep(block.issue, "removed", by=by, about=name_of(block))


def restore_block(block: Block, *, by: Account | None = None) -> None:
    """Put a block back where it was. Raises AlreadySent."""
    _change(block.issue)
    block.removed_at = None
    db.session.flush()
    db.session.expire(block.issue, ["blocks"])
    versions.keep(block.issue, "returned", by=by, about=name_of(block))


def restore_version(issue: Issue, kept: IssueVersion, *, label: str, by: Account | None = None) -> None:
    """Let a draft be as it was at a kept version; `label` says which, in words. Raises AlreadySent."""
    _change(issue)
    versions.put_back(issue, kept)
    versions.keep(issue, "restored", by=by, about=label)


def discard(issue: Issue) -> None:
    """Delete a draft with its blocks and versions. Raises AlreadySent."""
    _change(issue)
    db.session.flush()
    versions.forget(issue)
    for model in (Block, IssueTest):
        db.session.execute(delete(model).where(model.issue_id == issue.id))
    db.session.delete(issue)
    db.session.flush()
