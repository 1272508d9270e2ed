"""Files: one storage port over fsspec (a local folder, or S3), addressed by content.

A file is stored under its SHA-256, so the same content is kept once and any later change to it can be
seen. Its type is read from its first bytes, never from its name.
"""

import hashlib
import secrets
import zipfile
from datetime import datetime
from io import BytesIO
from typing import BinaryIO

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, String, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime, db
from dissemination.kernel.refusals import Refusal

MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
ZIPPED = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
# What an archive holds that is an Office document and not just called so.
PARTS = dict(zip(ZIPPED.values(), ("word/", "xl/", "ppt/", "content.xml", "content.xml"), strict=True))
DOCUMENTS = frozenset({"application/pdf", "image/png", "image/jpeg", *ZIPPED.values()})


class WrongFileType(Refusal):
    """The bytes are not of a type that is accepted here."""

    status = 422
    field = "file"
    message = _l("This file type is not accepted. Send a PDF, a JPEG or PNG picture, or an Office document.")


class EmptyFile(Refusal):
    """Nothing was in the file."""

    status = 422
    field = "file"
    message = _l("The file is empty.")


class StoredFile(db.Model):  # type: ignore[name-defined]
    """A file that somebody uploaded: its name for people, its content by hash."""

    __tablename__ = "files"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(index=True)  # data, not a foreign key: districts stand above
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def media_type_of(head: bytes, name: str) -> str:
    """The media type that the first bytes show; `application/octet-stream` when they show none."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    suffix = name.rsplit(".", 1)[-1].lower()
    if head.startswith(b"PK\x03\x04") and suffix in ZIPPED:
        return ZIPPED[suffix]
    return "application/octet-stream"


def _has_parts(data: bytes, kind: str) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return any(name.startswith(PARTS[kind]) for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError):
        return False


def _folder():
    import fsspec  # with asyncio, which few requests need

    filesystem, root = fsspec.url_to_fs(current_app.config["SETTINGS"].files_url)
    return filesystem, root


def _path(root: str, sha256: str) -> str:
    return f"{root}/{sha256[:2]}/{sha256}"


def put(stream: BinaryIO, name: str, *, district_id: int, accept=DOCUMENTS) -> StoredFile:
    """Store `stream` and return its row, added to the session (the caller's transaction keeps it).

    Raises EmptyFile, WrongFileType. A file whose row is rolled back stays as unreferenced content.
    """
    data = stream.read()
    if not data:
        raise EmptyFile
    kind = media_type_of(data[:16], name)
    if kind not in accept or (kind in PARTS and not _has_parts(data, kind)):
        raise WrongFileType
    digest = hashlib.sha256(data).hexdigest()
    filesystem, root = _folder()
    path = _path(root, digest)
    # Also when it is there already: what is swept as belonging to nobody is told by its date.
    part = f"{path}.{secrets.token_hex(4)}.part"
    filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    with filesystem.open(part, "wb") as out:
        out.write(data)
    filesystem.mv(part, path)  # never half a file under its final name
    shown = "".join(c for c in name if c.isprintable())  # a line break would end a header when it is sent
    clean = shown.replace("\\", "/").rsplit("/", 1)[-1][-255:] or "file"
    stored = StoredFile(
        district_id=district_id, name=clean, media_type=kind, size=len(data), sha256=digest,
        created_at=now(),
    )  # fmt: skip
    db.session.add(stored)
    return stored


def read(stored: StoredFile) -> bytes:
    """The content of `stored`. Raises FileNotFoundError when the storage lost it."""
    filesystem, root = _folder()
    with filesystem.open(_path(root, stored.sha256), "rb") as source:
        return source.read()


def remove(stored: StoredFile) -> None:
    """Delete the row, and once that is committed the content, unless another row has the same content."""
    session = db.session()
    same = select(func.count()).where(StoredFile.sha256 == stored.sha256, StoredFile.id != stored.id)
    if session.scalar(same) == 0:
        session.info.setdefault("unneeded_files", set()).add(stored.sha256)
    session.delete(stored)
    session.flush()


@event.listens_for(Session, "after_commit")
def _delete_unneeded(session) -> None:
    unneeded = session.info.pop("unneeded_files", ())
    if unneeded:
        filesystem, root = _folder()
        for path in (_path(root, digest) for digest in unneeded):
            if filesystem.exists(path):
                filesystem.rm(path)


@event.listens_for(Session, "after_rollback")
def _keep_after_all(session) -> None:
    session.info.pop("unneeded_files", None)
