"""Answers to a workshop's questions: their fields, reading them, keeping their files, their words.

A view does this: `answers.store(form, workshop)` inside a transaction of its own when
`answers.uploads(form)`, then `form.validate()`, then `answers.read(form)`; and `answers.claim(registration)`
in the transaction that registers or revises.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from flask import request
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import case, func, select

from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.kernel.languages import language, short_date, translated
from dissemination.kernel.refusals import Refusal
from dissemination.registrations.answer_fields import (
    FIELDS,
    FILE_MB,
    Asked,
    CheckboxListField,
    ChoiceAnswer,
    FileAnswer,
    _Answer,
    in_force,
    written,
)
from dissemination.registrations.models import AnswerFile, Registration
from dissemination.workshops import questions
from dissemination.workshops.models import Kind, Question, Workshop

WAITS = timedelta(days=1)  # so long an uploaded file waits for the rest of its form
MOST_WAITING = 300  # such files of one workshop


class TooManyFiles(Refusal):
    """Somebody fills the store with files that belong to no registration."""

    status = 429

    def __init__(self):
        super().__init__(_("Too many files were sent for this workshop. Try again tomorrow, or write to us."))


# Fields.


def asked_of(workshop: Workshop) -> list[Asked]:
    """What the form of `workshop` asks, as plain data in the current language."""
    rows = questions.asked(workshop)
    return [_asked(q, {other.id: other for other in rows}) for q in rows]


def _asked(q: Question, others: Mapping[int, Question]) -> Asked:
    words = {c["key"]: _words(c) for c in q.choices or []}
    offered = [c["key"] for c in questions.offered(q)]
    return Asked(
        id=q.id, kind=q.kind, text=translated(q, "text"), required=q.required,
        choices=tuple((key, words[key]) for key in offered),
        put_aside=tuple((key, text) for key, text in words.items() if key not in offered),
        depends_on=q.depends_on_id if q.depends_on_id in others else None, depends_value=q.depends_value,
        condition=_condition(q, others),
    )  # fmt: skip


def _condition(q: Question, others: Mapping[int, Question]) -> str:
    before = others.get(q.depends_on_id) if q.depends_on_id else None
    if before is None:
        return ""
    if q.depends_value == questions.ANY:
        return _("Only if you answered “%(question)s”.", question=translated(before, "text"))
    return _(
        "Only if you answered “%(answer)s” to “%(question)s”.",
        answer=shown(before, q.depends_value), question=translated(before, "text"),
    )  # fmt: skip


def fields_for(workshop: Workshop, *, ask: bool = True, answers: Mapping | None = None) -> dict:
    """Field name -> field (unbound) of each question of `workshop`, in the current language.

    With `ask` False none is required (an organiser fills the form). `answers` are those given before: a
    choice that is no longer offered stays possible for who had it. Mix them into a class of form.
    """
    return {q.name: _field(q, ask, (answers or {}).get(str(q.id))) for q in asked_of(workshop)}


def _field(question: Asked, ask: bool, kept):
    if not ask:
        question = Asked(**{**vars(question), "required": False})
    kind = FIELDS[question.kind]
    more = {"kept": kept} if kind in (ChoiceAnswer, CheckboxListField) else {}
    return kind(question=question, **more)


def initial(answers: Mapping) -> dict:
    """Answers given before as the data of a form's fields."""
    return {f"question_{key}": value for key, value in answers.items()}


def questions_of(form) -> list:
    """The fields of the workshop's questions, in their order."""
    return [field for field in form if isinstance(field, _Answer)]


def read(form) -> dict:
    """Question id (as str) -> answer; "" where there is none, or where the question is not asked."""
    return {str(f.question.id): f.answer() if f.is_asked(form) else "" for f in questions_of(form)}


def given(form) -> dict:
    """`read` without the empty ones: what a new registration keeps."""
    return {key: value for key, value in read(form).items() if value}


def removed_meanwhile(form) -> bool:
    """Whether something was answered that the form does not ask (any more)."""
    known = set(form._fields)
    names = (n for n in request.form if n.startswith("question_") and n.removeprefix("question_").isdigit())
    return any(name not in known and request.form.get(name, "").strip() for name in names)


# Files.


def uploads(form) -> list[FileAnswer]:
    """The fields with a file that has just arrived."""
    return [f for f in questions_of(form) if isinstance(f, FileAnswer) and f.upload is not None]


def store(form, workshop: Workshop) -> None:
    """Keep what was uploaded, before anything else is checked. What is wrong with it lands at its field."""
    for field in uploads(form):
        upload, field.upload = field.upload, None
        try:
            field.data = _keep(upload, field.question.id, workshop)
        except Refusal as refusal:
            field.stored_errors = (str(refusal.message),)
        finally:
            upload.close()


def _keep(upload, question_id: int, workshop: Workshop) -> dict:
    size = upload.stream.seek(0, 2)
    upload.stream.seek(0)
    if size > FILE_MB * 1024 * 1024:
        said = _("The file is larger than %(most)d MB. Send a smaller one, or a link to it.", most=FILE_MB)
        raise Refusal(said)
    _refuse_flood(workshop)
    stored = files.put(upload.stream, upload.filename, district_id=workshop.district_id)
    db.session.flush()
    row = AnswerFile(file_id=stored.id, workshop_id=workshop.id, question_id=question_id, created_at=now())
    db.session.add(row)
    db.session.flush()
    return {"file": stored.id, "name": stored.name}


def _refuse_flood(workshop: Workshop) -> None:
    waiting = select(func.count()).where(
        AnswerFile.workshop_id == workshop.id, AnswerFile.registration_id.is_(None)
    )
    if (db.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise TooManyFiles


def claim(registration: Registration) -> None:
    """Make the files among the answers hers; files that she replaced are let go.

    A file that belongs to somebody else's registration (the form was sent again for a colleague) is
    copied. An answer that refers to no file of this workshop is dropped.
    """
    answers = dict(registration.answers)
    for key, value in registration.answers.items():
        if isinstance(value, dict):
            mine = _mine(registration, value.get("file"))
            answers[key] = {"file": mine.file_id, "name": mine.file.name} if mine else ""
    if answers != registration.answers:
        registration.answers = answers
    wanted = {value["file"] for value in answers.values() if isinstance(value, dict)}
    _let_go(AnswerFile.registration_id == registration.id, AnswerFile.file_id.not_in(wanted))
    db.session.flush()


def _mine(registration: Registration, file_id) -> AnswerFile | None:
    found = db.session.get(AnswerFile, file_id) if isinstance(file_id, int) else None
    if found is None or found.workshop_id != registration.workshop_id:
        return None
    if found.registration_id in (None, registration.id):
        found.registration_id = registration.id
        return found
    facts = {n: getattr(found.file, n) for n in ("district_id", "name", "media_type", "size", "sha256")}
    copy = AnswerFile(
        file=StoredFile(**facts, created_at=now()), workshop_id=found.workshop_id,
        question_id=found.question_id, registration_id=registration.id, created_at=now(),
    )  # fmt: skip
    db.session.add(copy)
    db.session.flush()
    return copy


def forget_files(registration: Registration) -> None:
    """Delete the files that she sent; for erasure and the purge."""
    _let_go(AnswerFile.registration_id == registration.id)


def drop_waiting() -> int:
    """Delete uploaded files whose form was never finished, a day later; how many."""
    return _let_go(AnswerFile.registration_id.is_(None), AnswerFile.created_at < now() - WAITS)


def _let_go(*conditions) -> int:
    rows = db.session.scalars(select(AnswerFile).where(*conditions)).all()
    for row in rows:
        stored = row.file
        db.session.delete(row)
        db.session.flush()
        files.remove(stored)
    return len(rows)


def file_of(workshop: Workshop, file_id: int) -> AnswerFile | None:
    """A file that somebody registered for `workshop` sent."""
    found = db.session.get(AnswerFile, file_id)
    mine = found is not None and found.workshop_id == workshop.id and found.registration_id is not None
    return found if mine else None


# Words.


def shown(question: Question, value, lang: str | None = None) -> str:
    """An answer in words, for pages and exports; "" when there is none."""
    if not value:
        return ""
    with force_locale(lang or language()):
        return _in_words(question, value)


def _in_words(question: Question, value) -> str:
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if question.kind in questions.CHOOSING:
        words = {c["key"]: _words(c) for c in question.choices or []}
        return ", ".join(words.get(key, str(key)) for key in ([value] if isinstance(value, str) else value))
    if question.kind is Kind.NUMBER:
        return written(value)
    if question.kind is Kind.DATE:
        return _day(value)
    return str(value)


def _day(value: str) -> str:
    try:
        return short_date(date.fromisoformat(value))
    except ValueError:
        return str(value)


def _words(choice: Mapping[str, str]) -> str:
    first, second = ("en", "it") if language() == "en" else ("it", "en")
    return choice.get(first) or choice.get(second) or ""


def answered_questions(workshop: Workshop, registrations: Iterable[Registration]) -> list[Question]:
    """What is asked, then what is no longer asked but was answered by one of `registrations`."""
    old = questions.retired(workshop)
    keys = {key for r in registrations for key, value in r.answers.items() if value} if old else set()
    return [*questions.asked(workshop), *(q for q in old if str(q.id) in keys)]


def missing(workshop: Workshop, answers: Mapping) -> list[Question]:
    """Required questions without an answer: what her page asks her to complete."""
    rows = questions.asked(workshop)
    asked = in_force(rows, {q.id: answers.get(str(q.id)) for q in rows})
    return [q for q in rows if q.required and q.id in asked and not answers.get(str(q.id))]


def count(question_ids: Iterable[int]) -> dict[int, int]:
    """How many people answered each question, in one query: id -> people."""
    ids = list(question_ids)
    columns = []
    for question_id in ids:
        text = Registration.answers[str(question_id)].as_string()
        columns.append(func.coalesce(func.sum(case((func.coalesce(text, "") != "", 1), else_=0)), 0))
    if not columns:
        return {}
    workshops = select(Question.workshop_id).where(Question.id.in_(ids))
    row = db.session.execute(select(*columns).where(Registration.workshop_id.in_(workshops))).one()
    return dict(zip(ids, (int(n) for n in row), strict=True))


questions.count_by(count)
