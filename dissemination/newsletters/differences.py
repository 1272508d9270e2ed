"""What differs between two kept versions of a draft, in words that people read."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.runs import words
from dissemination.newsletters import sources
from dissemination.newsletters.texts import KINDS

FACTS = {
    "subject_it": _l("Subject in Italian"), "subject_en": _l("Subject in English"),
    "preheader_it": _l("Preheader in Italian"), "preheader_en": _l("Preheader in English"),
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One thing that changed: its name, how, and runs of words ("same" | "old" | "new", words)."""

    name: str
    what: str
    runs: tuple[tuple[str, str], ...] = ()


def between(old: dict | None, new: dict, district_id: int) -> list[Difference]:
    """How `new` differs from `old` (snapshots of versions); all of it is new when there is no `old`."""
    old = old or {"facts": {}, "topics": [], "blocks": {}}
    found = [*_facts(old["facts"], new["facts"])]
    if old["topics"] != new["topics"]:
        found.append(Difference(_("Topics"), _("changed")))
    titles = _titles(old, new, district_id)
    found += _blocks(old["blocks"], new["blocks"], titles)
    return found


def _facts(old: dict, new: dict) -> Iterator[Difference]:
    for name, label in FACTS.items():
        before, after = old.get(name) or "", new.get(name) or ""
        if before != after:
            yield Difference(str(label), _("changed"), tuple(words(before, after)))
    if old and old.get("template_id") != new.get("template_id"):
        yield Difference(_("Template"), _("changed"))
    if old and old.get("activity_line_id") != new.get("activity_line_id"):
        yield Difference(_("Activity line of the plan"), _("changed"))


def _key(block: dict) -> str | None:
    if block["kind"] == "source":
        return (block.get("data") or {}).get("source")
    return block["kind"] if sources.get(block["kind"]) else None


def _ids(block: dict) -> list[int]:
    return [block["source_id"]] if block.get("source_id") else list((block.get("data") or {}).get("ids", []))


def _titles(old: dict, new: dict, district_id: int) -> dict[tuple[str, int], str]:
    """The titles of all rows that blocks of both versions show: one query per source."""
    wanted: dict[str, set[int]] = {}
    for block in (*old["blocks"].values(), *new["blocks"].values()):
        key = _key(block)
        if key:
            wanted.setdefault(key, set()).update(_ids(block))
    found = {}
    for key, ids in wanted.items():
        source = sources.get(key)
        rows = source.by_ids(district_id, ids) if source else {}
        found.update({(key, i): source.title(row, "it") for i, row in rows.items()} if source else {})
    return found


def _name(block: dict, titles: dict) -> str:
    key = _key(block)
    if key:
        source = sources.get(key)
        own = ", ".join(titles.get((key, i), "–") for i in _ids(block))
        return f"{source.name if source else key}: {own}"
    own = " ".join((block["text_it"] or block["text_en"] or "").split())[:60]
    label = str(KINDS.get(block["kind"], block["kind"]))
    return f"{label}: {own}" if own else label


def _blocks(old: dict, new: dict, titles: dict) -> Iterator[Difference]:
    for block_id, block in sorted(new.items(), key=lambda item: item[1]["position"]):
        before = old.get(block_id)
        name = _name(block, titles)
        if before is None:
            yield Difference(name, _("added"), tuple(_all(block, "new")))
            continue
        runs = tuple(_changed(before, block))
        if runs:
            yield Difference(name, _("changed"), runs)
    for block_id, block in old.items():
        if block_id not in new:
            yield Difference(_name(block, titles), _("taken out"), tuple(_all(block, "old")))
    shared = [i for i in old if i in new]
    order = sorted(shared, key=lambda i: old[i]["position"])
    if order != sorted(shared, key=lambda i: new[i]["position"]):
        yield Difference(_("Order of the blocks"), _("changed"))


def _texts(block: dict) -> dict[str, str]:
    """Everything that somebody wrote in a block, by field."""
    data = block.get("data") or {}
    own = {k: str(v) for k, v in data.items() if k not in ("seen", "notes", "source") and v not in (None, "")}
    return {"text_it": block["text_it"] or "", "text_en": block["text_en"] or "", **own}


def _all(block: dict, kind: str) -> Iterator[tuple[str, str]]:
    if _key(block) is None:
        yield from ((kind, text) for text in _texts(block).values() if text)


def _changed(old: dict, new: dict) -> Iterator[tuple[str, str]]:
    before, after = _texts(old), _texts(new)
    for name in dict.fromkeys([*before, *after]):
        if before.get(name, "") != after.get(name, ""):
            yield from words(before.get(name, ""), after.get(name, ""))
