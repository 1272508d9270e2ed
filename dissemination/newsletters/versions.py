"""Versions of a draft: every save keeps one, any can come back, and who has the draft open is known.

At most KEPT versions of an issue are kept; the oldest go first. Bringing one back is a save like any
other, so nothing is lost by it.
"""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.orm import defer, joinedload

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.newsletters.drafts import IssueEditor, IssueVersion
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.people.accounts import Account
from dissemination.subscriptions.models import Topic

KEPT = 200
FRESH = timedelta(seconds=90)  # an open page says so every 30 seconds
FACTS = ("subject_it", "subject_en", "preheader_it", "preheader_en", "activity_line_id", "template_id")
OF_BLOCK = ("kind", "position", "text_it", "text_en", "source_id", "data")
WORDS = {
    "composed": _l("begun"),
    "revised": _l("subject, topics or template changed"),
    "added": _l("added: %(about)s"),
    "rewritten": _l("changed: %(about)s"),
    "moved": _l("moved: %(about)s"),
    "removed": _l("taken out: %(about)s"),
    "returned": _l("brought back: %(about)s"),
    "accepted": _l("taken over as it stands now: %(about)s"),
    "restored": _l("brought back the version of %(about)s"),
}


def said(version: IssueVersion) -> str:
    """What was done, in words."""
    words = WORDS.get(version.what, version.what)
    about = version.about or _("a block")
    return str(words) % {"about": about} if "%(about)s" in str(words) else str(words)


def snapshot(issue: Issue) -> dict:
    """The whole content of a draft, JSON-able: {"facts": {…}, "topics": [ids], "blocks": {id: {…}}}."""
    return {
        "facts": {name: getattr(issue, name) for name in FACTS},
        "topics": [t.id for t in issue.topics],
        "blocks": {str(b.id): {name: getattr(b, name) for name in OF_BLOCK} for b in issue.blocks},
    }


def keep(issue: Issue, what: str, *, by: Account | None, about: str = "") -> None:
    """Keep `issue` as it stands after a save. The same save is kept once, as its last step left it."""
    db.session.flush()
    content = snapshot(issue)
    row = db.session.scalar(
        select(IssueVersion).where(IssueVersion.issue_id == issue.id, IssueVersion.number == issue.version)
    )
    if row is None:
        row = IssueVersion(issue_id=issue.id, number=issue.version, what=what, about=about[:200], at=now(),
                           by=by.id if by else None, content=content)  # fmt: skip
        db.session.add(row)
    row.content = content
    db.session.flush()
    _drop_oldest(issue)


def _drop_oldest(issue: Issue) -> None:
    if issue.version <= KEPT:
        return
    old = select(IssueVersion.id).where(IssueVersion.issue_id == issue.id)
    old = old.order_by(IssueVersion.number.desc()).offset(KEPT).limit(1000)
    ids = list(db.session.scalars(old))
    if ids:
        db.session.execute(delete(IssueVersion).where(IssueVersion.id.in_(ids)))


def listed(issue: Issue) -> list[IssueVersion]:
    """The kept versions, newest first, with who saved them."""
    query = select(IssueVersion).where(IssueVersion.issue_id == issue.id)
    query = query.options(joinedload(IssueVersion.account), _without_content())
    return list(db.session.scalars(query.order_by(IssueVersion.number.desc()).limit(KEPT)))


def _without_content():
    return defer(IssueVersion.content)


def last_two(issue: Issue) -> list[IssueVersion]:
    """The last two versions, newest first: what "undo" needs."""
    query = select(IssueVersion).where(IssueVersion.issue_id == issue.id)
    query = query.options(_without_content()).order_by(IssueVersion.number.desc()).limit(2)
    return list(db.session.scalars(query))


def version(issue: Issue, number: int) -> IssueVersion:
    """The version of `issue` with that number. Raises NotFound (404)."""
    return db.one_or_404(
        select(IssueVersion).where(IssueVersion.issue_id == issue.id, IssueVersion.number == number)
    )


def before(issue: Issue, number: int) -> IssueVersion | None:
    """The version that was kept before `number`."""
    query = select(IssueVersion).where(IssueVersion.issue_id == issue.id, IssueVersion.number < number)
    return db.session.scalars(query.order_by(IssueVersion.number.desc()).limit(1)).first()


def put_back(issue: Issue, kept: IssueVersion) -> None:
    """Let `issue` be as it was kept. Blocks that came later are taken out, not deleted."""
    content, moment = kept.content, now()
    for name, value in content["facts"].items():
        setattr(issue, name, value)
    query = select(Topic).where(Topic.district_id == issue.district_id, Topic.id.in_(content["topics"]))
    issue.topics = list(db.session.scalars(query))
    for block in db.session.scalars(select(Block).where(Block.issue_id == issue.id)):
        values = content["blocks"].get(str(block.id))
        if values is None:
            block.removed_at = block.removed_at or moment
            continue
        for name, value in values.items():
            setattr(block, name, BlockKind(value) if name == "kind" else value)
        block.removed_at = None
        block.version += 1
    db.session.flush()
    db.session.expire(issue, ["blocks"])


def open_by(issue: Issue, *, besides: Account | None) -> list[IssueEditor]:
    """Who else has `issue` open at this moment."""
    query = select(IssueEditor).where(IssueEditor.issue_id == issue.id, IssueEditor.seen_at > now() - FRESH)
    if besides is not None:
        query = query.where(IssueEditor.account_id != besides.id)
    query = query.options(joinedload(IssueEditor.account)).order_by(IssueEditor.opened_at)
    return list(db.session.scalars(query))


def note_presence(issue: Issue, account: Account) -> None:
    """Say that `account` has `issue` open."""
    moment = now()
    row = db.session.get(IssueEditor, (issue.id, account.id))
    if row is None:
        db.session.add(
            IssueEditor(issue_id=issue.id, account_id=account.id, opened_at=moment, seen_at=moment)
        )
    else:
        if row.seen_at < moment - FRESH:
            row.opened_at = moment
        row.seen_at = moment
    db.session.flush()


def forget(issue: Issue) -> None:
    """Drop the versions of a draft that is thrown away, and who has it open."""
    for model in (IssueVersion, IssueEditor):
        db.session.execute(delete(model).where(model.issue_id == issue.id))
