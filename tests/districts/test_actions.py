"""Districts and their sectors."""

import pytest

from dissemination.districts import actions, queries
from dissemination.kernel.database import transaction

FACTS = {
    "name_it": "Distretto del marmo", "name_en": "Marble district", "managing_body": "Ente",
    "mailbox_name": "Marmo", "mailbox_address": "eventi@marmo.example",
}  # fmt: skip


def test_a_district_is_added_once(app):
    with transaction():
        district = actions.add(slug="marmo", **FACTS)
    assert (district.slug, district.privacy_version, district.timezone) == ("marmo", "1", "Europe/Rome")
    with pytest.raises(actions.SlugTaken), transaction():
        actions.add(slug="marmo", **FACTS)
    assert [d.slug for d in queries.every()] == ["marmo"]


@pytest.mark.parametrize("slug", ["Marmo", "due parole", "", "login", "static", "api/x", "account"])
def test_a_slug_that_cannot_be_an_address_is_refused(app, slug):
    with pytest.raises(actions.BadSlug), transaction():
        actions.add(slug=slug, **FACTS)


def test_a_district_needs_a_mailbox_and_a_known_zone(app):
    with pytest.raises(actions.BadMailbox), transaction():
        actions.add(slug="marmo", **{**FACTS, "mailbox_address": "nobody"})
    with pytest.raises(actions.UnknownZone), transaction():
        actions.add(slug="marmo", timezone="Europe/Atlantis", **FACTS)


def test_only_a_changed_privacy_text_is_a_new_version(moda):
    with transaction():
        actions.revise(moda, version=1, privacy_it="Testo")
        actions.revise(moda, version=2, privacy_it="Testo ", place="Prato")
        actions.revise(moda, version=3, privacy_en="Text")
    assert (moda.privacy_version, moda.version) == ("3", 4)


def test_a_second_save_on_an_old_version_is_refused(moda):
    with transaction():
        actions.revise(moda, version=1, place="Prato")
    with pytest.raises(actions.ChangedMeanwhile), transaction():
        actions.revise(moda, version=1, place="Firenze")
    assert moda.place == "Prato"


def test_sectors_keep_their_code_and_order(moda):
    with transaction():
        sector = actions.add_sector(moda, name_it="Oreficeria", name_en="Jewellery")
        actions.revise_sector(sector, name_it="Orafo", name_en="Gold", place="Arezzo", position=0)
    assert [(s.code, s.name_it) for s in moda.sectors] == [
        ("tessile", "Tessile"), ("oreficeria", "Orafo"), ("pelle", "Pelle e cuoio"),
    ]  # fmt: skip
    with pytest.raises(actions.SectorExists), transaction():
        actions.add_sector(moda, name_it="Tessile", name_en="Textiles")


def test_the_command_adds_a_district(app):
    arguments = [
        "districts", "add", "marmo", "--name", "Marmo", "--managing-body", "Ente",
        "--mailbox", "eventi@marmo.example",
    ]  # fmt: skip
    runner = app.test_cli_runner()
    assert runner.invoke(args=arguments).exit_code == 0
    assert runner.invoke(args=arguments).exit_code == 1
    assert runner.invoke(args=["districts", "list"]).output == "marmo\tMarmo\n"
