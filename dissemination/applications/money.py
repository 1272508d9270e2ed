"""How much an application may ask for, and the sentence that names the limit."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from flask_babel import gettext as _

from dissemination.applications.refusals import AmountMissing, OverTheLimit
from dissemination.calls.models import Call, Service
from dissemination.calls.texts import SIZE_NAMES, euro
from dissemination.people.models import SizeClass

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Limit:
    """The most that may be asked (EUR), and why in words."""

    amount: Decimal
    why: str


@dataclass(frozen=True)
class Share:
    """The percentage of the cost that is paid at most, and where it is written."""

    percent: int
    why: str


def share(call: Call, services: Collection[Service], size: SizeClass | None) -> Share | None:
    """The percentage that holds: the services' highest for that size, no more than the call's. None: none
    is written. Of a company whose size is not known the highest of all sizes holds."""
    found = [s for service in services if (s := _of_service(service, size)) is not None]
    best = max(found, key=lambda s: s.percent, default=None)
    if call.intensity is not None and (best is None or call.intensity < best.percent):
        return Share(call.intensity, _("of the cost, by the call"))
    return best


def _of_service(service: Service, size: SizeClass | None) -> Share | None:
    if not service.intensity:
        return None
    if size is None:
        return Share(
            max(service.intensity.values()), _("of the cost, by service %(code)s", code=service.code)
        )
    words = _("of the cost, by service %(code)s for a company of the size “%(size)s”",
              code=service.code, size=SIZE_NAMES[size.value])  # fmt: skip
    return Share(service.intensity.get(size.value, 0), words)


def admissible(services: Collection[Service], cost: Decimal) -> Limit | None:
    """The cost that the services admit together when it is less than `cost`; None when all of it counts."""
    caps = [service.cost_cap for service in services]
    if not caps or any(cap is None for cap in caps):
        return None
    most = sum((cap for cap in caps if cap is not None), Decimal(0))
    codes = " + ".join(service.code for service in services)
    return Limit(most, _("highest admissible cost of %(codes)s", codes=codes)) if most < cost else None


def limits(
    call: Call, services: Collection[Service], *, size: SizeClass | None, cost: Decimal | None
) -> list[Limit]:  # fmt: skip
    """Every limit on the amount requested, the lowest first. Without a cost no percentage can be taken."""
    found = []
    if call.cap is not None:
        found.append(Limit(call.cap, _("the most that the call gives to one application")))
    percent = share(call, services, size)
    if cost is not None:
        base = admissible(services, cost)
        counted = base.amount if base else cost
        whose = f"{euro(counted)} ({base.why})" if base else euro(counted)
        if percent is not None:
            most = (counted * percent.percent / 100).quantize(CENT, ROUND_DOWN)
            found.append(Limit(most, f"{percent.percent}% {percent.why}: {whose}"))
        else:
            found.append(Limit(counted, _("the cost: %(cost)s", cost=whose)))
    return sorted(found, key=lambda limit: limit.amount)


def check_requested(
    call: Call, services: Collection[Service], *, size: SizeClass | None, cost: Decimal | None,
    requested: Decimal | None,
) -> None:  # fmt: skip
    """Raises OverTheLimit with the limit's name, AmountMissing where a percentage needs the cost."""
    if requested is None:
        return
    if cost is None and share(call, services, size) is not None:
        raise AmountMissing(
            _("Write the cost of the project first: the contribution is a percentage of it."), field="cost"
        )
    found = limits(call, services, size=size, cost=cost)
    if found and requested > found[0].amount:
        raise OverTheLimit(
            _(
                "At most %(amount)s may be requested: %(why)s.",
                amount=euro(found[0].amount),
                why=found[0].why,
            ),
            field="requested",
        )


def check_later(
    requested: Decimal | None, granted: Decimal | None, paid: Decimal | None, *, fields=("granted", "paid")
) -> None:
    """Granted is no more than requested, paid no more than granted. Raises OverTheLimit."""
    if granted is not None and requested is not None and granted > requested:
        words = _("No more can be granted than was requested: %(amount)s.", amount=euro(requested))
        raise OverTheLimit(words, field=fields[0])
    if paid is not None and (granted is None or paid > granted):
        words = _("No more can be paid than was granted: %(amount)s.", amount=euro(granted))
        raise OverTheLimit(words, field=fields[1])
