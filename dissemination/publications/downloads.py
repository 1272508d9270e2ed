"""Sending a stored file: always as a download, never shown inside our pages, never kept by a proxy."""

from io import BytesIO

from flask import abort, current_app, send_file

from dissemination.kernel import files
from dissemination.kernel.files import StoredFile


def absolute(path: str) -> str:
    """The address that others use for `path`: on the public URL of the settings, whatever Host was sent."""
    return current_app.config["SETTINGS"].public_url + path


def download(stored: StoredFile):
    """The response that sends `stored`; 404 when the storage lost its content."""
    try:
        content = files.read(stored)
    except FileNotFoundError:
        abort(404)
    response = send_file(
        BytesIO(content), mimetype=stored.media_type, as_attachment=True, download_name=stored.name,
        etag=stored.sha256, max_age=0,
    )  # fmt: skip
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
