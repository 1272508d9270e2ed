"""Words as a search sees them: folded, with their stems, the same on every database.

A text is kept as its folded words in order, a line break, and the Snowball stems of those whose language is
known. What somebody looks for is split in the same way, so that "tessuti" finds "tessuto", "citta" finds
"città", and a phrase in quotes finds its words one after the other. No database takes part in this.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from dissemination.kernel.text import unaccented

LONGEST = 40  # characters of a word; a longer one is kept in pieces
MOST_TERMS = 10  # words and phrases of one search
MOST_TEXT = 350_000  # characters that are kept of one file; PostgreSQL's tsvector holds 1 MB
IN_ORDER = 250_000  # of these in their order, for phrases; then only words that did not occur yet
STEMMERS = {"it": "italian", "en": "english"}
# Articles, prepositions and conjunctions say nothing about what somebody looks for.
_STOP = """
    a ad ai al all alla alle allo anche che chi ci coi col come con cui d da dai dal dall dalla dalle
    dallo degli dei del dell della delle dello di e ed gli i il in io l la le lo ma ne negli nei nel
    nell nella nelle nello non o od per piu quest questa queste questi questo se si su sua sue sugli sui
    sul sull sulla sulle sullo suo suoi tra fra un una uno and an as at by for from is it its of on or
    that the this to with
"""
STOP_WORDS = frozenset(_STOP.split())
_WORD = re.compile(rf"[^\W_]{{1,{LONGEST}}}")
_SIGNS = {number: " " for number in range(128) if not chr(number).isalnum()}
"""With these, `_WORD.findall` of ASCII is `split`, in a third of the time."""
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True)
class Term:
    """One thing to be found: the words of a phrase in order, or one of several spellings of a word."""

    phrase: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    prefix: str = ""


def words_of(text: str) -> list[str]:
    """The folded words of `text`, in order, as often as they occur."""
    plain = unaccented(text)
    if plain.isascii():
        found = plain.translate(_SIGNS).split()
        if len(plain) <= LONGEST or max(map(len, found), default=0) <= LONGEST:
            return found
    return _WORD.findall(plain)


def kept(parts: Iterable[tuple[str, str]]) -> str:
    """What an index keeps of (language or "", text) pairs: words in order, a line break, stems."""
    words: list[str] = []
    seen: set[str] = set()
    stems: set[str] = set()
    for language, text in parts:
        if not text:
            continue
        found = words_of(text)
        different = set(found)
        words += found
        seen |= different
        if language in STEMMERS:
            stems.update([stem(word, language) for word in different])
    return " ".join(words) + "\n" + " ".join(sorted(stems - seen))


def kept_of_file(text: str, language: str) -> str:
    """What an index keeps of a whole file's text: as `kept`, of MOST_TEXT characters at most."""
    words, seen, size = [], set(), 0
    for word in words_of(text):
        if size > IN_ORDER and word in seen:
            continue
        size += len(word) + 1
        if size > MOST_TEXT:
            break
        seen.add(word)
        words.append(word)
    stems = sorted({stem(word, language) for word in seen} - seen) if language in STEMMERS else []
    return (" ".join(words) + "\n" + " ".join(stems))[:MOST_TEXT]


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """The stem of a folded word in one of STEMMERS' languages (Snowball); numbers stay as they are."""
    return word if word[0].isdigit() else _stemmer(language).stemWord(word)


@cache
def _stemmer(language: str):
    import snowballstemmer  # with the rules of thirty languages

    return snowballstemmer.stemmer(STEMMERS[language])


def terms_of(text: str) -> list[Term]:
    """What a search for `text` has to find, all of it: words, "phrases", beginnings (`tess*`).

    Words that are joined by signs (a DOI, an ISBN, "e-commerce") are a phrase; an apostrophe parts words.
    Stop words are left out unless nothing else is there. At most MOST_TERMS.
    """
    found: list[Term] = []
    idle: list[Term] = []
    for quoted, plain in _TERM.findall(text):
        for part in [quoted] if quoted else re.split(r"['’`]", plain):
            term = _term(part, quoted=bool(quoted))
            if term is not None:
                (idle if set(term.spellings) & STOP_WORDS else found).append(term)
    return list(dict.fromkeys(found or idle))[:MOST_TERMS]


def _term(text: str, *, quoted: bool) -> Term | None:
    words = words_of(text)
    if not words:
        return None
    if len(words) > 1 or quoted:
        return Term(phrase=tuple(words))
    word = words[0]
    if text.endswith("*") and len(word) >= 3:
        return Term(prefix=word)
    return Term(spellings=tuple(dict.fromkeys((word, *(stem(word, language) for language in STEMMERS)))))
