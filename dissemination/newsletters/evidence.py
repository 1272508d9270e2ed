"""What proves that an issue was sent: what was in it, to whom it was addressed, what became of it.

Kept when the books are closed: per language the HTML, the text and one whole message as it went (with the
district's own mailbox in place of a reader), the audience as a rule and in numbers, and the SHA-256 of each.
"""

import hashlib
import json
from datetime import datetime
from io import BytesIO

from sqlalchemy import func, select

from dissemination.delivery import letters
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Delivery, Fate, Letter
from dissemination.kernel import files
from dissemination.kernel.database import db
from dissemination.newsletters import content, mails
from dissemination.newsletters.models import Issue
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.plan.actions import add_evidence
from dissemination.plan.queries import evidence_of

OCTETS = {"application/octet-stream"}


def keep(issue: Issue, progress: dict[Fate, int], *, by: Account | None) -> None:
    """Attach the evidence to `issue`. Closed once more after a retry, only the outcome is added."""
    again = bool(evidence_of(issue))
    sums: list[str] = []
    if not again:
        address = content.public(issue.district, f"newsletters/{issue.slug}")
        for name, media_type, octets in parts(issue):
            digest = hashlib.sha256(octets).hexdigest()
            sums.append(f"{digest}  {name}")
            _attach(issue, "archive", name, media_type, octets, f"{address} · SHA-256 {digest}", by)
    outcome = json.dumps(audience(issue, progress), ensure_ascii=False, indent=2, sort_keys=True).encode()
    name = f"newsletter-{issue.slug}-audience.json"
    sums.append(f"{hashlib.sha256(outcome).hexdigest()}  {name}")
    _attach(issue, "recipients", name, "application/json", outcome, in_words(issue, progress), by)
    listed = "".join(f"{line}\n" for line in sums).encode()
    _attach(issue, "archive", f"newsletter-{issue.slug}-SHA256SUMS.txt", "text/plain", listed, "", by)


def _attach(issue: Issue, code: str, name: str, media_type: str, octets: bytes, note: str, by) -> None:
    stored = files.put(BytesIO(octets), name, district_id=issue.district_id, accept=OCTETS)
    stored.media_type = media_type
    add_evidence(issue, district_id=issue.district_id, code=code, file=stored, note=note[:500], by=by)


def parts(issue: Issue) -> list[tuple[str, str, bytes]]:
    """(file name, media type, octets) of what was in the issue."""
    found = []
    for language, frozen in issue.frozen.items():
        stem = f"newsletter-{issue.slug}-{language}"
        found.append((f"{stem}.html", "text/html", frozen["html"].encode()))
        found.append((f"{stem}.txt", "text/plain", frozen["text"].encode()))
        octets = message(issue, language)
        if octets is not None:
            found.append((f"{stem}.eml", "message/rfc822", octets))
    return found


def message(issue: Issue, language: str) -> bytes | None:
    """A whole message of the issue as it went in a language, addressed to the district's own mailbox.

    Made of the letter that was really sent, the moment of the first message accepted, and nobody's personal
    links. None when no message was made in that language.
    """
    query = (
        select(Letter.id, func.min(Delivery.finished_at))
        .join(Delivery, Delivery.letter_id == Letter.id)
        .where(
            Delivery.subject_kind == "issues", Delivery.subject_id == issue.id, Letter.language == language
        )
        .group_by(Letter.id)
        .order_by(Letter.id)
        .limit(1)
    )  # fmt: skip
    row = db.session.execute(query).first()
    if row is None:
        return None
    letter_id, moment = row
    stored = db.session.get_one(Letter, letter_id)
    if stored.segments is not None:
        letter = letters.Letter.load(stored.segments)
    else:
        letter = letters.compile_letter(Mail.from_source(stored.source), seed=stored.content_hash)
    mailbox, mail = issue.district.mailbox_address, Mail.from_source(stored.source)
    merge = {**mails.merge_for_everybody(issue, language, mail), "address": mailbox}
    domain = mail.sender.domain
    slip = letters.Slip(
        mailbox, issue.district.mailbox_name, merge, None, f"<issue-{issue.id}-{language}@{domain}>",
        moment or issue.sent_at or issue.created_at,
    )  # fmt: skip
    return letters.fill(letter, slip)


def audience(issue: Issue, progress: dict[Fate, int]) -> dict:
    """The audience and the outcome as data, without anybody's name or address."""
    reached, companies = _reached(issue)
    rule = {k: v for k, v in (issue.audience.get("rule") or {}).items() if k != "language"}
    return {
        "issue": issue.slug,
        "subject": {language: frozen["subject"] for language, frozen in issue.frozen.items()},
        "correction_of": issue.corrects_id,
        "begun": _moment(issue.sent_at),
        "closed": _moment(issue.finished_at),
        "topics": [{"code": t.code, "name": t.name_it} for t in issue.topics],
        "rule": rule,
        "rule_in_words": rule_in_words(issue),
        "counted": {k: v for k, v in issue.audience.items() if k not in ("rule", "topics")},
        "fates": {fate.value: count for fate, count in sorted(progress.items())},
        "reached": {"persons": reached, "companies": companies},
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _reached(issue: Issue) -> tuple[int, int]:
    """Distinct persons and distinct companies whose mail server accepted the issue."""
    query = (
        select(func.count(func.distinct(Delivery.contact_id)), func.count(func.distinct(Contact.company_id)))
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .where(
            Delivery.subject_kind == "issues", Delivery.subject_id == issue.id,
            Delivery.state == Fate.ACCEPTED,
        )
    )  # fmt: skip
    persons, companies = db.session.execute(query).one()
    return persons, companies


def rule_in_words(issue: Issue) -> str:
    """The audience in a sentence, in Italian: evidence is read by the Region."""
    names = ", ".join(f"«{t.name_it}»" for t in issue.topics)
    rule = issue.audience.get("rule") or {}
    words = f"Persone con iscrizione confermata ad almeno uno dei temi {names}"
    if rule.get("until"):
        words += f", iscritte entro il {rule['until'][:16].replace('T', ' ')} UTC"
    words += ", senza gli indirizzi a cui non si deve scrivere; ciascuna una volta."
    segment = issue.audience.get("segment")
    if segment:
        words += f" Solo chi rientra nel segmento «{segment['name']}», le cui condizioni sono riportate."
    if rule.get("told") is not None:
        words += " Rettifica: solo chi aveva ricevuto il numero con le informazioni errate."
    elif not rule.get("guarded", True):
        words += " Senza il limite di frequenza."
    return words


def in_words(issue: Issue, progress: dict[Fate, int]) -> str:
    """The outcome on one line: what stands beside the evidence."""
    counts = " · ".join(f"{fate.value} {count}" for fate, count in sorted(progress.items()))
    persons, companies = _reached(issue)
    topics = ", ".join(issue.audience.get("topics", []))
    return (
        f"topics {topics} · persons {issue.audience.get('persons', 0)} · {counts} · "
        f"reached {persons} persons, {companies} companies"
    )
