"""The floors of ARCHITECTURE.md, checked by reading imports, deferred ones too."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "kernel": 0, "delivery": 1, "bibliography": 1, "districts": 2, "people": 3, "plan": 4, "seals": 5, "editions": 5,
    "pastyears": 5, "workshops": 5, "publications": 5, "research": 5, "calls": 5, "guests": 6, "audits": 6, "submissions": 6, "usage": 6, "registrations": 7, "visits": 7, "applications": 7, "attendance": 8,
    "certificates": 9, "feedback": 9, "followups": 9, "proofs": 9, "forecast": 9, "statistics": 9,
    "harvest": 9, "subscriptions": 9, "newsletters": 10, "reporting": 11, "timelines": 11, "privacy": 12, "front": 13, "sample": 14,
}  # fmt: skip
# Inside a package: a module imports only modules of a lower step.
STEPS = {
    "models": 0, "accounts": 1, "log": 1, "queries": 2, "rules": 2, "texts": 2,
    "figures": 3, "forms": 4, "mails": 4, "activity": 4, "actions": 6,
    "setup": 7, "views": 8, "api": 8, "jobs": 8, "cli": 9,
}  # fmt: skip
"""Packages whose other modules have a step of their own (see each package's docstring)."""
# fmt: off
OWN_STEPS: dict[str, dict[str, float]] = {
    # The catalogue and periods are plain data; counting is the rule as SQL; rows stand behind figures.
    "plan": {
        "saved": 1.5, "holders": 1.5, "wording": 1.5, "walking": 2, "bounds": 5, "claims": 5, "tree": 5.5, "guards": 0.5, "signed": 1.5, "past_targets": 3.8, "digests": 1.5, "catalogue": 1.5, "periods": 1.5, "counting": 2.5, "tallies": 2.6, "contract": 2.7, "keeping": 2.8, "kept": 2.85, "orphans": 3, "rows": 3.5,
        "rulebooks": 2.3, "readings": 2.5, "splits": 3.1, "series": 3.2, "panel": 3.2, "trial": 3.6, "sentences": 3.3, "charts": 3.4, "proof_files": 2,
        "rule_forms": 4.1, "rulebook_forms": 4.2, "rulebook_actions": 6.1, "judging": 3.5, "row_pages": 7.6, "rule_pages": 7.6, "rulebook_pages": 7.7, "fields": 3.5, "counting_forms": 4,
        "exports": 6.5,
        "public": 7.5, "desk": 7.5, "editor": 7.6,
    },
    "seals": {"texts": 1, "strict": 1, "marks": 1, "sealing": 5, "verifying": 5.5, "desk": 7.5},
    "pastyears": {"texts": 1, "faults": 2.5, "reading": 3, "mapping": 3.5, "judging": 4, "entering": 5, "proving": 5, "desk": 7.5},
    "newsletters": {
        # Rows beside issues, sources and what blocks show come before what is made of them.
        "drafts": -1, "findings": 0.2, "refusals": 0.5, "fields": 1, "colours": 1, "sources": 1.5, "texts": 2, "live": 2.5,
        "pictures": 2.5, "shown": 2.8, "looks": 2.8, "problems": 3, "corrections": 3, "content": 3.5, "framing": 3.5,
        "differences": 3.5, "personal": 4.2, "preflight": 4.5, "versions": 4.8, "block_forms": 3.8, "templates": 5, "sending": 5, "composing": 6.2, "common": 7.2,
        "archive": 7.5, "desk": 7.5, "dispatch": 7.5, "frames": 7.4, "block_pages": 7.55, "composer": 7.6, "compose_pages": 7.6,
        "picture_pages": 7.5, "template_pages": 7.6,
        "quiet": 0.5, "markup": 0.5, "marks": 0.5, "checks": 1, "dispatches": 1, "readers": 3.2,
        "clicks": 4.2, "notices": 4.2, "proving": 4.2, "upcoming": 4.2, "evidence": 4.8, "history": 2.2, "approving": 5.2, "scheduling": 5.4, "rehearsing": 5.4,
        "outcome": 5.4, "archiving": 5, "settling": 5, "returned": 5.4, "exports": 7.5, "reports": 7.3, "dispatch_forms": 4, "steering": 7.6, "approval_desk": 7.6,
        "rehearsal_desk": 7.6, "settings_desk": 7.6, "outcome_desk": 7.6, "clicked": 7.6, "domain": 0.5,
    },
    # Conditions make segments, segments audiences; the files of an import are read before it is entered.
    "subscriptions": {
        "hooks": 1, "suppression": 1.5, "texts": 1.8, "conditions": 2.1, "doubles": 2.1, "audience": 2.5, "figures": 2.5, "ledger": 2.5, "import_queries": 2.5, "why": 2.5,
        "formats": 1.5, "desk_forms": 4.1, "segment_forms": 4, "segments": 5, "exclusions": 5, "choices": 5, "subscribing": 5, "mailto": 5.5, "digests": 5.5, "entering": 5.5, "importing": 5.6,
        "common": 7.2, "public": 7.5, "topics": 7.5, "desk": 7.5, "embed": 7.6, "segments_desk": 7.5, "audience_desk": 7.5, "imports_desk": 7.5, "suppressions_desk": 7.5,
    },
    "workshops": {
        "refusals": 0.5, "slots": 0.5, "words": 1.5, "questions": 2.5, "questions_forms": 4, "questions_desk": 7.5, "agenda": 2.5, "profiles": 3, "programme": 3.5, "desk_forms": 4,
        "naming": 3, "facts": 5, "linked": 5, "feeds": 5.5, "shape": 5.5, "kept": 6.5, "materials": 6.2, "series": 6.2, "templates": 6.2, "clashes": 6.2, "gaps": 6.4, "outlook": 6.4,
        "desk": 7.5, "public": 7.5, "series_desk": 7.6, "templates_desk": 7.6, "speakers_desk": 7.6, "materials_desk": 7.6,
    },
    "registrations": {"refusals": 0.5, "export_rows": 3.5, "exports": 7.5, "reports": 7.3, "mails_of_data": 4.5, "gauge": 5.6, "gauge_pages": 7.6, "answer_fields": 2.2, "answers": 3, "plain": 0.5, "known": 3.5, "mails_of_links": 4.5, "registering": 6.7, "ahead": 6.8, "form_desk": 7.75, "answer_pages": 7.8, "embed": 7.7, "recognised": 7.7, "sections": 1, "kept": 1, "rooms": 1, "history": 1, "seating": 1.5, "hours": 1, "unasked": 1.2, "fullness": 1.5, "mails_of_seats": 4.5, "line": 5.2, "entering": 5.3, "proofs": 5.4, "groups": 5.5, "offers": 5.5, "approvals": 5.5, "pools": 5.5, "substitutes": 5.5, "moves": 5.5, "mine_forms": 4.2, "mine_seat": 7.7, "mine_group": 7.7, "desk_forms": 4, "rows": 3, "desk_people": 7.6, "desk_pools": 7.6, "posts": 3, "pairing": 3.5, "invitations": 5, "calendars": 2.5, "rehearsing": 5.2, "replies": 6.5, "asking": 6.5, "board": 7.6, "rehearsal": 7.6, "coming": 7.6, "feeds": 7.6, "desk": 7.5, "public": 7.5, "mine": 7.6, "materials": 7.6},
    "guests": {"refusals": 0.5, "texts": 2.5, "forms": 4.5, "screening": 3, "lists": 3.5, "desk": 7.5, "adding": 7.6, "mailing": 7.6, "public": 7.5},
    "attendance": {
        "refusals": 0.5, "texts": 0.5, "times": 1, "codes": 1, "platform": 3, "missing": 3, "presence": 5, "evidence": 5, "proving": 5.4, "closing": 5.2, "papers": 5, "door": 5.5,
        "desk": 7.5, "public": 7.5, "record": 7.5,
    },
    "delivery": {
        "mail": 0, "suppressed": 1, "elements": 0, "loads": 0, "verp": 0, "calendar": 0.5, "itip": 0.5, "reports": 0.5, "authentication": 0.5, "inbound": 1, "imap": 6.5, "receiving": 6.8, "bounces": 6.6, "encoding": 0.5, "lint": 0.5, "mjml": 1,
        "letters": 1.5, "transport": 1.3, "relay": 4, "sendings": 1.2, "replies": 4.1, "domains": 3.8, "connecting": 4.3, "expansion": 6.2, "recall": 5, "leases": 4, "session": 4.2, "smtp": 4.5, "recording": 4.55, "ledger": 4.6, "hand": 4.8, "outbox": 6,
        "sending": 6.5, "worker": 8.5,
    },
    "certificates": {"codes": 0.5, "refusals": 0.5, "texts": 2.5, "documents": 5, "desk": 7.5, "public": 7.6},
    "feedback": {
        "refusals": 0.5, "questions": 1, "texts": 1.5, "results": 3, "exports": 4.5, "desk": 7.5, "public": 7.5,
    },
    "forecast": {"estimating": 1, "sources": 2, "making": 3, "texts": 4, "desk": 7.5},
    "statistics": {"texts": 2.5, "tables": 3, "exports": 4, "desk": 7.5},
    "front": {"desk": 7},
    # What a plan holds as data comes first; documents, versions and copies are made of it.
    "editions": {
        "texts": 1, "schema": 1, "content": 1.5, "differences": 3, "document": 3, "word": 3.2, "printing": 3.5, "keeping": 5,
        "reading": 3, "transfer": 5.5, "desk": 7.5, "public": 7.5, "printing_desk": 7.6, "copies_desk": 7.6,
    },
    "proofs": {"texts": 1, "checking": 1.5, "judging": 1.5, "previews": 3, "reminding": 6.2, "desk": 7.5},
    # Values and texts first, then the formats, then what an import would do; pages by who reads them.
    "bibliography": {
        "kinds": 0, "words": 0.5, "records": 1, "vocabulary": 1, "rights": 1.2, "latex": 1.5, "braces": 1.5, "fields": 2, "reading": 2.2, "jsontext": 2.3,
        "building": 2.5, "bibtex": 3, "datacite": 3, "dublincore": 3, "ris": 3, "csljson": 3, "citing": 3, "table": 3,
        "datacitejson": 3.5, "formats": 4, "readers": 4,
    },
    "publications": {
        "access": 1, "refusals": 0.5, "life": 5.6, "versions": 2.5, "reading": 6.5, "states": 1, "members": 3, "sending": 5, "naming": 6.5, "reader_pages": 7.2,
        "texts": 1.5, "funding": 1, "life_forms": 4, "life_desk": 7.2, "links_desk": 7.2, "linking": 5.6, "affiliations": 4.5, "authors_desk": 7.2,
        "index": 0.5, "searching": 1.5, "contents": 1.5, "pdf": 0, "extracting": 7, "reindexing": 7, "hooks": 1.5, "findable": 3,
        "metadata": 4,
        "importing": 5, "logged": 5, "proving": 5.2, "facts": 5, "intake": 5.5, "downloads": 1, "related": 2.8, "described": 3, "jsonld": 4.5, "signposting": 4.8, "landing": 6.5, "exports": 7.2, "feeds": 7.2, "public": 7, "desk": 7,
        "merging": 3, "finishing": 6.5, "queued": 7.5, "resolving": 5, "doubles": 6.7, "lists": 7.5, "uploads": 7.5, "doubles_desk": 7.6,
    },
    "usage": {"robots": 0, "counting": 1, "noting": 4, "logged": 5, "panels": 5, "proving": 5.5, "desk": 7.5},
    "submissions": {"texts": 1, "public": 7.5, "desk": 7.5},
    "visits": {
        "refusals": 0.5, "texts": 0.5, "sheets": 1, "photos": 3, "content": 3, "documents": 4, "shown": 4.5, "taking": 5,
        "desk": 7.5, "sheet_desk": 7.6, "report_desk": 7.6, "public": 7.5,
    },
    "audits": {
        "refusals": 0.5, "hooks": 1, "states": 1, "texts": 1, "logged": 4.5, "contents": 5, "life": 5, "appointments": 5.5, "answers": 6, "proving": 6.5,
        "planning": 3, "benchmarks": 3, "columns": 1, "importing": 6.5, "desk": 7.5, "steps_desk": 7.6, "contents_desk": 7.6, "appointments_desk": 7.6, "imports_desk": 7.6,
    },
    # A request is read, what it asks for is found, written in a format, and put into an answer.
    "harvest": {
        "refusals": 0.5, "requests": 1, "tokens": 1.2, "sets": 1.5, "answers": 2.5, "formats": 3, "verbs": 4, "sitemaps": 4,
    },
    "people": {
        "hooks": 1.5, "deferred": 0, "__init__": 0.1, "names": 0.2, "describing": 0.5, "imports": 6.5, "access": 6.2, "throttle": 6.2, "gate": 6.8, "desk": 7.2,
        "companies": 7.5, "contacts": 7.5, "uploads": 7.5, "settings": 7.5, "account": 7.5,
    },
    "privacy": {
        "terms": 0, "wiping": 3, "encounters": 3.3, "contacts": 3.5, "held": 3.6, "dossier": 4, "purge": 5, "sweeping": 5, "desk": 7.5,
        "person": 7.6, "public": 7.5,
    },
    # What others give and frozen values first; documents are made of what was frozen, never of live rows.
    "reporting": {
        "refusals": 0.5, "frozen": 1, "signatures": 1.2, "given": 1.5, "freezing": 3, "checklist": 3, "adjustments": 4, "verifying": 4, "comparing": 5, "charts": 3,
        "kept": 5, "overview": 5, "document": 6.2, "workbook": 6.2, "bundle": 6.2, "opendata": 6.2, "delivered": 6.4,
        "desk": 7.5, "downloads": 7.6, "region": 7.5, "public": 7.5,
    },
    "timelines": {
        "texts": 1, "scope": 1.5, "sources": 2.5, "told": 2.4, "deeds": 2.6, "effects": 2.5, "history": 2.8, "next_steps": 3, "area_meetings": 3, "exports": 5,
        "desk": 7.5, "effects_desk": 7.5, "public": 7.5,
    },
    "research": {"texts": 1, "logged": 3, "answers": 5, "labs": 5, "meetings": 5, "agreements": 5, "proving": 6.5, "desk": 7.5, "public": 7.5, "meetings_desk": 7.5, "agreements_desk": 7.5},
    "applications": {
        "refusals": 0.5, "stages": 1, "texts": 1.5, "likeness": 1, "money": 1.8, "logged": 2.5, "matching": 2.5, "proving": 3, "exports": 3, "board": 3, "life": 5, "alerts": 5, "leaving": 5.5, "panels": 5.5,
        "importing": 6.5, "bringing": 6.8, "desk": 7.4, "alerts_desk": 7.5, "areas_desk": 7.5, "files_desk": 7.5, "public": 7.5,
    },
    "calls": {
        "hooks": 1, "moments": 0.5, "starter": 1, "standing": 1, "texts": 1.5, "tables": 6.5, "feeds": 5, "public": 7, "desk": 7.5, "services_desk": 7.6,
    },
    "followups": {"fields": 1, "timing": 1, "ready": 1.5, "mails": 3.5, "desk": 7.5},
}
# fmt: on


def imports(tree):
    """(line, dotted module, imported name or None) for every import in `tree`, deferred ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            for alias in node.names:
                yield node.lineno, node.module or "", alias.name


def step_of(package, module):
    """The step of a module, or None when it has none (floor 0 has no steps)."""
    return OWN_STEPS.get(package, {}).get(module, STEPS.get(module))


def breaches(package, module, source):
    """The lines of `source` (module `module` of `package`) that import upward."""
    for line, target, name in imports(ast.parse(source)):
        parts = target.split(".")
        if parts[0] in ("app", "config") and package != "roof":
            yield f"{package}/{module}.py:{line} imports {parts[0]}, which is above every floor"
        if parts[0] != "dissemination":
            continue
        if len(parts) == 1:
            parts.append(name)
        other = parts[1]
        if FLOORS[other] > FLOORS[package] or (FLOORS[other] == FLOORS[package] and other != package):
            yield f"{package}/{module}.py:{line} (floor {FLOORS[package]}) imports {other} (floor {FLOORS[other]})"
        elif other == package and package not in ("kernel", "sample"):
            inner = parts[2] if len(parts) > 2 else name
            here, there = step_of(package, module), step_of(package, inner)
            if here is None:
                yield f"{package}/{module}.py has no step: give it one in OWN_STEPS"
            elif there is not None and there >= here and inner != module:
                yield f"{package}/{module}.py:{line} (step {here}) imports {inner} (step {there})"


def files():
    """Every module of ours below a floor: (package, module, path)."""
    for path in sorted((ROOT / "dissemination").glob("*/**/*.py")):
        relative = path.relative_to(ROOT / "dissemination")
        if relative.parts[0] in FLOORS:
            yield relative.parts[0], path.stem, path


@pytest.mark.parametrize(
    ("package", "module", "path"), [pytest.param(*f, id="/".join(f[:2])) for f in files()]
)
def test_a_package_imports_only_floors_below_it(package, module, path):
    assert list(breaches(package, module, path.read_text())) == []


@pytest.mark.parametrize(
    ("package", "module", "source", "found"),
    [
        ("people", "actions", "from dissemination.plan import models", "people/actions.py:1 (floor 3) imports plan (floor 4)"),
        ("workshops", "views", "def f():\n    from dissemination.publications import queries", "workshops/views.py:2 (floor 5) imports publications (floor 5)"),
        ("plan", "models", "from dissemination.plan.actions import x", "plan/models.py:1 (step 0) imports actions (step 6)"),
        ("kernel", "clock", "import config", "kernel/clock.py:1 imports config, which is above every floor"),
    ],
)  # fmt: skip
def test_a_planted_breach_is_caught(package, module, source, found):
    assert list(breaches(package, module, source)) == [found]


def test_every_package_has_a_floor():
    packages = {p.name for p in (ROOT / "dissemination").iterdir() if (p / "__init__.py").exists()}
    assert packages == set(FLOORS)


def test_no_file_is_longer_than_400_lines():
    long = {str(p): n for _, _, p in files() if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}
