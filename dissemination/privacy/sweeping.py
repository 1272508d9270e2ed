"""Taking the traces of erased rows out of files: the database's own, the written mails, the storage.

An UPDATE leaves the old text in free pages of the database file until they are used again. After a purge
SQLite rewrites the file without them (VACUUM) and empties the write-ahead log; PostgreSQL is told to make
dead rows reusable (plain VACUUM: their bytes go when the pages are written again; who needs them gone at
once runs VACUUM FULL in a quiet hour, because it locks each table). Copies in backups go when those expire.
"""

import re
from datetime import UTC, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, is_sqlite, reading_engine, write_lock
from dissemination.kernel.files import StoredFile
from dissemination.privacy.terms import GONE

MAIL = re.compile(r"-(\d+)\.eml$")
DIGEST = re.compile(r"/([0-9a-f]{64})(?:\.[0-9a-f]+\.part)?$")
YOUNG = timedelta(days=1)  # content whose row may still be on its way


def sweep_database() -> bool:
    """Rewrite the database without free pages; False when readers kept the log of SQLite from being emptied.

    Outside any transaction; other writers wait meanwhile (SQLite: about a second for 100 MB).
    """
    db.session.rollback()
    return _sweep_sqlite() if is_sqlite() else _sweep_postgresql()


def _sweep_sqlite() -> bool:
    with write_lock(db.engine):
        raw = db.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = next(iter(cursor.fetchall()))[0]
            cursor.close()
        finally:
            raw.close()
    return not busy


def _sweep_postgresql() -> bool:
    with reading_engine().connect() as connection:  # no transaction: VACUUM runs in none
        connection.exec_driver_sql("VACUUM")
    return True


def sweep_mails() -> int:
    """Delete written mails (installations without a mail server) whose delivery was wiped; how many."""
    folder = Path(current_app.config["SETTINGS"].mail.folder)
    if not folder.is_dir():
        return 0
    written: dict[int, list[Path]] = {}
    for path in folder.glob("*.eml"):
        if found := MAIL.search(path.name):
            written.setdefault(int(found[1]), []).append(path)
    ids, count = sorted(written), 0
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        named = Delivery.address.not_like(f"%{GONE}")
        kept = set(db.session.scalars(select(Delivery.id).where(Delivery.id.in_(some), named)))
        for delivery_id in set(some) - kept:
            for path in written[delivery_id]:
                path.unlink(missing_ok=True)
                count += 1
    return count


def sweep_storage() -> int:
    """Delete stored content that no row names (its upload was never finished) after a day; how many."""
    import fsspec

    filesystem, root = fsspec.url_to_fs(current_app.config["SETTINGS"].files_url)
    if not filesystem.exists(root):
        return 0
    found = [
        (m[1], path)
        for path in filesystem.find(root)
        if (m := DIGEST.search(path)) and _is_old(filesystem, path)
    ]
    count = 0
    for start in range(0, len(found), 500):
        some = found[start : start + 500]
        digests = {digest for digest, _path in some}
        kept = set(db.session.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(digests))))
        for digest, path in some:
            # Looked at once more: somebody may send the same content at this moment.
            if (digest not in kept or path.endswith(".part")) and _is_old(filesystem, path):
                filesystem.rm(path)
                count += 1
    return count


def _is_old(filesystem, path: str) -> bool:
    """Whether the content lies there for longer than any upload takes. What a storage cannot date stays."""
    try:
        changed = filesystem.modified(path)
    except (NotImplementedError, OSError):  # a storage without dates (fsspec's default); gone meanwhile
        return False
    if changed.tzinfo is None:
        changed = changed.replace(tzinfo=UTC)
    return changed < now() - YOUNG
