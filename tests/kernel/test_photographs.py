"""What cameras write into pictures is left out, and nothing else."""

import base64
import struct
import zlib

import pytest

from dissemination.kernel import photographs

# A grey picture of 8 by 8 pixels, baseline, as an encoder wrote it.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx"
    "NDQ0Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF"
    "BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW"
    "V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi"
    "4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOf/2Q=="
)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif(order: str, orientation: int) -> bytes:
    """EXIF as telephones write it: orientation, and a pointer to a place on earth."""
    sign = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(order + "HHII", 0x8825, 4, 1, 38)
    body = struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)
    return b"Exif\0\0" + sign + struct.pack(order + "I", 8) + body + b"GPS 43.8777 N 11.1022 E"


def taken(order="<", orientation=1) -> bytes:
    return (
        JPEG[:2] + segment(0xE1, exif(order, orientation)) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0GPS")
        + segment(0xED, b"Photoshop 3.0\0GPS") + segment(0xFE, b"GPS") + segment(0xE2, b"MPF\0GPS")
        + segment(0xE2, b"ICC_PROFILE\0\1\1colours") + JPEG[2:] + JPEG + b"a film, GPS"
    )  # fmt: skip


def test_a_photograph_says_no_more_where_it_was_taken():
    found = photographs.bare(taken())
    assert b"GPS" not in found
    assert found == JPEG[:2] + segment(0xE2, b"ICC_PROFILE\0\1\1colours") + JPEG[2:]


def test_a_picture_that_says_nothing_stays_as_it_is():
    assert photographs.bare(JPEG) == JPEG


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [6, 8])
def test_a_photograph_stays_upright(order, orientation):
    found = photographs.bare(taken(order, orientation))
    assert b"GPS" not in found
    assert found.startswith(JPEG[:2] + b"\xff\xe1")
    assert photographs.bare(found) == found, "its orientation is read again"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_png_says_nothing_of_its_making():
    first, last = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), chunk(b"IEND", b"")
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    told = (
        chunk(b"eXIf", b"GPS")
        + chunk(b"tEXt", b"Author\0GPS")
        + chunk(b"iTXt", b"GPS")
        + chunk(b"tIME", b"GPS")
    )
    found = photographs.bare(photographs.PNG + first + told + pixels + last + b"GPS")
    assert found == photographs.PNG + first + pixels + last


@pytest.mark.parametrize("cut", [3, 5, 21, 60, 200, len(JPEG) - 1])
def test_a_picture_that_breaks_off_is_no_trouble(cut):
    for data in (taken()[:cut], photographs.PNG + taken()[:cut], JPEG[:cut]):
        assert len(photographs.bare(data)) <= len(data)


def test_a_gif_stays_as_it_is():
    assert photographs.bare(b"GIF89a\1\0\1\0") == b"GIF89a\1\0\1\0"
