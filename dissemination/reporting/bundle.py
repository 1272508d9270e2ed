"""The evidence as a ZIP archive in the plan's order, with a manifest and checksums of every file.

Members are stored, not deflated, and dated as the sign-off: the same period gives the same bytes on every
machine. Attendance sheets hold names: the archive is for the Region, never public.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime

from dissemination.kernel.text import slugify
from dissemination.reporting import given
from dissemination.reporting.frozen import FrozenFile, Report, sha256

MANIFEST, SUMS = "manifest.csv", "SHA256SUMS"
HEAD = (
    "path", "state", "sha256", "bytes", "line", "date", "activity", "kind", "id", "evidence", "name", "note",
    "indicators",
)  # fmt: skip


def render(report: Report) -> bytes:
    """The ZIP: `<line>/<date> <title>/<evidence>-<n>.<suffix>`, `manifest.csv` and `SHA256SUMS`.

    A file that the storage lost, or whose bytes are no longer those that were stored, is named in the
    manifest with that state and is not in the archive, nor is what is confidential (visit sheets of audits).
    """
    out = io.BytesIO()
    lines, sums = [], []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for file, path in zip(report.frozen.files, _paths(report.frozen.files), strict=True):
            state = "confidential" if given.is_confidential(file.kind) else "statement"
            if file.sha256 and state != "confidential":
                state, data = given.content_of(file.sha256)
                if state == "ok":
                    archive.writestr(member(path, report.at), data)
                    sums.append((file.sha256, path))
            lines.append(_line(file, path if state == "ok" else "", state))
        manifest = _csv(lines)
        archive.writestr(member(MANIFEST, report.at), manifest)
        sums.append((sha256(manifest), MANIFEST))
        archive.writestr(member(SUMS, report.at), "".join(f"{digest}  {path}\n" for digest, path in sums))
    return out.getvalue()


def member(path: str, moment: datetime) -> zipfile.ZipInfo:
    """A member that is the same wherever it is made."""
    info = zipfile.ZipInfo(path, date_time=moment.astimezone(UTC).timetuple()[:6])
    info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, zipfile.ZIP_STORED
    return info


def _paths(files: list[FrozenFile]) -> list[str]:
    """A path for each file, unique and harmless on every system."""
    seen: Counter[str] = Counter()
    found = []
    for file in files:
        activity = f"{file.on or 'undated'} {slugify(file.title)[:60]}-{file.subject_id}"
        folder = f"{_plain(file.line) or 'other'}/{activity}"
        base = f"{folder}/{_plain(file.code)}"
        seen[base] += 1
        found.append(f"{base}-{seen[base]}{_suffix(file.name)}")
    return found


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")


def _suffix(name: str) -> str:
    _stem, dot, suffix = name.rpartition(".")
    return f".{_plain(suffix)[:8].lower()}" if dot and _plain(suffix) else ""


def _line(file: FrozenFile, path: str, state: str) -> list:
    return [
        path, state, file.sha256, file.size, file.line, file.on or "", file.title, file.kind, file.subject_id,
        file.code, file.name, file.note, " ".join(file.indicators),
    ]  # fmt: skip


def _csv(lines: list[list]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([_guarded(cell) for cell in line] for line in lines)
    return out.getvalue()


def _guarded(cell):
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
