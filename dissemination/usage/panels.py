"""What a publication's pages show of its usage."""

from flask import render_template

from dissemination.publications.models import Publication
from dissemination.usage import queries


def public(publication: Publication) -> str:
    """Views and downloads on the public page; nothing before there are any."""
    return _section(publication, on_desk=False)


def desk(publication: Publication) -> str:
    """The same on the desk's page, with a word when nobody was counted yet."""
    return _section(publication, on_desk=True)


def _section(publication: Publication, *, on_desk: bool) -> str:
    total, since = queries.total_of(publication.id)
    if since is None and (not on_desk or publication.published_at is None):
        return ""
    return render_template(
        "usage/_panel.html", publication=publication, total=total, since=since, on_desk=on_desk,
        months=queries.months_of(publication.id),
    )  # fmt: skip
