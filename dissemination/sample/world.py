"""What the loading carries along: the district, its people, the chance, and the line of events.

Every event is a moment and a function; they run in the order of their moments with the clock moved
there, through the same actions as a user's. So what an action looks up (who came before, what is
published, who subscribed) is what it would have found on that day.
"""

import csv
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from dissemination.districts.models import District, Sector
from dissemination.kernel import clock
from dissemination.people.accounts import Account
from dissemination.people.models import Company
from dissemination.plan.models import ActivityLine, MacroArea, Plan

DATA = Path(__file__).with_name("data")


def table(name: str) -> dict:
    """A TOML file of `data/`."""
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    """A CSV file of `data/`."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@dataclass(frozen=True)
class Somebody:
    """An invented person, with the organisation that she works for (None: nobody's)."""

    given_name: str
    family_name: str
    email: str
    job_title: str
    language: str
    sector: str
    company: Company | None
    keen: float = 1.0  # how readily she comes: the same few companies come often (rule R8)


@dataclass
class World:
    """The district while it is being loaded. `now` is the moment of loading, which no event is after."""

    now: datetime
    chance: Random
    district: District
    cast: dict[str, Account]  # by first name, lower case: "ada"
    plan: Plan
    people: list[Somebody] = field(default_factory=list)
    events: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)

    @property
    def today(self):
        """The date of loading in the district's zone."""
        return clock.local(self.now, self.district.zone).date()

    @property
    def ada(self) -> Account:
        """Who organises."""
        return self.cast["ada"]

    @property
    def bice(self) -> Account:
        """Who manages."""
        return self.cast["bice"]

    def sector(self, code: str) -> Sector:
        """The district's sector with that code."""
        return next(s for s in self.district.sectors if s.code == code)

    def line(self, code: str) -> ActivityLine:
        """The plan's activity line with that code."""
        return next(line for line in self.plan.lines if line.code == code)

    def area(self, number: int) -> MacroArea:
        """The plan's macro-area by its number from 1."""
        return self.plan.macro_areas[number - 1]

    def then(self, moment: datetime, what: Callable[[], object]) -> None:
        """Let `what()` happen at `moment`; never after now."""
        self.events.append((min(moment, self.now), len(self.events), what))

    def between(self, start: datetime, end: datetime) -> datetime:
        """A moment by chance from `start` to `end`, not after now."""
        end = min(end, self.now)
        return start + (end - start) * self.chance.random() if end > start else end

    def live(self) -> int:
        """Run all events in their order, each at its moment; how many. Events may add later ones."""
        count = 0
        while self.events:
            self.events.sort(key=lambda event: event[:2], reverse=True)
            moment, _number, what = self.events.pop()
            with clock.at(moment):
                what()
            count += 1
        return count
