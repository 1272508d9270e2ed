"""What programs are told of a publication beside its own facts: addresses, readable files, who may read."""

from dataclasses import dataclass, field
from datetime import datetime

from dissemination.bibliography.kinds import Access
from dissemination.kernel.files import StoredFile
from dissemination.kernel.text import slugify
from dissemination.publications.access import effective, is_open
from dissemination.publications.models import Publication
from dissemination.publications.related import page_of, relations

ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}


@dataclass(frozen=True)
class Described:
    """`page` and addresses are absolute; `files` only those that anybody may read at the moment asked for."""

    page: str
    publisher: str  # the district's managing body: who stands in when the work names none
    access: Access
    files: list[tuple[StoredFile, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)  # see `related.relations`

    @property
    def arguments(self) -> dict:
        """What the writers of DataCite and Dublin Core take."""
        return {
            "page": self.page, "publisher": self.publisher, "access": self.access, "files": self.files,
            "related": self.related,
        }  # fmt: skip


def file_name(stored: StoredFile) -> str:
    """The last word of a file's address: ASCII, and ending as its type says, for Google Scholar."""
    stem, dot, ending = stored.name.rpartition(".")
    return slugify(stem if dot else stored.name) + ENDINGS.get(stored.media_type, f".{slugify(ending)}")


def described(
    publication: Publication, at: datetime, *, related: list[tuple[str, str]] | None = None
) -> Described:
    """What holds for `publication` at that moment (aware). `related`: when looked up for many at once."""
    if related is None:
        related = relations([publication])[publication.id]
    page = page_of(publication)
    files = []
    if is_open(publication, at):
        files = [(row.file, f"{page}/files/{row.id}/{file_name(row.file)}") for row in publication.files]
    return Described(page, publication.district.managing_body, effective(publication, at), files, related)
