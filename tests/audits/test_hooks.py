"""What higher floors add to an audit's page, and what they keep from going."""

import pytest
import time_machine

from dissemination.audits import actions, hooks
from dissemination.audits.models import State
from dissemination.audits.refusals import AreaInUse
from dissemination.kernel.database import transaction
from tests.audits.cast import NOW, audit, visited


@pytest.fixture(autouse=True)
def clean(app, monkeypatch):
    """Hooks as this package has them alone."""
    for name in ("_sections", "_area_sections", "_listeners", "_keepers"):
        monkeypatch.setattr(hooks, name, [])
    monkeypatch.setattr(hooks, "_offers", {})
    with time_machine.travel(NOW, tick=False):
        yield


def test_sections_stand_in_their_order_and_below_their_area(moda, ada, sign_in):
    with transaction():
        made = visited(moda, by=ada)
    first = made.areas[0].id
    hooks.show(lambda _audit: "<p>seconda</p>", position=20)
    hooks.show(lambda one: f"<p>prima {one.id}</p>", position=10)
    hooks.show_at_areas(lambda _audit: {first: "<p>bando adatto</p>"}, position=10)
    page = sign_in(ada).get(f"/moda/desk/audits/{made.id}").get_data(as_text=True)
    assert page.index(f"<p>prima {made.id}</p>") < page.index("<p>seconda</p>")
    assert page.count("<p>bando adatto</p>") == 1
    assert (
        page.index("Recupero dell")
        < page.index("<p>bando adatto</p>")
        < page.index("Passaporto digitale dei")
    )


def test_a_better_way_to_the_next_step_is_the_main_action(moda, ada, sign_in):
    with transaction():
        made = audit(moda, by=ada)
        actions.contacted(made, on=NOW.date(), by=ada)
    hooks.offer(State.VISITED, lambda one: ("Visita sul tablet", f"/altrove/{one.id}"))
    page = sign_in(ada).get(f"/moda/desk/audits/{made.id}").get_data(as_text=True)
    assert f'<a class="btn btn-primary" href="/altrove/{made.id}">Visita sul tablet</a>' in page
    assert f'<a href="/moda/desk/audits/{made.id}/record">' in page


def test_listeners_hear_each_state_also_backwards(moda, ada):
    heard = []
    hooks.listen(lambda one, state: heard.append((one.id, state.value)))
    with transaction():
        made = visited(moda, by=ada)
        actions.back(made, reason="x", by=ada)
    assert [state for _id, state in heard] == ["planned", "contacted", "visited", "contacted"]


def test_an_area_that_something_hangs_on_stays(moda, ada, sign_in):
    with transaction():
        made = visited(moda, by=ada)
    first, made_id = made.areas[0].id, made.id
    hooks.keep(lambda ids: {first} & set(ids))
    with pytest.raises(AreaInUse), transaction():
        actions.revise(made, facts={"areas": []}, version=made.version, by=ada)
    answer = sign_in(ada).post(f"/moda/desk/audits/{made_id}/areas/{first}/removal")
    assert answer.status_code == 409
    assert "Recupero dell" in answer.get_data(as_text=True)
    assert len(made.areas) == 2
