"""Pictures without what cameras and programs write into them: place, time, owner, thumbnails, comments.

A photograph taken with a telephone says where it was taken. What is seen stays as it is, to the last bit:
segments are left out, nothing is compressed anew. Of EXIF the orientation stays, which shows it upright.
"""

from collections.abc import Iterator

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
COMMENT = 0xFE
APPLICATIONS = range(0xE0, 0xF0)
KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}  # how to read the colours
PNG = b"\x89PNG\r\n\x1a\n"
LEFT_OUT = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
ORIENTATION = 0x0112


def bare(data: bytes) -> bytes:
    """A JPEG or PNG without what it says of its making; other pictures, and broken ones, as they are."""
    if data.startswith(b"\xff\xd8\xff"):
        return _bare_jpeg(data)
    return _bare_png(data) if data.startswith(PNG) else data


def _bare_jpeg(data: bytes) -> bytes:
    kept = [data[:2]]
    turned = 1
    for marker, segment in _segments(data):
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:])
        elif marker == COMMENT or marker in APPLICATIONS:
            known = KEPT.get(marker)
            if known and segment[4:].startswith(known):
                kept.append(segment)
        else:
            kept.append(segment)
    if turned != 1:
        kept.insert(1, _exif(turned))
    return b"".join(kept)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, the segment with it and what is compressed behind it) up to the end of the picture."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != EOI:
        marker = data[at + 1]
        if marker == 0xFF:  # a filler
            at += 1
            continue
        end = at + 2 if marker in BARE else at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == SOS:
            end = _end_of_scan(data, end)
        yield marker, data[at:end]
        at = end
    # What stands behind the end, other pictures too, is left out; a picture that breaks off is kept whole.
    yield EOI, data[at : at + 2] if data[at : at + 2] == b"\xff\xd9" else data[at:]


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker stands behind compressed data, in which FF is followed by 00 or a restart."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
    return len(data)


def _orientation(tiff: bytes) -> int:
    """The orientation (1 to 8) that a block of EXIF gives; 1, upright, when it gives none."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

    start = number(4, 4)
    for n in range(min(number(start, 2), 1000)):
        entry = start + 2 + 12 * n
        if number(entry, 2) == ORIENTATION:
            found = number(entry + 8, 2)
            return found if 1 <= found <= 8 else 1
    return 1


def _exif(orientation: int) -> bytes:
    """A segment of EXIF that says the orientation alone."""
    entry = ORIENTATION.to_bytes(2) + b"\0\3" + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    body = b"Exif\0\0MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body


def _bare_png(data: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if kind not in LEFT_OUT:
            kept.append(data[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    return b"".join(kept) + data[at:]
