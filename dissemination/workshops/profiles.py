"""Speakers known to a district, used again from workshop to workshop.

Whoever is named in a programme has a profile from then on. A profile holds a biography, which the public
sees only after the speaker agreed; withdrawing the consent hides it at once, on every page.
"""

from collections.abc import Iterable

from sqlalchemy import delete, func, select, update

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import fold, like
from dissemination.people.accounts import Account
from dissemination.workshops import queries
from dissemination.workshops.models import Profile, Speaker, Workshop, WorkshopSession
from dissemination.workshops.refusals import HowSheAgreed, NoName, RowChangedMeanwhile

FACTS = ("name", "affiliation", "email", "website", "biography_it", "biography_en")
NAMES = 1000  # offered in the programme form at most


# Finding.


def listed(district_id: int, text: str = "", *, after: str | None = None) -> Page:
    """One page of the directory, by name; `text` is looked for anywhere in it."""
    query = select(Profile).where(Profile.district_id == district_id)
    if text.strip():
        query = query.where(Profile.name_folded.like(like(text), escape="\\"))
    return page(query, columns=(Profile.name_folded, Profile.id), after=after)


def by_id(district_id: int, profile_id: int) -> Profile | None:
    """The district's speaker with that id, or None."""
    query = select(Profile).where(Profile.district_id == district_id, Profile.id == profile_id)
    return db.session.scalar(query)


def names(district_id: int) -> list[tuple[str, str]]:
    """(name, affiliation) of the district's speakers by name: what the programme form offers."""
    query = select(Profile.name, Profile.affiliation).where(Profile.district_id == district_id)
    rows = db.session.execute(query.order_by(Profile.name_folded).limit(NAMES))
    return [(name, affiliation) for name, affiliation in rows]


def talks(profile_ids: Iterable[int]) -> dict[int, int]:
    """In how many sessions each speaks, in one query."""
    query = select(Speaker.profile_id, func.count()).where(Speaker.profile_id.in_(list(profile_ids)))
    return {key: n for key, n in db.session.execute(query.group_by(Speaker.profile_id)) if key}


def workshops_of(profile: Profile) -> list[Workshop]:
    """Where the speaker speaks or spoke, the latest first."""
    mine = select(WorkshopSession.workshop_id).join(Speaker).where(Speaker.profile_id == profile.id)
    query = select(Workshop).where(Workshop.id.in_(mine))
    return list(db.session.scalars(query.order_by(Workshop.starts_at.desc(), Workshop.id.desc())))


# Verbs.


def linked(district_id: int, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Profile]:
    """The profile of each (name, affiliation): a known speaker of that name, or a new one.

    Of several with one name the one with the same affiliation is meant, else the one known longest.
    """
    wanted = list(dict.fromkeys((name, place) for name, place in pairs))
    if not wanted:
        return {}
    query = select(Profile).where(
        Profile.district_id == district_id, Profile.name_folded.in_({fold(name) for name, _ in wanted})
    )
    known: dict[str, list[Profile]] = {}
    for profile in db.session.scalars(query.order_by(Profile.id)):
        known.setdefault(profile.name_folded, []).append(profile)
    found = {}
    for name, place in wanted:
        homonyms = known.setdefault(fold(name), [])
        if not homonyms:
            homonyms.append(_new(district_id, name=name, affiliation=place))
        same = (p for p in homonyms if fold(p.affiliation) == fold(place))
        found[name, place] = next(same, homonyms[0])
    return found


def add(district_id: int, **facts: str) -> Profile:
    """A new speaker; `facts`: see FACTS. Raises NoName."""
    profile = _new(district_id, **facts)
    _check(profile)
    db.session.flush()
    return profile


def revise(profile: Profile, *, version: int, **facts: str) -> Profile:
    """Change what is known of a speaker. Programmes keep the name as it was written there.

    Raises RowChangedMeanwhile, NoName.
    """
    _hold(profile, version)
    for name in FACTS:
        if name in facts:
            setattr(profile, name, facts[name])
    _check(profile)
    profile.name_folded = fold(profile.name)[:200]
    _changed(profile)
    return profile


def agree(profile: Profile, *, how: str, by: Account | None, version: int) -> Profile:
    """Note that the speaker agreed to the publication, and how. Raises RowChangedMeanwhile, HowSheAgreed."""
    _hold(profile, version)
    if not how.strip():
        raise HowSheAgreed
    profile.agreed_at, profile.agreed_text, profile.agreed_by = now(), how.strip(), by.id if by else None
    _changed(profile)
    return profile


def withdraw(profile: Profile) -> Profile:
    """Take the consent back: the biography leaves every public page at once. Twice is once."""
    profile.agreed_at, profile.agreed_text, profile.agreed_by = None, "", None
    _changed(profile)
    return profile


def remove(profile: Profile) -> None:
    """Forget a speaker. Programmes keep the bare name, as printed."""
    _touch_pages(profile)
    db.session.execute(update(Speaker).where(Speaker.profile_id == profile.id).values(profile_id=None))
    db.session.execute(delete(Profile).where(Profile.id == profile.id))
    db.session.expire_all()


def _new(district_id: int, **facts: str) -> Profile:
    name = facts["name"]
    profile = Profile(district_id=district_id, created_at=now(), name_folded=fold(name)[:200], **facts)
    db.session.add(profile)
    return profile


def _check(profile: Profile) -> None:
    if not profile.name.strip():
        raise NoName


def _hold(profile: Profile, version: int) -> None:
    db.session.refresh(profile, with_for_update=True)
    if profile.version != version:
        raise RowChangedMeanwhile


def _changed(profile: Profile) -> None:
    profile.version += 1
    db.session.flush()
    _touch_pages(profile)


def _touch_pages(profile: Profile) -> None:
    mine = select(WorkshopSession.workshop_id).join(Speaker).where(Speaker.profile_id == profile.id)
    queries.touch(mine)
