"""The report to the Region as an accessible PDF (PDF/UA-1, ISO 14289-1), in Italian or English.

It is made of frozen values only. The same report and moment of making give the same bytes.
"""

from collections import Counter, defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from dissemination.kernel import pdf
from dissemination.kernel.clock import local
from dissemination.kernel.languages import file_size, number, short_date
from dissemination.plan.figures import percent
from dissemination.plan.texts import (
    FAMILIES,
    attribute_name,
    family,
    period_name,
    shown,
    unit_name,
)
from dissemination.reporting import charts
from dissemination.reporting.frozen import FrozenFigure, FrozenFile, FrozenRow, Report, decimal
from dissemination.reporting.texts import VERBS

HASH_SHOWN = 16  # digits of a file's hash on paper; the manifest has all 64


def render(report: Report, language: str) -> bytes:
    """The PDF of `report` in `language` ("it" or "en")."""
    return pdf.render(
        "reporting/report.typ", data(report, language), standards=pdf.PDF_UA, at=report.made_at
    )  # fmt: skip


def data(report: Report, language: str) -> dict:
    """Everything that the template prints, in words of `language`."""
    with force_locale(language):
        content = report.frozen.content
        figures = report.frozen.figures
        return {
            "language": language, "texts": _texts(), "cover": _cover(report, language),
            "draft": "" if report.signature else _("DRAFT"),
            "summary": [
                {"title": str(title), "rows": [_summary(f, language) for f in members]}
                for title, members in _families(figures)
            ],
            "sections": [
                {"title": str(title), "figures": [_figure(f, content, language) for f in members]}
                for title, members in _families(figures)
            ],
            "evidence": _evidence(report, language),
            "rules": _rules(content, language),
            "earlier": _adjusted(content["earlier"], language),
            "replaced": _replaced(content, language),
            "despite": report.signature.despite if report.signature else "",
        }  # fmt: skip


def _families(figures: list[FrozenFigure]):
    for name, title in FAMILIES:
        members = [f for f in figures if family(f.code) == name]
        if members:
            yield title, members


def _of(thing: dict | FrozenFigure, language: str, name: str = "name") -> str:
    read = thing.get if isinstance(thing, dict) else lambda key: getattr(thing, key)
    return str(read(f"{name}_{language}") or read(f"{name}_it") or "")


def _texts() -> dict:
    return {
        "summary": _("1. The figures at a glance"), "figures": _("2. Figure by figure"),
        "evidence": _("3. Activities and their evidence"), "rules": _("4. How it was counted"),
        "earlier": _("5. Adjustments of periods reported before"), "check": _("6. How to check this report"),
        "indicator": _("Indicator"), "baseline": _("Baseline"), "target": _("Target"), "actual": _("Actual"),
        "share": _("Of target"), "so_far": _("So far in the plan"), "plan_target": _("Target of the plan"),
        "rows_where": _(
            "The rows behind each figure, with their ids, are in the sheet of the spreadsheet that is called"
            " by its code."
        ),
        "class": _("Class"), "value": _("Value"), "date": _("Date"), "activity": _("Activity"),
        "proves": _("Counted in"), "files": _("Evidence"), "as_reported": _("As reported"),
        "known": _("As known today"), "because": _("Why"), "period": _("Period"), "contents": _("Contents"),
        "nothing_earlier": _("None: what was reported before stands as it was reported."),
        "no_evidence": _("No activity counts in this period."),
        "despite": _("Signed with points of the checklist open. The reason given:"),
        "page": _("page {page} of {pages}"), "none": "–",
        "check_text": _(
            "Every figure opens the rows behind it in the spreadsheet that goes with this report. The files"
            " of evidence are in the ZIP archive, in the order of section 3; its manifest has the SHA-256 of"
            " each. The head of the activity log stands on the cover: whoever keeps this page can later have"
            " the log held against it, and any row that was changed, removed or moved since shows."
        ),
    }  # fmt: skip


def _cover(report: Report, language: str) -> dict:
    content, signature = report.frozen.content, report.signature
    zone = ZoneInfo(content["district"]["zone"])
    period, plan = content["period"], content["plan"]
    rows = [
        (_("Period"), _("%(name)s, from %(start)s to %(end)s", name=period_name(period["code"]),
                        start=_day(period["start"]), end=_day(period["end"]))),
        (_("Plan"), _("%(title)s (%(start)s – %(end)s)", title=plan["title"], start=_day(plan["starts_on"]),
                      end=_day(plan["ends_on"]))),
        (_("Managing body"), ", ".join(filter(None, (content["district"][x] for x in ("body", "place"))))),
    ]  # fmt: skip
    if plan["approved"]:
        day = _date(plan["approved"]["at"], zone)
        rows.append((_("Approved version of the plan"), _("no. %(number)s of %(day)s",
                     number=plan["approved"]["number"], day=day)))  # fmt: skip
    if signature:
        rows.append((_("Signed off"), _("%(at)s by %(name)s (sign-off no. %(number)s)",
                     at=_moment(signature.at, zone), name=signature.by,
                     number=signature.number)))  # fmt: skip
    complete, seen = content["complete"]
    rows.append(
        (
            _("Evidence"),
            _(
                "complete for %(complete)s of the %(seen)s activities that a checklist asks about",
                complete=number(complete),
                seen=number(seen),
            ),
        )
    )
    return {
        "title": _("Report on the %(period)s", period=period_name(period["code"]))
        if period["code"] != "plan" else _("Final report of the plan"),
        "district": _of(content["district"], language), "rows": rows, "alerts": _alerts(report),
        "head_label": _("Head of the activity log (%(n)s rows)", n=report.frozen.head.position),
        "head": report.frozen.head.printed,
        "hash_label": _("SHA-256 of what was signed") if signature else "",
        "hash": signature.sha256 if signature else "",
        "made": _("This document was made on %(at)s.", at=_moment(report.made_at, zone)),
    }  # fmt: skip


def _alerts(report: Report) -> list[str]:
    signature = report.signature
    found = _replacing(report.frozen.content)
    if signature is None:
        return [_("Draft: these figures are not signed off. They may change until a manager signs."), *found]
    if signature.withdrawn:
        found.append(
            _("This sign-off is no longer in force. It was reopened: %(why)s", why=signature.withdrawn)
        )
    if not signature.intact:
        found.append(_("Warning: what is stored is no longer what was signed. Do not rely on this document."))
    return found


def _replacing(content: dict) -> list[str]:
    found = content.get("replaces")
    if not found:
        return []
    zone = ZoneInfo(content["district"]["zone"])
    return [
        _("This report replaces the one signed off on %(day)s (no. %(number)s), which was reopened on"
          " %(again)s: %(why)s",
          day=_date(found["at"], zone), number=found["number"], again=_date(found["reopened"], zone),
          why=found["because"])
    ]  # fmt: skip


def _day(text: str) -> str:
    return short_date(date.fromisoformat(text))


def _date(moment: str, zone: ZoneInfo) -> str:
    """The day of a moment, there."""
    return short_date(local(datetime.fromisoformat(moment), zone).date())


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    there = local(moment, zone)
    return f"{short_date(there.date())} {there.strftime('%H:%M')}"


def _summary(f: FrozenFigure, language: str) -> dict:
    def value(number) -> str:
        return shown(number, f.unit)

    year = f" ({f.baseline_year})" if f.baseline is not None and f.baseline_year else ""
    return {
        "code": f.code, "name": _of(f, language), "unit": unit_name(f.unit),
        "baseline": value(f.baseline) + year, "target": value(f.target), "actual": value(f.actual),
        "share": shown(percent(f.actual, f.target), "%"), "so_far": value(f.cumulative),
        "plan_target": value(f.plan_target),
    }  # fmt: skip


def _figure(f: FrozenFigure, content: dict, language: str) -> dict:
    history = [(h["code"], decimal(h["actual"]), decimal(h["target"])) for h in f.history]
    name = _of(f, language)
    return {
        "code": f.code, "name": name, "sentences": _sentences(f, language),
        "chart": charts.bars(history, f.unit),
        "wide": charts.is_wide(history), "alt": charts.in_words(name, history, f.unit),
        "reasons": _reasons(f, content, language),
        "splits": [_split(f, split, language) for split in f.splits if split["classes"]],
        "note": _("A company or person can be in several classes: together they may exceed the total.")
        if any(split["overlaps"] and split["classes"] for split in f.splits) else "",
    }  # fmt: skip


def _sentences(f: FrozenFigure, language: str) -> list[str]:
    unit = "" if f.unit == "%" else f" ({unit_name(f.unit)})"
    said = [_("Actual: %(value)s%(unit)s.", value=shown(f.actual, f.unit), unit=unit)]
    share = percent(f.actual, f.target)
    if f.target is not None and share is None:
        said.append(_("Target: %(value)s.", value=shown(f.target, f.unit)))
    elif f.target is not None:
        said.append(_("Target: %(value)s (%(share)s reached).", value=shown(f.target, f.unit),
                      share=shown(share, "%")))  # fmt: skip
    if f.threshold is not None:
        said.append(_("Minimum threshold: %(value)s.", value=shown(f.threshold, f.unit)))
    if f.numerator is not None and f.denominator is not None:
        said.append(
            _("%(part)s of %(whole)s", part=shown(f.numerator, ""), whole=shown(f.denominator, "")) + "."
        )
    said.append(
        ngettext("%(num)d row counted", "%(num)d rows counted", f.counted) + ", "
        + ngettext("%(num)d seen and not counted.", "%(num)d seen and not counted.", f.not_counted)
    )  # fmt: skip
    source = _of(f, language, "source")
    return [*said, f"{_('Means of verification')}: {source}."] if source else said


def _reasons(f: FrozenFigure, content: dict, language: str) -> list[str]:
    """Why rows were seen and not counted, the most frequent first (R7)."""
    place = ("it", "en").index(language)
    counts = Counter(row.reason for row in f.rows if row.reason and row.part in ("", "numerator"))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [f"{content['reasons'][code][place]}: {n}" for code, n in ordered]


def _split(f: FrozenFigure, split: dict, language: str) -> dict:
    return {
        "title": attribute_name(split["attribute"]),
        "rows": [[_of(c, language), shown(decimal(c["actual"]), f.unit)] for c in split["classes"]],
    }  # fmt: skip


def _evidence(report: Report, language: str) -> list[dict]:
    """Per activity line every activity that counts, by date, with its files."""
    lines = {line["code"]: _of(line, language) for line in report.frozen.content["lines"]}
    files: dict[tuple[str, int], list[FrozenFile]] = defaultdict(list)
    for file in report.frozen.files:
        files[file.kind, file.subject_id].append(file)
    by_line: dict[str, list[dict]] = defaultdict(list)
    for row, codes in _activities(report):
        by_line[row.line].append({
            "date": short_date(row.on) if row.on else "–", "title": row.title, "codes": ", ".join(codes),
            "files": [_file(file) for file in files[row.kind, row.subject_id]] or ["–"],
        })  # fmt: skip
    return [
        {
            "title": f"{code}) {lines.get(code, '')}" if code else _("Without an activity line"),
            "rows": by_line[code],
        }
        for code in sorted(by_line, key=lambda code: (not code, code))
    ]


def _activities(report: Report) -> list[tuple[FrozenRow, list[str]]]:
    """A row of each activity that some figure counts, with the codes of those figures; by date."""
    found: dict[tuple[str, int], tuple[FrozenRow, list[str]]] = {}
    for figure in report.frozen.figures:
        for row in figure.rows:
            if row.table != "activities" or row.reason is not None:
                continue
            codes = found.setdefault((row.kind, row.subject_id), (row, []))[1]
            if figure.code not in codes:
                codes.append(figure.code)
    return sorted(found.values(), key=lambda pair: (pair[0].on or date.min, pair[0].title, pair[0].id))


def _file(file: FrozenFile) -> str:
    if not file.sha256:
        return file.note or file.code
    return f"{file.name} ({file_size(file.size)}, {file.sha256[:HASH_SHOWN]}…)"


def _rules(content: dict, language: str) -> list[str]:
    """Exclusions and evidence in force, in words."""
    said = [
        _("A company counts once in each period and once in the plan, by its tax id."),
        _("Presence counts, not registration. What was seen and not counted is listed with its reason."),
    ]
    for e in content["exclusions"]:
        until = _day(e["valid_until"]) if e["valid_until"] else _("until further notice")
        said.append(_("Exclusion: %(why)s (from %(start)s, %(end)s).", why=_of(e, language, "reason"),
                      start=_day(e["valid_from"]), end=until))  # fmt: skip
    needed = defaultdict(list)
    for line in content["checklist"]:
        needed[line["verb"]].append(_of(line, language))
    said += [
        _("Evidence of %(what)s: %(names)s.", what=VERBS.get(verb, verb), names=", ".join(names))
        for verb, names in needed.items()
    ]
    return said


def _replaced(content: dict, language: str) -> dict:
    """What a second sign-off of the same period changed; empty for a first one."""
    found = content.get("replaces")
    if not found:
        return {"title": "", "rows": [], "words": ""}
    title = _("What changed since sign-off no. %(number)s", number=found["number"])
    words = _("No figure changed.") if not found["changes"] else ""
    return {"title": title, "rows": _adjusted(found["changes"], language), "words": words}


def _adjusted(entries: list[dict], language: str) -> list[dict]:
    place = ("it", "en").index(language)
    return [
        {
            "period": period_name(e["period"]), "code": e["code"], "name": _of(e, language),
            "reported": shown(decimal(e["reported"]), e["unit"]),
            "known": shown(decimal(e["known"]), e["unit"]),
            "because": [
                (f"{_day(c['on'])}: " if c["on"] else "") + c["said"][place] for c in e["changes"]
            ],
        }
        for e in entries
    ]  # fmt: skip
