"""The lines of a timeline, table by table: each function asks its table once and says what may be read.

Newsletters stand by subject and topics; who opened or clicked what is nobody's business and is not asked.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from dissemination.attendance.models import Presence
from dissemination.delivery.models import Delivery, Fate
from dissemination.guests.models import Guest, Reaction
from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.newsletters.models import Issue
from dissemination.people.models import Contact, Membership
from dissemination.plan.log import Activity
from dissemination.plan.readings import verb_name
from dissemination.registrations.models import Registration
from dissemination.registrations.texts import STANDINGS, WAYS
from dissemination.subscriptions.models import Subscription
from dissemination.timelines.scope import Cut, Entry, Key, Scope, start_of
from dissemination.timelines.texts import Kind
from dissemination.workshops.models import Workshop

Source = Callable[[Scope, Cut], Iterator[Entry]]
PAST = "past_activities"


def line(
    scope: Scope, source: str, kind: Kind, row_id: int, at: datetime | date, title: str, *, note: str = "",
    url: str | None = None,
) -> Entry:  # fmt: skip
    """An entry at a moment or a day; addresses of the desk are for the desk."""
    dated = not isinstance(at, datetime)
    moment = at if isinstance(at, datetime) else start_of(at, scope.district.zone)
    return Entry(Key(moment, source, row_id), kind, title, note, url if scope.is_desk else None, dated)


def _joined(*parts: str) -> str:
    return " · ".join(str(part) for part in parts if part)


def _workshop_url(scope: Scope, workshop: Workshop) -> str | None:
    if not scope.is_desk:
        return None
    return url_for("workshops_desk.show", district=scope.district, slug=workshop.slug)


def _person(scope: Scope, row) -> str:
    return row.contact.name if scope.sees_people and row.contact is not None else ""


def registrations(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Who registered for which workshop, and how it stands."""
    query = select(Registration).where(Registration.company_id.in_(scope.ids)).options(
        joinedload(Registration.workshop), joinedload(Registration.contact)
    )  # fmt: skip
    query = cut.of(query, source="registration", column=Registration.created_at, row_id=Registration.id)
    for row in db.session.scalars(query):
        yield line(
            scope, "registration", Kind.REGISTRATION, row.id, row.created_at,
            _("Registered: %(title)s", title=translated(row.workshop, "title")),
            note=_joined(_person(scope, row), STANDINGS[row.standing][0]),
            url=_workshop_url(scope, row.workshop),
        )  # fmt: skip


def presences(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Who was there (R3: presence, not registration)."""
    query = select(Presence).join(Presence.registration).where(Registration.company_id.in_(scope.ids))
    query = query.options(
        contains_eager(Presence.registration).joinedload(Registration.workshop),
        contains_eager(Presence.registration).joinedload(Registration.contact),
    )
    query = cut.of(query, source="presence", column=Presence.at, row_id=Presence.registration_id)
    for row in db.session.scalars(query):
        seat = row.registration
        yield line(
            scope, "presence", Kind.PRESENCE, seat.id, row.at,
            _("Attended: %(title)s", title=translated(seat.workshop, "title")),
            note=_joined(_person(scope, seat), WAYS[row.via]), url=_workshop_url(scope, seat.workshop),
        )  # fmt: skip


def invitations(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Who was invited to a private workshop, and what she answered."""
    query = select(Guest).where(
        Guest.company_id.in_(scope.ids), Guest.invited_at.is_not(None)
    ).options(joinedload(Guest.workshop))  # fmt: skip
    answers = {Reaction.ACCEPTED: _("has accepted"), Reaction.DECLINED: _("cannot come")}
    query = cut.of(query, source="invitation", column=Guest.invited_at, row_id=Guest.id)
    for row in db.session.scalars(query):
        if row.invited_at is None:
            continue
        yield line(
            scope, "invitation", Kind.INVITATION, row.id, row.invited_at,
            _("Invited: %(title)s", title=translated(row.workshop, "title")),
            note=_joined(row.name if scope.sees_people else "", answers.get(row.reaction, "")),
            url=_workshop_url(scope, row.workshop),
        )  # fmt: skip


def _people(scope: Scope):
    return select(Contact.id).where(Contact.company_id.in_(scope.ids))


def newsletters(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Issues that reached somebody of the company, by subject and topics."""
    reached = select(Delivery.subject_id).where(
        Delivery.subject_kind == Issue.__tablename__, Delivery.contact_id.in_(_people(scope)),
        Delivery.state == Fate.ACCEPTED,
    )  # fmt: skip
    query = select(Issue).where(
        Issue.district_id == scope.district.id, Issue.sent_at.is_not(None), Issue.id.in_(reached)
    ).options(selectinload(Issue.topics))  # fmt: skip
    query = cut.of(query, source="newsletter", column=Issue.sent_at, row_id=Issue.id)
    for row in db.session.scalars(query):
        if row.sent_at is None:
            continue
        url = (
            url_for("newsletters_desk.show", district=scope.district, issue_id=row.id)
            if scope.is_desk
            else None
        )
        yield line(
            scope, "newsletter", Kind.NEWSLETTER, row.id, row.sent_at,
            _("Newsletter received: %(subject)s", subject=translated(row, "subject")),
            note=", ".join(translated(topic, "name") for topic in row.topics), url=url,
        )  # fmt: skip


def subscriptions(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """Topics that somebody of the company asked for, and left."""
    for source, column, title in (
        ("subscription", Subscription.confirmed_at, _("Newsletter asked for: %(topic)s")),
        ("subscription.left", Subscription.ended_at, _("Newsletter left: %(topic)s")),
    ):
        query = select(Subscription).where(
            Subscription.contact_id.in_(_people(scope)), Subscription.confirmed_at.is_not(None),
            column.is_not(None),
        ).options(joinedload(Subscription.topic), joinedload(Subscription.contact))  # fmt: skip
        for row in db.session.scalars(cut.of(query, source=source, column=column, row_id=Subscription.id)):
            at = row.confirmed_at if source == "subscription" else row.ended_at
            if at is not None:
                yield line(
                    scope, source, Kind.NEWSLETTER, row.id, at,
                    title % {"topic": translated(row.topic, "name")}, note=_person(scope, row),
                )  # fmt: skip


def memberships(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """When it became a member, and when it left."""
    for source, column, title in (
        ("membership", Membership.since, _("Became a member of the district")),
        ("membership.end", Membership.until, _("Last day as a member")),
    ):
        query = select(Membership).where(Membership.company_id.in_(scope.ids), column.is_not(None))
        query = cut.of(query, source=source, column=column, row_id=Membership.id, dated=True)
        for row in db.session.scalars(query):
            day = row.since if source == "membership" else row.until
            if day is not None:
                yield line(scope, source, Kind.MEMBERSHIP, row.id, day, title)


def past(scope: Scope, cut: Cut) -> Iterator[Entry]:
    """What happened before this software, as it was imported; rows that were taken back are left out."""
    back = aliased(Activity)
    query = select(Activity).where(
        Activity.district_id == scope.district.id, Activity.company_id.in_(scope.ids),
        Activity.subject_kind == PAST, Activity.reverses_id.is_(None),
        ~select(1).where(back.reverses_id == Activity.id).exists(),
    )  # fmt: skip
    query = cut.of(query, source="past", column=Activity.happened_on, row_id=Activity.id, dated=True)
    for row in db.session.scalars(query):
        yield line(
            scope,
            "past",
            Kind.PAST,
            row.id,
            row.happened_on,
            row.title,
            note=verb_name(row.verb),
            url=subjects.url(PAST, row.subject_id) if scope.is_desk else None,
        )
