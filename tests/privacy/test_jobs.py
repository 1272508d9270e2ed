"""The purge by itself and by command; written mails and orphans; nothing personal in the worker's own files."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from dissemination.delivery import sending
from dissemination.delivery.worker import Worker
from dissemination.kernel.database import db, is_sqlite, transaction
from dissemination.privacy import actions, jobs, sweeping
from dissemination.privacy.models import Erasure
from tests import factories
from tests.followups import cast
from tests.privacy.test_purge import contact_of, write

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
LATER = datetime(2029, 6, 12, 1, 30, tzinfo=UTC)  # 03:30 in Rome


@pytest.fixture
def carlo(moda):
    with time_machine.travel(START, tick=False), transaction():
        return cast.registration(factories.workshop(moda, starts_at=START), "", contact=contact_of(moda))


def test_it_runs_at_night_and_by_day_once_when_no_night_was_seen(carlo):
    with time_machine.travel(LATER + timedelta(hours=9), tick=False):
        assert jobs.purge() > 0
        with transaction():
            carlo.purged_at = None
        assert jobs.purge() == 0  # the turn of this day is taken
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        assert jobs.purge() > 0


def test_a_district_that_fails_keeps_no_other_from_being_purged(carlo, nautica, monkeypatch):
    whole = actions.run

    def breaks(district):
        if district.slug == "nautica":
            raise RuntimeError("broken")
        return whole(district)

    monkeypatch.setattr(actions, "run", breaks)
    with time_machine.travel(LATER, tick=False):
        assert jobs.purge() > 0
    assert carlo.purged_at is not None


def test_the_command_says_what_is_due_and_does_it(app, carlo):
    runner = app.test_cli_runner()
    with time_machine.travel(LATER, tick=False):
        said = json.loads(runner.invoke(args=["privacy", "purge", "--dry-run", "--json"]).output)
        assert [w["slug"] for w in said["moda"]["workshops"]] == [carlo.workshop.slug]
        db.session.rollback()
        assert carlo.purged_at is None
        done = json.loads(runner.invoke(args=["privacy", "purge", "--json"]).output)
        assert done["moda"]["registrations"] == 1
        assert "nothing is due" in runner.invoke(args=["privacy", "purge"]).output
        assert all(e.swept_at for e in db.session.scalars(db.select(Erasure)))


def test_written_mails_and_forgotten_uploads_leave_the_folders(app, carlo):
    settings = app.config["SETTINGS"]
    with time_machine.travel(START, tick=False):
        with transaction():
            write_real(carlo)
        sending.deliver_due()
    mails = Path(settings.mail.folder)
    assert [b"carlo@tessitura.example" in p.read_bytes() for p in mails.glob("*.eml")] == [True]
    orphan = Path(settings.files_url.removeprefix("file://")) / "ab" / ("ab" + "0" * 62)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"nobody's")
    with time_machine.travel(LATER, tick=False):
        jobs.purge()
    assert list(mails.glob("*.eml")) == []
    assert not orphan.exists()


def write_real(registration):
    from dissemination.delivery import outbox
    from dissemination.followups import mails

    draft = mails.Draft("Ciao", "", "Buongiorno {{ nome }}", "")
    mail = mails.mail(draft, registration.workshop, language="it", online=False)
    outbox.put(mail, mails.recipient(registration), about=registration)


def test_free_pages_hold_nothing_after_sweeping(app, carlo):
    if not is_sqlite():
        assert sweeping.sweep_database()
        return
    path = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))

    def octets():
        return b"".join(
            Path(f"{path}{end}").read_bytes() for end in ("", "-wal") if Path(f"{path}{end}").exists()
        )

    with transaction():
        write(carlo, shared={"text": "carlo@tessitura.example " * 400})
    with time_machine.travel(LATER, tick=False):
        actions.run(carlo.workshop.district)
        assert b"carlo@tessitura.example" in octets()  # the control: an UPDATE alone leaves it in the file
        assert actions.sweep()
    assert b"carlo@tessitura.example" not in octets()


def test_a_reader_who_holds_the_log_of_sqlite_makes_the_sweep_come_again(app, carlo):
    if not is_sqlite():
        return
    with time_machine.travel(LATER, tick=False):
        actions.run(carlo.workshop.district)
        reader = db.engine.raw_connection()
        reader.driver_connection.execute("BEGIN")
        reader.driver_connection.execute("SELECT count(*) FROM contacts").fetchone()
        with transaction():
            db.session.add(Erasure(district_id=carlo.workshop.district_id, at=LATER))
        try:
            assert actions.sweep() is False
            assert db.session.scalars(db.select(Erasure.swept_at)).all() == [None, None]
        finally:
            reader.driver_connection.execute("ROLLBACK")
            reader.close()
        assert actions.sweep() is True


def test_the_worker_s_own_database_and_log_name_nobody(app, carlo, caplog):
    """Tasks carry the names of jobs; what is logged of a failure names rows by number."""
    with transaction():
        write(carlo)  # its template does not exist: sending it fails, and says so
    worker = Worker(app, app.extensions["jobs"])
    for name in worker.jobs:
        worker.run_job(name)
    with caplog.at_level(logging.DEBUG):
        sending.deliver_due()
    kept = Path(app.config["SETTINGS"].instance, "huey.sqlite").read_bytes()
    for words in (b"carlo@", b"Carlo", b"Bonciani"):
        assert words not in kept
        assert words.decode() not in caplog.text
