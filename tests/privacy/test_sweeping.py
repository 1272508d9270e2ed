"""Stored content that no row names goes after a day; what a row names, or is young, stays."""

import os
import time
from io import BytesIO
from pathlib import Path

from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.privacy.sweeping import sweep_storage


def send(district, content):
    with transaction():
        stored = files.put(BytesIO(b"%PDF-" + content), "a.pdf", district_id=district.id)
        db.session.flush()
        return stored.id, stored.sha256


def contents(app):
    root = Path(app.config["SETTINGS"].files_url.removeprefix("file://"))
    return {path.name: path for path in root.rglob("*") if path.is_file()}


def make_old(*paths):
    for path in paths:
        os.utime(path, (time.time() - 200_000,) * 2)


def forget(stored_id):
    with transaction():
        db.session.delete(db.session.get(files.StoredFile, stored_id))


def test_content_without_a_row_goes_after_a_day_and_everything_else_stays(app, moda):
    (_named, kept), (gone, dead), (young, fresh) = (send(moda, b) for b in (b"1", b"2", b"3"))
    forget(gone)
    forget(young)
    there = contents(app)
    half = there[kept].with_name(f"{kept}.00ff00ff.part")  # an upload that died
    half.write_bytes(b"%PD")
    make_old(there[kept], there[dead], half)
    assert sweep_storage() == 2
    assert set(contents(app)) == {kept, fresh}


def test_content_that_is_sent_again_is_young_again(app, moda):
    first, digest = send(moda, b"1")
    forget(first)
    make_old(contents(app)[digest])
    send(moda, b"1")
    with transaction():
        db.session.query(files.StoredFile).delete()
    assert sweep_storage() == 0
    assert set(contents(app)) == {digest}
