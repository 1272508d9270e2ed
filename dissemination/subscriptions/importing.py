"""Importing subscribers: a file is looked at line by line, somebody decides, all of it is entered or nothing.

Suppression comes first: whoever unsubscribed, bounced or complained elsewhere goes on the suppression list
and is subscribed by no other line; whoever left here stays unsubscribed. Each consent names who imported it,
the file, its hash, the line, the times that the file gives, and the legal basis that the importer wrote down.

Small files are read at once, large ones by the worker, in small transactions that count on. What is entered
is one transaction of a few statements over the lines.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from io import BytesIO

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, insert, or_, select, update

from dissemination.delivery.suppressed import BOUNCED, ERASED, keyed
from dissemination.districts.models import District
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.kernel.logs import log
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import fold
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.subscriptions import entering, formats, suppression
from dissemination.subscriptions.formats import Line, NotReadable, Sheet, Upload
from dissemination.subscriptions.models import (
    ImportLine,
    ImportState,
    SubscriberImport,
    Subscription,
    Topic,
    Verdict,
)

AT_ONCE = 2_000  # lines that are done within the request
BATCH = 2_000
STUCK = timedelta(minutes=15)  # then another worker begins anew
KEPT = timedelta(days=90)


class CannotRead(Refusal):
    """The upload is none that can be imported."""

    status = 422
    field = "files"


class NothingChosen(Refusal):
    """No topic, or no legal basis."""

    status = 422
    field = "topics"
    message = _l("Choose at least one topic.")


class NotNow(Refusal):
    """The import is not at a point where this can be done."""

    message = _l("This import has gone on meanwhile. Look at how it stands now.")


class HasProblems(Refusal):
    """Lines are wrong, and nobody said to leave them out."""

    message = _l("Some lines cannot be used. Correct the file, or say that they are left out.")


def upload(
    district: District, uploads: Iterable[Upload], *, topics: Iterable[Topic], language: str, basis: str,
    by: Account | None,
) -> SubscriberImport:  # fmt: skip
    """Keep the files of an import to be read. Raises CannotRead, NothingChosen. Needs a transaction."""
    chosen = [t.id for t in topics if t.district_id == district.id]
    if not chosen or not basis.strip():
        raise NothingChosen
    try:
        parts = [part for one in uploads for part in formats.unpacked(one)]
        if not parts:
            raise NotReadable(_("Choose a file."))
        if sum(len(part.data) for part in parts) > formats.MOST_BYTES:
            raise NotReadable(_("The files are larger than 10 MB together. Split them."))
        sheets = [formats.opened(part) for part in parts]
    except NotReadable as why:
        raise CannotRead(str(why)) from None
    total = sum(sheet.lines for sheet in sheets)
    if total > formats.MOST_LINES:
        raise CannotRead(_("There are more than 100,000 lines. Split the file."))
    digest = hashlib.sha256()
    kept = []
    for part, sheet in zip(parts, sheets, strict=True):
        digest.update(part.data)
        stored = files.put(
            BytesIO(part.data), part.name, district_id=district.id, accept={"application/octet-stream"}
        )
        db.session.flush()
        kept.append(
            {"name": part.name, "file_id": stored.id, "refuses": part.refuses, "status": sheet.status,
             "unknown": sheet.unknown[:100]}
        )  # fmt: skip
    row = SubscriberImport(
        district_id=district.id, name=", ".join(p.name for p in parts)[:255], sha256=digest.hexdigest(),
        files=kept, format=max((s.format for s in sheets), key=lambda f: f != "csv"), topic_ids=chosen,
        language=language, basis=basis.strip(), created_at=now(), created_by=by.id if by else None,
        lines=total,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def work() -> int:
    """Go on with the imports that wait for it, oldest first; how many. Opens transactions of its own."""
    waiting = select(SubscriberImport.id).where(
        SubscriberImport.state.in_((ImportState.READING, ImportState.ENTERING)),
        or_(SubscriberImport.began_at.is_(None), SubscriberImport.began_at < now() - STUCK),
    )
    ids = list(db.session.scalars(waiting.order_by(SubscriberImport.id)))
    return sum(go_on(import_id) for import_id in ids)


def go_on(import_id: int) -> bool:
    """Read or enter one import, whichever is its turn; False when somebody else is at it."""
    with transaction():
        row = _claimed(import_id)
        if row is None:
            return False
        state = row.state
    try:
        if state is ImportState.READING:
            _read(import_id)
        else:
            with transaction():
                _enter(db.session.get_one(SubscriberImport, import_id))
    except Exception as problem:
        db.session.rollback()
        log.exception("import_failed", subscriber_import=import_id)
        with transaction():
            _fail(db.session.get_one(SubscriberImport, import_id), f"{type(problem).__name__}: {problem}")
    return True


def _claimed(import_id: int) -> SubscriberImport | None:
    moment = now()
    claim = (
        update(SubscriberImport)
        .where(
            SubscriberImport.id == import_id,
            SubscriberImport.state.in_((ImportState.READING, ImportState.ENTERING)),
            or_(SubscriberImport.began_at.is_(None), SubscriberImport.began_at < moment - STUCK),
        )
        .values(began_at=moment)
        .returning(SubscriberImport.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.scalar(claim) is None:
        return None
    return db.session.get_one(SubscriberImport, import_id, populate_existing=True)


def _fail(row: SubscriberImport, why: str) -> None:
    row.state, row.trouble, row.finished_at = ImportState.FAILED, why[:500], now()
    _forget_files(row)


# Reading.


def _read(import_id: int) -> None:
    with transaction():
        row = db.session.get_one(SubscriberImport, import_id)
        db.session.execute(delete(ImportLine).where(ImportLine.import_id == import_id))
        row.lines_read = 0
    row = db.session.get_one(SubscriberImport, import_id)
    sheets = _sheets(row)
    judge = Judge(row, _refused(sheets))
    counts: dict[str, int] = {}
    batch: list[dict] = []
    for place, sheet in enumerate(sheets):
        for line in formats.lines(sheet):
            batch.append(judge.row(place, line))
            if len(batch) == BATCH:
                _keep(import_id, batch, counts)
                batch = []
    _keep(import_id, batch, counts)
    with transaction():
        row = db.session.get_one(SubscriberImport, import_id)
        row.lines, row.counts, row.state, row.began_at = row.lines_read, counts, ImportState.READ, None
        if not counts:
            _fail(row, _("There is no row below the header."))


def _sheets(row: SubscriberImport) -> list[Sheet]:
    sheets = []
    for one in row.files:
        stored = db.session.get_one(StoredFile, one["file_id"])
        sheets.append(formats.opened(Upload(one["name"], files.read(stored), one["refuses"])))
    return sheets


def _refused(sheets: list[Sheet]) -> dict[str, tuple[int, int, str]]:
    """{address: (file, line, refusal)} of every line of any file that says not to write there."""
    found: dict[str, tuple[int, int, str]] = {}
    for place, sheet in enumerate(sheets):
        for line in formats.lines(sheet):
            if line.status in formats.REFUSALS and line.email:
                found.setdefault(line.email, (place, line.number, line.status))
    return found


def _keep(import_id: int, batch: list[dict], counts: dict[str, int]) -> None:
    for one in batch:
        counts[one["verdict"].value] = counts.get(one["verdict"].value, 0) + 1
    if batch:
        with transaction():
            db.session.execute(insert(ImportLine), batch)
            progress = SubscriberImport.lines_read + len(batch)
            db.session.execute(
                update(SubscriberImport).where(SubscriberImport.id == import_id)
                .values(lines_read=progress, began_at=now())
                .execution_options(synchronize_session=False)
            )  # fmt: skip


class Judge:
    """Decides about each line, knowing what the district knows. Reads the database once, when it is made."""

    def __init__(self, row: SubscriberImport, refused: dict[str, tuple[int, int, str]]):
        self.import_id, self.language, self.topics = row.id, row.language, set(row.topic_ids)
        self.refused, self.names = refused, [one["name"] for one in row.files]
        self.suppressed = suppression.known(row.district_id)
        self.hashed = any(a.startswith(("hash:", "erased:")) for a in self.suppressed)
        self.live, self.left = _standing(row.district_id, self.topics)
        self.seen: dict[str, int] = {}
        self.seen_refused: set[str] = set()

    def row(self, place: int, line: Line) -> dict:
        """The values of an `ImportLine`."""
        verdict, message = self._verdict(line)
        return {
            "import_id": self.import_id, "file": place, "line": line.number, "email": line.email,
            "given_name": line.given_name, "family_name": line.family_name,
            "name_folded": fold(f"{line.family_name} {line.given_name}")[:201],
            "language": line.language or self.language, "joined_at": line.joined_at,
            "confirmed_at": line.confirmed_at, "verdict": verdict, "message": message[:300],
            "refusal": line.status if line.status in formats.REFUSALS else "",
        }  # fmt: skip

    def _verdict(self, line: Line) -> tuple[Verdict, str]:
        if line.problem:
            return Verdict.WRONG, line.problem
        if line.status in formats.REFUSALS:
            if line.email in self.seen_refused:
                return Verdict.TWICE, ""
            self.seen_refused.add(line.email)
            return Verdict.SUPPRESS, line.status
        if line.status == formats.NEVER:
            return Verdict.NEVER, ""
        if line.email in self.seen:
            return Verdict.TWICE, _("The same as line %(n)d.", n=self.seen[line.email])
        self.seen[line.email] = line.number
        return self._joining(line)

    def _joining(self, line: Line) -> tuple[Verdict, str]:
        if line.email in self.refused:
            place, number, status = self.refused[line.email]
            return Verdict.SUPPRESSED, f"{self.names[place]}:{number}: {status}"
        if line.email in self.suppressed:
            return Verdict.SUPPRESSED, ""
        if self.hashed and keyed(ERASED, line.email) in self.suppressed:
            return Verdict.ERASED, ""
        if self.hashed and keyed(BOUNCED, line.email) in self.suppressed:
            return Verdict.SUPPRESSED, ""
        live, left = self.live.get(line.email, set()), self.left.get(line.email, set())
        if self.topics <= live:
            return Verdict.THERE, ""
        if (left and not live) or not self.topics - live - left:
            return Verdict.LEFT, ""
        return Verdict.SUBSCRIBE, _times(line.joined_at, line.confirmed_at)


def _times(joined: datetime | None, confirmed: datetime | None) -> str:
    """What the file says of when it was asked and confirmed, for the ledger (English, as sources are)."""
    said = [("opted in", joined), ("confirmed", confirmed)]
    return (
        " · ".join(f"{word} {at:%Y-%m-%d %H:%M} UTC" for word, at in said if at)
        or "no opt-in time in the file"
    )


def _standing(district_id: int, topic_ids: set[int]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """{address: topics} that are live, and that were left, in the district."""
    live: dict[str, set[int]] = {}
    left: dict[str, set[int]] = {}
    rows = db.session.execute(
        select(Contact.email, Subscription.topic_id, Subscription.ended_at, Subscription.confirmed_at)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(Contact.district_id == district_id)
    )
    for email, topic_id, ended_at, confirmed_at in rows:
        if ended_at is not None:
            left.setdefault(email, set()).add(topic_id)
        elif confirmed_at is not None:
            live.setdefault(email, set()).add(topic_id)
    for email in entering.refusers(district_id):
        left.setdefault(email, set()).update(topic_ids)
    return live, left


# Deciding and entering.


def approve(row: SubscriberImport, *, leaves_out_wrong: bool) -> None:
    """Let the import be entered as it was shown. Raises NotNow, HasProblems."""
    _in_state(row, ImportState.READ)
    if row.counts.get(Verdict.WRONG.value) and not leaves_out_wrong:
        raise HasProblems
    row.state, row.began_at, row.leaves_out_wrong = ImportState.ENTERING, None, leaves_out_wrong
    db.session.flush()


def drop(row: SubscriberImport) -> None:
    """Give the import up: nothing is entered, files and lines are deleted. Raises NotNow."""
    _in_state(row, ImportState.READ)
    row.state, row.finished_at = ImportState.DROPPED, now()
    db.session.execute(delete(ImportLine).where(ImportLine.import_id == row.id))
    _forget_files(row)
    db.session.flush()


def _in_state(row: SubscriberImport, state: ImportState) -> None:
    db.session.refresh(row, with_for_update={"of": SubscriberImport})
    if row.state is not state:
        raise NotNow


def _enter(row: SubscriberImport) -> None:
    entering.enter(row)
    counted = select(ImportLine.verdict, func.count()).where(ImportLine.import_id == row.id)
    rows = db.session.execute(counted.group_by(ImportLine.verdict)).all()
    row.counts = {verdict.value: number for verdict, number in rows}
    row.state, row.finished_at, row.began_at = ImportState.DONE, now(), None
    _forget_files(row)


def _forget_files(row: SubscriberImport) -> None:
    for one in row.files:
        stored = db.session.get(StoredFile, one["file_id"]) if one.get("file_id") else None
        if stored is not None:
            files.remove(stored)
    row.files = [{**one, "file_id": None} for one in row.files]


def forget_lines() -> int:
    """Delete the lines of imports older than three months, and give up those nobody decided on; how many."""
    old = select(SubscriberImport).where(SubscriberImport.created_at < now() - KEPT)
    rows = list(db.session.scalars(old))
    for row in rows:
        if row.state is ImportState.READ:
            row.state, row.finished_at = ImportState.DROPPED, now()
            _forget_files(row)
    gone = delete(ImportLine).where(ImportLine.import_id.in_([r.id for r in rows]))
    return len(db.session.execute(gone.returning(ImportLine.id)).all())
