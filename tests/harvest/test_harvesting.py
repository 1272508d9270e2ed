"""A client library that we did not write (oaipmh-scythe) harvests the sample district over a real socket:
whole, incrementally, and with deletions."""

import time
from contextlib import suppress

import pytest
from oaipmh_scythe import Scythe, exceptions
from oaipmh_scythe.config import HTTPConfig
from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.harvest import queries
from dissemination.harvest.formats import identifier
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions
from dissemination.publications.models import Publication
from tests.browser.conftest import serving
from tests.publications.cast import publication
from tests.sample.conftest import loaded  # noqa: F401 (a fixture)


@pytest.fixture
def world(loaded):  # noqa: F811
    """The sample, its context pushed."""
    with loaded.app_context():
        yield loaded
        db.session.remove()


@pytest.fixture
def endpoint(world, monkeypatch):
    """The address at which harvesters find the sample, in pages of seven records."""
    monkeypatch.setattr(queries.page, "__kwdefaults__", {"size": 7})
    with serving(world) as address:
        yield f"{address}/oai"


@pytest.fixture(params=["GET", "POST"])
def scythe(endpoint, request):
    with Scythe(endpoint, http_config=HTTPConfig(http_method=request.param)) as client:
        yield client


def public():
    """Everything that was ever public: identifier -> (title, deleted)."""
    rows = db.session.scalars(select(Publication).where(Publication.first_published_at.is_not(None)))
    return {identifier(p): (p.title_it or p.title_en, p.published_at is None) for p in rows}


def store(into, records):
    """What an aggregator does with what it is sent: the newest word on a record holds."""
    for record in records:
        into[record.header.identifier] = record
    return into


def told(stored):
    """identifier -> (one of its titles, deleted) as an aggregator knows it."""
    known = public()
    return {
        key: (
            known[key][0] if record.deleted or known[key][0] in record.metadata["title"] else None,
            record.deleted,
        )
        for key, record in stored.items()
    }


def test_the_sample_is_harvested_whole_in_each_format_and_set(scythe):
    expected = public()
    assert len(expected) > 3 * 7
    assert scythe.identify().deletedRecord == "persistent"
    for prefix in [f.metadataPrefix for f in scythe.list_metadata_formats()]:
        records = list(scythe.list_records(metadata_prefix=prefix))
        assert sorted(r.header.identifier for r in records) == sorted(expected)
    headers = list(scythe.list_identifiers(metadata_prefix="oai_dc"))
    assert sorted(h.identifier for h in headers) == sorted(expected)
    by_type: list = []
    for spec in [s.setSpec for s in scythe.list_sets() if s.setSpec.startswith("type:")]:
        with suppress(exceptions.NoRecordsMatch):  # a type without works
            by_type += [h.identifier for h in scythe.list_identifiers(metadata_prefix="oai_dc", set_=spec)]
    assert sorted(by_type) == sorted(expected)
    one = scythe.get_record(identifier=headers[0].identifier, metadata_prefix="oai_dc")
    assert expected[one.header.identifier][0] in one.metadata["title"]


def test_an_aggregator_that_comes_again_knows_what_is_new_changed_and_withdrawn(scythe):
    stored = store({}, scythe.list_records(metadata_prefix="oai_dc"))
    assert told(stored) == public()
    # What an aggregator remembers is when it was answered; a datestamp of that very second is sent again.
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    district = db.session.scalar(select(District).where(District.slug == "moda"))
    rows = list(
        db.session.scalars(
            select(Publication).where(Publication.published_at.is_not(None)).order_by(Publication.id)
        )
    )
    with transaction():
        new = publication(district, title_it="Appena pubblicato")
        actions.withdraw(rows[0], reason="errore", by=None)
        actions.revise(rows[1], by=None, version=rows[1].version, title_it="Un titolo corretto", title_en="")
        publication(district, title_it="Bozza", published=False)
    more = list(scythe.list_records(metadata_prefix="oai_dc", from_=since))
    keys = {identifier(p) for p in (new, rows[0], rows[1])}
    assert keys <= {r.header.identifier for r in more}
    assert identifier(new) not in stored
    store(stored, more)
    assert told(stored) == public()
    assert stored[identifier(rows[0])].deleted
    assert stored[identifier(rows[1])].metadata["title"] == ["Un titolo corretto"]
    alive = list(scythe.list_records(metadata_prefix="oai_dc", ignore_deleted=True))
    assert identifier(rows[0]) not in {r.header.identifier for r in alive}


def test_nothing_new_is_said_by_the_error_that_harvesters_know(scythe):
    with pytest.raises(exceptions.NoRecordsMatch):
        list(scythe.list_records(metadata_prefix="oai_dc", from_="2999-01-01"))
    with pytest.raises(exceptions.BadResumptionToken):
        list(scythe.list_records(resumption_token="forged"))
    with pytest.raises(exceptions.BadArgument):
        list(scythe.list_records(metadata_prefix="oai_dc", from_="2026-02-01", until="2026-01-01"))
    with pytest.raises(exceptions.CannotDisseminateFormat):
        list(scythe.list_records(metadata_prefix="marc21"))
    with pytest.raises(exceptions.IdDoesNotExist):
        scythe.get_record(identifier="oai:x:y", metadata_prefix="oai_dc")
