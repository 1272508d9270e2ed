"""The second step of an import: what was chosen of a previewed file is entered and merged, all or nothing.

Few records are entered at once, in the request; more are left to the worker, which says how far it is.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.bibliography.records import Record
from dissemination.kernel import clock
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.publications import actions
from dissemination.publications.importing import Line, Preview
from dissemination.publications.merging import How, merged, notes_of_people
from dissemination.publications.models import Import, Publication

LEASE = timedelta(minutes=30)
AT_ONCE = 300
"""So many records are entered in the request itself; of more, the worker takes care."""


class NothingChosen(Refusal):
    """No record is to be entered or merged."""

    status = 422
    message = _l("Choose at least one publication to import.")


class IsQueued(Refusal):
    """The worker has it already."""

    message = _l("This file is being imported already.")


@dataclass
class Choice:
    """What to do with the records of a file: `new` and `known` by their number, or the same for all."""

    new: list[int] | None = None  # None: every new one
    known: dict[int, How] = field(default_factory=dict)
    rest: How = How.LEAVE  # of known ones that `known` does not name
    published: bool = False
    placed: dict = field(default_factory=dict)  # see `intake.add_all`

    def of(self, line: Line) -> How:
        """What to do with `line`: ADD, COMPLETE, REPLACE or LEAVE."""
        if line.known is not None:
            return self.known.get(line.number, self.rest)
        chosen = line.is_new if self.new is None else line.number in self.new
        return How.ADD if chosen else How.LEAVE

    def count(self, found: Preview) -> int:
        """How many records are to be entered or merged."""
        return sum(self.of(line) is not How.LEAVE for line in found.lines)

    def as_json(self) -> dict:
        """For `Import.wanted`."""
        return asdict(self) | {"known": {str(number): how.value for number, how in self.known.items()}}

    @staticmethod
    def from_json(kept: dict) -> "Choice":
        """The reverse of `as_json`."""
        known = {int(number): How(how) for number, how in kept["known"].items()}
        return Choice(**(kept | {"known": known, "rest": How(kept["rest"])}))


def finish(upload: Import, found: Preview, choice: Choice, *, by: Account | None) -> None:
    """Enter and merge what was chosen, once. Raises NothingChosen, AlreadyImported, what `revise` raises."""
    if not choice.count(found):
        raise NothingChosen
    since = clock.now()
    new = [line.found.record for line in found.lines if choice.of(line) is How.ADD]
    actions.finish_import(upload, new, by=by, published=choice.published, **choice.placed)
    upload.merged = sum(
        _merge(line.known.id, line.found.record, choice.of(line), by=by, name=upload.file.name)
        for line in found.lines
        if line.known is not None and choice.of(line) in (How.COMPLETE, How.REPLACE)
    )
    upload.queued_at, upload.wanted = None, None
    db.session.flush()
    _date_anew(upload.district_id, since)


def _date_anew(district_id: int, since: datetime) -> None:
    """Give what harvesters will see changed a datestamp of the end of the transaction.

    A long one would else bring records that are older than the last harvest: nobody would come for them.
    """
    ours = Publication.district_id == district_id, Publication.first_published_at.is_not(None)
    rows_changed(
        update(Publication).where(*ours, Publication.changed_at >= since).values(changed_at=clock.now())
    )
    db.session.expire_all()


def _merge(publication_id: int, record: Record, how: How, *, by: Account | None, name: str) -> bool:
    publication = db.session.get_one(Publication, publication_id)
    return merge(
        publication, record, how, by=by, reason=_("Merged with the entry of the file %(name)s", name=name)
    )


def merge(publication: Publication, other, how: How, *, by: Account | None, reason: str) -> bool:
    """Put what `other` (a Record or Publication) says into `publication`; whether anything changed.

    Raises what `actions.revise` raises.
    """
    facts = merged(publication, other, how)
    notes = [] if how is How.REPLACE else notes_of_people(publication, other)
    if not facts and not notes:
        return False
    publication = actions.revise(publication, by=by, version=publication.version, reason=reason, **facts)
    for author, values in notes if "authors" not in facts else ():
        for field_name, value in values.items():
            setattr(author, field_name, value)
    return True


def queue(upload: Import, choice: Choice, *, total: int, by: Account | None) -> None:
    """Leave it to the worker. Raises AlreadyImported, IsQueued."""
    if upload.imported_at is not None:
        raise actions.AlreadyImported
    waiting = rows_changed(
        update(Import)
        .where(Import.id == upload.id, Import.imported_at.is_(None), Import.queued_at.is_(None))
        .values(
            queued_at=clock.now(), started_at=None, failed="", done=0, total=total, wanted=choice.as_json(),
            imported_by=by.id if by else None,
        )
    )  # fmt: skip
    if waiting != 1:
        raise IsQueued


def claim(upload_id: int) -> bool:
    """Take a waiting import; False when another worker was faster."""
    now = clock.now()
    taken = update(Import).where(Import.id == upload_id, Import.queued_at.is_not(None), _free(now))
    return rows_changed(taken.values(started_at=now)) == 1


def give_up(upload_id: int, why: str) -> None:
    """The worker could not finish: say why, and let the organiser choose again."""
    row = db.session.get_one(Import, upload_id)
    row.failed, row.queued_at, row.started_at, row.wanted = why[:500], None, None, None


def note_progress(upload_id: int, done: int) -> None:
    """So many records were read."""
    db.session.execute(update(Import).where(Import.id == upload_id).values(done=done))


def waiting() -> list[int]:
    """The imports that the worker has to do, oldest first; one whose worker died comes again."""
    query = select(Import.id).where(Import.queued_at.is_not(None), _free(clock.now()))
    return list(db.session.scalars(query.order_by(Import.queued_at)))


def _free(now: datetime):
    return Import.started_at.is_(None) | (Import.started_at < now - LEASE)
