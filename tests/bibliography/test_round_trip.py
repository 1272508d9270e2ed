"""Ours -> BibTeX -> ours, for whatever people can write into a record."""

import dataclasses
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from dissemination.bibliography import bibtex, formats
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import LICENCES, Person, Record, one_line, page_range, paragraphs

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"])
TEXT = st.text(LETTERS | st.sampled_from(list("\\{}$%&#_~^\"'`@,=- \n")), max_size=40)
LINE = TEXT.map(one_line)
NAME = (
    st.text(LETTERS | st.sampled_from(list(" ,{}\\'-.and")), min_size=1, max_size=20)
    .map(one_line)
    .filter(bool)
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
        authors=draw(st.lists(people(False), max_size=3)) + draw(st.lists(people(True), max_size=2)),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(records(), min_size=1, max_size=3, unique_by=lambda r: r.citation_key.lower()))
def test_records_come_back_from_bibtex_as_they_were(written):
    reading = bibtex.read(formats.bibtex(written).encode())
    came_back = [dataclasses.replace(f.record, extra={}) for f in reading.found]
    assert (came_back, [p for p in reading.problems if p.lost]) == (written, [])
