"""The public address of a picture: what mail programs fetch."""

from io import BytesIO

from flask import abort, send_file

from dissemination.kernel import files
from dissemination.newsletters import pictures
from dissemination.newsletters.common import public


@public.get("/<district>/newsletters/images/<token>.<suffix>")
def image(district, token, suffix):
    """A picture, for ever the same; nothing in it can run (its type is what its first bytes say)."""
    picture = pictures.by_token(district.id, token)
    if pictures.TYPES.get(picture.file.media_type) != suffix:
        abort(404)
    try:
        content = files.read(picture.file)
    except FileNotFoundError:
        abort(404)
    response = send_file(BytesIO(content), mimetype=picture.file.media_type, etag=picture.file.sha256,
                         max_age=31536000)  # fmt: skip
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # the web sides of mail programs
    return response
