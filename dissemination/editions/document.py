"""The plan as one document in the decree's order, as blocks that PDF and Word are made of alike.

Everything comes from the content of a version, so that any version can be printed again. A text that is
not written in the document's language stands in the other one, and is marked as such.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.districts.models import District
from dissemination.kernel import pdf
from dissemination.kernel.languages import date_time, money, short_date, translated
from dissemination.plan.periods import PLAN
from dissemination.plan.texts import period_name, unit_name
from dissemination.plan.wording import THEMES

TARGETS_ACROSS = 7  # so many periods fit beside an indicator's name on a page across
MONEY = ("budget_cents", "committed_cents", "spent_cents", "cofinanced_cents")


@dataclass(frozen=True)
class Edition:
    """What is printed: a version's content, which one it is, and who approved it when."""

    content: dict
    number: int
    at: datetime
    approved: str = ""  # in words, or "" while nobody did


class Pages:
    """The blocks of a document in one language, in order."""

    def __init__(self, language: str):
        self.language = language
        self.blocks: list[dict] = []

    def chosen(self, texts: dict[str, str]) -> dict:
        """A text in the document's language, else in the other, with the language that it is in."""
        other = "en" if self.language == "it" else "it"
        if texts.get(self.language):
            return {"text": texts[self.language], "lang": self.language}
        return {"text": texts.get(other, ""), "lang": other if texts.get(other) else self.language}

    def own(self, text: str) -> dict:
        """A text of the program's, which is in the document's language."""
        return {"text": text, "lang": self.language}

    def heading(self, level: int, text: str, lang: str | None = None) -> None:
        """A heading of level 1 to 3."""
        self.blocks.append({"kind": "heading", "level": level, "text": text, "lang": lang or self.language})

    def text(self, texts: dict[str, str]) -> bool:
        """A text of several paragraphs; False, and nothing, when nobody wrote it."""
        chosen = self.chosen(texts)
        if chosen["text"]:
            self.blocks.append({"kind": "text", **chosen})
        return bool(chosen["text"])

    def say(self, text: str) -> None:
        """A sentence of the program's."""
        self.blocks.append({"kind": "text", **self.own(text)})

    def listing(self, items: list[dict], *, ordered: bool = False) -> None:
        """A list of texts."""
        if items:
            self.blocks.append({"kind": "list", "ordered": ordered, "items": items})

    def table(self, caption: str, head: list[str], rows: list[list[dict]], **more) -> None:
        """A table: `wide` columns (by number) get room, `numbers` are the columns set to the right."""
        if rows:
            self.blocks.append(
                {"kind": "table", "caption": caption, "head": head, "rows": rows, "wide": [0], "numbers": [],
                 "across": False, **more}
            )  # fmt: skip


def blocks(content: dict, language: str) -> list[dict]:
    """The sections 1 to 5 and the annex."""
    with force_locale(language):
        pages = Pages(language)
        _situation(pages, content)
        _vision(pages, content)
        _objectives(pages, content)
        _activities(pages, content)
        _indicators(pages, content)
        _annex(pages, content)
        return _with_their_tables(pages.blocks)


def _with_their_tables(found: list[dict]) -> list[dict]:
    """Let a heading stand on the page of the table across that follows it."""
    across = False
    for block in reversed(found):
        if block["kind"] == "table":
            across = block["across"]
        else:
            across = across and block["kind"] == "heading"
            block["across"] = across
    return found


def _situation(p: Pages, content: dict) -> None:
    p.heading(1, _("1. Situation"))
    if not p.text(content["situation"]) and not content["macro_areas"]:
        p.say(_("Not written yet."))
    _sources(p, content["sources"])
    for m in content["macro_areas"]:
        name = p.chosen(m["name"])
        p.heading(2, name["text"], name["lang"])
        p.text(m["actors"])
        if m["application_areas"]:
            p.say(_("Application areas in order of priority") + ":")
            p.listing([p.chosen(a) for a in m["application_areas"]], ordered=True)
        _sources(p, m["sources"])


def _sources(p: Pages, sources: list[str]) -> None:
    if sources:
        p.say(_("Sources") + ":")
        p.listing([{"text": s, "lang": "it"} for s in sources])


def _vision(p: Pages, content: dict) -> None:
    p.heading(1, _("2. Strategic vision"))
    if not content["macro_areas"]:
        p.say(_("Not written yet."))
    for m in content["macro_areas"]:
        name = p.chosen(m["name"])
        p.heading(2, name["text"], name["lang"])
        parts = [
            (_("Market scenarios"), m["scenarios"]), (_("Trends"), m["trends"]),
            (_("Synergies with other districts, national clusters, European platforms"), m["synergies"]),
            (_("Opportunities"), m["opportunities"]), (_("Risks"), m["risks"]),
        ]  # fmt: skip
        parts += [(str(label), m["prospects"][theme][side]) for (side, theme), label in THEMES.items()]
        written = [(label, texts) for label, texts in parts if p.chosen(texts)["text"]]
        for label, texts in written:
            p.heading(3, label)
            p.text(texts)
        if not written:
            p.say(_("Not written yet."))


def _objectives(p: Pages, content: dict) -> None:
    p.heading(1, _("3. Strategic objectives"))
    names = {n: p.chosen(m["name"])["text"] for n, m in enumerate(content["macro_areas"], start=1)}

    def branch(rows: list[dict], before: str) -> list[dict]:
        return [
            {
                **p.chosen(o["text"]), "number": f"{before}{n}",
                "note": ", ".join(names[m] for m in o["macro_areas"] if m in names),
                "items": branch(o["objectives"], f"{before}{n}."),
            }
            for n, o in enumerate(rows, start=1)
        ]  # fmt: skip

    tree = branch(content["objectives"], "")
    if tree:
        p.blocks.append({"kind": "tree", "items": tree})
    else:
        p.say(_("Not written yet."))


def _activities(p: Pages, content: dict) -> None:
    p.heading(1, _("4. Activities"))
    for x in content["lines"]:
        name = p.chosen(x["name"])
        p.heading(2, f"{x['code']}) {name['text']}", name["lang"])
        p.text(x["description"])
        rows = [
            [
                p.chosen(o["title"]), p.own(_day(o["starts_on"])), p.own(_day(o["ends_on"])),
                p.own("" if o["planned"] is None else str(o["planned"])), p.own(o["indicator"] or ""),
            ]
            for o in x["operations"]
        ]  # fmt: skip
        head = [_("Operation"), _("From"), _("To"), _("How many"), _("Indicator")]
        p.table(_("Planned operations of line %(code)s", code=x["code"]), head, rows, numbers=[3])


def _day(text: str) -> str:
    return short_date(date.fromisoformat(text))


def _indicators(p: Pages, content: dict) -> None:
    p.heading(1, _("5. Performance indicators"))
    if not content["indicators"]:
        p.say(_("Not written yet."))
        return
    periods = [*sorted({code for i in content["indicators"] for code in i["targets"]} - {PLAN}), PLAN]
    for start in range(0, len(periods), TARGETS_ACROSS):
        part = periods[start : start + TARGETS_ACROSS]
        rows = [_targets(p, i, part) for i in content["indicators"]]
        head = [_("Indicator"), _("Unit"), _("Baseline"), *(period_name(code) for code in part)]
        p.table(_("Baselines and targets"), head, rows, numbers=list(range(2, len(head))), across=True)
    rows = [
        [
            p.own(i["code"]), p.own(i["line"] or ""), p.chosen(i["source"]),
            p.own(_number(i["threshold"], p.language)),
        ]
        for i in content["indicators"]
    ]  # fmt: skip
    head = [_("Indicator"), _("Activity line"), _("Means of verification"), _("Threshold")]
    p.table(_("How the indicators are verified"), head, rows, wide=[2], numbers=[3], across=True)


def _targets(p: Pages, i: dict, part: list[str]) -> list[dict]:
    name = p.chosen(i["name"])
    baseline = _number(i["baseline"], p.language)
    if baseline and i["baseline_year"]:
        baseline = f"{baseline} ({i['baseline_year']})"
    targets = [p.own(_number(i["targets"].get(code), p.language)) for code in part]
    return [
        {**name, "text": f"{i['code']} {name['text']}"},
        p.own(unit_name(i["unit"])),
        p.own(baseline),
        *targets,
    ]


def _number(text: str | None, language: str) -> str:
    """A decimal as the reader writes it."""
    if text is None:
        return ""
    whole, _dot, rest = text.partition(".")
    thousands, point = (".", ",") if language == "it" else (",", ".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    return f"{grouped}{point}{rest}" if rest else grouped


def _annex(p: Pages, content: dict) -> None:
    p.heading(1, _("Annex: financial table"))
    rows, total = [], dict.fromkeys(MONEY, 0)
    for x in content["lines"]:
        name = p.chosen(x["name"])
        for b in x["budget"]:
            cells = [p.own(money(b[column])) for column in MONEY]
            line = {**name, "text": f"{x['code']}) {name['text']}"}
            rows.append([line, p.own(str(b["year"])), *cells, p.own(f"{b['cofinancing_percent']} %")])
            for column in MONEY:
                total[column] += b[column]
    if not rows:
        p.say(_("Not written yet."))
        return
    sums = [p.own(money(total[column])) for column in MONEY]
    rows.append([p.own(_("Total")), p.own(""), *sums, p.own("")])
    head = [_("Activity line"), _("Year"), _("Budget"), _("Committed"), _("Spent"), _("Co-financing granted"),
            _("Rate")]  # fmt: skip
    caption = _("Budget, commitments, spending and co-financing by activity line and year")
    p.table(caption, head, rows, numbers=[2, 3, 4, 5, 6], across=True)


def data(edition: Edition, district: District, language: str) -> dict:
    """Cover and blocks, JSON-able: what the templates of PDF and Word are filled with."""
    content = edition.content
    with force_locale(language):
        status = edition.approved or _("Draft: this version is not approved.")
        return {
            "language": language, "title": content["title"], "district": translated(district, "name"),
            "managing_body": district.managing_body,
            "subtitle": _("Strategic and operational plan"),
            "days": f"{_day(content['starts_on'])} – {_day(content['ends_on'])}",
            "version": _("Version %(number)s of %(when)s", number=edition.number, when=date_time(edition.at)),
            "status": status, "contents": _("Contents"),
            "blocks": blocks(content, language),
        }  # fmt: skip


def render_pdf(edition: Edition, district: District, language: str) -> bytes:
    """The plan as PDF/UA-1 (ISO 14289-1). The same version gives the same bytes."""
    return pdf.render(
        "editions/plan.typ", data(edition, district, language), standards=pdf.PDF_UA, at=edition.at
    )
