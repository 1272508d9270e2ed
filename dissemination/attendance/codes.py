"""The short code in a person's QR: opens nothing, names nobody, and is known to her workshop's door only.

It is made from the registration's secret, not the secret itself: a badge may be photographed.
"""

import base64
import hmac
import re
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    import segno

PREFIX = "TD:"  # with 16 characters of base 32 it fits the smallest QR of level M (19 of 20 characters)
_CODE = re.compile(r"^(?:TD:)?([A-Z2-7]{16})$")


def code(public_id: str) -> str:
    """The check-in code of a registration: 16 characters, 80 bits."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.digest(key, f"check-in:{public_id}".encode(), sha256)
    return base64.b32encode(digest[:10]).decode()


def read(text: str) -> str | None:
    """The code in what a camera read or somebody typed; None when it is not one of ours."""
    found = _CODE.match(text.strip().upper())
    return found and found.group(1)


def by_code(public_ids: Iterable[tuple[int, str]]) -> dict[str, int]:
    """(registration id, public id) pairs as code -> registration id."""
    return {code(public_id): registration_id for registration_id, public_id in public_ids}


def qr(of: str) -> "segno.QRCode":
    """The QR of a code, with a quarter of it allowed to be damaged where that costs no size."""
    import segno  # here, since few requests draw one

    return segno.make(PREFIX + of, error="m", boost_error=True, micro=False)


def picture(of: str) -> str:
    """The QR as an SVG picture in a data: address."""
    return qr(of).svg_data_uri(scale=8, border=2, dark="#000", light="#fff")


def drawing(of: str) -> str:
    """The QR as an SVG document, without the quiet zone: the paper around it must stay white."""
    out = BytesIO()
    qr(of).save(out, kind="svg", border=0, dark="#000", xmldecl=False, nl=False)
    return out.getvalue().decode()
