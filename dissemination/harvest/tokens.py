"""Resumption tokens: where a list goes on, signed, so that nothing is kept here and nothing can be forged.

A token names the last record that was sent by its key (datestamp and number): a record that changes
meanwhile moves behind it and is sent again, none is left out (protocol 2.0, §3.5).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dissemination.harvest.refusals import BadResumptionToken
from dissemination.harvest.requests import span
from dissemination.kernel import clock, links

LIFE = timedelta(days=1)
PURPOSE = "oai"


@dataclass(frozen=True)
class Place:
    """What a list is narrowed to, and where it goes on."""

    prefix: str
    set: str | None = None
    from_: str | None = None
    until: str | None = None
    after: tuple[datetime, int] | None = None  # key of the last record sent
    cursor: int = 0  # records sent before

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """See `requests.span`."""
        return span(self.from_, self.until)


def write(verb: str, place: Place) -> tuple[str, datetime]:
    """The token of `place` and when it expires."""
    moment, number = place.after or (clock.now(), 0)
    value = [
        verb, place.prefix, place.set, place.from_, place.until, moment.isoformat(), number, place.cursor,
    ]  # fmt: skip
    return links.sign_for_a_while(PURPOSE, value), clock.now() + LIFE


def read(verb: str, token: str) -> Place:
    """The place in `token`. Raises BadResumptionToken."""
    value = links.read_recent(PURPOSE, token, max_age=int(LIFE.total_seconds()))
    if not isinstance(value, list) or len(value) != 8 or value[0] != verb:
        raise BadResumptionToken("This resumptionToken is unknown or has expired. Begin the list again.")
    _verb, prefix, set_, from_, until, moment, number, cursor = value
    after = (datetime.fromisoformat(moment).astimezone(UTC), number)
    return Place(prefix, set_, from_, until, after, cursor)
