"""Ours -> BibTeX, RIS, CSL-JSON -> ours, for whatever people can write into a record."""

import dataclasses
import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from dissemination.bibliography import bibtex, formats, readers, ris
from dissemination.bibliography.building import TAGS
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import LICENCES, Person, Record, one_line, page_range, paragraphs

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"])
TEXT = st.text(LETTERS | st.sampled_from(list("\\{}$%&#_~^\"'`@,=- \n")), max_size=40)
LINE = TEXT.map(one_line).filter(lambda text: len(text) <= 40)  # NFC can make a text longer
NAME = (
    st.text(LETTERS | st.sampled_from(list(" ,{}\\'-.and")), min_size=1, max_size=20)
    .map(one_line)
    .filter(lambda name: name and name.casefold() not in ("others", "et al", "et al."))
)
ORCID = st.sampled_from(["", "0000-0002-1825-0097", "0000-0001-5109-3700"])


@st.composite
def people(draw, editor):
    organisation = draw(st.booleans())
    return Person(
        draw(NAME),
        "" if organisation else draw(NAME | st.just("")),
        organisation,
        editor,
        draw(LINE),
        draw(ORCID),
    )


def award(draw):
    row = {name: draw(LINE) for name in ("funder", "award_number", "award_title", "award_uri")}
    return {name: text for name, text in row.items() if text}


@st.composite
def records(draw):
    precision = draw(st.sampled_from(["year", "month", "day"]))
    issued = draw(st.dates(date(1500, 1, 1), date(2100, 12, 31)))
    issued = issued.replace(
        day=1 if precision != "day" else issued.day, month=1 if precision == "year" else issued.month
    )
    title = draw(LINE.filter(bool))
    which = draw(st.sampled_from(["it", "en", "both", "same"]))
    other = draw(LINE.filter(bool))
    return Record(
        kind=draw(st.sampled_from(Kind)), issued=issued, issued_precision=precision,
        citation_key=draw(st.from_regex(r"[a-z][a-z0-9:/-]{0,10}", fullmatch=True)),
        title_it=title if which != "en" else "",
        title_en={"it": "", "en": title, "both": other, "same": title}[which],
        abstract_it=paragraphs(draw(TEXT)), abstract_en=paragraphs(draw(TEXT)),
        language=draw(st.sampled_from(["it", "en", "de", "fr", "sv", "pt-br"])), container=draw(LINE),
        volume=draw(LINE), number=draw(LINE), pages=page_range(draw(LINE)), publisher=draw(LINE),
        doi=draw(st.sampled_from(["", "10.1000/xyz_1%<A>", "10.1234/(a)b#c"])),
        isbn=draw(st.sampled_from(["", "978-88-06-21964-2", "0-226-10403-6"])),
        issn=draw(st.sampled_from(["", "0097-8493"])),
        url=draw(st.sampled_from(["", "https://moda.example/~ada/x_y?a=1&b=%20#c"])),
        licence=draw(st.sampled_from(["", *LICENCES])),
        keywords=list(dict.fromkeys(k for k in draw(st.lists(LINE, max_size=3)) if k and not set(k) & set(",;"))),
        access=draw(st.sampled_from(Access)), embargo_until=draw(st.none() | st.dates()),
        version_label=draw(LINE), funding=[row for _ in range(draw(st.integers(0, 2))) if (row := award(draw))],
        authors=draw(st.lists(people(False), max_size=3)) + draw(st.lists(people(True), max_size=2)),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(records(), min_size=1, max_size=3, unique_by=lambda r: r.citation_key.lower()))
def test_records_come_back_from_bibtex_as_they_were(written):
    reading = bibtex.read(formats.bibtex(written).encode())
    came_back = [dataclasses.replace(f.record, extra={}) for f in reading.found]
    assert (came_back, [p for p in reading.problems if p.lost]) == (written, [])


@settings(max_examples=200, deadline=None)
@given(st.lists(records(), min_size=1, max_size=3))
def test_records_come_back_from_csl_json_as_they_were(written):
    reading = readers.read(json.dumps([formats.csl(record) for record in written]).encode())
    came_back = [dataclasses.replace(f.record, extra={}) for f in reading.found]
    assert (came_back, [p for p in reading.problems if p.lost]) == (written, [])


OWN = {"it": "en", "en": "it"}


def as_ris_holds_it(record):
    """What RIS has tags for: no licence, access and funding, nor a person's affiliation and ORCID."""
    people = [dataclasses.replace(p, affiliation="", orcid="") for p in record.authors]
    other = "it" if record.language == "en" else "en"
    texts = {}
    if record.title_it == record.title_en:  # written once
        texts[f"title_{other}"] = ""
    if not getattr(record, f"abstract_{OWN[other]}") or record.abstract_it == record.abstract_en:
        # A lone abstract is taken for one in the work's language.
        texts = texts | {
            f"abstract_{OWN[other]}": getattr(record, f"abstract_{other}"),
            f"abstract_{other}": "",
        }
    record = dataclasses.replace(record, **texts)
    return dataclasses.replace(
        record, licence="", access=Access.OPEN, embargo_until=None, funding=[], authors=people
    )


def ris_can_hold(record):
    """Names that a comma does not take apart, and texts that hold no HTML (which RIS of others does)."""
    names = [p for p in record.authors if not p.organisation]
    commas = any("," in p.family_name + p.given_name for p in names)
    others = any(p.family_name.lower().strip(",") in ("others", "et al", "et al.") for p in record.authors)
    braces = any(p.family_name[:1] == "{" or p.family_name[-1:] in (",", "}") for p in record.authors)
    initials = any(p.organisation and "," in p.family_name and "." in p.family_name for p in record.authors)
    texts = (record.title_it, record.title_en, record.abstract_it, record.abstract_en, record.container)
    marked = any(TAGS.search(text) or "&" in text for text in texts)
    return not (initials or commas or others or braces or marked) and record.pages.strip("–") == record.pages


@settings(max_examples=200, deadline=None)
@given(st.lists(records().filter(ris_can_hold), min_size=1, max_size=3))
def test_records_come_back_from_ris_as_they_were(written):
    reading = ris.read(formats.ris(written).encode())
    came_back = [dataclasses.replace(f.record, extra={}) for f in reading.found]
    assert (came_back, [p for p in reading.problems if p.lost]) == ([as_ris_holds_it(r) for r in written], [])
