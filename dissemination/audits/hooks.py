"""What higher floors add to audits: they register in their `setup.init_app`.

`show`: a section of the audit's page. `show_at_areas`: something below each improvement area. `offer`: where
the next step is done better than by hand (the visit on a tablet). `listen`: an audit came into a state.
`keep`: areas that something hangs on, which cannot be taken off.
"""

from collections.abc import Callable, Collection

from markupsafe import Markup

from dissemination.audits.models import Audit, State

Section = Callable[[Audit], str]
AreaSection = Callable[[Audit], dict[int, str]]
Offer = Callable[[Audit], tuple[str, str] | None]
Listener = Callable[[Audit, State], None]
Keeper = Callable[[Collection[int]], set[int]]
_sections: list[tuple[int, Section]] = []
_area_sections: list[tuple[int, AreaSection]] = []
_offers: dict[State, Offer] = {}
_listeners: list[Listener] = []
_keepers: list[Keeper] = []


def show(section: Section, *, position: int) -> None:
    """Show the HTML that `section(audit)` gives ("": nothing) on the audit's desk page, in order."""
    if all(known is not section for _, known in _sections):
        _sections[:] = sorted([*_sections, (position, section)], key=lambda entry: entry[0])


def sections(audit: Audit) -> Markup:
    """All sections of an audit's page."""
    return Markup("").join(Markup(section(audit)) for _, section in _sections)  # noqa: S704


def show_at_areas(section: AreaSection, *, position: int) -> None:
    """Show `section(audit)[area id]` (HTML) below each area; asked once for all areas of an audit."""
    if all(known is not section for _, known in _area_sections):
        _area_sections[:] = sorted([*_area_sections, (position, section)], key=lambda entry: entry[0])


def area_sections(audit: Audit) -> dict[int, Markup]:
    """What stands below each improvement area, by its id."""
    found: dict[int, Markup] = {}
    for _, section in _area_sections:
        for area_id, html in section(audit).items():
            found[area_id] = found.get(area_id, Markup("")) + Markup(html)  # noqa: S704
    return found


def offer(state: State, make: Offer) -> None:
    """Make `make(audit)` (its words, its address; None: not now) the main action where `state` comes next."""
    _offers[state] = make


def offered(audit: Audit, state: State) -> tuple[str, str] | None:
    """(words, address) of a better way to come into `state` than the desk's form; None when there is none."""
    make = _offers.get(state)
    return make(audit) if make else None


def listen(listener: Listener) -> None:
    """Have `listener(audit, state)` called in the transaction in which an audit changed its state."""
    if listener not in _listeners:
        _listeners.append(listener)


def came(audit: Audit) -> None:
    """The audit came into the state that it has now."""
    for listener in _listeners:
        listener(audit, audit.state)


def keep(keeper: Keeper) -> None:
    """Have `keeper(area ids)` asked which of them must stay because something hangs on them."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def kept(area_ids: Collection[int]) -> set[int]:
    """Those of the areas that cannot be taken off."""
    return set().union(*[keeper(area_ids) for keeper in _keepers]) if area_ids else set()
