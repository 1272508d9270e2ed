"""Questions as data: the sets that a new form begins with, and how a form is edited without losing answers.

A question is a mapping with "key", "kind", "it", "en", "required" and "choices" ({"key", "it", "en"}). A key
never changes its meaning: a question or a choice that was answered is marked "retired", not removed.
"""

import secrets
from enum import StrEnum

from flask_babel import gettext as _

from dissemination.feedback.models import Purpose
from dissemination.feedback.refusals import WrongQuestions

OVERALL = "overall"  # the score that DV-05 counts; every feedback form asks it
MOST_QUESTIONS, MOST_CHOICES = 30, 20
MOST_LETTERS, MOST_CHOICE_LETTERS, MOST_TEXT = 300, 120, 2000


class Kind(StrEnum):
    """How a question is answered."""

    SCORE = "score"  # 1 to 5
    CHOICE = "choice"  # one of `choices`
    SEVERAL = "several"  # any of `choices`
    TEXT = "text"
    YES_NO = "yes_no"


WITH_CHOICES = (Kind.CHOICE, Kind.SEVERAL)
SCORES = ("1", "2", "3", "4", "5")
YES_NO = ("yes", "no")


def _question(key, kind, it, en, *, required=False) -> dict:
    return {"key": key, "kind": kind.value, "it": it, "en": en, "required": required, "choices": []}


DEFAULTS = {
    Purpose.FEEDBACK: (
        _question(OVERALL, Kind.SCORE, "Nel complesso, come valuti il workshop?",
                  "How satisfied are you with the workshop overall?", required=True),
        _question("contents", Kind.SCORE, "I contenuti", "The contents"),
        _question("speakers", Kind.SCORE, "I relatori", "The speakers"),
        _question("organisation", Kind.SCORE, "L'organizzazione", "The organisation"),
        _question("usefulness", Kind.SCORE, "L'utilità per la tua impresa",
                  "How useful it is for your company"),
        _question("improve", Kind.TEXT, "Che cosa possiamo migliorare?", "What can we do better?"),
        _question("next_topic", Kind.TEXT, "Quale tema vorresti al prossimo workshop?",
                  "Which topic would you like next?"),
    ),
    Purpose.OUTCOME: (
        _question("project", Kind.YES_NO,
                  "Dopo il workshop la tua impresa ha avviato un progetto di innovazione?",
                  "Has your company started an innovation project since the workshop?"),
        _question("research", Kind.YES_NO, "Ha preso contatto con un'università o un organismo di ricerca?",
                  "Has it contacted a university or a research organisation?"),
        _question("funding", Kind.YES_NO, "Ha presentato una domanda di finanziamento?",
                  "Has it applied for funding?"),
        _question("invested", Kind.YES_NO, "Ha investito in macchinari, software o brevetti?",
                  "Has it invested in machines, software or patents?"),
        _question("hired", Kind.YES_NO, "Ha assunto personale per questo?", "Has it hired people for it?"),
        _question("what", Kind.TEXT, "Che cosa è successo, in poche parole?",
                  "What happened, in a few words?"),
        _question("contact", Kind.YES_NO, "Possiamo contattarti per saperne di più?",
                  "May we contact you to learn more?"),
    ),
}  # fmt: skip


def defaults(purpose: Purpose) -> list[dict]:
    """The questions of a new form."""
    return [dict(question) for question in DEFAULTS[purpose]]


def asked(questions: list[dict]) -> list[dict]:
    """The questions that are asked now."""
    return [q for q in questions if not q.get("retired")]


def offered(question: dict) -> list[dict]:
    """The choices that are offered now."""
    return [c for c in question["choices"] if not c.get("retired")]


def edited(old: list[dict], rows: list[dict], *, purpose: Purpose, keep: bool) -> list[dict]:
    """The questions that `rows` ask for, in their order, and behind them those of `old` that are gone.

    A row has "key" ("" for a new question), "kind", "it", "en", "required" and "choices", the lines
    that somebody wrote ("Italian | English"). `keep`: there are answers, so what goes is retired.
    Raises WrongQuestions.
    """
    before = {q["key"]: q for q in old}
    made = [_edited(before.get(row["key"]), row, keep=keep) for row in rows]
    _check(made, purpose)
    kept = {q["key"] for q in made}
    gone = [{**q, "retired": True} for q in old if q["key"] not in kept] if keep else []
    return made + gone


def _edited(before: dict | None, row: dict, *, keep: bool) -> dict:
    kind = Kind(row["kind"])
    same = before is not None and (before["kind"] == kind or not keep)
    fixed = before is not None and before["key"] == OVERALL
    return {
        "key": before["key"] if before is not None and (same or fixed) else secrets.token_hex(4),
        "kind": (Kind.SCORE if fixed else kind).value,
        "it": row["it"], "en": row["en"], "required": fixed or bool(row["required"]),
        "choices": _choices(before["choices"] if before and same else [], row["choices"], keep=keep)
        if kind in WITH_CHOICES and not fixed else [],
    }  # fmt: skip


def _choices(old: list[dict], lines: list[str], *, keep: bool) -> list[dict]:
    """What the lines offer: a line that says what a choice said keeps its key.

    When nothing was added or removed, a line that says something else is the choice in its place, reworded.
    """
    pairs = [tuple(part.strip() for part in (line + "|").split("|")[:2]) for line in lines if line.strip()]
    living = [c for c in old if not c.get("retired")]
    taken: set[str] = set()
    made = []
    for place, (it, en) in enumerate(pairs):
        found = next((c for c in old if c["it"] == it and c["key"] not in taken), None)
        if found is None and len(pairs) == len(living):
            found = living[place] if not _still_there(living[place], pairs) else None
        key = found["key"] if found else secrets.token_hex(4)
        taken.add(key)
        made.append({"key": key, "it": it, "en": en})
    gone = [{**c, "retired": True} for c in old if c["key"] not in taken]
    return made + (gone if keep else [])


def _still_there(choice: dict, pairs) -> bool:
    return any(it == choice["it"] for it, _en in pairs)


def _check(questions: list[dict], purpose: Purpose) -> None:
    if not questions:
        raise WrongQuestions(_("A form needs at least one question."))
    if len(questions) > MOST_QUESTIONS:
        raise WrongQuestions(_("A form has at most %(most)d questions.", most=MOST_QUESTIONS))
    if purpose is Purpose.FEEDBACK and all(q["key"] != OVERALL for q in questions):
        raise WrongQuestions(
            _("The question about overall satisfaction stays: an indicator is counted from it.")
        )
    for question in questions:
        _check_one(question)


def _check_one(question: dict) -> None:
    name = question["it"] or question["en"] or "?"
    if not question["it"]:
        raise WrongQuestions(_("“%(name)s”: write the question in Italian.", name=name))
    if question["kind"] not in WITH_CHOICES:
        return
    choices = offered(question)
    if len(choices) < 2:
        raise WrongQuestions(_("“%(name)s”: write at least two choices, one on each line.", name=name))
    if len(choices) > MOST_CHOICES:
        raise WrongQuestions(_("“%(name)s”: at most %(most)d choices.", name=name, most=MOST_CHOICES))
    if len({c["it"] for c in choices}) < len(choices):
        raise WrongQuestions(_("“%(name)s”: the same choice stands twice.", name=name))
    if any(max(len(c["it"]), len(c["en"])) > MOST_CHOICE_LETTERS for c in choices):
        raise WrongQuestions(
            _("“%(name)s”: a choice has at most %(most)d characters.", name=name, most=MOST_CHOICE_LETTERS)
        )
