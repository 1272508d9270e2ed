"""Puts the ready forms in front of the application."""

from dissemination.registrations.ahead import ReadyForms


def init_app(app) -> None:
    """Answer requests for the empty form and its thanks from what is kept and still true (see `ahead`)."""
    app.wsgi_app = ReadyForms(app, app.wsgi_app)
