"""Reading the PDF files that wait for it, one after the other, outside any transaction."""

from dissemination.bibliography.words import kept_of_file
from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.publications import contents, pdf
from dissemination.publications.contents import Reading
from dissemination.publications.models import PublicationFile

AT_ONCE = 20


def read_waiting(limit: int = AT_ONCE) -> int:
    """Read at most `limit` files that wait, and keep their words for the search; how many were read."""
    waiting = contents.waiting(limit)
    for file_id in waiting:
        row = db.session.get(PublicationFile, file_id)
        if row is None:
            continue
        language = row.publication.language
        try:
            found = pdf.read(files.read(row.file))
        except FileNotFoundError:
            found = pdf.Found(Reading.LOST)
        kept = kept_of_file(found.text, language)
        words = len(kept.partition("\n")[0].split())
        with transaction():
            contents.store(file_id, Reading(found.state), kept=kept.strip(), words=words, pages=found.pages)
    return len(waiting)


def note_ends() -> int:
    """Let the public find what embargoes kept from it until now; how many files."""
    with transaction():
        return contents.note_ends()
