"""What the public gets: the page or its tombstone, the file or why not; and what a page says of access."""

from datetime import datetime

from flask import Response, abort, make_response, render_template
from flask_login import current_user

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.rights import italian_field_language
from dissemination.districts.models import District
from dissemination.kernel import subjects
from dissemination.kernel.clock import now
from dissemination.kernel.downloads import attachment
from dissemination.kernel.languages import translated
from dissemination.publications import access, members, queries, versions
from dissemination.publications.access import Reader
from dissemination.publications.models import Publication, PublicationFile
from dissemination.publications.texts import ACCESSES, KINDS, RELATIONS


def public_one(district: District, slug: str) -> Publication:
    """The public publication at that address; 410 with its tombstone for what was taken back, else 404."""
    publication = queries.by_slug(district, slug)
    if publication.published_at is None:
        abort(_tombstone(publication) if publication.withdrawals else 404)
    return publication


def _tombstone(publication: Publication) -> Response:
    page = render_template(
        "publications/gone.html", publication=publication, withdrawal=publication.withdrawals[-1],
        others=versions.line(publication, public=True)[:1], KINDS=KINDS,
    )  # fmt: skip
    answer = make_response(page, 410)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def reader(district: District) -> Reader:
    """Who sends this request, as far as reading goes."""
    staff = current_user.is_authenticated and current_user.rank_in(district) > 0
    member = members.current(district) is not None
    return Reader(district_id=district.id, staff=bool(staff), member=member)


def download(publication: Publication, file: PublicationFile):
    """The file, or 403 with a page that says who may read it, and when or how."""
    at = now()
    if not access.may_read(publication, reader(publication.district), at):
        page = render_template("publications/restricted.html", publication=publication,
                               **_access(publication, at))  # fmt: skip
        answer = make_response(page, 403)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    answer = attachment(file.file)
    if not access.is_open(publication, at):
        answer.headers["Cache-Control"] = "private, no-store"
    return answer


def shown(publication: Publication) -> dict:
    """What a public page says of access, versions and what the publication is related to."""
    at = now()
    line = versions.line(publication, public=True)
    newer = line[0] if publication.superseded_at is not None and line[0].id != publication.id else None
    may = access.may_read(publication, reader(publication.district), at) if publication.files else False
    return {
        **_access(publication, at), "may_read": may, "versions": line if len(line) > 1 else [],
        "newer": newer, "related": related(publication), "reads_for": members.current(publication.district),
    }  # fmt: skip


def _access(publication: Publication, at: datetime) -> dict:
    return {
        "access": access.effective(publication, at), "Access": Access, "ACCESSES": ACCESSES,
        "opens": access.embargo_ends(publication),
    }  # fmt: skip


def related(publication: Publication, *, public: bool = True) -> list[tuple]:
    """(link, relation in words, title, address) of each link; for the public without what is not public."""
    wanted: dict[str, set[int]] = {}
    for link in publication.links:
        if link.subject_id is not None:
            wanted.setdefault(link.subject_kind, set()).add(link.subject_id)
    names = {kind: subjects.named(kind, publication.district_id, ids) for kind, ids in wanted.items()}
    found: list[tuple] = []
    for link in publication.links:
        words = RELATIONS[link.relation]
        if link.subject_id is None:
            found.append((link, words, link.identifier, address_of(link.identifier)))
            continue
        one = names[link.subject_kind].get(link.subject_id)
        if one is not None and (one.url or not public):
            found.append((link, words, one.title, one.url))
    return found


def address_of(identifier: str) -> str:
    """Where a work elsewhere is found: its address, or its DOI's."""
    return f"https://doi.org/{identifier}" if identifier.startswith("10.") else identifier


def language_shown(publication: Publication, name: str) -> str:
    """The language of what `translated` shows of its title or abstract: not always the reader's."""
    shown = translated(publication, name)
    is_english = shown == getattr(publication, f"{name}_en") != getattr(publication, f"{name}_it")
    return "en" if is_english else italian_field_language(publication)
