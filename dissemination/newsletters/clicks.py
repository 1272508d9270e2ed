"""Sums of opened links, where a district wants them: `/c/<issue>/<number>` leads on to a link of that issue
and counts it. Kept are the link and a number: no cookie, address, program or time of anybody. Mail scanners
open links too, often twice, so a sum says "machines included".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import current_app
from sqlalchemy import delete, insert, select, update

from dissemination.delivery.mail import Mail
from dissemination.kernel.database import db
from dissemination.kernel.paging import MOST
from dissemination.newsletters import marks
from dissemination.newsletters.dispatches import IssueLink
from dissemination.newsletters.models import Issue

LONGEST = 2000


@dataclass(frozen=True)
class Target:
    """A link of an issue: its number there, the block it stands in, and where it leads."""

    number: int
    block_id: int | None
    url: str


def counting(issue: Issue, mails: list[Mail]) -> tuple[list[Mail], tuple[Target, ...]]:
    """The mails with the web addresses in their blocks led through us, and which these are."""
    targets: dict[tuple[int | None, str], Target] = {}
    counted = [_counted(issue, mail, targets) for mail in mails]
    return counted, tuple(targets.values())


def _counted(issue: Issue, mail: Mail, targets: dict) -> Mail:
    blocks = []
    for block in mail.shared.get("blocks", []):
        block_id = block.get("id")
        replaced = {}
        for url in marks.addresses(block):
            if len(url) <= LONGEST:
                target = targets.setdefault((block_id, url), Target(len(targets) + 1, block_id, url))
                replaced[url] = address(issue, target.number)
        blocks.append(marks.counted(block, replaced))
    return replace(mail, shared={**mail.shared, "blocks": blocks})


def address(issue: Issue, number: int) -> str:
    """Where a counted link of `issue` leads first."""
    return f"{current_app.config['SETTINGS'].public_url}/c/{issue.id}/{number}"


def keep(issue: Issue, targets: tuple[Target, ...]) -> None:
    """Remember where the counted links of `issue` lead, in the transaction that sends it."""
    db.session.execute(delete(IssueLink).where(IssueLink.issue_id == issue.id))
    if targets:
        rows = [{"issue_id": issue.id, "opened": 0, **vars(t)} for t in targets]
        db.session.execute(insert(IssueLink), rows)


def find(issue_id: int, number: int) -> IssueLink | None:
    """A link of an issue, of whatever district; None for any other pair of numbers."""
    if max(issue_id, number) > MOST:
        return None
    query = select(IssueLink).where(IssueLink.issue_id == issue_id, IssueLink.number == number)
    return db.session.scalar(query)


def count(link_id: int) -> None:
    """One more opening of a link."""
    db.session.execute(
        update(IssueLink)
        .where(IssueLink.id == link_id)
        .values(opened=IssueLink.opened + 1)
        .execution_options(synchronize_session=False)
    )


def sums(issue: Issue) -> Iterator[IssueLink]:
    """The links of `issue` with their sums, in order."""
    yield from db.session.scalars(
        select(IssueLink).where(IssueLink.issue_id == issue.id).order_by(IssueLink.number)
    )
