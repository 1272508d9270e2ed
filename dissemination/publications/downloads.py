"""The public addresses of publications and their files."""

from flask import current_app


def absolute(path: str) -> str:
    """The address that others use for `path`: on the public URL of the settings, whatever Host was sent."""
    return current_app.config["SETTINGS"].public_url + path
