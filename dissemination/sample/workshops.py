"""The workshop series on the line of events: scheduled, published, registered for, held, closed."""

from datetime import date, datetime, timedelta
from functools import partial
from io import BytesIO

from dissemination.attendance import actions as attendance
from dissemination.attendance import queries as present
from dissemination.kernel import clock, files
from dissemination.kernel.text import slugify
from dissemination.people.models import OrganisationType, Purpose
from dissemination.plan.actions import add_evidence
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registered
from dissemination.registrations.forms import CONSENT
from dissemination.registrations.models import Registration
from dissemination.sample import pdf
from dissemination.sample.dates import at, coming_dates, past_dates
from dissemination.sample.world import Somebody, World, table
from dissemination.workshops import actions as workshops
from dissemination.workshops.models import Workshop

PAST = 14
UNCOUNTED = 11  # this one (from 1) was closed without counting
COMING_REGISTRATIONS = (29, 37, 19, 34)  # the first has 24 seats: five wait
FULLNESS = (0.6, 0.95)  # of the seats of past ones
OWN_SECTOR = 12  # how much likelier somebody of the sector comes than another
CAME, CANCELLED, WALKED_IN = 0.8, 0.06, 0.5  # chances: of a registration, of a registration, of a workshop
DAY = timedelta(days=1)
LOST = "Il registro degli accessi alla piattaforma è andato perduto: manca la prova delle presenze."
ANSWERS = ("Sì, da due anni.", "No, la stiamo scrivendo.", "Non ancora.", "Sì, chiesta dal committente.")


def schedule(world: World) -> list["Life"]:
    """Put the whole series on the line of events; what it will be, in the order of the dates."""
    data = table("workshops")
    past = past_dates(world.today, PAST)
    series = zip([*past, *coming_dates(world.today)], data["workshop"], strict=True)
    lives = []
    for number, (day, facts) in enumerate(series, start=1):
        wanted = _how_many(world, facts["seats"], number)
        lives.append(Life(world, number, day, facts, data["venue"].get(facts.get("venue"), {}), wanted))
        lives[-1].begin()
    return lives


def _how_many(world: World, seats: int, number: int) -> int:
    if number > PAST:
        return COMING_REGISTRATIONS[number - PAST - 1]
    return min(round(seats * world.chance.uniform(*FULLNESS)), seats, 48)


class Life:
    """One workshop from its draft to its closing."""

    workshop: Workshop  # once it was added

    def __init__(self, world: World, number: int, day: date, facts: dict, venue: dict, wanted: int):
        self.world, self.number, self.day, self.facts, self.venue = world, number, day, facts, venue
        self.wanted = wanted
        self.starts_at = at(day, facts["session"][0]["at"][0])
        self.ends_at = at(day, facts["session"][-1]["at"][1])
        self.deadline = self.starts_at - DAY
        earliest = at(world.plan.starts_on + timedelta(days=6))
        self.added_at = max(min(self.starts_at - 50 * DAY, world.now - 22 * DAY), earliest)
        self.published_at = self.added_at + DAY

    @property
    def is_past(self) -> bool:
        """Whether its day is over."""
        return self.number <= PAST

    def begin(self) -> None:
        """Put draft and publication on the line of events; the rest follows from there."""
        self.world.then(self.added_at, self.add)
        self.world.then(self.published_at, self.publish)
        for person in self._audience():
            moment = self._moment()
            self.world.then(moment, partial(self.register, person))
        if self.is_past:
            self.world.then(self.ends_at + timedelta(minutes=5), self.hold)
            if self.number < PAST:
                self.world.then(self.ends_at + 4 * DAY, self.close)

    def _moment(self) -> datetime:
        """When somebody registers: for coming workshops mostly lately, so that some mails are fresh."""
        opened, last = self.published_at + timedelta(hours=2), min(self.deadline, self.world.now)
        if self.is_past:
            return self.world.between(opened, last)
        return last - (last - opened) * self.world.chance.random() ** 3

    def _audience(self) -> list[Somebody]:
        """Who registers: mostly the sector's people, some of the others, nobody twice."""
        chance, sector = self.world.chance, self.facts["sector"]
        keen = [(p, p.keen * (OWN_SECTOR if p.sector == sector else 1)) for p in self.world.people]
        keen.sort(key=lambda pair: chance.random() ** (1 / pair[1]), reverse=True)
        return [person for person, _weight in keen[: self.wanted]]

    def add(self) -> None:
        """The draft."""
        facts, venue = self.facts, self.venue
        questions = []
        if "question_it" in facts:
            questions = [
                {"text_it": facts["question_it"], "text_en": facts["question_en"], "required": False}
            ]
        self.workshop = workshops.add(
            self.world.district, by=self.world.ada, sessions=self._sessions(), questions=questions,
            theme=facts["theme"], sector_id=self.world.sector(facts["sector"]).id,
            macro_area_id=self.world.area(facts["area"]).id, activity_line_id=self.world.line("a").id,
            title_it=facts["title_it"], title_en=facts["title_en"], abstract_it=facts["abstract_it"],
            abstract_en=facts["abstract_en"], venue=venue.get("name", ""), address=venue.get("address", ""),
            directions_it=venue.get("directions_it", ""), directions_en=venue.get("directions_en", ""),
            online_url=facts.get("online", ""), seats=facts["seats"], registration_deadline=self.deadline,
        )  # fmt: skip

    def _sessions(self) -> list[dict]:
        return [
            {
                "title_it": s["title_it"], "title_en": s["title_en"], "starts_at": at(self.day, s["at"][0]),
                "ends_at": at(self.day, s["at"][1]), "speakers": [tuple(p) for p in s["speakers"]],
            }
            for s in self.facts["session"]
        ]  # fmt: skip

    def publish(self) -> None:
        """The draft becomes public."""
        workshops.publish(self.workshop, by=self.world.ada)

    def register(self, person: Somebody) -> None:
        """A person asks for a seat, and perhaps gives it back."""
        facts = _facts_of(self.world, person)
        registration = registrations.register(self.workshop, answers=self._answers(), proven=True, **facts)
        if self.is_past and self.world.chance.random() < CANCELLED:
            moment = self.world.between(clock.now(), self.starts_at - timedelta(hours=3))
            self.world.then(moment, partial(registrations.cancel, registration))

    def _answers(self) -> dict[str, str]:
        return {str(q.id): self.world.chance.choice(ANSWERS) for q in self.workshop.questions}

    def hold(self) -> None:
        """The day itself: one or two came without a seat; who came is ticked, except at the last one."""
        if self.number == PAST:
            return
        chance, ada = self.world.chance, self.world.ada
        confirmed = registered.confirmed(self.workshop)
        attendance.tick(self.workshop, came=[r.id for r in confirmed if chance.random() < CAME], by=ada)
        if chance.random() < WALKED_IN:
            person = chance.choice([p for p in self.world.people if p.sector == self.facts["sector"]])
            attendance.walk_in(self.workshop, **_facts_of(self.world, person), by=ada)

    def close(self) -> None:
        """The books: the signed sheet, the real times; one is closed without counting."""
        late = timedelta(minutes=self.world.chance.choice((0, 0, 5, 10)))
        reason = LOST if self.number == UNCOUNTED else ""
        if not reason:
            self._attach_sheet()
        attendance.close(
            self.workshop, by=self.world.ada, started_at=self.starts_at + late, ended_at=self.ends_at + late,
            without_counting=reason,
        )  # fmt: skip

    def _attach_sheet(self) -> None:
        sheet = pdf.document(f"Foglio firme (dati di esempio): {self.facts['theme']}", self._lines())
        name = f"foglio-firme-{self.day:%Y-%m-%d}-{slugify(self.facts['theme'])}.pdf"
        stored = files.put(BytesIO(sheet), name, district_id=self.world.district.id)
        add_evidence(
            self.workshop, district_id=self.world.district.id, code="attendance_sheet", file=stored,
            by=self.world.ada,
        )  # fmt: skip

    def _lines(self) -> list[str]:
        head = [self.facts["title_it"], f"{self.day:%d/%m/%Y}  {self.venue.get('name', 'on line')}", ""]
        return head + [
            f"{n:2}. {r.contact.name}, {r.company.name if r.company else 'a titolo personale'}   [firma]"
            for n, r in enumerate(_present(self.workshop), start=1)
        ]


def _present(workshop: Workshop) -> list[Registration]:
    there = present.present_ids(workshop)
    return [r for r in present.people(workshop) if r.id in there]


def _facts_of(world: World, person: Somebody) -> dict:
    """What the person writes into the form."""
    company = person.company
    return {
        "email": person.email, "given_name": person.given_name, "family_name": person.family_name,
        "tax_id": (company.tax_id or "") if company else "", "company_name": company.name if company else "",
        "organisation_type": company.type if company else OrganisationType.COMPANY,
        "job_title": person.job_title, "language": person.language,
        "consents": {Purpose.REGISTRATION: str(CONSENT % {"body": world.district.managing_body})},
    }  # fmt: skip


def add_one(world_date: date, district, line, *, by, now: datetime) -> Workshop:
    """The first workshop of the other district, published, without registrations."""
    day = coming_dates(world_date)[1]
    with clock.at(now - 5 * DAY):
        workshop = workshops.add(
            district, by=by, title_it="Refit e batterie: che cosa cambia a bordo",
            title_en="Refit and batteries: what changes on board", theme="Elettrificazione",
            abstract_it="Tre cantieri raccontano la prima imbarcazione convertita.",
            abstract_en="Three shipyards describe the first boat they converted.",
            venue="Sala del Molo Vecchio", address="Banchina Lunga 2, Viareggio (LU)", seats=40,
            sector_id=district.sectors[0].id, macro_area_id=None, activity_line_id=line.id,
            registration_deadline=at(day, "09:00"),
            sessions=[{
                "title_it": "Tre conversioni", "title_en": "Three conversions", "speakers": [],
                "starts_at": at(day, "10:00"), "ends_at": at(day, "12:30"),
            }],
        )  # fmt: skip
        return workshops.publish(workshop, by=by)
