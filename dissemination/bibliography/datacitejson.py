"""DataCite's JSON (schema 4): its REST API's, and `application/vnd.datacite.datacite+json` of doi.org."""

from typing import Any

from dissemination.bibliography.building import Builder, language_of, licence_of, untagged
from dissemination.bibliography.datacite import TYPES, UNKNOWN
from dissemination.bibliography.jsontext import first, objects, text
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Person, Record
from dissemination.bibliography.rights import ACCESS_TERM

GENERAL = {
    "JournalArticle": Kind.ARTICLE, "Preprint": Kind.ARTICLE, "DataPaper": Kind.ARTICLE,
    "PeerReview": Kind.ARTICLE,
    "ConferencePaper": Kind.CONFERENCE_PAPER, "ConferenceProceeding": Kind.PROCEEDINGS, "Book": Kind.BOOK,
    "BookChapter": Kind.CHAPTER, "Dissertation": Kind.THESIS, "Report": Kind.REPORT, "Dataset": Kind.DATASET,
    "Audiovisual": Kind.VIDEO, "OutputManagementPlan": Kind.REPORT,
}  # fmt: skip
"""resourceTypeGeneral (schema 4.5, appendix 1); the others are read as “other”."""


def is_entry(item: dict) -> bool:
    """Whether an object of JSON is DataCite's."""
    return isinstance(item.get("titles"), list) and ("creators" in item or "types" in item)


def record(item: dict, builder: Builder) -> Record | None:
    """One object of DataCite's JSON (schema 4.5); `None` where it has nothing to be kept by."""
    builder.language = language_of(text(item.get("language"))) or builder.language
    whole = _whole(item)
    numbers = _identifiers(item)
    doi = builder.doi(text(item.get("doi")) or numbers.get("DOI", ""))
    facts: dict[str, Any] = {
        **_texts(item, builder), "citation_key": "", "doi": doi,
        "isbn": builder.isbn(numbers.get("ISBN", "") or whole.get("ISBN", "")),
        "issn": builder.issn(whole.get("ISSN", "") or numbers.get("ISSN", "")),
        "url": builder.url(text(item.get("url"))), "publisher": _known(text(item.get("publisher"))),
        "version_label": text(item.get("version")), "keywords": [text(_named(s,
        "subject")) for s in _all(item, "subjects")],
        "licence": _licence(item), "funding": _funding(item), "access": _access(item),
        **{name: whole.get(name, "") for name in ("container", "volume", "number", "pages")},
    }  # fmt: skip
    dates = {text(d.get("dateType")): text(d.get("date")) for d in reversed(objects(item.get("dates")))}
    year = text(item.get("publicationYear"))
    issued = builder.issued(*filter(None, (year, dates.get("Issued"), dates.get("Available"))))
    people = _people(item, builder)
    return builder.record(_kind(item), issued=issued, people=people, **facts)


def _all(item: dict, name: str) -> list:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _named(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else value


def _known(value: str) -> str:
    return "" if value.startswith(":") else value


def type_of(item: dict) -> str:
    """What the entry says that it is: its `resourceTypeGeneral`."""
    return _types(item)[0]


def _types(item: dict) -> tuple[str, str]:
    types = item.get("types") if isinstance(item.get("types"), dict) else item.get("resourceType")
    if not isinstance(types, dict):
        return text(item.get("resourceTypeGeneral")), text(types)
    return text(types.get("resourceTypeGeneral")), text(types.get("resourceType"))


def _kind(item: dict) -> Kind:
    general, special = _types(item)
    exact = next((kind for kind, names in TYPES.items() if names == (general, special)), None)
    return exact or GENERAL.get(general, Kind.OTHER)


def _texts(item: dict, builder: Builder) -> dict[str, str]:
    own, other = ("en", "it") if builder.language == "en" else ("it", "en")
    found = {f"{name}_{code}": "" for name in ("title", "abstract") for code in ("it", "en")}
    titles = [t for t in objects(item.get("titles")) if text(t.get("title"))]
    subtitle = next((text(t["title"]) for t in titles if t.get("titleType") == "Subtitle"), "")
    for one in titles:
        title = untagged(text(one["title"]))
        code = _language(one)
        if one.get("titleType") in ("Subtitle", "AlternativeTitle", "Other"):
            continue
        if one.get("titleType") == "TranslatedTitle":
            name = code if code in ("it", "en") else other
        else:
            name = own
            title = f"{title}: {untagged(subtitle)}" if subtitle else title
        found[f"title_{name}"] = found[f"title_{name}"] or title
    for one in objects(item.get("descriptions")):
        if text(one.get("descriptionType")) in ("Abstract", ""):
            code = _language(one)
            name = code if code in ("it", "en") else own
            found[f"abstract_{name}"] = found[f"abstract_{name}"] or untagged(text(one.get("description")))
    return found


def _language(one: dict) -> str:
    return language_of(text(one.get("lang") or one.get("xml:lang"))).partition("-")[0]


def _people(item: dict, builder: Builder) -> list[Person]:
    found = [_person(one, builder, editor=False) for one in objects(item.get("creators"))]
    editors = [c for c in objects(item.get("contributors")) if c.get("contributorType") == "Editor"]
    found += [_person(one, builder, editor=True) for one in editors]
    return [
        one for one in found if one.family_name and not one.family_name.startswith((UNKNOWN[:2], ":none"))
    ]


def _person(one: dict, builder: Builder, *, editor: bool) -> Person:
    orcid = ""
    for number in objects(one.get("nameIdentifiers")):
        if text(number.get("nameIdentifierScheme")).upper() == "ORCID":
            orcid = builder.orcid(text(number.get("nameIdentifier")))
    place = "; ".join(filter(None, (text(a) for a in _all(one, "affiliation"))))
    name = text(one.get("name") or one.get("creatorName") or one.get("contributorName"))
    family, given = text(one.get("familyName")), text(one.get("givenName"))
    if one.get("nameType") == "Organizational":
        return Person(name, "", True, editor, place, orcid)
    if not family:
        family, _comma, second = (part.strip() for part in name.partition(","))
        given = given or second
    return Person(family, given, False, editor, place, orcid)


def _identifiers(item: dict) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind, value in (
        ("identifiers", "identifierType", "identifier"),
        ("alternateIdentifiers", "alternateIdentifierType", "alternateIdentifier"),
    ):
        for one in objects(item.get(name)):
            found.setdefault(text(one.get(kind)).upper(), text(one.get(value)))
    return found


def _whole(item: dict) -> dict[str, str]:
    """What it stands in, with volume, issue and pages: `relatedItems`, else the API's `container`."""
    for one in objects(item.get("relatedItems")):
        if one.get("relationType") == "IsPublishedIn":
            number = one.get("relatedItemIdentifier")
            number = number if isinstance(number, dict) else {}
            kind = text(number.get("relatedItemIdentifierType")).upper()
            return _placed(one, _known(first([text(t.get("title")) for t in objects(one.get("titles"))]))) | {
                kind or "-": text(number.get("relatedItemIdentifier"))
            }
    container = item.get("container")
    if not isinstance(container, dict):
        return {}
    kind = text(container.get("identifierType")).upper() or "-"
    return _placed(container, text(container.get("title"))) | {kind: text(container.get("identifier"))}


def _placed(one: dict, title: str) -> dict[str, str]:
    pages = [text(one.get("firstPage")), text(one.get("lastPage"))]
    return {
        "container": title, "volume": text(one.get("volume")),
        "number": text(one.get("issue")) or text(_named(one.get("number"), "number")),
        "pages": "–".join(filter(None, pages)),
    }  # fmt: skip


def _licence(item: dict) -> str:
    for one in objects(item.get("rightsList")):
        found = licence_of(text(one.get("rightsIdentifier"))) or licence_of(
            text(one.get("rightsUri") or one.get("rightsURI"))
        )
        if found:
            return found
    return ""


def _access(item: dict) -> Access:
    """The access that the rights name in OpenAIRE's terms; an embargo's day they do not say."""
    terms = {term: access for access, term in ACCESS_TERM.items()}
    for one in objects(item.get("rightsList")):
        access = terms.get(text(one.get("rightsUri") or one.get("rightsURI")))
        if access in (Access.CLOSED, Access.MEMBERS):
            return access
    return Access.OPEN


def _funding(item: dict) -> list[dict]:
    names = {
        "funderName": "funder",
        "awardNumber": "award_number",
        "awardTitle": "award_title",
        "awardUri": "award_uri",
    }
    rows = [
        {ours: text(one.get(theirs))[:500] for theirs, ours in names.items() if text(one.get(theirs))}
        for one in objects(item.get("fundingReferences"))[:50]
    ]
    return [row for row in rows if row]
