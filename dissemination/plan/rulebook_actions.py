"""Changing rulebooks: what a call counts otherwise. They change no figure, only what "what if" answers."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.plan import actions, queries, rulebooks, rules
from dissemination.plan.models import Rulebook, RulebookRule


class RulebookCodeTaken(Refusal):
    """Two rulebooks of a district with one code."""

    message = _l("Another rulebook has this code. Choose another one.")
    field = "code"


def save_rulebook(
    district_id: int, book: Rulebook | None, *, version: str, exclusion_ids: list[int], **facts
) -> Rulebook:
    """Add or change a rulebook. Raises ChangedMeanwhile, RulebookCodeTaken."""
    if book is not None:
        held = db.session.scalar(select(Rulebook).where(Rulebook.id == book.id).with_for_update())
        if held is None or version != actions.version_of(held):
            raise actions.ChangedMeanwhile
        book = held
    other = rulebooks.rulebook(district_id, facts["code"])
    if other is not None and other is not book:
        raise RulebookCodeTaken
    book = book or Rulebook(district_id=district_id)
    for name, value in facts.items():
        setattr(book, name, value or "" if name == "reference" else value)
    db.session.add(book)
    db.session.flush()
    for exclusion in queries.exclusions(district_id):
        if exclusion.id in exclusion_ids and exclusion.rulebook_id in (None, book.id):
            exclusion.rulebook_id = book.id
        elif exclusion.rulebook_id == book.id:
            exclusion.rulebook_id = None
    db.session.flush()
    return book


def rule_version(book: Rulebook, code: str) -> str:
    """A mark of how a call counts an indicator; "" while it counts it as the plan does."""
    row = next((r for r in book.rules if r.indicator_code == code), None)
    return actions.version_of(row) if row is not None else ""


def save_rule(book: Rulebook, code: str, data: Any, *, version: str = "") -> None:
    """Say how a call counts an indicator. Raises RuleError, ChangedMeanwhile."""
    rules.read(data)
    db.session.execute(select(Rulebook.id).where(Rulebook.id == book.id).with_for_update())
    db.session.expire(book)
    if version != rule_version(book, code):
        raise actions.ChangedMeanwhile
    row = next((r for r in book.rules if r.indicator_code == code), None)
    if row is None:
        book.rules.append(RulebookRule(indicator_code=code, rule=data))
    else:
        row.rule = data
    db.session.flush()


def drop_rule(book: Rulebook, code: str) -> None:
    """Let a call count an indicator as the plan does."""
    book.rules = [r for r in book.rules if r.indicator_code != code]
    db.session.flush()


def remove_rulebook(book: Rulebook) -> None:
    """Take a rulebook away; its exclusions stay, in their own time, and belong to no call."""
    for exclusion in queries.exclusions(book.district_id):
        if exclusion.rulebook_id == book.id:
            exclusion.rulebook_id = None
    db.session.flush()
    db.session.delete(book)
    db.session.flush()
