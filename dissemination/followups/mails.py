"""What a rule says, as a mail: the pieces of its text, the facts of the workshop, and each person's links.

Texts are data: `fields.parse` takes them apart, the templates print the pieces. A line whose field has
nothing to say (no materials yet, no link because she comes to the room) is left out whole.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient
from dissemination.followups import queries
from dissemination.followups.fields import Piece, parse
from dissemination.kernel.languages import language as current_language
from dissemination.kernel.languages import translated
from dissemination.registrations.mails import place, public_url, sender, when
from dissemination.registrations.models import Attends, Registration
from dissemination.registrations.posts import times
from dissemination.registrations.queries import token
from dissemination.workshops.models import Material, Mode, Workshop

SUBJECT = 300
SHARED = {"title", "date", "time", "when", "place", "materials"}  # fields that may have nothing to say
ADDRESS = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)\]])")


class Texts(Protocol):
    """What is written: a rule, or what somebody is writing in its form."""

    subject_it: str
    subject_en: str
    body_it: str
    body_en: str


@dataclass(frozen=True)
class Draft:
    """Texts that are not saved."""

    subject_it: str
    subject_en: str
    body_it: str
    body_en: str


def language_for(texts: Texts, wanted: str) -> str:
    """The language that somebody who reads `wanted` gets: Italian when nothing is written in English."""
    return "en" if wanted == "en" and texts.body_en and texts.subject_en else "it"


def mail(texts: Texts, workshop: Workshop, *, language: str, online: bool, note: str = "") -> Mail:
    """The mail in one language, for people who take part online or in the room.

    `note` is a line above the text (of a test). Raises ValueError for texts that `parse` refuses.
    """
    district = workshop.district
    home, online = public_url(f"/{district.slug}/"), online and workshop.mode is not Mode.ONSITE
    with force_locale(language):
        facts = _facts(workshop, language, online=online)
        subject = _subject(getattr(texts, f"subject_{language}"), facts)
        return Mail(
            district_id=workshop.district_id, template="followups/rule", language=language,
            subject=subject[:SUBJECT], sender=sender(workshop),
            shared={
                "district_name": translated(district, "name"), "district_url": home,
                "privacy_url": f"{home}privacy", "note": note,
                "footer_lines": [
                    f"{district.managing_body} · {district.mailbox_address}",
                    _("We write to you because you registered for «%(title)s».", title=facts["title"]),
                ],
                "paragraphs": _paragraphs(getattr(texts, f"body_{language}"), facts),
            },
        )  # fmt: skip


def subject_of(texts: Texts, workshop: Workshop) -> str:
    """The subject as a reader of the current language would get it."""
    language = language_for(texts, current_language())
    return _subject(getattr(texts, f"subject_{language}"), _facts(workshop, language, online=False))


def recipient(registration: Registration) -> Recipient:
    """The person, with the links that are hers."""
    contact, workshop = registration.contact, registration.workshop
    mine = public_url(f"/r/{token(registration)}")
    return Recipient(
        address=contact.email, name=contact.name, contact_id=contact.id,
        merge=_merge(contact.given_name or contact.name, mine, queries.materials(workshop)),
    )  # fmt: skip


def sample(workshop: Workshop, address: str = "", name: str = "") -> Recipient:
    """An invented person, for previews and tests: her links lead to the workshop's public page."""
    page = public_url(f"/{workshop.district.slug}/workshops/{workshop.slug}")
    merge = _merge("Carla", page, queries.materials(workshop))
    return Recipient(address=address, name=name, merge=dict.fromkeys(merge, page) | {"first_name": "Carla"})


def is_online(registration: Registration) -> bool:
    """Whether she takes part online."""
    return registration.attends is Attends.ONLINE


def _merge(first_name: str, mine: str, materials: list[Material]) -> dict[str, str]:
    return {
        "first_name": first_name, "personal_url": mine, "join_url": f"{mine}/join",
        "feedback_url": f"{mine}/feedback", "certificate_url": f"{mine}/certificate",
        **{f"material_{m.id}_url": f"{mine}/materials/{m.id}" for m in materials},
    }  # fmt: skip


def _facts(workshop: Workshop, language: str, *, online: bool) -> dict:
    """What the shared fields stand for, by English name, in the current language."""
    days = [times(workshop, *day) for day in workshop.days.values()]
    hours = [f"{day['start']}–{day['end']}" for day in days]
    if len(set(hours)) == 1:
        hours = hours[:1]
    return {
        "title": translated(workshop, "title", language), "date": "; ".join(day["date"] for day in days),
        "time": "; ".join(hours),
        "when": "; ".join(when(workshop, *day) for day in workshop.days.values()),
        "place": "Online" if online else place(workshop),
        "join": workshop.mode is not Mode.ONSITE and (online or workshop.mode is Mode.ONLINE),
        "materials": [
            {"title": translated(m, "title", language), "merge": f"material_{m.id}_url"}
            for m in queries.materials(workshop)
        ],
    }  # fmt: skip


def _read(text: str, *, shared_only: bool = False) -> list[list[Piece]]:
    lines, problems = parse(text, shared_only=shared_only)
    if problems:
        raise ValueError(problems[0].message)
    return lines


def _subject(text: str, facts: dict) -> str:
    pieces = [piece for line in _read(text, shared_only=True) for piece in line]
    return "".join(facts[p.field.en] if p.field else p.text for p in pieces)


def _paragraphs(text: str, facts: dict) -> list[dict]:
    """Paragraphs as the templates print them: lines of pieces, and lists of materials."""
    found: list[dict] = []
    lines: list[list[dict]] = []
    for pieces in [*_read(text), []]:
        if not any(p.field or p.text.strip() for p in pieces):
            found, lines = _close(found, lines), []
        elif not _is_silent(pieces, facts):
            shown = [piece for p in pieces for piece in _shown(p, facts)]
            if any(piece.get("text", "x").strip() for piece in shown):
                lines.append(shown)
            if any(p.field and p.field.en == "materials" for p in pieces):
                found, lines = [*_close(found, lines), {"materials": facts["materials"]}], []
    return found


def _close(found: list[dict], lines: list[list[dict]]) -> list[dict]:
    return [*found, {"lines": lines}] if lines else found


def _is_silent(pieces: list[Piece], facts: dict) -> bool:
    """Whether a field of the line has nothing to say."""
    names = {p.field.en for p in pieces if p.field}
    if "join_link" in names and not facts["join"]:
        return True
    return any(not facts[name] for name in names & SHARED)


def _shown(piece: Piece, facts: dict) -> list[dict]:
    field = piece.field
    if field is None:
        parts = ADDRESS.split(piece.text)
        return [{"url": t} if n % 2 else {"text": t} for n, t in enumerate(parts) if t]
    if not field.merge:
        return [{"text": facts[field.en]}]
    if field.merge == "materials":
        return []
    if field.merge.endswith("_url"):
        return [{"merge": field.merge, "label": _label(field.en)}]
    return [{"merge": field.merge}]


def _label(name: str) -> str:
    """What a link says in the HTML part, in the current language."""
    return {
        "personal_link": _("your registration"), "join_link": _("take part online"),
        "feedback_link": _("the feedback form"), "certificate_link": _("your certificate"),
    }[name]  # fmt: skip
