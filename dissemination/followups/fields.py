"""The merge fields of a rule's texts: `{{ nome }}`. A fixed list; no code, no expression, no nesting.

A text is taken apart here once, strictly: what stands between double braces has to be a name of the list.
What was typed is data from then on: the mail's templates print its pieces, escaped, and never run them.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.text import fold

BRACES = re.compile(r"\{\{|\}\}")
MOST_BODY, MOST_FIELDS = 10_000, 60


@dataclass(frozen=True)
class MergeField:
    """A field: its name in Italian and English, what it stands for, and the merge value behind it.

    `merge` "" : the same for everybody, known when the letter is made. Otherwise the value differs from
    person to person and cannot stand in a subject.
    """

    it: str
    en: str
    about: object
    merge: str = ""


FIELDS = (
    MergeField("nome", "first_name", _l("first name of the person"), "first_name"),
    MergeField("titolo", "title", _l("title of the workshop")),
    MergeField("data", "date", _l("date, or all dates")),
    MergeField("ora", "time", _l("hours; of each date where they differ")),
    MergeField("quando", "when", _l("each date with its hours")),
    MergeField("luogo", "place", _l("venue and address")),
    MergeField("link_personale", "personal_link", _l("her registration: see, change, cancel"),
               "personal_url"),
    MergeField("link_online", "join_link", _l("to take part online; only for who takes part online"),
               "join_url"),
    MergeField("link_questionario", "feedback_link", _l("the feedback form"), "feedback_url"),
    MergeField("link_attestato", "certificate_link", _l("her certificate of attendance"), "certificate_url"),
    MergeField("materiali", "materials", _l("titles and links of the materials"), "materials"),
)  # fmt: skip
NAMES = {name: field for field in FIELDS for name in (field.it, field.en)}


@dataclass(frozen=True)
class Problem:
    """A field that cannot be read: in which line of the text (from 1), and why."""

    line: int
    message: str


@dataclass(frozen=True)
class Piece:
    """A run of text, or a field."""

    text: str = ""
    field: MergeField | None = None


def parse(text: str, *, shared_only: bool = False) -> tuple[list[list[Piece]], list[Problem]]:
    """The lines of `text` as pieces, and what is wrong with its fields (then the pieces are of no use).

    `shared_only` is for subjects: fields that differ from person to person are refused.
    """
    lines, problems = [], []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        pieces, wrong = _line(line, shared_only)
        lines.append(pieces)
        problems += [Problem(number, message) for message in wrong]
    if sum(p.field is not None for line in lines for p in line) > MOST_FIELDS:
        problems.append(Problem(len(lines), _("There are more than %(n)d fields.", n=MOST_FIELDS)))
    return lines, problems


def _line(line: str, shared_only: bool) -> tuple[list[Piece], list[str]]:
    pieces: list[Piece] = []
    problems: list[str] = []
    at = 0
    while found := BRACES.search(line, at):
        if found.group() == "}}":
            problems.append(_("“}}” closes a field that was never opened."))
            return pieces, problems
        end = line.find("}}", found.end())
        if end < 0:
            problems.append(_("“{{” opens a field that is not closed on the same line."))
            return pieces, problems
        pieces.append(Piece(text=line[at : found.start()]))
        field, wrong = _named(line[found.end() : end], shared_only)
        pieces.append(Piece(field=field))
        problems += wrong
        at = end + 2
    pieces.append(Piece(text=line[at:]))
    return [p for p in pieces if p.text or p.field], problems


def _named(inside: str, shared_only: bool) -> tuple[MergeField | None, list[str]]:
    name = fold(inside).replace(" ", "_")
    field = NAMES.get(name)
    if field is None:
        shown = " ".join(inside.split())[:40]
        if not name:
            return None, [_("“{{ }}” names no field.")]
        likely = get_close_matches(name, NAMES, n=1)
        if likely:
            meant = _(
                "There is no field “%(name)s”. Did you mean “%(likely)s”?", name=shown, likely=likely[0]
            )
            return None, [meant]
        return None, [_("There is no field “%(name)s”. Choose one of the list.", name=shown)]
    if shared_only and field.merge:
        why = _("“%(name)s” differs from person to person: it can only stand in the text.", name=name)
        return None, [why]
    return field, []
