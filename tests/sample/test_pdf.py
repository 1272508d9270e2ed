"""The small PDF of the sample is one that readers open."""

import re

from dissemination.sample.pdf import document


def test_every_entry_of_the_cross_reference_table_points_at_its_object():
    made = document("Foglio firme", [f"{n}. Niccolò (Prato)" for n in range(120)])
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", made)[1])
    assert made[start:].startswith(b"xref\n0 10\n")
    places = [int(p) for p in re.findall(rb"(\d{10}) 00000 n", made)]
    assert [made[p:].split(b" obj")[0] for p in places] == [b"%d 0" % n for n in range(1, 10)]
    assert b"/Count 3" in made


def test_brackets_and_accents_are_kept():
    made = document("È", ["a (b) \\ c"])
    assert b"(\xc8) Tj" in made
    assert rb"(a \(b\) \\ c) Tj" in made
