"""One description of a work put into another: what is missing filled in, or all of it overwritten.

Pure: what comes out are the facts that change,
as `actions.revise` takes them. Where a work belongs in the plan,
its files and its address are nobody else's to say.
"""

from enum import StrEnum

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import Person
from dissemination.kernel.text import fold

TEXTS = (
    "citation_key", "title_it", "title_en", "abstract_it", "abstract_en", "container", "volume", "number",
    "pages", "publisher", "doi", "isbn", "issn", "url", "licence", "version_label",
)  # fmt: skip
STRICTNESS = {Access.OPEN: 0, Access.EMBARGOED: 1, Access.MEMBERS: 2, Access.CLOSED: 3}
"""What is in a file does not give our files more readers than we gave them."""
FINENESS = {"year": 0, "month": 1, "day": 2}


class How(StrEnum):
    """What to do with a record that the district has already."""

    LEAVE = "leave"  # out
    COMPLETE = "complete"  # fill in what is missing
    REPLACE = "replace"  # take over all that it says
    ADD = "add"  # as another publication


def merged(thing, other, how: How) -> dict:
    """The facts of `thing` (a Publication) that `other` (a Record or Publication) changes; {} for none."""
    found = _replaced(thing, other) if how is How.REPLACE else _completed(thing, other)
    return {name: value for name, value in found.items() if not _same(name, getattr(thing, name), value)}


def _same(name: str, before, after) -> bool:
    if name == "authors":
        return [_as_person(a) for a in before] == [_as_person(a) for a in after]
    return bool(before == after)


def _as_person(author) -> Person:
    return Person(**{name: getattr(author, name) for name in Person.__dataclass_fields__})


def _completed(thing, other) -> dict:
    facts = {name: getattr(thing, name) or getattr(other, name) for name in TEXTS}
    if thing.issued.year == other.issued.year and (
        FINENESS[other.issued_precision] > FINENESS[thing.issued_precision]
    ):
        facts |= {"issued": other.issued, "issued_precision": other.issued_precision}
    facts["keywords"] = _joined(thing.keywords, other.keywords)
    facts["funding"] = thing.funding or other.funding
    facts["extra"] = {**other.extra, **thing.extra}
    if not thing.authors:
        facts["authors"] = [_as_person(a) for a in other.authors]
    return facts


def _joined(first: list, second: list) -> list:
    have = {fold(word) for word in first}
    return [*first, *(word for word in second if fold(word) not in have)]


def _replaced(thing, other) -> dict:
    facts = {name: getattr(other, name) or getattr(thing, name) for name in TEXTS}
    facts |= {"kind": other.kind, "language": other.language}
    facts |= {"issued": other.issued, "issued_precision": other.issued_precision}
    facts["keywords"] = other.keywords or thing.keywords
    facts["funding"] = other.funding or thing.funding
    facts["extra"] = {**thing.extra, **other.extra}
    if other.access is not Access.OPEN and STRICTNESS[other.access] >= STRICTNESS[thing.access]:
        facts |= {"access": other.access, "embargo_until": other.embargo_until}
    if other.authors:
        facts["authors"] = [_as_person(a) for a in other.authors]
    return facts


def notes_of_people(thing, other) -> list[tuple]:
    """(author of `thing`, ORCID or affiliation that it lacks) where `other` says them of the same person."""
    theirs = {_named(a): a for a in other.authors}
    found = []
    for author in thing.authors:
        same = theirs.get(_named(author))
        if same is not None:
            names = ("orcid", "affiliation")
            new = {n: getattr(same, n) for n in names if getattr(same, n) and not getattr(author, n)}
            found += [(author, new)] if new else []
    return found


def _named(author) -> tuple:
    """Family name and first initial: "Rossi, M." is "Rossi, Maria"."""
    return author.editor, fold(author.family_name), fold(author.given_name)[:1]
