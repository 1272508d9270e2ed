"""Comparing names of organisations, so that the same company is not entered twice.

A name is reduced to the words that tell it apart: case, accents and dots go, and so do legal forms.
This refuses to decide: it ranks what a person should look at.
"""

from difflib import SequenceMatcher
from itertools import groupby

from dissemination.kernel.text import fold

LEGAL_FORMS = frozenset(
    """srl srls spa sapa snc sas ss scarl scrl scpa coop cooperativa societa soc onlus ets aps unipersonale
    ltd gmbh sa ag inc llc di del della dei e ed and c co a r l per azioni""".split()  # noqa: SIM905
)
CLOSE_WORD = 0.75  # two words this alike are taken for the same ("tessuti", "tessitura")
CLOSE_NAME = 0.85  # two names this alike when written in one piece ("Euro Fil", "Eurofil")


def words(name: str) -> list[str]:
    """The telling words of `name`: "Filati Gori S.r.l." -> ["filati", "gori"]. All words when none tells."""
    text = "".join(c if c.isalnum() else " " for c in fold(name).replace(".", "").replace("'", " "))
    joined = []
    for single, group in groupby(text.split(), key=lambda w: len(w) == 1):
        pieces = list(group)
        joined += ["".join(pieces)] if single else pieces  # "s r l" is one word in pieces
    return [w for w in joined if w not in LEGAL_FORMS] or joined


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def likeness(name: str, other: str) -> float:
    """0.0 for names that have nothing to do with each other, else how alike they are, up to 1.0.

    Alike means: each telling word of the shorter name has a close word in the longer one, or both are
    nearly the same when written in one piece. "Tessitura Rossi" is not like "Tessitura Bianchi".
    """
    first, second = words(name), words(other)
    if not first or not second:
        return 0.0
    whole = _alike("".join(sorted(first)), "".join(sorted(second)))
    if _alike("".join(first), "".join(second)) >= CLOSE_NAME and len(first) != len(second):
        return max(whole, CLOSE_NAME)
    shorter, longer = sorted((first, second), key=len)
    best = [max(_alike(word, candidate) for candidate in longer) for word in shorter]
    return max(whole, 0.5) if min(best) >= CLOSE_WORD else 0.0
