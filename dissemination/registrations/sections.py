"""What the personal page of a registration shows of higher floors: certificate, feedback, materials …

They register here; the page asks and never imports upward.
"""

from collections.abc import Callable

from markupsafe import Markup

from dissemination.registrations.models import Registration

_sections: list[tuple[int, Callable[[Registration, str], str]]] = []


def register(section: Callable[[Registration, str], str], *, position: int) -> None:
    """Show what `section(registration, token)` gives (HTML, or "" for nothing), lower positions first."""
    if all(known is not section for _, known in _sections):
        _sections.append((position, section))
        _sections.sort(key=lambda entry: entry[0])


def of(registration: Registration, token: str) -> Markup:
    """All sections of the page of `registration`."""
    return Markup("").join(Markup(section(registration, token)) for _, section in _sections)  # noqa: S704
