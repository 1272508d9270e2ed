"""Photos of a visit: read by their first bytes, without what the camera wrote into them, each kept once."""

from io import BytesIO

from flask_babel import lazy_gettext as _l

from dissemination.audits.models import Audit, Department, State
from dissemination.bibliography.records import one_line
from dissemination.kernel import files, photographs
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.visits import queries
from dissemination.visits.models import Photo
from dissemination.visits.refusals import NotOpen, TooManyPhotos, WrongPhoto

TYPES = {"image/png": "png", "image/jpeg": "jpg"}
MOST = 30
HEAVIEST = 15 * 1024 * 1024  # bytes
MOST_PIXELS_OF_PNG = 20_000_000  # unpacked into memory to be drawn; a JPEG is put into a PDF as it is
FRAMES_OF_JPEG = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def dimensions(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a PNG or JPEG; None when it is neither, or broken."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in FRAMES_OF_JPEG:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def check(data: bytes) -> None:
    """Raises WrongPhoto unless `data` is a JPEG or PNG of at most HEAVIEST bytes."""
    if len(data) > HEAVIEST:
        raise WrongPhoto(_l("The photo is heavier than 15 MB. Make it smaller."))
    size = dimensions(data)
    if size is None or files.media_type_of(data[:16], "") not in TYPES:
        raise WrongPhoto(_l("Send photos as JPEG or PNG."))
    if data[:1] == b"\x89" and size[0] * size[1] > MOST_PIXELS_OF_PNG:
        raise WrongPhoto(_l("A PNG may have 20 million pixels. Send photos as JPEG."))
    if not min(size) or max(size) > 12_000:
        raise WrongPhoto(_l("The photo is larger than 12,000 pixels on a side, or empty."))


def add(
    audit: Audit, *, key: str, data: bytes, by: Account | None, caption: str = "",
    department: Department | None = None,
) -> Photo:  # fmt: skip
    """Keep a photo, once for each key. Raises NotOpen, WrongPhoto, TooManyPhotos."""
    check(data)
    db.session.refresh(audit, with_for_update={"of": Audit})
    known = queries.photo_by_key(audit, key)
    if known is not None:
        return known
    if audit.state in (State.CLOSED, State.DECLINED):
        raise NotOpen
    count = queries.count_photos(audit)
    if count >= MOST:
        raise TooManyPhotos(MOST)
    clean = photographs.bare(data)
    # The file's name is ours: what a telephone or a person calls a photo may say what it shows.
    name = f"audit-{audit.id}-{count + 1}.{TYPES[files.media_type_of(data[:16], '')]}"
    stored = files.put(BytesIO(clean), name, district_id=audit.district_id, accept=frozenset(TYPES))
    photo = Photo(
        audit_id=audit.id, key=key, file=stored, department=department, caption=one_line(caption)[:300],
        in_report=True, at=now(), by=by.id if by else None,
    )  # fmt: skip
    db.session.add(photo)
    db.session.flush()
    return photo


def describe(photo: Photo, *, caption: str, department: Department | None, in_report: bool) -> None:
    """Write what a photo shows, and whether the report shows it."""
    photo.caption, photo.department, photo.in_report = one_line(caption)[:300], department, in_report
    db.session.flush()


def remove(photo: Photo) -> None:
    """Take a photo away, with its content."""
    stored = photo.file
    db.session.delete(photo)
    db.session.flush()
    files.remove(stored)
