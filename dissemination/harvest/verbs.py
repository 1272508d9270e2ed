"""The six verbs of OAI-PMH 2.0 (§4): a request that was read becomes the body of its answer."""

from datetime import datetime

from flask_babel import gettext as _

from dissemination.harvest import answers, formats, queries, sets, tokens
from dissemination.harvest.refusals import BadResumptionToken, Fault, IdDoesNotExist, NoRecordsMatch
from dissemination.harvest.requests import Asked
from dissemination.harvest.tokens import Place
from dissemination.kernel.languages import translated
from dissemination.publications.models import Publication


def answer(asked: Asked, *, base: str, at: datetime) -> str:
    """The body of the answer at that moment. Raises Fault."""
    return VERBS[asked.verb](asked, base, at)


def _identify(_asked: Asked, base: str, at: datetime) -> str:
    districts, namespace = queries.districts(), formats.namespace()
    only = districts[0] if len(districts) == 1 else None
    return answers.identity(
        base, name=translated(only, "name", "en") if only else _("Technology districts of Tuscany"),
        emails=dict.fromkeys(d.mailbox_address for d in districts) or [f"postmaster@{namespace}"],
        earliest=queries.earliest() or at, namespace=namespace,
        sample=f"oai:{namespace}:{districts[0].slug if districts else 'moda'}/tingere-a-freddo",
    )  # fmt: skip


def _metadata_formats(asked: Asked, _base: str, _at: datetime) -> str:
    if asked.get("identifier") is not None:
        _record(asked)
    return answers.formats((p, f.schema, f.namespace) for p, f in formats.FORMATS.items())


def _sets(asked: Asked, _base: str, _at: datetime) -> str:
    if asked.get("resumptionToken") is not None:
        raise BadResumptionToken("The list of sets is given whole: it has no resumptionToken.")
    return answers.sets(sets.all_sets())


def _get_record(asked: Asked, _base: str, at: datetime) -> str:
    prefix = asked.arguments["metadataPrefix"]
    formats.format_of(prefix)
    return answers.part("GetRecord", formats.records([_record(asked)], prefix, at))


def _record(asked: Asked) -> Publication:
    address = formats.address_in(asked.arguments["identifier"])
    found = queries.record(*address) if address else None
    if found is None:
        raise IdDoesNotExist("There is no record of this identifier.")
    return found


def _list(asked: Asked, _base: str, at: datetime) -> str:
    place = _place(asked)
    try:
        formats.format_of(place.prefix)
        rows, more = queries.page(place, whole=asked.verb == "ListRecords")
    except Fault:
        if place.after is not None:  # it was right when the token was made
            raise BadResumptionToken("The list has changed too much. Begin it again.") from None
        raise
    if not rows and place.after is None:
        raise NoRecordsMatch("No records match.")
    if not rows:  # what followed has moved behind an `until`, and there is no empty list
        raise BadResumptionToken("The rest of this list has changed. Begin it again.")
    if asked.verb == "ListRecords":
        items = formats.records(rows, place.prefix, at)
    else:
        items = [answers.header(formats.header(publication)) for publication in rows]
    return answers.part(asked.verb, items, _token(asked.verb, place, rows, more))


def _place(asked: Asked) -> Place:
    token = asked.get("resumptionToken")
    if token is not None:
        return tokens.read(asked.verb, token)
    return Place(asked.arguments["metadataPrefix"], asked.get("set"), asked.get("from"), asked.get("until"))


def _token(verb: str, place: Place, rows: list[Publication], more: bool) -> str:
    """The token behind a page: none when one page holds the list, an empty one on its last page (§3.5)."""
    if not more:
        return answers.token("", cursor=place.cursor, expires=None) if place.cursor else ""
    last = rows[-1].changed_at, rows[-1].id
    text, expires = tokens.write(
        verb,
        Place(place.prefix, place.set, place.from_, place.until, last, place.cursor + len(rows)),
    )
    return answers.token(text, cursor=place.cursor, expires=expires)


VERBS = {
    "Identify": _identify, "ListMetadataFormats": _metadata_formats, "ListSets": _sets,
    "GetRecord": _get_record, "ListIdentifiers": _list, "ListRecords": _list,
}  # fmt: skip
