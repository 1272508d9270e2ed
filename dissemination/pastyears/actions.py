"""Importing past activities: a file is looked at line by line, somebody decides, and it can be undone.

Small files are read and entered at once, larger ones by the worker. Undoing adds reversing rows with the
reason: the log keeps what was entered and that it was taken back.
"""

import hashlib
from datetime import timedelta
from io import BytesIO
from itertools import islice

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from dissemination.districts.models import District
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.kernel.logs import log
from dissemination.kernel.refusals import Refusal
from dissemination.pastyears import entering, mapping, reading
from dissemination.pastyears.judging import Judge
from dissemination.pastyears.models import WORKING, PastActivity, PastImport, State, Verdict
from dissemination.pastyears.queries import remembered
from dissemination.people.accounts import Account

AT_ONCE, UNPACKED_AT_ONCE = 300_000, 6_000_000  # bytes of a file that is read within the request
FEW = 1_000  # lines that are entered within the request
BATCH = 1_000
SAMPLES = 3
STUCK = timedelta(minutes=15)  # then another worker goes on
SPREADSHEETS = {"application/octet-stream", files.ZIPPED["xlsx"]}


class CannotRead(Refusal):
    """The upload is none that can be imported."""

    status = 422
    field = "file"


class NotNow(Refusal):
    """The import is not at a point where this can be done."""

    message = _l("This import has gone on meanwhile. Look at how it stands now.")


class NotMapped(Refusal):
    """Nobody could tell when something happened, or what."""

    status = 422
    message = _l(
        "Say which column has the date, and which the kind of activity (or choose one kind for all lines)."
    )


class SaidTwice(Refusal):
    """Two columns are said to be the same thing."""

    status = 422
    message = _l("Two columns are said to be the same thing. Leave one of them aside.")


class HasProblems(Refusal):
    """Lines are wrong, and nobody said to leave them out."""

    message = _l("Some lines cannot be used. Correct the file, or say that they are left out.")


class NoReason(Refusal):
    """An import is undone without a word."""

    status = 422
    field = "reason"
    message = _l("Say why the import is undone: the log keeps it.")


def upload(district: District, name: str, data: bytes, *, by: Account | None) -> PastImport:
    """Keep a file to be looked at. Raises CannotRead."""
    if not data:
        raise CannotRead(_("Choose a file."))
    if len(data) > reading.MOST_BYTES:
        raise CannotRead(_("The file is larger than 25 MB. Split it."))
    try:
        stored = files.put(BytesIO(data), name, district_id=district.id, accept=SPREADSHEETS)
    except files.WrongFileType:
        raise CannotRead(_("This is neither a CSV nor an XLSX file.")) from None
    db.session.flush()
    row = PastImport(
        district_id=district.id, name=stored.name, file_id=stored.id, sha256=hashlib.sha256(data).hexdigest(),
        uploaded_at=now(), uploaded_by=by.id if by else None, state=State.OPENING,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def is_small(row: PastImport) -> bool:
    """Whether an import's file can be read within a request, also once it is unpacked."""
    stored = db.session.get(StoredFile, row.file_id) if row.file_id else None
    if stored is None or stored.size > AT_ONCE:
        return False
    return reading.unpacked(files.read(stored)) <= UNPACKED_AT_ONCE


def choose_sheet(row: PastImport, sheet: str) -> None:
    """Look at another sheet of the workbook. Raises NotNow."""
    _in_state(row, State.MAPPING, State.JUDGED)
    if sheet in row.sheets:
        row.sheet, row.mapping, row.state, row.began_at = sheet, {}, State.OPENING, None
        db.session.flush()


def map_columns(row: PastImport, columns: dict[str, str], *, verb: str, line: str) -> None:
    """Say what the columns are; each line is judged anew. Raises NotNow, NotMapped, SaidTwice."""
    _in_state(row, State.MAPPING, State.JUDGED)
    if mapping.twice(columns):
        raise SaidTwice
    found = mapping.clean(row.header, columns, verb=verb, line=line)
    if mapping.missing(found):
        raise NotMapped
    row.mapping, row.state, row.began_at = found, State.JUDGING, None
    db.session.flush()


def approve(row: PastImport, *, leaves_out_wrong: bool, by: Account | None) -> None:
    """Let the import be entered as it was shown. Raises NotNow, HasProblems."""
    _in_state(row, State.JUDGED)
    if row.counts.get(Verdict.WRONG.value) and not leaves_out_wrong:
        raise HasProblems
    row.state, row.began_at, row.entered_by = State.ENTERING, None, by.id if by else None
    db.session.flush()


def drop(row: PastImport) -> None:
    """Give the import up: nothing is entered, file and lines are deleted. Raises NotNow."""
    _in_state(row, State.MAPPING, State.JUDGED, State.FAILED)
    row.state = State.DROPPED
    db.session.execute(delete(PastActivity).where(PastActivity.import_id == row.id))
    _forget_file(row)
    db.session.flush()


def undo(row: PastImport, *, reason: str, by: Account | None) -> None:
    """Take everything that was entered back, with a reason that the log keeps. Raises NotNow, NoReason."""
    if not reason.strip():
        raise NoReason
    _in_state(row, State.DONE)
    row.state, row.began_at = State.UNDOING, None
    row.undone_because, row.undone_by = reason.strip()[:300], by.id if by else None
    db.session.flush()


def _in_state(row: PastImport, *states: State) -> None:
    db.session.refresh(row, with_for_update={"of": PastImport})
    if row.state not in states:
        raise NotNow


# The worker's part: each step opens transactions of its own.


def work() -> int:
    """Go on with the imports that wait for it, oldest first; how many."""
    waiting = select(PastImport.id).where(
        PastImport.state.in_(WORKING),
        or_(PastImport.began_at.is_(None), PastImport.began_at < now() - STUCK),
    )
    return sum(go_on(import_id) for import_id in db.session.scalars(waiting.order_by(PastImport.id)).all())


def go_on(import_id: int) -> bool:
    """Do what is next with one import; False when somebody else is at it or nothing is."""
    with transaction():
        state = _claimed(import_id)
    if state is None:
        return False
    try:
        {State.OPENING: _open, State.JUDGING: _judge, State.ENTERING: _enter, State.UNDOING: _undo}[state](
            import_id
        )
    except reading.NotReadable as why:
        _fail(import_id, str(why))
    except Exception as problem:
        db.session.rollback()
        log.exception("past_import_failed", past_import=import_id)
        if state in (State.OPENING, State.JUDGING) and not _passes(problem):
            _fail(import_id, _("The program cannot read this file. Save it again as XLSX or CSV."))
        else:  # what is in the log stays; the worker tries again
            raise
    return True


def _passes(problem: Exception) -> bool:
    """Whether it may be otherwise the next time: a database that is busy, a disk that is full."""
    return isinstance(problem, OperationalError | OSError) and not isinstance(problem, FileNotFoundError)


def _claimed(import_id: int) -> State | None:
    moment = now()
    claim = (
        update(PastImport)
        .where(PastImport.id == import_id, PastImport.state.in_(WORKING))
        .where(or_(PastImport.began_at.is_(None), PastImport.began_at < moment - STUCK))
        .values(began_at=moment)
        .returning(PastImport.state)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(claim)


def _fail(import_id: int, why: str) -> None:
    db.session.rollback()
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        row.state, row.trouble, row.began_at = State.FAILED, why[:500], None
        _forget_file(row)


def _data(row: PastImport) -> bytes:
    return files.read(db.session.get_one(StoredFile, row.file_id))


def enter_at_once(
    district: District, name: str, data: bytes, *, verb: str = "", line: str = "", by: Account | None
) -> PastImport:
    """Upload, read by its header, judge and enter a file in the caller's transaction; wrong lines are left
    out. For the sample and for programs: people look first. Raises CannotRead, NotMapped, NotReadable."""
    row = upload(district, name, data, by=by)
    found = _looked_at(row, data)
    for column, value in found.items():
        setattr(row, column, value)
    row.state = State.MAPPING
    db.session.flush()
    map_columns(row, row.mapping["columns"], verb=verb, line=line)
    judge = Judge(row, district)
    judged = [judge.row(one) for one in islice(reading.lines(data, row.sheet), 1, None)]
    for start in range(0, len(judged), BATCH):
        db.session.execute(insert(PastActivity), judged[start : start + BATCH])
    counts = {v.value: sum(one["verdict"] is v for one in judged) for v in Verdict}
    row.counts, row.state = {name: n for name, n in counts.items() if n}, State.JUDGED
    db.session.flush()
    approve(row, leaves_out_wrong=True, by=by)
    while entering.enter_some(row, by):
        pass
    row.state, row.entered_at = State.DONE, now()
    _forget_file(row)
    return row


def _open(import_id: int) -> None:
    row = db.session.get_one(PastImport, import_id, populate_existing=True)
    found = _looked_at(row, _data(row))
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        for column, value in found.items():
            setattr(row, column, value)
        row.state, row.began_at = State.MAPPING, None


def _looked_at(row: PastImport, data: bytes) -> dict:
    """The columns of an import that its first lines tell."""
    sheets = reading.sheets(data)
    sheet = row.sheet if row.sheet in sheets else (sheets[0] if sheets else "")
    first = list(islice(reading.lines(data, sheet), 1 + SAMPLES))
    if len(first) < 2 and len(sheets) < 2:
        raise reading.NotReadable(_("There is no row below the header."))
    texts = [[cell.text[:80] for cell in line.cells] for line in first]
    header = texts[0] if texts else []
    while (
        header and not header[-1] and not any(len(s) >= len(header) and s[len(header) - 1] for s in texts[1:])
    ):
        header = header[:-1]
    return {
        "sheets": sheets, "sheet": sheet, "header": header, "samples": texts[1:],
        "mapping": remembered(row.district_id, header, but=row.id) or mapping.guess(header),
    }  # fmt: skip


def _judge(import_id: int) -> None:
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        db.session.execute(delete(PastActivity).where(PastActivity.import_id == import_id))
    row = db.session.get_one(PastImport, import_id)
    district = db.session.get_one(District, row.district_id)
    judge, data, counts = Judge(row, district), _data(row), dict[str, int]()
    below = islice(reading.lines(data, row.sheet), 1, None)
    while batch := [judge.row(line) for line in islice(below, BATCH)]:
        for one in batch:
            counts[one["verdict"].value] = counts.get(one["verdict"].value, 0) + 1
        with transaction():
            db.session.execute(insert(PastActivity), batch)
            _still_here(import_id)
    if not counts:
        raise reading.NotReadable(_("There is no row below the header."))
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        row.counts, row.state, row.began_at = counts, State.JUDGED, None


def _enter(import_id: int) -> None:
    more = 1
    while more:
        with transaction():
            row = db.session.get_one(PastImport, import_id, populate_existing=True)
            by = db.session.get(Account, row.entered_by) if row.entered_by else None
            more = entering.enter_some(row, by)
            _still_here(import_id)
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        row.state, row.entered_at, row.began_at = State.DONE, now(), None
        _forget_file(row)


def _undo(import_id: int) -> None:
    more = 1
    while more:
        with transaction():
            row = db.session.get_one(PastImport, import_id, populate_existing=True)
            by = db.session.get(Account, row.undone_by) if row.undone_by else None
            more = entering.undo_some(row, by)
            _still_here(import_id)
    with transaction():
        row = db.session.get_one(PastImport, import_id, populate_existing=True)
        row.state, row.undone_at, row.began_at = State.UNDONE, now(), None


def _still_here(import_id: int) -> None:
    mine = update(PastImport).where(PastImport.id == import_id).values(began_at=now())
    db.session.execute(mine.execution_options(synchronize_session=False))


def _forget_file(row: PastImport) -> None:
    stored = db.session.get(StoredFile, row.file_id) if row.file_id else None
    row.file_id, row.samples = None, []  # the first lines also have what was left aside, such as a person
    db.session.flush()
    if stored is not None:
        files.remove(stored)
