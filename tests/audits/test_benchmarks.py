"""Medians of others of the same kind: never of fewer than five, and never a way to one company's points."""

import pytest
import time_machine

from dissemination.audits import actions, benchmarks
from dissemination.audits.benchmarks import Among
from dissemination.audits.models import Dimension
from dissemination.kernel.database import transaction
from dissemination.people import actions as people
from dissemination.people.models import SizeClass
from tests.audits.cast import NOW, company, visited


@pytest.fixture(autouse=True)
def still(app):
    with time_machine.travel(NOW, tick=False):
        yield


def scored(district, name, points, **values):
    firm = company(district, name, **values)
    return visited(district, firm, scores={d.value: (points, "") for d in Dimension})


def seen(audit):
    found = benchmarks.of(audit)
    return found.among, [(row.points, row.median, row.at_least) for row in found.rows]


def test_an_audit_without_scores_has_nothing_to_compare(moda):
    with transaction():
        made = visited(moda)
    assert benchmarks.of(made) is None


def test_five_others_of_the_same_sector_and_size_give_a_median_and_four_do_not(moda):
    with transaction():
        mine = scored(moda, "Mia", 3)
        for n, points in enumerate((1, 2, 4, 5)):
            scored(moda, f"Altra {n}", points)
    assert seen(mine) == (None, [(3, None, 0)] * 5)
    with transaction():
        scored(moda, "Quinta", 5)
    assert seen(mine) == (Among.SECTOR_AND_SIZE, [(3, 4.0, 5)] * 5)


def test_where_too_few_are_of_the_size_the_sector_is_asked_then_all(moda):
    with transaction():
        mine = scored(moda, "Mia", 3)
        for n, points in enumerate((2, 2, 3, 4)):
            scored(moda, f"Piccola {n}", points)
        scored(moda, "Grande", 5, size=SizeClass.LARGE)
        leather = scored(moda, "Conceria", 1, sector_id=moda.sectors[1].id)
    assert seen(mine)[0] is Among.SECTOR
    assert seen(mine)[1][0] == (3, 3.0, 5)
    assert seen(leather) == (Among.ALL, [(1, 3.0, 5)] * 5)


def test_the_same_company_counts_once_by_its_latest_audit_and_merged_ones_are_one(moda, bice):
    with transaction():
        mine = scored(moda, "Mia", 3)
        firm = company(moda, "Altra")
        twin = company(moda, "Altra snc")
        for n in range(4):
            scored(moda, f"Terza {n}", 2)
        for one, day in ((firm, 1), (twin, 5)):
            from datetime import date

            visited(
                moda, one, on=date(2026, 11, day), scores={d.value: (day, "") for d in Dimension},
                repeat_meant=True,
            )  # fmt: skip
    with transaction():
        people.merge_companies(firm, twin, by=bice)
    assert seen(mine) == (Among.SECTOR_AND_SIZE, [(3, 2.0, 5)] * 5)
    with transaction():  # one fewer, and nothing is said any more
        others = [a for a in firm_audits(moda) if a.company.name == "Terza 0"]
        actions.back(others[0], reason="x", by=bice)
    assert seen(mine)[0] is None


def firm_audits(district):
    from dissemination.audits.models import Audit

    return Audit.query.filter_by(district_id=district.id).all()


def test_another_districts_companies_are_not_compared_with(moda, nautica):
    with transaction():
        mine = scored(moda, "Mia", 3)
        for n in range(6):
            scored(nautica, f"Cantiere {n}", 5)
    assert seen(mine)[0] is None


def test_how_many_others_is_said_in_steps_so_that_no_difference_names_one(moda):
    with transaction():
        mine = scored(moda, "Mia", 3)
        for n in range(8):
            scored(moda, f"Altra {n}", 2)
    assert seen(mine)[1][0] == (3, 2.0, 5)
