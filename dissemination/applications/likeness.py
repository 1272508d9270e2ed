"""What two texts share, by keywords and by stems of words: always the same, and its reason in words.

Words are folded and stemmed as the search does (`bibliography/words.py`), in Italian. Words that every
company, service and call uses say nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext as _
from flask_babel import ngettext

from dissemination.bibliography.words import STOP_WORDS, stem, words_of

BOTH, ONE, PLAIN = 4, 2, 1  # points of a keyword in both, a keyword of one in the other, a plain word in both
MOST_PLAIN = 3
SHORTEST = 4
_EVERYWHERE = """
    impresa imprese azienda aziende aziendale progetto progetti servizio servizi bando bandi contributo nuovo
    nuovi nuova nuove miglioramento migliorare innovazione innovare processo processi prodotto prodotti
    produzione produttivo produttivi produttiva sviluppo supporto attivita ricerca gestione sistema sistemi
    introduzione attraverso anche sono essere viene loro ogni fase fasi uso tutti tutte dopo prima oggi ancora
    company companies project service call product process improvement innovation their with from
"""


def _stem(word: str) -> str:
    """The stem without a last vowel: Snowball leaves "acqua" and "acque" as they are."""
    known = stem(word, "it")
    return known[:-1] if len(known) > SHORTEST and known[-1] in "aeio" else known


EVERYWHERE = frozenset(_stem(word) for word in _EVERYWHERE.split()) | STOP_WORDS


@dataclass(frozen=True)
class Words:
    """The keywords of something (stems -> as written) and the stems of its texts (stem -> as written)."""

    keywords: dict[frozenset[str], str]
    text: dict[str, str]

    @cached_property
    def every(self) -> frozenset[str]:
        """All stems: two that share none of them have nothing in common."""
        return frozenset(self.text).union(*self.keywords)


def read(keywords: Iterable[str], *texts: str) -> Words:
    """The words of something: its keywords, and its texts."""
    named: dict[frozenset[str], str] = {}
    for keyword in keywords:
        stems = frozenset(_stem(word) for word in words_of(keyword))
        if stems:
            named.setdefault(stems, keyword)
    plain: dict[str, str] = {}
    for text in texts:
        for word in words_of(text):
            known = _stem(word)
            if len(word) >= SHORTEST and known not in EVERYWHERE:
                plain.setdefault(known, word)
    return Words(named, plain)


@dataclass(frozen=True)
class Shared:
    """What two have in common: points, and the reasons in words."""

    points: int
    reasons: list[str]


NOTHING = Shared(0, [])


def compare(one: Words, other: Words) -> Shared:
    """What `one` and `other` share; 0 points and no reason when nothing."""
    if one.every.isdisjoint(other.every):
        return NOTHING
    both = sorted(name for stems, name in one.keywords.items() if stems in other.keywords)
    half = sorted(_standing_in(one, other) | _standing_in(other, one))
    used = {s for group in (one.keywords, other.keywords) for stems in group for s in stems}
    plain = sorted(word for known, word in one.text.items() if known in other.text and known not in used)
    plain = plain[:MOST_PLAIN]
    reasons = [_("keyword “%(word)s” in both", word=word) for word in both]
    reasons += [_("“%(word)s” is a keyword of one and stands in the other", word=word) for word in half]
    if plain:
        said = ", ".join(f"“{word}”" for word in plain)
        reasons.append(
            ngettext("the word %(words)s in both", "the words %(words)s in both", len(plain), words=said)
        )
    return Shared(BOTH * len(both) + ONE * len(half) + PLAIN * len(plain), reasons)


def _standing_in(one: Words, other: Words) -> set[str]:
    """The keywords of `one` alone whose words stand in the texts of `other`."""
    alone = {stems: name for stems, name in one.keywords.items() if stems not in other.keywords}
    return {name for stems, name in alone.items() if stems <= set(other.text)}
