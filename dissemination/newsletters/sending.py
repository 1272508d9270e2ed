"""Sending an issue and closing its books.

Sending writes one delivery per person in one transaction; the worker sends them. When none of them is
open any more `finish` freezes the outcome and writes the activity with its evidence.
"""

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from io import BytesIO

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.delivery import outbox
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import OPEN, Delivery, Fate, Letter
from dissemination.districts.models import Sector
from dissemination.kernel import files
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import content, corrections, mails, personal
from dissemination.newsletters.models import Issue, IssueTest
from dissemination.newsletters.preflight import Draft, Prepared
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import Company, Contact, OrganisationType
from dissemination.plan import activity
from dissemination.plan.actions import add_evidence
from dissemination.subscriptions import queries as readers
from dissemination.subscriptions.mails import merge_for, token_for

BATCH = 2000


class Did(StrEnum):
    """What this package writes to the activity log."""

    SENT = "newsletter.sent"  # one row when the sending of an issue finished
    REACHED = "newsletter.reached"  # one row per person whose server accepted it


class AlreadySent(Refusal):
    """The issue is on its way or finished; it can no longer be changed or sent."""

    message = _l("This issue was sent already. It can no longer be changed.")


class NotReady(Refusal):
    """The preflight found something that blocks the sending."""

    message = _l("The issue cannot be sent yet: put right what is marked as blocking.")


class NobodyToSendTo(Refusal):
    """No living subscription to the chosen topics."""

    message = _l("Nobody is subscribed to the chosen topics: there is nobody to send this issue to.")


def send_test(issue: Issue, draft: Draft, *, by: Account) -> IssueTest:
    """Send `issue` to `by` alone, once per language. Its recipients and figures know nothing of it."""
    test = IssueTest(issue_id=issue.id, address=by.email, at=now(), by=by.id)
    db.session.add(test)
    db.session.flush()
    public_url = current_app.config["SETTINGS"].public_url
    for letter in draft.letters:
        # Links of nobody: pressing "unsubscribe" in a test ends no subscription.
        merge = {
            **mails.merge_for_everybody(issue, letter.language, letter.mail),
            "address": by.email,
            "unsubscribe_url": merge_for(token_for(0), "", public_url)["unsubscribe_url"],
        }
        outbox.put(mails.test_of(letter.mail), Recipient(by.email, by.name, None, merge), about=test)
    return test


def sign_links(issue: Issue) -> dict[int, str]:
    """The token of every person in the audience, by contact id.

    Signing 50,000 takes seconds: done before the transaction, so that nobody waits for it.
    """
    people = readers.recipients(issue.district_id, [t.id for t in issue.topics], language=None)
    return {row.id: token_for(row.id) for row in people}


def send(
    issue: Issue, draft: Draft, *, version: int, by: Account, tokens: Mapping[int, str] | None = None
) -> int:
    """Send `issue` as `draft` has it to everybody who asked for one of its topics; how many persons.

    `version` is what the sender looked at; `tokens` are those of `sign_links`, made here where they lack.
    Raises AlreadySent (also for the second of a double submit), ChangedMeanwhile, NotReady,
    NobodyToSendTo.
    """
    if not draft.is_ready:
        raise NotReady
    moment = now()
    claim = update(Issue).where(Issue.id == issue.id, Issue.sent_at.is_(None), Issue.version == version)
    claim = claim.values(sent_at=moment, sent_by=by.id if by else None, version=version + 1)
    claimed = db.session.scalar(claim.returning(Issue.id).execution_options(synchronize_session=False))
    db.session.refresh(issue)
    if not claimed:
        raise AlreadySent if issue.sent_at is not None else ChangedMeanwhile
    if draft.version != version:
        raise ChangedMeanwhile
    topic_ids = [t.id for t in issue.topics]
    readers.lock_subscriptions(topic_ids)
    audience = readers.audience(issue.district_id, topic_ids)
    count = sum(
        outbox.put_many(letter.mail, _recipients(issue, letter, draft, tokens or {}), about=issue)
        for letter in draft.letters
    )
    if not count:
        raise NobodyToSendTo
    issue.audience = {
        "topics": [t.code for t in issue.topics], "persons": count, "languages": audience.languages,
        "suppressed": audience.suppressed, "unconfirmed": audience.unconfirmed,
    }  # fmt: skip
    issue.frozen = {letter.language: _frozen(letter) for letter in draft.letters}
    return count


def _frozen(letter: Prepared) -> dict[str, str]:
    return {
        "subject": letter.mail.subject, "html": letter.html, "text": letter.text,
        "sha256": hashlib.sha256(letter.html.encode()).hexdigest(),
    }  # fmt: skip


def _audience_of(letter: Prepared, draft: Draft) -> str | None:
    """The language of those who get `letter`; None, everybody, when it is the only one."""
    return letter.language if len(draft.letters) > 1 else None


def _recipients(
    issue: Issue, letter: Prepared, draft: Draft, tokens: Mapping[int, str]
) -> Iterator[Recipient]:
    public_url = current_app.config["SETTINGS"].public_url
    language, topic_ids = _audience_of(letter, draft), [t.id for t in issue.topics]
    rows = readers.recipients(issue.district_id, topic_ids, language=language)
    rows = corrections.only_those(issue, rows)
    for row, own in personal.values_for(letter.mail, rows):
        token = tokens.get(row.id) or token_for(row.id)
        yield Recipient(
            address=row.email, name=f"{row.given_name} {row.family_name}".strip(), contact_id=row.id,
            merge={**merge_for(token, row.email, public_url), **own},
        )  # fmt: skip


def stop(issue: Issue, *, by: Account) -> int:
    """Call back what has not been handed to a server; how many. What was sent stays sent."""
    if issue.sent_at is None or issue.finished_at is not None:
        return 0
    issue.stopped_at, issue.stopped_by = now(), by.id
    return outbox.cancel(issue, "stopped by the sender")


def is_done(issue: Issue) -> bool:
    """Whether the fate of every recipient is final."""
    return not any(fate in OPEN for fate in outbox.progress(issue))


def finish(issue: Issue) -> bool:
    """Close the books of an issue whose deliveries are all final: evidence, and rows of the log.

    False when somebody else did, or when deliveries are open. No address goes into the log.
    """
    moment = now()
    claimed = db.session.scalar(
        update(Issue)
        .where(Issue.id == issue.id, Issue.sent_at.is_not(None), Issue.finished_at.is_(None))
        .values(finished_at=moment)
        .returning(Issue.id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(issue)
    if not claimed:
        return False
    progress = outbox.progress(issue)
    if any(fate in OPEN for fate in progress):
        issue.finished_at = None
        return False
    by = db.session.get(Account, issue.sent_by) if issue.sent_by else None
    day = local(moment, issue.district.zone).date()
    reached = activity.record_all(_reached(issue, day, by))
    activity.record(
        Did.SENT, issue, district_id=issue.district_id, title=issue.subject_it, happened_on=day, by=by,
        activity_line_id=issue.activity_line_id, attributes=_attributes(issue),
        not_counted=None if reached else "nobody_reached",
    )  # fmt: skip
    _keep_evidence(issue, progress, by)
    db.session.flush()
    return True


def _attributes(issue: Issue) -> dict[str, str]:
    sectors = {t.sector.code for t in issue.topics if t.sector is not None}
    return {
        "language": "+".join(issue.frozen),
        "sector": sectors.pop() if len(sectors) == 1 else "",
        "topics": " ".join(t.code for t in issue.topics),
    }


def _reached(issue: Issue, day, by: Account | None) -> Iterator[dict]:
    """One row per person whose mail server accepted the issue."""
    query = (
        select(
            Delivery.id, Delivery.contact_id, Letter.language, Company.id.label("company_id"), Company.type,
            Company.in_managing_body, Sector.code,
        )
        .join(Letter, Letter.id == Delivery.letter_id)
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .outerjoin(Company, Company.id == Contact.company_id)
        .outerjoin(Sector, Sector.id == Company.sector_id)
        .where(
            Delivery.subject_kind == "issues", Delivery.subject_id == issue.id,
            Delivery.state == Fate.ACCEPTED,
        )
        .order_by(Delivery.id)
        .limit(BATCH)
    )  # fmt: skip
    last = 0
    while rows := db.session.execute(query.where(Delivery.id > last)).all():
        for row in rows:
            yield {
                "verb": Did.REACHED, "subject_kind": "issues", "subject_id": issue.id,
                "district_id": issue.district_id, "title": issue.subject_it, "happened_on": day, "by": by,
                "activity_line_id": issue.activity_line_id, "contact_id": row.contact_id,
                "company_id": row.company_id,
                "attributes": {
                    "organisation_type": str(row.type or OrganisationType.OTHER), "sector": row.code or "",
                    "language": row.language, "in_managing_body": "yes" if row.in_managing_body else "no",
                },
            }  # fmt: skip
        last = rows[-1].id


def _keep_evidence(issue: Issue, progress: dict[Fate, int], by: Account | None) -> None:
    """The frozen HTML and text of every language, their hash, and the audience with its counts."""
    for language, frozen in issue.frozen.items():
        for suffix, media_type in (("html", "text/html"), ("text", "text/plain")):
            name = f"newsletter-{issue.slug}-{language}.{'html' if suffix == 'html' else 'txt'}"
            stored = files.put(
                BytesIO(frozen[suffix].encode()), name, district_id=issue.district_id,
                accept={"application/octet-stream"},
            )  # fmt: skip
            stored.media_type = media_type
            note = f"{content.public(issue.district, f'newsletters/{issue.slug}')} · SHA-256 {stored.sha256}"
            add_evidence(
                issue, district_id=issue.district_id, code="archive", file=stored, note=note[:500], by=by
            )
    counts = " · ".join(f"{fate.value} {count}" for fate, count in sorted(progress.items()))
    topics = ", ".join(issue.audience.get("topics", []))
    note = f"topics {topics} · persons {issue.audience.get('persons', 0)} · {counts}"
    add_evidence(issue, district_id=issue.district_id, code="recipients", note=note[:500], by=by)
