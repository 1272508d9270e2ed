"""Puts the kept pages of workshops in front of the application."""

from dissemination.workshops.kept import KeptPages


def init_app(app) -> None:
    """Answer requests for public workshop pages from what is kept and still true (see `kept`)."""
    app.wsgi_app = KeptPages(app, app.wsgi_app)
