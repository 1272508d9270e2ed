"""Sending an issue and closing its books.

Sending writes one delivery per person in one transaction; the worker sends them. When none of them is
open any more `finish` freezes the outcome and writes the activity with its evidence.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from dissemination.delivery import outbox
from dissemination.delivery import queries as delivery
from dissemination.delivery.mail import Mail, Recipient
from dissemination.delivery.models import OPEN, Delivery, Fate, Letter
from dissemination.delivery.outbox import Part
from dissemination.districts.models import Sector
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters import clicks, evidence, fields, history, mails, personal, readers
from dissemination.newsletters.dispatches import Dispatch, IssueEvent, What
from dissemination.newsletters.models import Issue, IssueTest
from dissemination.newsletters.preflight import Draft, Prepared
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import Company, Contact, OrganisationType
from dissemination.plan import activity
from dissemination.plan.log import Activity
from dissemination.subscriptions.mails import merge_for, token_for

_FATES = {Fate.REFUSED: _l("refused"), Fate.UNCERTAIN: _l("uncertain")}
AGAIN = tuple(_FATES)
BATCH = 2000


class Did(StrEnum):
    """What this package writes to the activity log."""

    SENT = "newsletter.sent"  # one row when the sending of an issue finished
    REACHED = "newsletter.reached"  # one row per person whose server accepted it
    BOUNCED = "newsletter.bounced"  # one row per person who was counted as reached and whose mail came back


class AlreadySent(Refusal):
    """The issue is on its way or finished; it can no longer be changed or sent."""

    message = _l("This issue was sent already. It can no longer be changed.")


class NotReady(Refusal):
    """The preflight found something that blocks the sending."""

    message = _l("The issue cannot be sent yet: put right what is marked as blocking.")


class IsScheduled(Refusal):
    """Somebody decided that it goes out as it is."""

    message = _l("This issue is about to go out as it is. Take it back first, then change it.")


class NotAgain(Refusal):
    """Only what was refused or is uncertain can be sent a second time."""

    status = 422
    message = _l("Only what was refused, or whose fate is uncertain, can be sent again.")


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


def send(
    issue: Issue, draft: Draft, *, version: int, by: Account | None, dispatch: Dispatch | None = None,
    in_batches: bool = True, counts: readers.Counts | None = None,
) -> int:  # fmt: skip
    """Send `issue` as `draft` has it to everybody who asked for one of its topics; how many persons.

    `version` is what the sender looked at, `counts` who gets it as counted in this transaction. One row is
    written, whatever their number: the worker lists the recipients while the first messages leave. Without
    `in_batches` their rows are written here (sample data).
    Raises AlreadySent (also for the second of a double submit), ChangedMeanwhile, NotReady, NobodyToSendTo.
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
    readers.freeze(issue)
    counts = counts or readers.counts(issue)
    if not counts.persons:
        raise NobodyToSendTo
    parts = [
        Part(letter.mail, audience_of(issue, letter.mail, language=_audience_of(letter, draft), until=moment))
        for letter in draft.letters
    ]
    if in_batches:
        _put(issue, parts, total=counts.persons, dispatch=dispatch)
    else:
        for part in parts:
            outbox.put_many(
                part.mail, (r for _cursor, r in recipients_of(issue.id, part.audience, "")), about=issue
            )
    clicks.keep(issue, draft.targets)
    issue.audience = {
        "topics": [t.code for t in issue.topics], "persons": counts.persons, "companies": counts.companies,
        "languages": counts.languages, "left_out": counts.left_out, "doubles": counts.doubles,
        "rule": parts[0].audience,
    }  # fmt: skip
    if "frozen" in issue.audience_rule:
        issue.audience["segment"] = issue.audience_rule["frozen"]
    issue.frozen = {letter.language: _frozen(letter) for letter in draft.letters}
    history.note(issue, What.BEGUN, by=by, words=str(counts.persons))
    return counts.persons


def _put(issue: Issue, parts: list[Part], *, total: int, dispatch: Dispatch | None) -> None:
    chosen = history.settings(issue.district)
    window = None
    if chosen.quiet_from and chosen.quiet_until and not (dispatch and dispatch.anyhow):
        window = (chosen.quiet_from, chosen.quiet_until, issue.district.timezone)
    outbox.put_audience(
        parts, about=issue, total=total, window=window,
        per_second=(dispatch.per_second if dispatch else None) or chosen.per_second,
        domain_rates=chosen.domain_rates,
    )  # fmt: skip


def _frozen(letter: Prepared) -> dict[str, str]:
    return {
        "subject": letter.mail.subject, "html": letter.html, "text": letter.text,
        "sha256": hashlib.sha256(letter.html.encode()).hexdigest(),
    }  # fmt: skip


def _audience_of(letter: Prepared, draft: Draft) -> str | None:
    """The language of those who get `letter`; None, everybody, when it is the only one."""
    return letter.language if len(draft.letters) > 1 else None


def audience_of(issue: Issue, mail: Mail, *, language: str | None, until: datetime) -> dict:
    """Who gets `mail`, and which of their own facts stand in it: what `listed` understands."""
    wanted = sorted(fields.wanted(mail.shared.get("blocks", [])))
    return {**readers.described(issue, language=language, until=until), "fields": wanted}


def recipients_of(issue_id: int, audience: dict, after: str) -> Iterator[tuple[str, Recipient]]:
    """(cursor, recipient) of an audience behind `after`: how the outbox lists those of issues."""
    issue = db.session.get_one(Issue, issue_id)
    yield from listed(issue.district_id, audience, after)


def listed(district_id: int, audience: dict, after: str) -> Iterator[tuple[str, Recipient]]:
    """(cursor, recipient) of an audience of a district behind `after`, by contact."""
    public_url = current_app.config["SETTINGS"].public_url
    rows = readers.listed(district_id, audience, int(after or 0))
    for row, own in personal.values_of(audience.get("fields", ()), rows):
        yield str(row.id), Recipient(
            address=row.email, name=f"{row.given_name} {row.family_name}".strip(), contact_id=row.id,
            merge={**merge_for(token_for(row.id), row.email, public_url), **own},
        )  # fmt: skip


def still_in(issue_id: int, audience: dict, contact_ids: list[int]) -> set[int]:
    """Those of the contacts who still belong to the audience, asked while their rows are written."""
    issue = db.session.get_one(Issue, issue_id)
    return readers.still(issue.district_id, audience, contact_ids)


def stop(issue: Issue, *, by: Account) -> int:
    """Call back what has not been handed to a server; how many. What was sent stays sent."""
    if not _is_going(issue):
        return 0
    issue.stopped_at, issue.stopped_by = now(), by.id
    count = outbox.cancel(issue, "stopped by the sender")
    history.note(issue, What.STOPPED, by=by, words=str(count))
    return count


def _is_going(issue: Issue) -> bool:
    return issue.sent_at is not None and issue.finished_at is None


def pause(issue: Issue, *, by: Account) -> bool:
    """Hand over nothing more until `resume`; False when it is not being sent or paused already."""
    steered = delivery.sending(issue)
    if not _is_going(issue) or steered is None or steered.paused_at is not None:
        return False
    outbox.pause(issue)
    history.note(issue, What.PAUSED, by=by)
    return True


def resume(issue: Issue, *, by: Account) -> bool:
    """Go on after `pause`; False when it was not paused."""
    steered = delivery.sending(issue)
    if steered is None or steered.paused_at is None:
        return False
    outbox.resume(issue)
    history.note(issue, What.RESUMED, by=by)
    return True


def pace(issue: Issue, *, per_second: int | None, by: Account) -> None:
    """At most so many messages a second from now on; None: as fast as it goes."""
    if _is_going(issue):
        outbox.throttle(issue, per_second)
        history.note(issue, What.PACED, by=by, words=str(per_second or ""))


def retry(issue: Issue, fate: Fate, *, reason: str, by: Account) -> int:
    """Send again to everybody whose mail was REFUSED or is UNCERTAIN; how many. `reason` is the person's.

    The books are opened again and closed when the new fates are final. Raises NotAgain for other fates.
    """
    if fate not in AGAIN or issue.sent_at is None:
        raise NotAgain
    count = outbox.retry(issue, (fate,))
    if count:
        issue.finished_at = None
        history.note(issue, What.RETRIED, by=by, words=f"{_FATES[fate]} {count}: {reason}")
        db.session.flush()
    return count


def is_done(issue: Issue) -> bool:
    """Whether the fate of every recipient is final."""
    return not any(fate in OPEN for fate in outbox.progress(issue))


def finish(issue: Issue) -> bool:
    """Close the books of an issue whose deliveries are all final: evidence, and rows of the log.

    False when somebody else did, or when deliveries are open. No address goes into the log. After a retry
    the books are closed once more: only those who were reached since are added, never a second issue.
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
    since = _finished_before(issue)
    reached = activity.record_all(_reached(issue, day, by, since))
    if not _is_counted(issue) and (since is None or reached):
        activity.record(
            Did.SENT, issue, district_id=issue.district_id, title=issue.subject_it, happened_on=day, by=by,
            activity_line_id=issue.activity_line_id, attributes=_attributes(issue),
            not_counted=None if reached else "nobody_reached",
        )  # fmt: skip
    evidence.keep(issue, progress, by=by)
    history.note(issue, What.FINISHED, by=None, words=str(progress.get(Fate.ACCEPTED, 0)))
    db.session.flush()
    return True


def _finished_before(issue: Issue) -> datetime | None:
    """When the books of `issue` were closed the last time."""
    query = select(func.max(IssueEvent.at)).where(
        IssueEvent.issue_id == issue.id, IssueEvent.what == What.FINISHED
    )
    return db.session.scalar(query)


def _is_counted(issue: Issue) -> bool:
    query = select(Activity.id).where(
        Activity.district_id == issue.district_id, Activity.subject_kind == "issues",
        Activity.subject_id == issue.id, Activity.verb == Did.SENT, Activity.not_counted.is_(None),
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


def _attributes(issue: Issue) -> dict[str, str]:
    sectors = {t.sector.code for t in issue.topics if t.sector is not None}
    return {
        "language": "+".join(issue.frozen),
        "sector": sectors.pop() if len(sectors) == 1 else "",
        "topics": " ".join(t.code for t in issue.topics),
    }


def _reached(issue: Issue, day, by: Account | None, since: datetime | None) -> Iterator[dict]:
    """One row per person whose mail server accepted the issue, after `since` when it is given."""
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
    if since is not None:
        query = query.where(Delivery.finished_at > since)
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
