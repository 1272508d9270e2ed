"""The raw texts of BibTeX fields, before their LaTeX is decoded: braces, names, escapes."""

import re

_AND = re.compile(r"[ \r\n\t]+and[ \r\n\t]+", re.IGNORECASE)
_LEADING = re.compile("and", re.IGNORECASE)  # the library has rules of its own for these
_ESCAPED = re.compile(r"\\[{}\s]")


def split_names(source: str) -> list[str]:
    """The names of an author field, split at each "and" outside braces."""
    if not _ESCAPED.search(source):
        parts = _AND.split(source.strip(" \r\n\t"))
        if all(_is_name(part) for part in parts):
            return [part for part in parts if part.strip()]
    from bibtexparser.middlewares import names  # see `bibtex`

    return [n for n in names.split_multiple_persons_names(source) if n.strip()]


def _is_name(source: str) -> bool:
    """Whether it was split off outside braces: its own are in pairs."""
    if "{" not in source and "}" not in source:
        return _LEADING.match(source) is None
    depth = 0
    for brace in re.findall("[{}]", source):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0 and _LEADING.match(source) is None


def whole_group(source: str) -> bool:
    """Whether one pair of braces holds all of `source`: an organisation, when it is a name."""
    source = source.strip()
    if not (source.startswith("{") and source.endswith("}")):
        return False
    depth = 0
    for place, brace in ((m.start(), m[0]) for m in re.finditer(r"[{}]", source)):
        depth += 1 if brace == "{" else -1
        if depth == 0:
            return place == len(source) - 1
    return False


def verbatim(source: str) -> str:
    """A field that LaTeX does not touch (url, doi), with the escapes that people write into it undone."""
    if "\\" not in source and "{" not in source:
        return source.strip()
    source = re.sub(r"^\s*\\url\s*\{(.*)\}\s*$", r"\1", source)
    source = re.sub(r"\\([_%&#~{}$])(?:\{\})?", r"\1", source).replace("{", "").replace("}", "")
    return re.sub(r"\\textasciitilde\s*", "~", source).strip()
