"""What a block of an editor's own words shows in one language, as plain data for the mail templates."""

from collections.abc import Iterable, Mapping

from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.newsletters import fields, pictures, texts
from dissemination.newsletters.drafts import Picture
from dissemination.newsletters.models import Block, BlockKind

SIDES = ("left", "right")
WIDTH = 552  # pixels that a picture has between the margins of a mail


def picture_ids(blocks: Iterable[Block]) -> set[int]:
    """The pictures that the blocks show."""
    found = set()
    for block in blocks:
        data = block.data or {}
        found |= {data.get("picture_id"), *(data.get(f"{side}_picture_id") for side in SIDES)}
    return {i for i in found if isinstance(i, int)}


class Words:
    """The words of a block's `data` under the names that `translated` looks for."""

    def __init__(self, data: Mapping):
        self._data = data

    def __getattr__(self, name: str):
        return self._data.get(name, "")


def own_words(block: Block, district: District, language: str, found: Mapping[int, Picture]) -> dict | None:
    """The data of a block that shows no source; None when it has nothing to show."""
    data = block.data or {}
    if block.kind is BlockKind.HEADING:
        return _heading(block, data, language)
    if block.kind in (BlockKind.TEXT, BlockKind.QUOTE):
        return _text(block, data, language)
    if block.kind is BlockKind.IMAGE:
        return _image(district, data, language, found, WIDTH)
    if block.kind is BlockKind.BUTTON:
        return _button(Words(data), data.get("url", ""), "label", language)
    if block.kind is BlockKind.DIVIDER:
        return {"kind": "divider"}
    if block.kind is BlockKind.MJML:
        return _mjml(block, data, language)
    return _columns(district, data, language, found)


def _heading(block: Block, data: Mapping, language: str) -> dict | None:
    words = texts.one_line(translated(block, "text", language))
    if not words:
        return None
    return {"kind": "heading", "level": data.get("level", 2), "text": fields.pieces(words, escaped=False)}


def rich(words: str) -> dict:
    """The words of a text as HTML and as text, fields cut out."""
    return {
        "html": fields.pieces(texts.to_html(words), escaped=True),
        "text": fields.pieces(texts.to_text(words), escaped=False),
    }


def _text(block: Block, data: Mapping, language: str) -> dict | None:
    words = translated(block, "text", language)
    if not words:
        return None
    shown = {"kind": block.kind.value, **rich(words)}
    return (
        {**shown, "author": texts.one_line(data.get("author", ""))}
        if block.kind is BlockKind.QUOTE
        else shown
    )


def _image(
    district: District, data: Mapping, language: str, found: Mapping[int, Picture], most: int, side: str = ""
) -> dict | None:
    picture = found.get(data.get(f"{side}picture_id") or 0)
    if picture is None:
        return None
    return {
        "kind": "image", "src": pictures.address(district, picture),
        "alt": texts.one_line(translated(Words(data), f"{side}alt", language)),
        "width": min(data.get("width") or most, picture.width, most),
        "href": texts.address(data.get("href") or "") or "",
    }  # fmt: skip


def _button(words: Words, url: str, name: str, language: str) -> dict | None:
    label, safe = texts.one_line(translated(words, name, language)), texts.address(url or "")
    return {"kind": "button", "label": label, "url": safe} if label and safe else None


def _mjml(block: Block, data: Mapping, language: str) -> dict | None:
    source = translated(block, "text", language)
    if not source:
        return None
    return {
        "kind": "mjml", "mjml": fields.pieces(source, escaped=True),
        "text": fields.pieces(texts.to_text(translated(Words(data), "plain", language)), escaped=False),
    }  # fmt: skip


def _columns(district: District, data: Mapping, language: str, found: Mapping[int, Picture]) -> dict | None:
    sides = [_side(district, data, language, found, f"{side}_") for side in SIDES]
    return {"kind": "columns", "sides": sides} if any(sides) else None


def _side(district: District, data: Mapping, language: str, found: Mapping[int, Picture], side: str) -> list:
    """What stands in one column: a picture, a text, a button, each if there is one."""
    words = translated(Words(data), f"{side}text", language)
    parts = [
        _image(district, data, language, found, WIDTH // 2 - 24, side),
        {"kind": "text", **rich(words)} if words else None,
        _button(Words(data), data.get(f"{side}url", ""), f"{side}label", language),
    ]
    return [part for part in parts if part]
