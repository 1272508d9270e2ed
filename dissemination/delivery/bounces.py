"""Bounces and complaints: which of our messages they speak of, and what follows.

Only a report that proves it saw our message is acted on: it came to the signed address of one delivery
(VERP), or it brings back a Message-ID of ours, which nobody can guess. All others are left to people, so
nobody gets an address suppressed by writing a report about it. Acting twice on one report changes nothing.
"""

from collections.abc import Callable

from sqlalchemy import select

from dissemination.delivery import inbound, suppressed
from dissemination.delivery.models import Delivery, Fate, SuppressionKind
from dissemination.delivery.replies import About, about
from dissemination.delivery.reports import Failed
from dissemination.kernel.clock import now
from dissemination.kernel.database import db

MOST = 20  # deliveries of one report
# By kind of subject: what a higher floor does when one of its mails came back, in the same transaction.
came_back: dict[str, Callable[[Delivery], None]] = {}


def _named(incoming: inbound.Incoming) -> list[Delivery]:
    """The deliveries that a report proves to have seen."""
    found: dict[int, Delivery] = {}
    for condition in (
        Delivery.id.in_(incoming.deliveries[:MOST]), Delivery.message_id.in_(incoming.returned[:MOST]),
    ):  # fmt: skip
        found.update({row.id: row for row in db.session.scalars(select(Delivery).where(condition))})
    return list(found.values())


def _told(row: Delivery, recipients: tuple[Failed, ...]) -> Failed | None:
    """What the report says of a delivery: of its address, else of the only one that it names."""
    own = [failed for failed in recipients if failed.address == row.address.lower()]
    return own[0] if own else recipients[0] if len(recipients) == 1 else None


def _verdict(failed: Failed) -> str:
    """`gone`: nobody is there; `soft`: a passing reason; `unclear`: for good, but why; `delayed`: not yet."""
    if failed.permanent is False and not failed.final:
        return "delayed"
    code = int(failed.status[0]) * 100 + 50 if failed.status else 0
    subject = about(code, failed.status) if failed.status else About.ELSE
    if failed.permanent and subject is About.ADDRESS:
        return "gone"
    if subject is About.MAILBOX or failed.permanent is False:
        return "soft"
    if subject in (About.POLICY, About.MESSAGE, About.PACE):
        return "refused"
    return "unclear"


def _apply(row: Delivery, failed: Failed, verdict: str) -> None:
    said = f"{failed.status} {failed.said}".strip() or "bounced"
    row.state, row.reason, row.last_reply = Fate.REFUSED, "bounced", said[:500]
    row.finished_at = now()
    if verdict == "gone":
        suppressed.suppress(
            row.district_id, row.address, said, kind=SuppressionKind.BOUNCE, source="bounce",
            delivery_id=row.id,
        )  # fmt: skip
    elif verdict in ("soft", "unclear"):
        weight = suppressed.FULL if verdict == "soft" else suppressed.UNCLEAR
        suppressed.soft(row.district_id, row.address, said, weight=weight, delivery_id=row.id)
    db.session.flush()
    told = came_back.get(row.subject_kind)
    if told is not None:
        told(row)


def bounced(incoming: inbound.Incoming, *, dry: bool = False) -> inbound.Outcome:
    """Act on a bounce: its delivery becomes refused; a dead address is suppressed, others score."""
    effects = []
    for row in _named(incoming):
        failed = _told(row, incoming.recipients)
        verdict = _verdict(failed) if failed else "none"
        if failed is not None and verdict not in ("none", "delayed"):
            if row.state in (Fate.ACCEPTED, Fate.UNCERTAIN):
                if not dry:
                    _apply(row, failed, verdict)
            else:
                verdict = "known"
        effects.append(verdict)
    return _outcome(effects, "the report names no message of ours")


def complained(incoming: inbound.Incoming, *, dry: bool = False) -> inbound.Outcome:
    """Act on a complaint (RFC 5965): who got our message is not written to any more, at once."""
    effects = []
    for row in _named(incoming):
        known = suppressed.is_suppressed(row.district_id, row.address)
        if known is not None and known.kind is SuppressionKind.COMPLAINT:
            effects.append("known")
            continue
        effects.append("suppressed")
        if not dry:
            suppressed.suppress(
                row.district_id, row.address, incoming.subject or "complaint", kind=SuppressionKind.COMPLAINT,
                source=incoming.sender, delivery_id=row.id,
            )  # fmt: skip
    return _outcome(effects, "the complaint names no message of ours")


def _outcome(effects: list[str], unknown: str) -> inbound.Outcome:
    if not effects or "none" in effects:
        return inbound.Outcome(note=unknown)
    return inbound.Outcome(effect=", ".join(effects), kept=True)


HANDLERS: dict[inbound.Kind, Callable[..., inbound.Outcome]] = {
    inbound.Kind.BOUNCE: bounced, inbound.Kind.COMPLAINT: complained,
}  # fmt: skip
for _kind, _handler in HANDLERS.items():
    inbound.register(_kind, _handler)
