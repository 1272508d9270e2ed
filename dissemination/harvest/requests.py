"""A request of OAI-PMH read strictly: six verbs, their arguments, dates (protocol 2.0, §3.1, §2.7.1, §4)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

from dissemination.harvest.refusals import BadArgument, BadVerb

REQUIRED = {
    "Identify": (), "ListMetadataFormats": (), "ListSets": (), "GetRecord": ("identifier", "metadataPrefix"),
    "ListIdentifiers": ("metadataPrefix",), "ListRecords": ("metadataPrefix",),
}  # fmt: skip
OPTIONAL = {
    "Identify": (), "ListMetadataFormats": ("identifier",), "ListSets": (), "GetRecord": (),
    "ListIdentifiers": ("from", "until", "set"), "ListRecords": ("from", "until", "set"),
}  # fmt: skip
RESUMABLE = frozenset({"ListIdentifiers", "ListRecords", "ListSets"})
"""Verbs that take a `resumptionToken`, and then nothing else."""
NAMES = ("verb", "identifier", "metadataPrefix", "from", "until", "set", "resumptionToken")

_WORD = r"[A-Za-z0-9\-_.!~*'()]+"
_PREFIX = re.compile(_WORD)
_SET = re.compile(f"{_WORD}(:{_WORD})*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 2000  # characters of a value
MOST_ARGUMENTS = 20


@dataclass(frozen=True)
class Asked:
    """A request that may be answered. `begin` is inclusive, `end` is not; both aware UTC."""

    verb: str
    arguments: dict[str, str]  # as sent, without the verb; repeated in the answer
    begin: datetime | None = None
    end: datetime | None = None

    def get(self, name: str) -> str | None:
        """The argument as sent, or None."""
        return self.arguments.get(name)


def pairs(*texts: bytes) -> list[tuple[str, str]]:
    """Names and values of a query string and of a form's body. Raises BadArgument for what is neither."""
    found = []
    for text in texts:
        try:
            found += parse_qsl(
                text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_ARGUMENTS
            )
        except ValueError:
            raise BadArgument("The arguments are not in the form that a web form sends (UTF-8).") from None
    return found


def read(sent: list[tuple[str, str]]) -> Asked:
    """The request in `sent`. Raises BadVerb, BadArgument."""
    verbs = [value for name, value in sent if name == "verb"]
    if len(verbs) != 1:
        raise BadVerb("There is more than one verb." if verbs else "There is no verb.")
    verb = verbs[0]
    if verb not in REQUIRED:
        raise BadVerb("The verb is none of OAI-PMH.")
    rest = [pair for pair in sent if pair[0] != "verb"]
    arguments = dict(rest)
    if len(arguments) != len(rest):
        raise BadArgument("An argument is repeated.")
    _check_names(verb, arguments)
    _check_values(arguments)
    begin, end = span(arguments.get("from"), arguments.get("until"))
    return Asked(verb, arguments, begin, end)


def _check_names(verb: str, arguments: dict[str, str]) -> None:
    if "resumptionToken" in arguments and verb in RESUMABLE:
        if len(arguments) > 1:
            raise BadArgument("A resumptionToken stands alone beside its verb.")
        return
    if arguments.keys() - set(REQUIRED[verb]) - set(OPTIONAL[verb]):
        raise BadArgument(f"{verb} does not take one of these arguments.")
    for name in REQUIRED[verb]:
        if name not in arguments:
            raise BadArgument(f"{verb} needs {name}.")


def _check_values(arguments: dict[str, str]) -> None:
    for name, value in arguments.items():
        if not value or len(value) > LONGEST or _NOT_XML.search(value):
            raise BadArgument(f"{name} has no value that can be read.")
    for name, pattern in (("metadataPrefix", _PREFIX), ("set", _SET)):
        if name in arguments and not pattern.fullmatch(arguments[name]):
            raise BadArgument(f"{name} has characters that it may not have.")


def span(from_: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """The moments between which datestamps lie: the first inclusive, the second not.

    Both arguments are inclusive, and of the same granularity (§2.7.1): days, or seconds. Raises BadArgument.
    """
    begin, end = _moment(from_), _moment(until)
    if from_ and until and len(from_) != len(until):
        raise BadArgument("from and until have different granularities.")
    if begin and end and begin > end:
        raise BadArgument("from is later than until.")
    if end is not None and until is not None:
        end = _after(end, timedelta(days=1) if len(until) == 10 else timedelta(seconds=1))
    return begin, end


def _after(moment: datetime, step: timedelta) -> datetime | None:
    try:
        return moment + step
    except OverflowError:  # the last day of 9999: nothing is later
        return None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        if _SECOND.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise BadArgument("A date is not of the form YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")


def stamp(moment: datetime) -> str:
    """A moment as the protocol writes it, in whole seconds (§3.3): "2026-05-04T10:00:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
