"""What a workshop's registration form asks: adding, changing, ordering and retiring questions.

Everything here is safe while registration is open. A question keeps its id whatever its wording, so
answers stay with it; a choice keeps its key, and a key never means anything else: a removed choice is
kept aside, a new one gets a key of its own. A question that somebody answered is retired, not deleted.

Who answered is known on a higher floor (`registrations`), which registers itself by `count_by`.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.workshops import queries
from dissemination.workshops.models import Kind, Question, Workshop
from dissemination.workshops.refusals import (
    AlreadyCancelled,
    AlreadyClosed,
    AnswersStandInTheWay,
    AskedAfterItself,
    ChangedMeanwhile,
    NoChoices,
    NoQuestionText,
    OthersDependOnIt,
    TooManyQuestions,
)

ANY = "any"  # `depends_value`: after whatever answer
MOST = 60
CHOOSING = (Kind.CHOICE, Kind.SEVERAL)
FACTS = ("text_it", "text_en", "kind", "required", "retention_months")

_count: Callable[[Iterable[int]], dict[int, int]] | None = None


def count_by(count: Callable[[Iterable[int]], dict[int, int]]) -> None:
    """Say who counts answers: `count(question ids)` gives id -> people who answered it."""
    global _count
    _count = count


def answered(questions: Iterable[Question]) -> dict[int, int]:
    """How many people answered each of `questions`, in one query: id -> people."""
    ids = [q.id for q in questions if q.id]
    return _count(ids) if _count is not None and ids else {}


def asked(workshop: Workshop) -> list[Question]:
    """What the form asks now, in its order."""
    return [q for q in workshop.questions if q.retired_at is None]


def retired(workshop: Workshop) -> list[Question]:
    """What is no longer asked and was answered, in its old order."""
    return [q for q in workshop.questions if q.retired_at is not None]


def offered(question: Question) -> list[dict]:
    """The choices that the form offers: those not put aside."""
    return [choice for choice in question.choices or [] if not choice.get("retired")]


# For drafts, copies and templates: questions as plain data.


def plain(workshop: Workshop) -> list[dict]:
    """What `workshop` asks as data for `put`: no ids, a condition names the place in this list."""
    rows = asked(workshop)
    places = {q.id: place for place, q in enumerate(rows)}
    return [
        {
            **{name: getattr(q, name) for name in FACTS}, "kind": q.kind.value,
            "choices": [{name: c[name] for name in ("key", "it", "en")} for c in offered(q)],
            "depends_on": places.get(q.depends_on_id or 0), "depends_value": q.depends_value,
        }
        for q in rows
    ]  # fmt: skip


def put(workshop: Workshop, rows: Sequence[dict]) -> None:
    """Give a new `workshop` the questions of `plain`; of a dict only `text_it` has to be there.

    Raises TooManyQuestions.
    """
    if len(rows) > MOST:
        raise TooManyQuestions
    made: list[Question] = []
    for position, facts in enumerate(rows):
        before = facts.get("depends_on")
        earlier = made[before] if before is not None and 0 <= before < position else None
        made.append(
            Question(
                position=position, kind=Kind(facts.get("kind", Kind.TEXT)), text_it=facts["text_it"],
                text_en=facts.get("text_en", ""), required=bool(facts.get("required")),
                retention_months=facts.get("retention_months"),
                choices=[{"en": "", **choice} for choice in facts.get("choices", ())],
                depends_on=earlier, depends_value=facts.get("depends_value", "") if earlier else "",
            )
        )  # fmt: skip
    workshop.questions = made


# Verbs of the page.


def add(workshop: Workshop, *, by: Account | None, version: int, **facts) -> Question:
    """Ask one more question, after the others. `facts`: see `revise`.

    Raises TooManyQuestions and what `revise` raises.
    """
    _hold(workshop, version)
    if len(asked(workshop)) >= MOST:
        raise TooManyQuestions
    last = max((q.position for q in workshop.questions), default=-1)
    question = Question(position=last + 1, kind=Kind.TEXT, text_it="", choices=[])
    _write(workshop, question, **facts)
    workshop.questions.append(question)
    _touch(workshop, by)
    return question


def revise(question: Question, *, by: Account | None, version: int, **facts) -> Question:
    """Change a question. `version` is the workshop's that was read.

    `facts`: `text_it`, `text_en`, `kind`, `required`, `retention_months` (None: as the workshop),
    `choices` as dicts with `key` ("" for a new one), `it`, `en`; `depends_on_id` and `depends_value`
    (a key, or ANY). What is left out of `choices` is no longer offered; answers with it stay.
    Raises ChangedMeanwhile, AlreadyCancelled, AlreadyClosed, NoQuestionText, NoChoices, AskedAfterItself,
    AnswersStandInTheWay (another kind after somebody answered), OthersDependOnIt.
    """
    workshop = question.workshop
    _hold(workshop, version)
    if Kind(facts["kind"]) is not question.kind and answered([question]).get(question.id):
        raise AnswersStandInTheWay
    _write(workshop, question, **facts)
    _touch(workshop, by)
    return question


def remove(question: Question, *, by: Account | None, version: int) -> bool:
    """Ask no more: deleted when nobody answered (True), else retired with its answers (False).

    Raises ChangedMeanwhile, AlreadyCancelled, AlreadyClosed, OthersDependOnIt.
    """
    workshop = question.workshop
    _hold(workshop, version)
    followers = [q for q in asked(workshop) if q.depends_on_id == question.id]
    if followers:
        raise OthersDependOnIt(followers)
    deletes = not answered([question]).get(question.id)
    if deletes:
        for other in workshop.questions:
            if other.depends_on_id == question.id:  # a retired one: its condition is history
                other.depends_on, other.depends_value = None, ""
        workshop.questions.remove(question)
    else:
        question.retired_at = now()
    _touch(workshop, by)
    return deletes


def ask_again(question: Question, *, by: Account | None, version: int) -> None:
    """Ask a retired question again, as the last one; a condition that no longer holds is dropped.

    Raises ChangedMeanwhile, AlreadyCancelled, AlreadyClosed, TooManyQuestions.
    """
    workshop = question.workshop
    _hold(workshop, version)
    if len(asked(workshop)) >= MOST:
        raise TooManyQuestions
    question.retired_at = None
    question.position = max(q.position for q in workshop.questions) + 1
    if question.depends_on is not None and question.depends_on.retired_at is not None:
        question.depends_on, question.depends_value = None, ""
    _touch(workshop, by)


def move(question: Question, *, up: bool, by: Account | None, version: int) -> None:
    """Change places with the question before (`up`) or after it; the first and the last stay.

    Raises ChangedMeanwhile, AlreadyCancelled, AlreadyClosed, AskedAfterItself when one of the two is
    asked only after an answer to the other.
    """
    workshop = question.workshop
    _hold(workshop, version)
    rows = asked(workshop)
    if question not in rows:
        return
    here = rows.index(question)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    first, second = rows[min(here, there)], rows[max(here, there)]
    if second.depends_on_id == first.id:
        raise AskedAfterItself
    rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate([*rows, *retired(workshop)]):
        row.position = position
    _touch(workshop, by)
    db.session.expire(workshop, ["questions"])  # in their new order


def may_depend_on(workshop: Workshop, question: Question | None) -> list[Question]:
    """What `question` (None: a new one) may be asked after: the questions before it, so never in a circle."""
    rows = asked(workshop)
    return rows if question is None or question not in rows else rows[: rows.index(question)]


def _hold(workshop: Workshop, version: int) -> None:
    queries.hold(workshop)
    if workshop.version != version:
        raise ChangedMeanwhile
    if workshop.cancellation is not None:
        raise AlreadyCancelled
    if workshop.closing is not None:
        raise AlreadyClosed


def _touch(workshop: Workshop, by: Account | None) -> None:
    """The version is what kept pages and a second organiser's form are checked by."""
    workshop.version += 1
    workshop.updated_at, workshop.updated_by = now(), by.id if by else None
    db.session.flush()


def _write(
    workshop: Workshop,
    question: Question,
    *,
    text_it: str,
    kind: Kind,
    text_en: str = "",
    required: bool = False,
    choices: Sequence[dict] = (),
    depends_on_id: int | None = None,
    depends_value: str = "",
    retention_months: int | None = None,
) -> None:
    if not text_it.strip():
        raise NoQuestionText
    kept = _choices(workshop, question, choices) if Kind(kind) in CHOOSING else []
    _keys_in_use(workshop, question, kept)
    earlier = {q.id: q for q in may_depend_on(workshop, question if question.id else None)}
    if depends_on_id is not None and not _can_be_met(earlier.get(depends_on_id), depends_value):
        raise AskedAfterItself
    question.text_it, question.text_en = text_it.strip(), text_en.strip()
    question.kind, question.required, question.retention_months = Kind(kind), required, retention_months
    question.choices = kept
    question.depends_on = earlier[depends_on_id] if depends_on_id is not None else None
    question.depends_value = depends_value if depends_on_id is not None else ""


def _choices(workshop: Workshop, question: Question, given: Sequence[dict]) -> list[dict]:
    """`given` with keys; those left out are put aside once the public has seen the form."""
    known = {c["key"]: c for c in question.choices or []}
    now = {c["key"] for c in offered(question)}
    rows = []
    for choice in given:
        key = choice["key"] if choice.get("key") in now else secrets.token_hex(4)
        rows.append({"key": key, "it": choice["it"].strip(), "en": (choice.get("en") or "").strip()})
    if len({c["it"].casefold() for c in rows if c["it"]}) < 2:
        raise NoChoices
    if workshop.published_at is None:
        return rows
    here = {c["key"] for c in rows}
    return rows + [{**c, "retired": True} for key, c in known.items() if key not in here]


def _keys_in_use(workshop: Workshop, question: Question, choices: list[dict]) -> None:
    """No later question may hang on an answer that can no longer be given."""
    offered_keys = {ANY, *(c["key"] for c in choices if not c.get("retired"))}
    stuck = [
        q
        for q in asked(workshop)
        if question.id and q.depends_on_id == question.id and q.depends_value not in offered_keys
    ]
    if stuck:
        raise OthersDependOnIt(stuck)


def _can_be_met(earlier: Question | None, value: str) -> bool:
    if earlier is None:
        return False
    return value == ANY or value in {c["key"] for c in offered(earlier)}
