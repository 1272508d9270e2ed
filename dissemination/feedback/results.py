"""What the answers come to. An anonymous form shows nothing of fewer than five (`queries.LEAST`).

There are no filters, each question is held back by itself, and later answers appear five at a time
(`queries.answers`): what is shown of many can therefore never be subtracted from what is shown of almost
as many.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from dissemination.feedback.models import FeedbackAnswer
from dissemination.feedback.queries import LEAST, Sheet
from dissemination.feedback.questions import SCORES, WITH_CHOICES, YES_NO, Kind


@dataclass(frozen=True)
class Option:
    """One possible answer and how often it was given. `short` stands below its bar."""

    key: str
    it: str
    en: str
    short: str
    count: int
    percent: float

    @property
    def amount(self) -> Decimal:
        """The count as figures are drawn."""
        return Decimal(self.count)


@dataclass(frozen=True)
class Result:
    """The answers to one question. `hidden`: fewer than five, nothing is shown but how many."""

    question: dict
    n: int
    hidden: bool
    options: list[Option] = field(default_factory=list)
    mean: float | None = None
    texts: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """How it is answered."""
        return Kind(self.question["kind"])

    @property
    def retired(self) -> bool:
        """It is asked no longer."""
        return bool(self.question.get("retired"))


def results(sheet: Sheet, answers: list[FeedbackAnswer]) -> list[Result]:
    """One result for each question that is asked, or was and has answers."""
    found = [_result(q, answers, sheet.anonymous) for q in sheet.questions]
    return [r for r in found if not r.retired or r.n]


def _result(question: dict, answers: list[FeedbackAnswer], anonymous: bool) -> Result:
    key = question["key"]
    given = [(a.id, a.answers[key]) for a in answers if a.answers.get(key) not in (None, "", [])]
    if Kind(question["kind"]) is Kind.TEXT:
        # Texts are seldom given by all; they are held back while the whole form has too few answers.
        hidden = anonymous and len(answers) < LEAST
        return Result(question, len(given), hidden, texts=[] if hidden else _shuffled(key, given))
    if anonymous and len(given) < LEAST:
        return Result(question, len(given), hidden=True)
    counts = Counter(c for _id, value in given for c in (value if isinstance(value, list) else [value]))
    options = [
        Option(c["key"], c["it"], c["en"], short, counts[c["key"]], _percent(counts[c["key"]], len(given)))
        for c, short in _possible(question)
        if not c.get("retired") or counts[c["key"]]
    ]
    return Result(question, len(given), hidden=False, options=options, mean=_mean(question, given))


def _possible(question: dict) -> list[tuple[dict, str]]:
    """Every answer that could be given, and what it is called in a picture."""
    kind = Kind(question["kind"])
    if kind in WITH_CHOICES:
        return [(c, chr(ord("A") + n)) for n, c in enumerate(question["choices"])]
    if kind is Kind.SCORE:
        return [({"key": s, "it": s, "en": s}, s) for s in SCORES]
    words = {"yes": ("Sì", "Yes"), "no": ("No", "No")}
    return [({"key": k, "it": words[k][0], "en": words[k][1]}, "") for k in YES_NO]


def _mean(question: dict, given) -> float | None:
    if Kind(question["kind"]) is not Kind.SCORE or not given:
        return None
    return sum(int(value) for _id, value in given) / len(given)


def _percent(count: int, n: int) -> float:
    return 100 * count / n if n else 0.0


def _shuffled(key: str, given) -> list[str]:
    """The texts in an order that is another one for each question, so that no row can be put together."""
    return [value for _id, value in sorted(given, key=lambda g: sha256(f"{key}{g[0]}".encode()).digest())]
