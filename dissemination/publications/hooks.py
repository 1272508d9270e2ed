"""What higher floors are told and asked about publications: they register in their `setup.init_app`.

`listen`: somebody asks for a public page or for a file. `follow`: a duplicate goes into another. `show`: a
section of the public or the desk's page.
"""

from collections.abc import Callable

from markupsafe import Markup

from dissemination.publications.models import Publication, PublicationFile

Listener = Callable[[Publication, PublicationFile | None], None]
Follower = Callable[[Publication, Publication], None]
Section = Callable[[Publication], str]
PUBLIC, DESK = "public", "desk"
_listeners: list[Listener] = []
_followers: list[Follower] = []
_sections: dict[str, list[tuple[int, Section]]] = {PUBLIC: [], DESK: []}


def listen(listener: Listener) -> None:
    """Have `listener(publication, file)` called in each request for its public page (file None) or a file."""
    if listener not in _listeners:
        _listeners.append(listener)


def seen(publication: Publication, file: PublicationFile | None = None) -> None:
    """Somebody asks for the page of a publication, or for a file of it."""
    for listener in _listeners:
        listener(publication, file)


def follow(follower: Follower) -> None:
    """Have `follower(other, publication)` called when `other` is merged into it, in the transaction."""
    if follower not in _followers:
        _followers.append(follower)


def merged(other: Publication, publication: Publication) -> None:
    """What named `other` names `publication` from now on."""
    for follower in _followers:
        follower(other, publication)


def show(section: Section, *, on: str, position: int) -> None:
    """Show the HTML that `section(publication)` gives ("": nothing) on a page (PUBLIC or DESK), in order."""
    if all(known is not section for _, known in _sections[on]):
        _sections[on] = sorted([*_sections[on], (position, section)], key=lambda entry: entry[0])


def sections(publication: Publication, on: str) -> Markup:
    """All sections of a publication's page (`on`: "public" or "desk")."""
    return Markup("").join(Markup(section(publication)) for _, section in _sections[on])  # noqa: S704
