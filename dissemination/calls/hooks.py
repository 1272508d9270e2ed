"""Sections of a call's page at the desk that higher floors add in their `setup.init_app`."""

from collections.abc import Callable

from markupsafe import Markup

from dissemination.calls.models import Call

Section = Callable[[Call], str]
_sections: list[tuple[int, Section]] = []


def show(section: Section, *, position: int) -> None:
    """Show the HTML that `section(call)` gives ("": nothing) on the desk's page of a call, in order."""
    if all(known is not section for _, known in _sections):
        _sections[:] = sorted([*_sections, (position, section)], key=lambda entry: entry[0])


def sections(call: Call) -> Markup:
    """All sections of a call's page."""
    return Markup("").join(Markup(section(call)) for _, section in _sections)  # noqa: S704
