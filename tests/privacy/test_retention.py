"""The retention run on the sample district (must-show 5): indicators unchanged, and no name left behind.

Who must be gone is worked out here, from the rows as they were before, without the code under test:
everybody of the registry whom neither a live subscription nor an account nor a speaker's profile keeps.
"""

import json
import quopri
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, make_url, text

from app import create_app
from dissemination.delivery import sending
from dissemination.districts.models import District
from dissemination.kernel.database import db, is_sqlite, transaction
from dissemination.kernel.files import StoredFile
from dissemination.kernel.text import fold
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.plan import periods
from dissemination.plan.figures import disagreements, figures
from dissemination.plan.log import Evidence
from dissemination.plan.models import Plan
from dissemination.privacy import actions
from dissemination.privacy.models import Erasure
from dissemination.publications.models import Author
from dissemination.registrations.models import Registration
from dissemination.sample.actions import load
from dissemination.subscriptions import actions as subscriptions
from dissemination.subscriptions.models import Subscription
from dissemination.workshops.models import Profile, Speaker, Workshop
from tests import databases
from tests.conftest import settings_for

LOADED = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
LATER = LOADED + timedelta(days=30 * 31)


@pytest.fixture(scope="module")
def loaded_sqlite(tmp_path_factory, sqlite_template):
    """A folder with the sample in SQLite, some of whose mails were written to files."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(sqlite_template, folder / "sample.sqlite")
    _load(folder, f"sqlite:///{folder / 'sample.sqlite'}")
    return folder


@pytest.fixture(scope="module")
def loaded_postgresql(tmp_path_factory, postgres):
    """The same in PostgreSQL: the folder, and the name of the database."""
    folder = tmp_path_factory.mktemp("sample")
    with databases.copied(postgres, databases.TEMPLATE) as url:
        _load(folder, url)
        yield folder, make_url(url).database


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request, tmp_path):
    """An application with a copy of the sample, 30 months later."""
    copy = tmp_path / "copy"
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("loaded_sqlite"), copy)
        yield from _opened(copy, f"sqlite:///{copy / 'sample.sqlite'}")
        return
    folder, template = request.getfixturevalue("loaded_postgresql")
    shutil.copytree(folder, copy)
    with databases.copied(request.getfixturevalue("postgres"), template) as url:
        yield from _opened(copy, url)


def _load(folder, url):
    application = create_app(settings_for(folder / "instance", url))
    with application.app_context():
        with time_machine.travel(LOADED, tick=False):
            with transaction():
                load()
            sending.deliver_due()
        db.session.remove()
        db.engine.dispose()


def _opened(folder, url):
    application = create_app(settings_for(folder / "instance", url))
    with application.app_context():
        with time_machine.travel(LOADED, tick=False):
            application.folders = folder / "instance"
            yield application
        db.session.remove()
        db.engine.dispose()


def moda():
    return db.session.scalars(db.select(District).where(District.slug == "moda")).one()


def leave_everything(*, every=1):
    """Everybody unsubscribes, or every second reader."""
    with transaction():
        for contact in db.session.scalars(db.select(Contact).order_by(Contact.id)).all()[::every]:
            subscriptions.unsubscribe_everything(contact)


def who_must_go():
    """{address: (given name, family name)} of everybody whom nothing keeps, and the addresses of the others."""
    live = db.select(Subscription.contact_id).where(
        Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None)
    )
    accounts = db.select(func.lower(Account.email))
    profiles = db.select(func.lower(Profile.email))
    kept = Contact.id.in_(live) | Contact.email.in_(accounts) | Contact.email.in_(profiles)
    contacts = db.session.scalars(db.select(Contact)).all()
    stay = set(db.session.scalars(db.select(Contact.email).where(kept)))
    gone = {c.email: (c.given_name, c.family_name) for c in contacts if c.email not in stay}
    return gone, stay


def names_that_stay(stay):
    """Full names that somebody who stays has too: other contacts, accounts, speakers, authors."""
    found = {c.name for c in db.session.scalars(db.select(Contact).where(Contact.email.in_(stay)))}
    found |= set(db.session.scalars(db.select(Account.name)))
    found |= set(db.session.scalars(db.select(Speaker.name)))
    found |= set(db.session.scalars(db.select(Profile.name)))
    found |= {f"{a.given_name} {a.family_name}" for a in db.session.scalars(db.select(Author))}
    return found


def forms_of(name):
    """A text as it may stand in a file: plain, folded for search, in JSON, in quoted-printable."""
    plain = name.encode()
    return {
        plain, fold(name).encode(), json.dumps(name)[1:-1].encode(), quopri.encodestring(plain).strip(),
        json.dumps(quopri.encodestring(plain).strip().decode())[1:-1].encode(),
    }  # fmt: skip


def needles(gone, names):
    """{octets to look for: address}. "Anna Scali" is not looked for while a Giovanna Scali stays."""
    others = fold(" | ".join(f"{name} | {' '.join(reversed(name.split(' ', 1)))}" for name in names))
    wanted = {}
    for address, (given, family) in gone.items():
        texts = [address]
        texts += [name for name in (f"{given} {family}", f"{family} {given}") if fold(name) not in others]
        for words in texts:
            for form in forms_of(words):
                wanted[form] = address
    return wanted


def octets_of_database(application):
    """SQLite: the bytes of its files, free pages and write-ahead log included; PostgreSQL: every row as text."""
    if is_sqlite():
        path = Path(application.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
        files = [Path(f"{path}{end}") for end in ("", "-wal", "-shm")]
        return b"\0".join(f.read_bytes() for f in files if f.exists())
    parts = []
    for table in db.metadata.sorted_tables:
        rows = db.session.execute(text(f'SELECT CAST(t.* AS TEXT) FROM "{table.name}" AS t'))
        parts += [str(row[0]).encode() for row in rows]
    parts += [bytes(b) for b in db.session.scalars(text("SELECT segments FROM letters")) if b]
    db.session.rollback()
    return b"\0".join(parts)


def octets_of_files(application):
    """All stored and written files but those of evidence, which the district must keep."""
    proofs = set(
        db.session.scalars(db.select(StoredFile.sha256).join(Evidence, Evidence.file_id == StoredFile.id))
    )
    folder = application.folders
    paths = [p for p in folder.rglob("*") if p.is_file() and p.name not in proofs]
    return b"\0".join(p.read_bytes() for p in paths), len(proofs)


def found_in(octets, wanted):
    """The addresses of those who are named somewhere in `octets`."""
    return sorted({address for form, address in wanted.items() if form in octets})


def all_figures(plan):
    wanted = [*periods.half_years(plan), periods.read("plan", plan)]
    for year in range(plan.starts_on.year, plan.ends_on.year + 1):
        wanted += [periods.read(f"{year}-Q{q}", plan) for q in (1, 2, 3, 4)]
        wanted.append(periods.read(str(year), plan))
    return figures(plan.indicators, wanted)


def purge():
    """Purge all districts 30 months later; (figures before, after). The log agrees with those after."""
    with time_machine.travel(LATER, tick=False):
        plan = db.session.scalars(db.select(Plan).where(Plan.district_id == moda().id)).one()
        before = all_figures(plan)
        for district in db.session.scalars(db.select(District)).all():
            actions.run(district)
        assert actions.sweep()
        plan = db.session.scalars(db.select(Plan).where(Plan.district_id == moda().id)).one()
        after = all_figures(plan)
        assert disagreements(plan) == []
        return before, after


def nothing_is_left_to_do():
    """A second run an hour later."""
    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        assert actions.run(moda()) == {}
        erasures = db.session.scalars(db.select(Erasure)).all()
        assert all(e.swept_at is not None for e in erasures)
        assert {e.by for e in erasures} == {None}


def test_who_reads_nothing_is_gone_from_every_file_the_figures_stand_and_a_second_run_finds_nothing(sample):
    leave_everything(every=2)
    gone, stay = who_must_go()
    registered = set(
        db.session.scalars(db.select(Contact.email).join(Registration, Registration.contact_id == Contact.id))
    )
    assert len(gone) > 120
    assert len(registered & set(gone)) > len(registered) / 2
    assert len(registered & stay) > 30
    wanted = needles(gone, names_that_stay(stay))
    # The control: before, everybody is found, so that finding nobody afterwards means something.
    assert found_in(octets_of_database(sample), wanted) == sorted(gone)
    assert found_in(octets_of_files(sample)[0], wanted) != []
    before, after = purge()
    assert before == after
    assert any(f.actual for f in before.values())
    assert found_in(octets_of_database(sample), wanted) == []
    files, proofs = octets_of_files(sample)
    assert (found_in(files, wanted), proofs > 5) == ([], True)
    # Who reads the newsletter is still there, and nothing says any more where she went.
    left = db.session.scalars(db.select(Contact).where(Contact.erased_at.is_(None))).all()
    assert {c.email for c in left} == stay
    mine = db.select(Registration).where(Registration.contact_id.in_([c.id for c in left]))
    assert db.session.scalars(mine).all() == []
    nothing_is_left_to_do()


def test_when_everybody_has_left_nobody_is_there_at_all(sample):
    leave_everything()
    gone, stay = who_must_go()
    registered = db.session.scalars(db.select(func.count()).select_from(Registration)).one()
    workshops = db.session.scalars(db.select(func.count()).select_from(Workshop)).one()
    assert (len(gone) > 200, stay) == (True, set())
    wanted = needles(gone, names_that_stay(stay))
    before, after = purge()
    assert before == after
    assert found_in(octets_of_database(sample), wanted) == []
    assert found_in(octets_of_files(sample)[0], wanted) == []
    # The rows that count are all there.
    assert db.session.scalars(db.select(func.count()).select_from(Registration)).one() == registered
    assert db.session.scalars(db.select(func.count()).select_from(Workshop)).one() == workshops
    kept = db.session.scalars(db.select(func.count()).where(Contact.erased_at.is_(None))).one()
    assert kept == 0
