"""What an export of registrations holds: typed values under headings in the reader's language.

Without names a row cannot be led back to a person by what it says of her: no name, no address, no
answer in her own words, no file, no hour, and a number that is drawn anew for every export. Values are
None, str, int, Decimal, date or (with names) datetime on the district's wall clock.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from dissemination.districts.models import Sector
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact
from dissemination.people.texts import SIZES, TYPES
from dissemination.registrations import answers, queries
from dissemination.registrations.models import Attends, By, Event, Registration, Standing, What
from dissemination.registrations.plain import impersonal
from dissemination.registrations.texts import FIELDS, STANDINGS, in_words
from dissemination.workshops.models import Kind, Question, Workshop

NAMELESS_KINDS = (Kind.CHOICE, Kind.SEVERAL, Kind.NUMBER, Kind.DATE)  # answers that are nobody's own words
CHUNK = 5_000  # registrations whose history is read at once

WHATS = {
    What.MADE: _l("registration made"), What.PROVEN: _l("address confirmed"), What.APPROVED: _l("approved"),
    What.REFUSED: _l("refused by the organiser"), What.SEATED: _l("got a seat"),
    What.OFFERED: _l("seat offered"),
    What.OFFER_TAKEN: _l("offer accepted"), What.OFFER_REFUSED: _l("offer refused"),
    What.OFFER_EXPIRED: _l("offer expired"), What.MOVED: _l("moved"), What.REVISED: _l("data changed"),
    What.SUBSTITUTED: _l("colleague substituted"), What.CANCELLED: _l("cancelled"),
    What.RESTORED: _l("restored"), What.EXPIRED: _l("address not confirmed in time"),
    What.ANSWERED: _l("answered"), What.PURGED: _l("personal data erased"),
}  # fmt: skip
WHOS = {
    By.PERSON: _l("the person"), By.COLLEAGUE: _l("a colleague"), By.ORGANISER: _l("an organiser"),
    By.CALENDAR: _l("the calendar’s answer"), By.SYSTEM: _l("the system"),
}  # fmt: skip

Extra = tuple[str, Mapping[int, Any]]
_extras: list[Callable[[Workshop], Iterable[Extra]]] = []


def register_columns(columns: Callable[[Workshop], Iterable[Extra]]) -> None:
    """Add columns of a higher floor (presence …).

    `columns(workshop)` gives pairs (heading, {registration id: value}); they stand in both exports, so no
    value may name anybody.
    """
    if columns not in _extras:
        _extras.append(columns)


@dataclass(frozen=True)
class Wanted:
    """Which registrations. Empty: all."""

    standings: frozenset[Standing] = frozenset()
    attends: Attends | None = None


@dataclass
class Sheet:
    """A table ready to be written: its name, its headings, its rows."""

    title: str
    head: list[str]
    rows: list[list] = field(default_factory=list)


Column = tuple[str, Callable[[Any], Any]]


def counts(workshop: Workshop) -> dict[Standing, int]:
    """How many registrations stand where, with one query."""
    query = select(Registration.standing, func.count()).where(Registration.workshop_id == workshop.id)
    return dict(db.session.execute(query.group_by(Registration.standing)).all())


def with_names(workshop: Workshop, wanted: Wanted) -> Sheet:
    """All that the desk knows of each registration, in order of arrival."""
    rows = _rows(workshop, wanted)
    zone = workshop.district.zone

    def moment(name: str):
        return lambda r: _wall(getattr(r, name), zone)

    columns: list[Column] = [
        (_("Number"), lambda r: r.number), *_standing(), (_("Family name"), lambda r: r.family_name),
        (_("Given name"), lambda r: r.given_name), (_("E-mail address"), lambda r: r.email),
        (_("Role"), lambda r: r.job_title or r.contact_title), *_company(), *_organisation(workshop),
        (_("Group"), _groups(rows)), (_("By invitation"), lambda r: _yes(r.guest_id is not None)),
        (_("Newsletter (number of the issue)"), lambda r: r.newsletter_issue_id),
        (_("Language"), lambda r: r.language), (_("Registered on"), moment("created_at")),
        (_("Address confirmed"), lambda r: _yes(r.proof_due is None)),
        (_("Seat since"), moment("confirmed_at")), (_("Cancelled on"), moment("cancelled_at")),
        *_registered_columns(workshop),
        *(_answer(q) for q in answers.answered_questions(workshop, rows)),
    ]  # fmt: skip
    return _sheet(_("Registrations"), columns, rows)


def without_names(workshop: Workshop, wanted: Wanted, *, company: bool, rng: random.Random) -> Sheet:
    """The same without who they are, in an order drawn by `rng`.

    With `company` each row names its company, and then not the role, which together would name the person.
    """
    rows = _rows(workshop, wanted)
    rng.shuffle(rows)
    numbers = {r.id: number for number, r in enumerate(rows, 1)}
    zone = workshop.district.zone

    def day(name: str):
        return lambda r: _day(getattr(r, name), zone)

    asked = answers.answered_questions(workshop, rows)
    columns: list[Column] = [
        (_("Row"), lambda r: numbers[r.id]), *_standing(),
        *(_company() if company else [(_("Role"), _role_of_nobody(rows))]),
        *_organisation(workshop), (_("Group"), _groups(rows)),
        (_("By invitation"), lambda r: _yes(r.guest_id is not None)),
        (_("Newsletter (number of the issue)"), lambda r: r.newsletter_issue_id),
        (_("Language"), lambda r: r.language), (_("Registered on"), day("created_at")),
        (_("Cancelled on"), day("cancelled_at")), *_registered_columns(workshop),
        *(_answer(q) for q in asked if q.kind in NAMELESS_KINDS),
    ]  # fmt: skip
    return _sheet(_("Without names"), columns, rows)


def history(workshop: Workshop) -> Sheet:
    """Who changed what of which registration and when, oldest first."""
    people = {
        row.id: row
        for row in db.session.execute(
            select(
                Registration.id, Registration.number, Contact.given_name, Contact.family_name, Contact.email
            )
            .join(Registration.contact)
            .where(Registration.workshop_id == workshop.id)
        )
    }
    accounts = {i: name or email for i, name, email in db.session.execute(_accounts(workshop))}
    events = []
    ids = sorted(people)
    for start in range(0, len(ids), CHUNK):
        for found in queries.history_many(ids[start : start + CHUNK]).values():
            events += found
    events.sort(key=lambda e: (e.at, e.id or 0))
    zone, said = workshop.district.zone, changes(workshop)
    columns: list[Column] = [
        (_("When"), lambda e: _wall(e.at, zone)), (_("What happened"), lambda e: str(WHATS[e.what])),
        (_("By whom"), lambda e: str(WHOS[e.who])),
        (_("Account"), lambda e: accounts.get(e.account_id, "")), (_("Reason"), lambda e: e.reason),
        (_("Changes"), lambda e: "; ".join(said(e))),
        (_("Number"), lambda e: people[e.registration_id].number),
        (_("Family name"), lambda e: people[e.registration_id].family_name),
        (_("Given name"), lambda e: people[e.registration_id].given_name),
        (_("E-mail address"), lambda e: people[e.registration_id].email),
    ]  # fmt: skip
    return _sheet(_("History"), columns, events)


# Rows.


def _rows(workshop: Workshop, wanted: Wanted) -> list:
    """One row of plain columns per registration, in one query: 100,000 of them fit in memory."""
    query = (
        select(
            Registration.id, Registration.number, Registration.standing, Registration.attends,
            Registration.job_title, Registration.answers, Registration.language, Registration.group_id,
            Registration.guest_id, Registration.newsletter_issue_id, Registration.proof_due,
            Registration.created_at, Registration.confirmed_at, Registration.cancelled_at,
            Contact.given_name, Contact.family_name, Contact.email, Contact.job_title.label("contact_title"),
            Company.name.label("company"), Company.tax_id, Company.type, Company.size, Company.province,
            Company.sector_id,
        )
        .join(Registration.contact)
        .outerjoin(Registration.company)
        .where(Registration.workshop_id == workshop.id)
        .order_by(Registration.created_at, Registration.id)
    )  # fmt: skip
    if wanted.standings:
        query = query.where(Registration.standing.in_(wanted.standings))
    if wanted.attends is not None:
        query = query.where(Registration.attends == wanted.attends)
    return list(db.session.execute(query))


def _accounts(workshop: Workshop):
    mine = select(Event.account_id).join(Event.registration).where(Registration.workshop_id == workshop.id)
    return select(Account.id, Account.name, Account.email).where(Account.id.in_(mine))


def _sheet(title: str, columns: list[Column], rows: Iterable) -> Sheet:
    values = [value for _heading, value in columns]
    return Sheet(title, [heading for heading, _value in columns], [[v(r) for v in values] for r in rows])


# Columns.


def _standing() -> list[Column]:
    words = {s: str(text[0]) for s, text in STANDINGS.items()}
    ways = {Attends.ROOM: _("in the room"), Attends.ONLINE: _("online")}
    return [
        (_("Standing"), lambda r: words.get(r.standing, r.standing.value)),
        (_("Takes part"), lambda r: ways[r.attends]),
    ]


def _company() -> list[Column]:
    return [(_("Organisation"), lambda r: r.company or ""), (_("Partita IVA"), lambda r: r.tax_id or "")]


def _role_of_nobody(rows) -> Callable[[Any], str]:
    """The role, left out where these words of hers name herself, her company or somebody else."""
    names = {name for r in rows for name in (r.given_name, r.family_name)}

    def role(r) -> str:
        return impersonal(r.job_title or r.contact_title, {*names, r.company or ""})

    return role


def _organisation(workshop: Workshop) -> list[Column]:
    sectors = {
        s.id: translated(s, "name")
        for s in db.session.scalars(select(Sector).where(Sector.district_id == workshop.district_id))
    }
    types = {name: str(text) for name, text in TYPES.items()}
    sizes = {name: str(text) for name, text in SIZES.items()}
    private = _("private person")
    return [
        (_("Kind of organisation"), lambda r: types[r.type.value] if r.type else private),
        (_("Size"), lambda r: sizes[r.size.value] if r.size else ""),
        (_("Province"), lambda r: r.province or ""),
        (_("Sector"), lambda r: sectors.get(r.sector_id, "")),
    ]


def _groups(rows) -> Callable[[Any], int | None]:
    """Numbers groups in the order in which they are seen: colleagues share theirs."""
    seen: dict[int, int] = {}
    for row in rows:
        if row.group_id is not None:
            seen.setdefault(row.group_id, len(seen) + 1)
    return lambda r: seen.get(r.group_id) if r.group_id is not None else None


def _registered_columns(workshop: Workshop) -> list[Column]:
    return [_lookup(*extra) for columns in _extras for extra in columns(workshop)]


def _lookup(heading: str, values: Mapping[int, Any]) -> Column:
    return heading, lambda r: values.get(r.id)


def _answer(question: Question) -> Column:
    key = str(question.id)
    return translated(question, "text"), lambda r: _typed(question, (r.answers or {}).get(key))


def _typed(question: Question, value):
    """An answer as a spreadsheet holds it: numbers as numbers, dates as dates, all else in words."""
    try:
        if question.kind is Kind.NUMBER and isinstance(value, str) and value:
            return Decimal(value)
        if question.kind is Kind.DATE and isinstance(value, str) and value:
            return date.fromisoformat(value)
    except (InvalidOperation, ValueError):
        return value
    return answers.shown(question, value)


# Values.


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


def _wall(moment: datetime | None, zone) -> datetime | None:
    """On the wall clock and without a zone, as spreadsheets know times."""
    return local(moment, zone).replace(tzinfo=None, microsecond=0) if moment else None


def _day(moment: datetime | None, zone) -> date | None:
    return local(moment, zone).date() if moment else None


def changes(workshop: Workshop) -> Callable[[Event], list[str]]:
    """Says what changed from what to what, a line for each: standings, ways and answers in words."""
    questions = {str(q.id): q for q in workshop.questions}
    names = {name: str(text) for name, text in FIELDS.items()}

    def told(event: Event) -> list[str]:
        lines = []
        for name, (old, new) in (event.details or {}).items():
            if name == "answers":
                lines += [_line(_asked(questions, k), *_shown(questions, k, old, new)) for k in new]
            else:
                lines.append(_line(names.get(name, name), in_words(name, old), in_words(name, new)))
        return lines

    return told


def _line(name: str, old, new) -> str:
    return f"{name}: {_plain(old)} → {_plain(new)}"


def _asked(questions: Mapping[str, Question], key: str) -> str:
    return translated(questions[key], "text") if key in questions else key


def _shown(questions: Mapping[str, Question], key: str, *sides: Mapping):
    for side in sides:
        yield answers.shown(questions[key], side.get(key)) if key in questions else side.get(key)


def _plain(value) -> str:
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return "–" if value in (None, "") else str(value)
