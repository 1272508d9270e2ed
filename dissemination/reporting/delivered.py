"""Everything that goes to the Region for a period, by name: one click, or one command."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator

from dissemination.kernel.clock import now
from dissemination.plan.models import Plan
from dissemination.plan.periods import Period
from dissemination.reporting import adjustments, bundle, document, freezing, opendata, queries, workbook
from dissemination.reporting.frozen import Report, Signature
from dissemination.reporting.models import SignOff

PDF, ZIP, CSV = "application/pdf", "application/zip", "text/csv"
WRITERS: dict[str, tuple[str, Callable[[Report], bytes]]] = {
    "report.it.pdf": (PDF, lambda report: document.render(report, "it")),
    "report.en.pdf": (PDF, lambda report: document.render(report, "en")),
    "report.it.xlsx": (workbook.XLSX, lambda report: workbook.render(report, "it")),
    "report.en.xlsx": (workbook.XLSX, lambda report: workbook.render(report, "en")),
    "evidence.zip": (ZIP, bundle.render),
    "open-data.csv": (CSV, opendata.render),
}


def signed_report(found: SignOff) -> Report:
    """The report of what was signed."""
    frozen = queries.frozen(found)
    intact = queries.is_intact(found, frozen)
    signature = Signature(
        number=found.number, at=found.at, by=found.by_name, despite=found.despite, sha256=found.sha256,
        intact=intact, withdrawn=found.reopened_because,
    )  # fmt: skip
    return Report(frozen, signature, now())


def draft(plan: Plan, period: Period) -> Report:
    """The report of a period as it is known now, unsigned."""
    earlier = adjustments.as_json(queries.sign_offs_in_force(plan, before=period.start))
    return Report(
        freezing.freeze(plan, period, earlier=earlier, replaces=_replaced(plan, period)), None, now()
    )


def _replaced(plan: Plan, period: Period) -> dict | None:
    """The last sign-off of the period, reopened, and what changed since: a new one says both."""
    found = queries.by_code(plan, period.code)
    former = found.sign_offs[-1] if found and found.sign_offs else None
    if former is None or former.reopened_at is None:
        return None
    return {
        "number": former.number, "at": former.at.isoformat(), "reopened": former.reopened_at.isoformat(),
        "because": former.reopened_because, "changes": adjustments.as_json([former]),
    }  # fmt: skip


def files(report: Report) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file, then the checksums of them all."""
    sums = []
    for name, (_kind, write) in WRITERS.items():
        content = write(report)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        yield name, content
    yield bundle.SUMS, "".join(sums).encode()


def package(report: Report) -> bytes:
    """All files in one ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files(report):
            archive.writestr(bundle.member(name, report.at), content)
    return out.getvalue()
