"""The XML of OAI-PMH answers, in the order and with the names of OAI-PMH.xsd (protocol 2.0, §3.2, §4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from dissemination.harvest.refusals import WITHOUT_ATTRIBUTES, Fault
from dissemination.harvest.requests import NAMES, stamp

OAI = "http://www.openarchives.org/OAI/2.0/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<OAI-PMH xmlns="{OAI}" xmlns:xsi="{XSI}" '
    f'xsi:schemaLocation="{OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
)


@dataclass(frozen=True)
class Header:
    """The header of a record (§2.5): its identifier, datestamp, sets, and whether it was withdrawn."""

    identifier: str
    datestamp: datetime
    sets: list[str]
    deleted: bool


def answer(base: str, *, at: datetime, sent: dict[str, str], body: str) -> str:
    """A whole answer. `sent` are verb and arguments as they came: they are repeated in `request`."""
    repeated = "".join(f" {name}={quoteattr(sent[name])}" for name in NAMES if name in sent)
    return (
        f"{HEAD}{_element('responseDate', stamp(at))}<request{repeated}>{escape(base)}</request>\n"
        f"{body}</OAI-PMH>\n"
    )


def refusal(base: str, *, at: datetime, sent: dict[str, str], fault: Fault) -> str:
    """An answer that says what is wrong. Illegal verbs and arguments are not repeated (§3.2)."""
    repeated = {} if isinstance(fault, WITHOUT_ATTRIBUTES) else sent
    body = f'<error code="{fault.code}">{escape(fault.message)}</error>\n'
    return answer(base, at=at, sent=repeated, body=body)


def identity(
    base: str, *, name: str, emails: Iterable[str], earliest: datetime, namespace: str, sample: str
) -> str:
    """What Identify says of this repository (§4.2), with how its identifiers are made (oai-identifier)."""
    facts = [
        ("repositoryName", name), ("baseURL", base), ("protocolVersion", "2.0"),
        *(("adminEmail", email) for email in emails), ("earliestDatestamp", stamp(earliest)),
        ("deletedRecord", "persistent"), ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ]  # fmt: skip
    scheme = [
        ("scheme", "oai"),
        ("repositoryIdentifier", namespace),
        ("delimiter", ":"),
        ("sampleIdentifier", sample),
    ]
    described = (
        f'<oai-identifier xmlns="{IDENTIFIER}" xsi:schemaLocation="{IDENTIFIER} '
        f'http://www.openarchives.org/OAI/2.0/oai-identifier.xsd">\n{_all(scheme)}</oai-identifier>'
    )
    return _within("Identify", _all(facts) + f"<description>{described}</description>\n")


def formats(known: Iterable[tuple[str, str, str]]) -> str:
    """ListMetadataFormats (§4.4): (prefix, schema, namespace) of each."""
    names = ("metadataPrefix", "schema", "metadataNamespace")
    return _within(
        "ListMetadataFormats",
        "".join(f"<metadataFormat>{_all(zip(names, f, strict=True))}</metadataFormat>\n" for f in known),
    )


def sets(known: Iterable[tuple[str, str]]) -> str:
    """ListSets (§4.6): (setSpec, setName) of each."""
    return _within(
        "ListSets",
        "".join(f"<set>{_all(zip(('setSpec', 'setName'), s, strict=True))}</set>\n" for s in known),
    )


def header(of: Header) -> str:
    """A header (§2.5)."""
    facts = [
        ("identifier", of.identifier), ("datestamp", stamp(of.datestamp)),
        *(("setSpec", spec) for spec in of.sets),
    ]  # fmt: skip
    status = ' status="deleted"' if of.deleted else ""
    return f"<header{status}>\n{_all(facts)}</header>\n"


def record(of: Header, metadata: str) -> str:
    """A record: header and metadata; a deleted one has none (§2.5.1)."""
    described = "" if of.deleted else f"<metadata>\n{metadata}\n</metadata>\n"
    return f"<record>\n{header(of)}{described}</record>\n"


def part(verb: str, items: Iterable[str], token: str = "") -> str:
    """GetRecord, or a page of a list with the `resumptionToken` element behind it."""
    return _within(verb, "".join(items) + token)


def token(text: str, *, cursor: int, expires: datetime | None) -> str:
    """The element that says where the list goes on; empty at the end of a list in several parts (§3.5)."""
    until = f' expirationDate="{stamp(expires)}"' if expires else ""
    return f'<resumptionToken{until} cursor="{cursor}">{escape(text)}</resumptionToken>\n'


def _within(name: str, body: str) -> str:
    return f"<{name}>\n{body}</{name}>\n"


def _all(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(_element(name, text) for name, text in facts)


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>\n"
