"""The metadata formats that harvesters may ask for, and the records written in them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import current_app

from dissemination.bibliography import datacite, dublincore
from dissemination.harvest import answers, sets
from dissemination.harvest.answers import Header
from dissemination.harvest.refusals import CannotDisseminateFormat
from dissemination.publications.described import Described, described
from dissemination.publications.models import Publication
from dissemination.publications.related import relations

WRAPPED = "http://schema.datacite.org/oai/oai-1.1/"


@dataclass(frozen=True)
class Format:
    """A metadata format: where its schema stands, its namespace, and how a record is written in it."""

    schema: str
    namespace: str
    write: Callable[[Publication, Described], str]


def _oai_dc(publication: Publication, about: Described) -> str:
    return dublincore.oai_dc(publication, **about.arguments, declared=False).decode()


def _datacite(publication: Publication, about: Described) -> str:
    return datacite.xml(publication, **about.arguments, declared=False).decode()


def _oai_datacite(publication: Publication, about: Described) -> str:
    """DataCite in the envelope of DataCite's own repository (OAI schema 1.1), as OpenAIRE asks for data."""
    return (
        f'<oai_datacite xmlns="{WRAPPED}" xsi:schemaLocation="{WRAPPED} {WRAPPED}oai.xsd">\n'
        f"<schemaVersion>4.5</schemaVersion>\n<datacentreSymbol>{escape(namespace())}</datacentreSymbol>\n"
        f"<payload>\n{_datacite(publication, about)}\n</payload>\n</oai_datacite>"
    )


FORMATS = {
    "oai_dc": Format(dublincore.SCHEMA, dublincore.NAMESPACE, _oai_dc),
    "datacite": Format(datacite.SCHEMA, datacite.NAMESPACE, _datacite),
    "oai_datacite": Format(f"{WRAPPED}oai.xsd", WRAPPED, _oai_datacite),
}


def format_of(prefix: str) -> Format:
    """The format of that prefix. Raises CannotDisseminateFormat."""
    if prefix not in FORMATS:
        raise CannotDisseminateFormat(f"The formats are {', '.join(FORMATS)}.")
    return FORMATS[prefix]


def namespace() -> str:
    """The domain in our identifiers: as set, else that of the public address (oai-identifier.xsd).

    Where there is none (an address by numbers, "localhost"), one that nobody has (RFC 2606).
    """
    settings = current_app.config["SETTINGS"]
    if settings.oai_domain:
        return settings.oai_domain
    host = (urlsplit(settings.public_url).hostname or "").lower()
    is_domain = "." in host and host[0].isalpha() and host.isascii() and ":" not in host
    return host if is_domain else "dissemination.invalid"


def identifier(publication: Publication) -> str:
    """ "oai:distretti.example:moda/tingere-a-freddo": neither part of its address ever changes."""
    return f"oai:{namespace()}:{publication.district.slug}/{publication.slug}"


def address_in(text: str) -> tuple[str, str] | None:
    """(district, slug) of one of our identifiers, or None."""
    start = f"oai:{namespace()}:"
    district, slash, slug = text.removeprefix(start).partition("/")
    return (district, slug) if text.startswith(start) and slash else None


def header(publication: Publication) -> Header:
    """The header of its record. What is not public now, and is known here, was withdrawn."""
    return Header(
        identifier(publication), publication.changed_at, sets.of(publication),
        publication.published_at is None,
    )  # fmt: skip


def records(publications: list[Publication], prefix: str, at: datetime) -> list[str]:
    """Their records in the format of that prefix, as things stand at that moment."""
    related = relations([p for p in publications if p.published_at is not None])
    found = []
    for publication in publications:
        of = header(publication)
        about = described(publication, at, related=related[publication.id])
        found.append(answers.record(of, "" if of.deleted else FORMATS[prefix].write(publication, about)))
    return found
