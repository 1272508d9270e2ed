"""Pictures of issues: read by their first bytes, bounded in weight and size, served at an address of ours.

The address holds 128 random bits. It is public, because mail programs fetch it without an account.
"""

import secrets
from collections.abc import Iterable
from io import BytesIO
from typing import IO

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import SelectChoice

from dissemination.districts.models import District
from dissemination.kernel import files, photographs
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.files import EmptyFile
from dissemination.kernel.refusals import Refusal
from dissemination.newsletters.drafts import Picture
from dissemination.people.accounts import Account
from dissemination.subscriptions.mails import public

TYPES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
HEAVIEST = 1_000_000  # bytes: more makes a newsletter slow on a telephone
WIDEST = 4000  # pixels of a side
FRAMES_OF_JPEG = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class WrongPicture(Refusal):
    """Not a picture that mail programs show, or too heavy, or too large."""

    status = 422
    field = "upload"


def dimensions(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a PNG, GIF or JPEG; None when it is none of them or broken."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:4] == b"GIF8" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return _dimensions_of_jpeg(data) if data[:3] == b"\xff\xd8\xff" else None


def _dimensions_of_jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in FRAMES_OF_JPEG:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def check(data: bytes) -> tuple[int, int]:
    """The size of the picture `data` in pixels. Raises EmptyFile, WrongPicture."""
    if not data:
        raise EmptyFile(field="upload")
    kind = files.media_type_of(data[:16], "")
    size = dimensions(data)
    if kind not in TYPES or size is None:
        raise WrongPicture(_l("Send a picture as PNG, JPEG or GIF: mail programs show no other."))
    if len(data) > HEAVIEST:
        raise WrongPicture(_l("The picture is heavier than 1 MB. Make it smaller: 1200 pixels are enough."))
    if not 0 < max(size) <= WIDEST or not min(size):
        raise WrongPicture(_l("The picture is larger than 4000 pixels on a side. 1200 are enough."))
    return size


def keep(district: District, stream: IO[bytes], name: str, *, by: Account | None) -> Picture:
    """Store a picture without what its camera wrote into it; its row. Raises EmptyFile, WrongPicture."""
    width, height = check(data := stream.read())
    data = photographs.bare(data)
    stored = files.put(BytesIO(data), name, district_id=district.id, accept=frozenset(TYPES))
    db.session.flush()
    picture = Picture(
        district_id=district.id, token=secrets.token_hex(16), file=stored, width=width, height=height,
        created_at=now(), created_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(picture)
    db.session.flush()
    return picture


def address(district: District, picture: Picture) -> str:
    """Where everybody can fetch it."""
    return public(district, f"newsletters/images/{picture.token}.{TYPES[picture.file.media_type]}")


def by_ids(district_id: int, ids: Iterable[int]) -> dict[int, Picture]:
    """The district's pictures with those ids."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = select(Picture).where(Picture.district_id == district_id, Picture.id.in_(wanted))
    return {p.id: p for p in db.session.scalars(query.options(joinedload(Picture.file)))}


def by_token(district_id: int, token: str) -> Picture:
    """The district's picture at that address. Raises NotFound (404)."""
    query = select(Picture).where(Picture.district_id == district_id, Picture.token == token)
    return db.one_or_404(query.options(joinedload(Picture.file)))


def recent(district_id: int, *, limit: int = 50) -> list[Picture]:
    """The pictures that were sent in last, newest first."""
    query = select(Picture).where(Picture.district_id == district_id).options(joinedload(Picture.file))
    return list(db.session.scalars(query.order_by(Picture.id.desc()).limit(limit)))


def choices(district_id: int, chosen: int | None = None) -> list[SelectChoice]:
    """The recent pictures to choose from, and the `chosen` one however old; 0 is none."""
    found = {p.id: p for p in recent(district_id)}
    if chosen and chosen not in found:
        found |= by_ids(district_id, [chosen])
    return [SelectChoice(0, _("none")), *(SelectChoice(p.id, p.file.name) for p in found.values())]
