"""Loading the sample: two invented districts, lived through event by event up to the present moment."""

from datetime import datetime, timedelta
from random import Random

from flask import current_app
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters.models import Issue
from dissemination.people.models import Company, OrganisationType
from dissemination.publications.models import Publication
from dissemination.registrations.models import Registration
from dissemination.sample import (
    afterwards,
    audits,
    companies,
    districts,
    fates,
    funding,
    history,
    newsletters,
    publications,
    reports,
    shelf,
    workshops,
)
from dissemination.sample.world import World, table
from dissemination.seals.sealing import seal
from dissemination.workshops.models import Workshop

SEED = 789_2014
FRESH = timedelta(hours=60)  # mails younger than this are left to the worker


class SampleIsThere(Refusal):
    """A district of the sample exists."""

    message = _l("The sample districts are there already: nothing was loaded and nothing was changed.")


def load() -> dict[str, int]:
    """Load the sample into an installation without it; what was made, by kind.

    The same on every day but for the dates, which end at this moment. Takes the write lock for some ten
    seconds and renders newsletters inside it: meant for an empty installation, before anybody works there.
    Raises SampleIsThere.
    """
    slugs = [facts["slug"] for facts in table("districts")["district"]]
    if db.session.scalar(select(District.id).where(District.slug.in_(slugs)).limit(1)) is not None:
        raise SampleIsThere
    now = clock.now()
    with force_locale("it"):
        with clock.at(now - timedelta(days=800)):
            moda, nautica = districts.add_districts()
            cast = districts.add_cast([moda, nautica])
            world = World(now, Random(SEED), moda, cast, districts.add_plan(moda, now))
        _fill(world)
        _fill_small(nautica, world, now)
    for district in (moda, nautica):
        seal(district.id)
    fates.skip_past(before=now + FRESH if _has_server() else now - FRESH)
    return _made(moda)


def _fill(world: World) -> None:
    companies.add_companies(world)
    newsletters.schedule(world)
    lives = workshops.schedule(world)
    afterwards.schedule(world, lives)
    publications.schedule(world)
    shelf.schedule(world)
    audited = audits.audited_companies(world)
    audits.schedule(world, audited)
    funding.schedule(world, audited)
    history.schedule(world, audited)
    reports.schedule(world)
    world.live()
    afterwards.add(world, [life.workshop for life in lives])


def _fill_small(district: District, world: World, now: datetime) -> None:
    plan = districts.add_small_plan(district, now)
    companies.add_few(district, now)
    newsletters.add_few_topics(district)
    workshops.add_one(world.today, district, plan.lines[0], by=world.cast["dora"], now=now)


def _has_server() -> bool:
    """With a real mail server nothing of the sample may leave: its addresses are nobody's."""
    return bool(current_app.config["SETTINGS"].mail.server)


def _made(district: District) -> dict[str, int]:
    def count(model, *conditions) -> int:
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

    is_company = Company.type == OrganisationType.COMPANY
    return {
        "companies": count(Company, Company.district_id == district.id, is_company),
        "workshops": count(Workshop, Workshop.district_id == district.id),
        "registrations": count(Registration),
        "publications": count(Publication, Publication.district_id == district.id),
        "newsletters": count(Issue, Issue.district_id == district.id),
    }
