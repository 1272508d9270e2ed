"""What is wrong with the blocks of an issue: their sources as they stand now, and their words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

from dissemination.kernel.languages import translated
from dissemination.newsletters import fields, shown, sources, texts
from dissemination.newsletters.findings import Finding, Level
from dissemination.newsletters.models import Block, BlockKind, Issue

VAGUE = re.compile(
    r"^(clicca(te|re)? (qui|su questo link)|qui|leggi( qui)?|link|(click|read|more) ?here|here|more)$",
    re.IGNORECASE,
)
CLICK_HERE = re.compile(r"\b(clicca(te|re)? qui|click here)\b", re.IGNORECASE)


def of_blocks(issue: Issue, rows: Mapping[int, list[Any]], pictures: Mapping[int, Any]) -> list[Finding]:
    """The findings of every block. `rows` and `pictures` are what the blocks show (see content)."""
    told = _told_by_sources(issue, rows)
    seen: set[tuple] = set()
    found: list[Finding] = []
    for block in issue.blocks:
        if block.source_key is None:
            found += _own(issue, block, pictures)
        else:
            found += _live(issue, block, rows.get(block.id, []), told, seen)
    return found


def _finding(level: Level, code: str, message: str, block: Block) -> Finding:
    return Finding(level, code, message, block.id, block.source_key is None)


def _told_by_sources(issue: Issue, rows: Mapping[int, list[Any]]) -> dict[tuple[str, int], list]:
    """What each source says of its rows, asked once per source."""
    by_key: dict[str, dict[int, Any]] = {}
    for block in issue.blocks:
        if block.source_key:
            by_key.setdefault(block.source_key, {}).update({r.id: r for r in rows.get(block.id, [])})
    told = {}
    for key, mine in by_key.items():
        source = sources.get(key)
        if source and mine:
            told.update({(key, i): said for i, said in source.problems(list(mine.values())).items()})
    return told


def _live(issue: Issue, block: Block, rows: list, told, seen: set[tuple]) -> Iterator[Finding]:
    source, key = sources.get(block.source_key), block.source_key
    if source is None or not rows or len(rows) < len(set(block.source_ids)):
        words = _("What this block shows no longer exists. Take the block out.")
        yield _finding(Level.BLOCKING, "gone", words, block)
    if source is None:
        return
    # What a correction is about is expected to be off.
    corrected = issue.corrects_id is not None
    for row in rows:
        name = source.title(row, "it")
        if (key, row.id) in seen:
            yield _finding(
                Level.WARNING, "twice", _("“%(title)s” is in this issue twice.", title=name), block
            )
        seen.add((key, row.id))
        if issue.subject_en and not getattr(row, "title_en", "x"):
            words = _("“%(title)s” has no English title.", title=name)
            yield _finding(Level.WARNING, "untranslated", words, block)
        for level, code, message in told.get((key, row.id), ()):
            if not (corrected and code in ("cancelled", "full", "deadline")):
                yield _finding(level, code, message, block)
        for change in changes_of(issue, block, row):
            words = _("“%(title)s” changed: %(label)s, %(old)s → %(new)s.",
                      title=name, label=change.label, old=change.old, new=change.new)  # fmt: skip
            yield _finding(Level.WARNING, "changed", words, block)


def changes_of(issue: Issue, block: Block, row) -> list[sources.Change]:
    """How a row that `block` shows differs from when somebody last looked at the block."""
    source = sources.get(block.source_key)
    seen = (block.data or {}).get("seen", {}).get(str(row.id))
    return sources.changes(source, row, seen, issue.district) if source else []


def all_words(block: Block) -> list[tuple[str, str]]:
    """The (Italian, English) words of a block, the main ones first."""
    data = block.data or {}
    found = [(block.text_it, block.text_en)] if block.kind not in NO_TEXT else []
    names = {k[:-3] for k in data if k.endswith(("_it", "_en")) and isinstance(data[k], str)}
    return found + [(data.get(f"{n}_it", ""), data.get(f"{n}_en", "")) for n in sorted(names)]


NO_TEXT = (BlockKind.IMAGE, BlockKind.BUTTON, BlockKind.DIVIDER, BlockKind.COLUMNS)


def _own(issue: Issue, block: Block, pictures: Mapping[int, Any]) -> Iterator[Finding]:
    if shown.own_words(block, issue.district, "it", pictures) is None:
        words = {
            BlockKind.IMAGE: _("A block has no picture."),
            BlockKind.BUTTON: _("A button has no words or no address."),
        }.get(block.kind, _("A block has no text."))
        yield _finding(Level.BLOCKING, "empty", words, block)
        return
    yield from _alt(block, pictures)
    pairs = [(it, en) for it, en in all_words(block) if it or en]
    if issue.subject_en and any(it and not en for it, en in pairs):
        words = _("A text has no English: the Italian one will be shown.")
        yield _finding(Level.WARNING, "untranslated", words, block)
    if any(en and not it for it, en in pairs):
        words = _("A text has no Italian: the English one will be shown.")
        yield _finding(Level.WARNING, "untranslated", words, block)
    yield from _wording(block, pairs)


def _alt(block: Block, pictures: Mapping[int, Any]) -> Iterator[Finding]:
    data = block.data or {}
    for side in ("", "left_", "right_"):
        if data.get(f"{side}picture_id") in pictures and not translated(shown.Words(data), f"{side}alt"):
            words = _("A picture has no description for those who do not see it.")
            yield _finding(Level.BLOCKING, "no_alt", words, block)


def _wording(block: Block, pairs: list[tuple[str, str]]) -> Iterator[Finding]:
    both = "\n".join(words for pair in pairs for words in pair)
    for problem in fields.problems(both):
        yield _finding(Level.BLOCKING, "field", problem, block)
    vague = any(VAGUE.match(words.strip(" .:*")) for words, _address in texts.links(both))
    if vague or CLICK_HERE.search(both) or (block.kind is BlockKind.BUTTON and _is_vague(pairs)):
        yield _finding(
            Level.WARNING, "click_here",
            _("A link should say where it leads: “clicca qui” says nothing to those who hear the page read."),
            block,
        )  # fmt: skip


def _is_vague(pairs: list[tuple[str, str]]) -> bool:
    return any(VAGUE.match(words.strip(" .:*")) for pair in pairs for words in pair)
