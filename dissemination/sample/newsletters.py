"""Topics, who subscribed, and six issues: five sent in the past, the last one a draft."""

from datetime import date, timedelta
from functools import partial

from dissemination.kernel import clock, links
from dissemination.newsletters import actions
from dissemination.newsletters.models import BlockKind
from dissemination.people.models import OrganisationType
from dissemination.people.queries import contact_by_email
from dissemination.publications.queries import published_since
from dissemination.sample import fates
from dissemination.sample.dates import at, nobody_meets, spread
from dissemination.sample.world import Somebody, World, table
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions.models import Topic, TopicKind
from dissemination.subscriptions.public import CONSENT
from dissemination.workshops.queries import upcoming

READERS = 140
SECOND_TOPIC, CALLS = 0.28, 0.2  # chances of wanting more than one's own sector
FIRST_ISSUE, LAST_ISSUE = 50, 16  # days after the plan's start, days before today


def schedule(world: World) -> None:
    """Add the topics, and put readers and issues on the line of events."""
    data = table("newsletters")
    with clock.at(at(world.plan.starts_on + timedelta(days=8))):
        topics = [_topic(world, facts) for facts in data["topic"]]
    first, last = world.plan.starts_on + timedelta(days=FIRST_ISSUE), world.today - timedelta(days=LAST_ISSUE)
    sent = data["issue"][:-1]
    days = [_working(spread(first, last, n, len(sent))) for n in range(len(sent))]
    _schedule_readers(world, topics, days)
    since = world.plan.starts_on
    for facts, day in zip(sent, days, strict=True):
        world.then(at(day, "11:00"), partial(_send, world, facts, topics, since))
        since = day
    world.then(world.now - timedelta(hours=3), partial(_compose, world, data["issue"][-1], topics, since))


def _working(day: date) -> date:
    while nobody_meets(day):
        day -= timedelta(days=1)
    return day


def _topic(world: World, facts: dict) -> Topic:
    code = facts["sector"]
    return subscriptions.add_topic(
        world.district, name_it=facts["name_it"], name_en=facts["name_en"],
        code=code or facts["code"], sector_id=world.sector(code).id if code else None,
        kind=TopicKind(facts.get("kind", "news")),
    )  # fmt: skip


def _schedule_readers(world: World, topics: list[Topic], days: list[date]) -> None:
    """Half of the readers come before the first issue, the others until now; two leave after the third."""
    start = at(world.plan.starts_on + timedelta(days=9))
    readers = world.chance.sample(world.people, READERS)
    for n, person in enumerate(readers):
        wanted = _wanted(world, person, topics)
        end = at(days[0]) if n % 2 else at(days[-1])
        moment = world.between(start, end)
        world.then(moment, partial(_ask, world, person, wanted))
    for person in readers[:2]:
        world.then(at(days[2] + timedelta(days=1)), partial(_leave, world, person))


def _wanted(world: World, person: Somebody, topics: list[Topic]) -> list[Topic]:
    chance = world.chance
    own = [t for t in topics if t.code == person.sector] or [chance.choice(topics)]
    if chance.random() < SECOND_TOPIC:
        own.append(chance.choice([t for t in topics if t not in own]))
    if chance.random() < CALLS and topics[-1] not in own:
        own.append(topics[-1])
    return own


def _ask(world: World, person: Somebody, wanted: list[Topic]) -> None:
    """The public form, and some minutes later the link in the mail."""
    company = person.company
    if company is not None and company.type is not OrganisationType.COMPANY:
        company = None  # the form asks for companies only
    shown = str(CONSENT) % {"body": world.district.managing_body}
    request = subscriptions.ask(
        world.district, email=person.email, topics=wanted, consent_text=shown, given_name=person.given_name,
        family_name=person.family_name, language=person.language,
        company_name=company.name if company else "",
        company_tax_id=(company.tax_id or "") if company else "",
    )  # fmt: skip
    token = links.sign_for_a_while("subscription", [request.id, request.mark])
    world.then(
        clock.now() + timedelta(minutes=world.chance.randint(2, 300)),
        partial(subscriptions.confirm, world.district, token),
    )


def _leave(world: World, person: Somebody) -> None:
    contact = contact_by_email(world.district.id, person.email)
    if contact is not None:
        subscriptions.unsubscribe_everything(contact)


def _compose(world: World, facts: dict, topics: list[Topic], since: date):
    coming = upcoming(world.district.id, limit=4)
    news = published_since(world.district.id, since, limit=3)
    issue = actions.compose(
        world.district, by=world.ada, subject_it=facts["subject_it"], subject_en=facts["subject_en"],
        preheader_it=facts["preheader_it"], preheader_en=facts["preheader_en"],
        activity_line_id=world.line("a").id, topics=topics,
    )  # fmt: skip
    actions.add_block(issue, kind=BlockKind.HEADING, text_it=facts["heading_it"], text_en=facts["heading_en"])
    actions.add_block(issue, kind=BlockKind.TEXT, text_it=facts["text_it"], text_en=facts["text_en"])
    actions.add_sources(
        issue, workshop_ids=[w.id for w in coming], publication_ids=[p.id for p in reversed(news)]
    )
    return issue


def _send(world: World, facts: dict, topics: list[Topic], since: date) -> None:
    issue = _compose(world, facts, topics, since)
    draft = actions.prepare(issue)
    actions.send(issue, draft, version=issue.version, by=world.ada, in_batches=False)
    world.then(clock.now() + timedelta(minutes=4), partial(_finish, world, issue))


def _finish(world: World, issue) -> None:
    fates.record_issue(issue, world.chance)
    actions.finish(issue)


def add_few_topics(district) -> None:
    """The topics of the other district: its sectors."""
    for sector in district.sectors:
        subscriptions.add_topic(district, name_it=sector.name_it, name_en=sector.name_en, sector_id=sector.id)
