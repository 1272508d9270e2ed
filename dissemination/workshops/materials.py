"""Materials of a workshop: slides and hand-outs, public or for participants, before it or after its end."""

from io import BytesIO
from typing import BinaryIO

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.workshops import queries
from dissemination.workshops.models import Audience, Material, Workshop
from dissemination.workshops.refusals import FileTooLarge, NoTitle, RowChangedMeanwhile

MOST_MB = 20
FACTS = ("title_it", "title_en", "session_id", "audience", "after_end")


# Finding.


def listed(workshop: Workshop) -> list[Material]:
    """All materials of the workshop with their files, in the order in which they came."""
    query = select(Material).where(Material.workshop_id == workshop.id).order_by(Material.id)
    return list(db.session.scalars(query.options(joinedload(Material.file), joinedload(Material.session))))


def by_id(workshop: Workshop, material_id: int) -> Material | None:
    """The workshop's material with that id, or None."""
    query = select(Material).where(Material.workshop_id == workshop.id, Material.id == material_id)
    return db.session.scalar(query)


def open_to(workshop: Workshop, *, participants: bool) -> list[Material]:
    """What may be opened now by everybody, or by participants (who see the public ones as well)."""
    return [m for m in listed(workshop) if is_open(m, participants=participants)]


def is_open(material: Material, *, participants: bool) -> bool:
    """Whether the material may be opened now."""
    workshop = material.workshop
    if workshop.cancellation is not None or workshop.published_at is None:
        return False
    in_time = not material.after_end or workshop.ends_at <= now()
    return in_time and (participants or material.audience is Audience.PUBLIC)


# Verbs.


def add(workshop: Workshop, stream: BinaryIO, name: str, *, by: Account | None, **facts) -> Material:
    """Keep an uploaded file as a material; `facts`: see FACTS.

    The same file under the same title is kept once (a second click is no second wish). Raises EmptyFile,
    WrongFileType, FileTooLarge, NoTitle.
    """
    queries.hold(workshop)
    _check(facts)
    there = listed(workshop)  # read first: a query would write the new file's row
    stored = _store(workshop, stream, name)
    for known in there:
        if known.file.sha256 == stored.sha256 and known.title_it == facts["title_it"]:
            db.session.expunge(stored)
            return known
    db.session.flush()
    material = Material(
        workshop_id=workshop.id, file_id=stored.id, added_at=now(), added_by=by.id if by else None,
        **_of(workshop, facts),
    )  # fmt: skip
    db.session.add(material)
    _changed(workshop)
    return material


def revise(
    material: Material, *, version: int, stream: BinaryIO | None = None, name: str = "", **facts
) -> Material:
    """Change what is said of a material, or put another file in its place.

    Raises RowChangedMeanwhile and what `add` raises.
    """
    workshop = material.workshop
    queries.hold(workshop)
    db.session.refresh(material, with_for_update={"of": Material})
    if material.version != version:
        raise RowChangedMeanwhile
    _check(facts)
    if stream is not None:
        former, material.file = material.file, _store(workshop, stream, name)
        db.session.flush()
        files.remove(former)
    for fact, value in _of(workshop, facts).items():
        setattr(material, fact, value)
    material.version += 1
    _changed(workshop)
    return material


def remove(material: Material) -> None:
    """Delete a material; its address answers 404 from then on."""
    workshop, stored = material.workshop, material.file
    queries.hold(workshop)
    db.session.delete(material)
    db.session.flush()
    files.remove(stored)
    _changed(workshop)


def most_mb() -> int:
    """How many megabytes a material may have: MOST_MB, or what this installation takes at all."""
    return min(MOST_MB, current_app.config["SETTINGS"].max_upload // 1024 // 1024)


def _store(workshop: Workshop, stream: BinaryIO, name: str) -> files.StoredFile:
    most = most_mb()
    data = stream.read(most * 1024 * 1024 + 1)
    if len(data) > most * 1024 * 1024:
        raise FileTooLarge(most)
    return files.put(BytesIO(data), name, district_id=workshop.district_id)


def _check(facts: dict) -> None:
    if not facts["title_it"].strip():
        raise NoTitle


def _of(workshop: Workshop, facts: dict) -> dict:
    """The columns; a session of another workshop is none."""
    wanted = {name: facts[name] for name in FACTS if name in facts}
    if wanted.get("session_id") not in {s.id for s in workshop.sessions}:
        wanted["session_id"] = None
    return wanted


def _changed(workshop: Workshop) -> None:
    db.session.flush()
    queries.touch(select(Workshop.id).where(Workshop.id == workshop.id))
    db.session.expire(workshop, ["materials", "touched"])
