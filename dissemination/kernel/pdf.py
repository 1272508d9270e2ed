"""PDF documents: a typst template of ours and data as JSON. Data are never code, and nothing is fetched.

A template lies in `templates/<package>/<name>.typ` and reads its data with
`#let data = json(bytes(sys.inputs.data))`: what people wrote arrives as strings and stays strings. Only
the fonts that typst brings are used, so that every machine draws the same; they are embedded.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import current_app

from dissemination.kernel.clock import now

SCRIPTS = 30  # so many scripts and signs that no font has are replaced one after the other
BOX = "\u25a1"
_UNDISPLAYED = re.compile(r'the text [`"]+(.+?)[`"]+ could not be displayed')
PDF_UA = ("ua-1",)  # ISO 14289-1: tagged, with a title and a language (set by the template)


def render(
    template: str, data: dict, *, standards: Sequence[str] = (), at: datetime | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> bytes:  # fmt: skip
    """The PDF of `template` (path below templates/, such as "attendance/sheet.typ") filled with `data`.

    `data` must be JSON-able. `standards` as typst names them: "ua-1" (PDF/UA-1), "a-2a" …; a document
    that does not keep them raises typst.TypstError. The same data and moment (`at`, default now) give
    the same bytes. Letters of a script that the fonts do not have (Latin, Greek and Cyrillic are there)
    are drawn as empty boxes, which the standards would else refuse. `pictures`: the content of files that
    the template shows by name (`image("photo-1.jpg")`); one that cannot be drawn raises TypstError.
    """
    if pictures:
        root = _templates()
        with TemporaryDirectory() as folder:
            Path(folder, "main.typ").write_bytes((root / template).read_bytes())
            for name, content in pictures.items():
                Path(folder, name).write_bytes(content)
            return _render(Path(folder), "main.typ", data, standards, at)
    return _render(_templates(), template, data, standards, at)


def _templates() -> Path:
    return Path(current_app.root_path, current_app.template_folder or "templates").resolve()


def _render(root: Path, template: str, data: dict, standards: Sequence[str], at: datetime | None) -> bytes:
    import typst  # 8 MiB that a process without documents does not need

    for _script in range(SCRIPTS):
        try:
            return _compile(root, template, data, standards, at)
        except typst.TypstError as error:
            letters = _UNDISPLAYED.findall(error.message)
            if not letters:
                raise
            data = _boxed(data, {_script_of(letter) for letter in "".join(letters)})
    return _compile(root, template, data, (), at)


def _compile(root: Path, template: str, data: dict, standards: Sequence[str], at: datetime | None) -> bytes:
    import typst

    wanted: Any = list(standards)
    return typst.compile(
        root / template, root=root, format="pdf", font_paths=_fonts(), ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, pdf_standards=wanted,
        timestamp=int((at or now()).timestamp()),
    )  # fmt: skip


def _script_of(letter: str) -> str:
    """The script of a letter as its name in Unicode begins: "CJK", "ARABIC" …; other signs by themselves."""
    name = unicodedata.name(letter, letter)
    return name.split()[0].partition("-")[0] if letter.isalnum() or unicodedata.combining(letter) else name


def _boxed(value: Any, scripts: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _boxed(one, scripts) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_boxed(one, scripts) for one in value]
    if isinstance(value, str) and not value.isascii():
        return "".join(BOX if ord(c) > 127 and _script_of(c) in scripts else c for c in value)
    return value


@cache
def _fonts():
    """The fonts that typst brings, read once."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
