"""What the desk says of a publication's files: whether the search finds their text, and if not, why."""

from flask import render_template

from dissemination.bibliography.kinds import Access
from dissemination.kernel.clock import now
from dissemination.publications import contents
from dissemination.publications.access import effective
from dissemination.publications.contents import SAID, Reading
from dissemination.publications.models import Publication


def section(publication: Publication) -> str:
    """The desk's section about the texts of its PDF files; nothing when it has none."""
    texts = contents.of_publication(publication.id)
    files = [(f.file, texts[f.id]) for f in publication.files if f.id in texts]
    if not files:
        return ""
    return render_template(
        "publications/_findable.html",
        files=files,
        SAID=SAID,
        Reading=Reading,
        hidden=effective(publication, now()) is not Access.OPEN,
    )
