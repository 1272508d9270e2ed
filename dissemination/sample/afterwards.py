"""What stands around the workshops of the sample: speakers, materials, mails, feedback, certificates, guests.

What those who came thought is logged on its day; the rest is added last, by the same actions.
"""

from datetime import timedelta
from functools import partial
from io import BytesIO
from random import Random

from dissemination.certificates import actions as certificates
from dissemination.feedback import actions as feedback
from dissemination.feedback import queries as asked
from dissemination.feedback.models import Purpose
from dissemination.followups import actions as followups
from dissemination.guests import actions as guests
from dissemination.guests.mails import Words
from dissemination.guests.screening import Person
from dissemination.sample import pdf
from dissemination.sample.dates import at, coming_dates
from dissemination.sample.workshops import PAST, UNCOUNTED, Life
from dissemination.sample.world import World, table
from dissemination.workshops import actions as workshops
from dissemination.workshops import materials, profiles, questions
from dissemination.workshops.models import Audience, Kind, Profile, State, Workshop

ANSWERING = 0.7  # of those present, how many say what they thought
SCORES = (3, 4, 4, 4, 5, 5, 5)
HOURS_TO_TAKE_A_SEAT = 8
GUESTS = 12


def schedule(world: World, lives: list[Life]) -> None:
    """Ask those who came to the last three workshops that count."""
    for life in [life for life in lives if life.number < PAST and life.number != UNCOUNTED][-3:]:
        world.then(life.ends_at + timedelta(days=5), partial(_look_back, life))


def add(world: World, series: list[Workshop]) -> None:
    """Enrich `series`, the district's workshops in the order of their dates."""
    closed = [w for w in series if w.closing is not None and not w.closing.not_counted]
    coming = [w for w in series if w.state is State.PUBLISHED]
    _introduce_speakers(world)
    _hand_out(world, closed[-1])
    certificates.issue_all(closed[-1], by=world.ada)
    full, next_one = coming[0], coming[1]
    workshops.revise(full, by=world.ada, version=full.version, offer_hours=HOURS_TO_TAKE_A_SEAT)
    followups.add_ready(next_one, by=world.ada)
    _ask_more(world, next_one)
    _invite_privately(world)


def _introduce_speakers(world: World) -> None:
    for facts in table("speakers")["speaker"]:
        known = Profile.query.filter_by(district_id=world.district.id, name=facts["name"]).first()
        biographies = {"biography_it": facts["biography_it"], "biography_en": facts["biography_en"]}
        if known is None:
            known = profiles.add(
                world.district.id, name=facts["name"], affiliation=facts["affiliation"], **biographies
            )
        else:
            profiles.revise(known, version=known.version, **biographies)
        profiles.agree(known, how="Modulo firmato (dati di esempio)", by=world.ada, version=known.version)


def _look_back(life: Life) -> None:
    """Some days later those who came say what they thought."""
    chance = Random(life.number)
    feedback.ensure(life.workshop, Purpose.FEEDBACK)
    for registration in asked.present(life.workshop):
        if chance.random() < ANSWERING:
            score = str(chance.choice(SCORES))
            feedback.answer(registration, Purpose.FEEDBACK, answers={"overall": score}, anonymous=True)


def _hand_out(world: World, workshop: Workshop) -> None:
    slides = pdf.document(workshop.title_it, ["Presentazione (dati di esempio)", "", workshop.abstract_it])
    materials.add(
        workshop, BytesIO(slides), "presentazione.pdf", by=world.ada, title_it="Presentazione",
        title_en="Slides", audience=Audience.PUBLIC, after_end=True, session_id=None,
    )  # fmt: skip


def _ask_more(world: World, workshop: Workshop) -> None:
    questions.add(
        workshop, by=world.ada, version=workshop.version, kind=Kind.CHOICE,
        text_it="Che cosa vi serve di più?", text_en="What do you need most?", required=False,
        choices=[
            {"it": "Conoscere la norma", "en": "To know the regulation"},
            {"it": "Trovare un fornitore", "en": "To find a supplier"},
            {"it": "Un contributo pubblico", "en": "Public money"},
        ],
    )  # fmt: skip


def _invite_privately(world: World) -> None:
    """A round table by invitation, in the room and online."""
    day = coming_dates(world.today)[2] + timedelta(days=1)
    table_of_few = workshops.add(
        world.district, by=world.ada, title_it="Tavolo riservato: il passaporto digitale del prodotto",
        title_en="Round table by invitation: the digital product passport", theme="Passaporto digitale",
        abstract_it="Dodici imprese e due laboratori decidono che cosa provare insieme.",
        abstract_en="Twelve companies and two laboratories decide what to try together.",
        venue="Sala del consiglio", address="Via dei Telai 4, Prato (PO)", seats=15, online_seats=10,
        online_url="https://meet.moda.example/tavolo", is_private=True,
        sector_id=world.sector("tessile").id, macro_area_id=world.area(1).id,
        activity_line_id=world.line("a").id, registration_deadline=None,
        sessions=[{
            "title_it": "Discussione", "title_en": "Discussion", "speakers": [],
            "starts_at": at(day, "15:00"), "ends_at": at(day, "17:00"),
        }],
    )  # fmt: skip
    workshops.publish(table_of_few, by=world.ada)
    invited = [p for p in world.people if p.sector == "tessile"][:GUESTS]
    guests.add(
        table_of_few,
        [
            Person(
                email=p.email,
                given_name=p.given_name,
                family_name=p.family_name,
                language=p.language,
                company_name=p.company.name if p.company else "",
            )
            for p in invited
        ],
        by=world.ada,
    )
    guests.invite(table_of_few, Words())
