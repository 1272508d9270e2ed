"""What this package does when publications change below it."""

from sqlalchemy import update

from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.publications import hooks
from dissemination.publications.models import Publication
from dissemination.submissions.models import Submission


def init_app(_app) -> None:
    """Let links to a work that was merged show the work that it went into."""
    hooks.follow(follow)


def follow(other: Publication, publication: Publication) -> None:
    """`other` was merged into `publication`: its author is told of that one, and how it stands.

    What the two hold is the desk's from now on: no author's link shows its files or changes it.
    """
    ids = other.id, publication.id
    db.session.execute(
        update(Submission)
        .where(Submission.publication_id.in_(ids))
        .values(publication_id=publication.id, merged_at=clock.now())
    )
