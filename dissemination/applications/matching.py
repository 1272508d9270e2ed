"""What could help with an improvement area: services, calls, laboratories, publications, and why.

Nothing is guessed and nothing learned: points come from words that both use, from the type of the
improvement, and from what is written in the area; a size, a sector or a deadline that does not fit leaves
out. The same rows give the same suggestions in the same order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.applications import likeness
from dissemination.applications.likeness import Words
from dissemination.audits.models import ImprovementArea
from dissemination.calls import queries as catalogue
from dissemination.calls.models import Call, Service
from dissemination.calls.moments import days_left, written
from dissemination.calls.standing import Standing, in_its_time, next_cutoff
from dissemination.calls.texts import AREA_TYPES, SIZE_NAMES
from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.people.models import Company
from dissemination.publications.models import Publication
from dissemination.research.models import Laboratory

MOST = 3  # suggestions of one kind for one area
ENOUGH = 2  # points below which nothing is suggested
TYPE, NAMED, FITTING, SECTOR = 2, 6, 3, 1
PUBLICATIONS = 2000  # the newest ones are looked at


class Kind(StrEnum):
    """What is suggested."""

    SERVICE = "service"
    CALL = "call"
    LABORATORY = "laboratory"
    PUBLICATION = "publication"


@dataclass(frozen=True)
class Suggestion:
    """One thing that could help, and why."""

    kind: Kind
    id: int
    title: str
    points: int
    reasons: list[str]
    row: Service | Call | Laboratory | Publication


class Market:
    """What a district offers at a moment; each kind is asked for once, however many areas are matched."""

    def __init__(self, district: District, at: datetime | None = None):
        self.district, self.at = district, at or now()
        self.sectors = {s.id: s for s in district.sectors}
        self.read: dict[int, Words] = {}  # the words of single calls

    @cached_property
    def services(self) -> list[tuple[Service, Words]]:
        """The services that are valid on the day."""
        on = local(self.at, self.district.zone).date()
        return [(s, _of_service(s)) for s in catalogue.services(self.district.id, on=on)]

    @cached_property
    def calls(self) -> list[tuple[Call, Words]]:
        """The calls that are open or open soon, drafts included: the desk knows of them."""
        return [(c, of_call(c)) for c in catalogue.coming(self.district.id, self.at, drafts=True)]

    @cached_property
    def laboratories(self) -> list[tuple[Laboratory, Words]]:
        """The laboratories that are offered."""
        query = select(Laboratory).where(
            Laboratory.district_id == self.district.id, Laboratory.retired_at.is_(None)
        )
        rows = db.session.scalars(query.options(joinedload(Laboratory.organisation)).order_by(Laboratory.id))
        return [
            (x, likeness.read(x.keywords, x.name, x.competences_it or x.competences_en, x.equipment_it))
            for x in rows
        ]

    @cached_property
    def publications(self) -> list[tuple[Publication, Words]]:
        """The newest public publications, by title and keywords."""
        query = select(Publication).where(
            Publication.district_id == self.district.id, Publication.published_at.is_not(None)
        )
        rows = db.session.scalars(query.order_by(Publication.id.desc()).limit(PUBLICATIONS))
        return [(p, likeness.read(p.keywords, p.title_it or p.title_en)) for p in rows]

    def for_area(self, area: ImprovementArea, company: Company) -> dict[Kind, list[Suggestion]]:
        """What could help with an area of a company: at most MOST of each kind, the best first."""
        words = of_area(area)
        services = self._services(area, words, company)
        calls = [
            s for call, own in self.calls
            if (s := self._call(call, own, area, words, company, services)) is not None
        ]  # fmt: skip
        return {
            Kind.SERVICE: services[:MOST], Kind.CALL: _best(calls),
            Kind.LABORATORY: _best(self._laboratories(words, company)),
            Kind.PUBLICATION: _best(self._publications(words)),
        }  # fmt: skip

    def for_call(self, call: Call, area: ImprovementArea, company: Company) -> Suggestion | None:
        """Whether a call fits an area of a company, and why."""
        words = of_area(area)
        services = self._services(area, words, company)
        if call.id not in self.read:
            self.read[call.id] = of_call(call)
        return self._call(call, self.read[call.id], area, words, company, services)

    def _services(self, area: ImprovementArea, words: Words, company: Company) -> list[Suggestion]:
        found = []
        for service, own in self.services:
            shared = likeness.compare(words, own)
            if shared.points < 1 or not _serves(service, area, company):
                continue
            points, reasons = shared.points, list(shared.reasons)
            if area.type.value in service.area_types:
                points += TYPE
                said = AREA_TYPES[area.type]
                reasons.insert(0, _("serves improvements of this type: %(type)s", type=said))
            percent = service.intensity.get(company.size.value) if company.size else None
            if percent:
                size = SIZE_NAMES[company.size.value]  # type: ignore[union-attr]
                reasons.append(_("pays %(n)d%% for the size “%(size)s”", n=percent, size=size))
            title = f"{service.code} {translated(service, 'title')}"
            found.append(Suggestion(Kind.SERVICE, service.id, title, points, reasons, service))
        return _best(found, most=len(found))

    def _call(
        self, call: Call, own: Words, area: ImprovementArea, words: Words, company: Company,
        services: Sequence[Suggestion],
    ) -> Suggestion | None:  # fmt: skip
        who = self._who(call, company)
        when = self._when(call)
        if who is None or when is None:
            return None
        shared = likeness.compare(words, own)
        points, reasons = _by_service(call, area, services)
        if points + shared.points < ENOUGH:
            return None
        extra = SECTOR if call.sectors else 0
        reasons = [*reasons, *shared.reasons, *who, when]
        points += shared.points + extra
        return Suggestion(Kind.CALL, call.id, translated(call, "title"), points, reasons, call)

    def _who(self, call: Call, company: Company) -> list[str] | None:
        """Why the company may apply; None: it may not."""
        size = company.size.value if company.size else None
        sector = self.sectors.get(company.sector_id or 0)
        if call.sizes and size is not None and size not in call.sizes:
            return None
        if call.sectors and sector is not None and sector.code not in call.sectors:
            return None
        found = []
        if call.sizes:
            known = _("the size “%(size)s” may apply", size=SIZE_NAMES[size]) if size else ""
            found.append(known or _("the size of the company is not known: check whether it may apply"))
        if call.sectors:
            name = translated(sector, "name") if sector else ""
            known = _("for the sector %(sector)s", sector=name) if sector else ""
            found.append(known or _("the sector of the company is not known: check whether it may apply"))
        return found

    def _when(self, call: Call) -> str | None:
        """How long there is time; None: there is none."""
        zone = self.district.zone
        stands = in_its_time(call, self.at)
        if stands is Standing.CLOSED or call.withdrawn_at is not None:
            return None
        if stands is Standing.UPCOMING and call.opens_at is not None:
            return _("opens on %(day)s", day=written(call.opens_at, zone)[:10])
        cutoff = next_cutoff(call, self.at)
        if cutoff is None:
            return _("open, without a deadline")
        left = days_left(cutoff.closes_at, self.at, zone)
        if left == 0:
            return _("closes today")
        return ngettext("closes in %(num)d day", "closes in %(num)d days", left)

    def _laboratories(self, words: Words, company: Company) -> Iterable[Suggestion]:
        sector = self.sectors.get(company.sector_id or 0)
        for laboratory, own in self.laboratories:
            shared = likeness.compare(words, own)
            if shared.points < ENOUGH:
                continue
            points, reasons = shared.points, list(shared.reasons)
            if sector is not None and sector.code in laboratory.sectors:
                points += SECTOR
                reasons.append(_("works for the sector %(sector)s", sector=translated(sector, "name")))
            title = f"{laboratory.name} ({laboratory.organisation.name})"
            yield Suggestion(Kind.LABORATORY, laboratory.id, title, points, reasons, laboratory)

    def _publications(self, words: Words) -> Iterable[Suggestion]:
        for publication, own in self.publications:
            shared = likeness.compare(words, own)
            if shared.points >= ENOUGH:
                title = translated(publication, "title")
                yield Suggestion(
                    Kind.PUBLICATION, publication.id, title, shared.points, shared.reasons, publication
                )


def of_area(area: ImprovementArea) -> Words:
    """The words of an improvement area."""
    return likeness.read(
        area.keywords, area.title, area.description, area.proposed_action, area.expected_result
    )


def of_call(call: Call) -> Words:
    """The words of a call."""
    return likeness.read(call.keywords, call.title_it or call.title_en, call.summary_it or call.summary_en)


def _of_service(service: Service) -> Words:
    return likeness.read(service.keywords, service.title_it, service.description_it)


def _serves(service: Service, area: ImprovementArea, company: Company) -> bool:
    """Whether the service is for that type of improvement and that size of company."""
    if service.area_types and area.type.value not in service.area_types:
        return False
    return not service.intensity or company.size is None or company.size.value in service.intensity


def _by_service(call: Call, area: ImprovementArea, services: Sequence[Suggestion]) -> tuple[int, list[str]]:
    """Points and reason of what a call pays for: the service written in the area, or a fitting one."""
    paid = {service.id: service.code for service in call.services}
    if area.service_id in paid:
        code = paid[area.service_id]  # type: ignore[index]
        return NAMED, [_("pays for %(code)s, which is written in the area", code=code)]
    fitting = [paid[s.id] for s in services[:MOST] if s.id in paid]
    if fitting:
        return FITTING, [_("pays for %(codes)s, which fits the area", codes=", ".join(fitting))]
    return 0, []


def _best(found: Iterable[Suggestion], most: int = MOST) -> list[Suggestion]:
    """The most points first; of equal ones in the order of their titles."""
    return sorted(found, key=lambda s: (-s.points, s.title, s.id))[:most]
