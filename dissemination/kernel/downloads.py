"""Sending a stored file: always to be saved, never shown inside our pages."""

from io import BytesIO

from flask import abort, send_file

from dissemination.kernel import files
from dissemination.kernel.files import StoredFile


def attachment(stored: StoredFile):
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
