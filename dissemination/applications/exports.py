"""The applications as lines of a table, under the names that the import reads."""

from collections.abc import Iterator

from dissemination.applications import queries
from dissemination.applications.models import Application, Stage
from dissemination.applications.queries import Wanted
from dissemination.applications.stages import days
from dissemination.districts.models import District

BATCH = 200
DAYS = {
    "submitted_on": Stage.SUBMITTED, "assessment_on": Stage.ASSESSMENT, "waiting_list_on": Stage.WAITING_LIST,
    "not_admitted_on": Stage.NOT_ADMITTED, "funded_on": Stage.FUNDED, "started_on": Stage.STARTED,
    "reported_on": Stage.REPORTED, "paid_on": Stage.PAID, "waived_on": Stage.WAIVED,
    "revoked_on": Stage.REVOKED,
}  # fmt: skip


def head() -> list[str]:
    """The columns."""
    return [
        "id", "tax_id", "company", "call", "services", "title", "stage", "protocol_number", "cost",
        "requested", "granted", "paid", "partners", *DAYS, "without_audit",
    ]  # fmt: skip


def lines(district: District, wanted: Wanted) -> list[list]:
    """Every application that the filters leave, newest first."""
    return [_line(application) for application in _all(district, wanted)]


def _all(district: District, wanted: Wanted) -> Iterator[Application]:
    after = None
    while True:
        page = queries.listed(district.id, wanted=wanted, after=after, size=BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _line(a: Application) -> list:
    on = days(a)
    amounts = ("" if x is None else f"{x:.2f}" for x in (a.cost, a.requested, a.granted, a.paid))
    return [
        a.id, a.company.tax_id or "", a.company.name, a.call.slug, " + ".join(s.code for s in a.services),
        a.title, a.stage.value, a.protocol_number, *amounts, " ".join(p.tax_id or p.name for p in a.partners),
        *(on.get(stage, "") for stage in DAYS.values()), a.without_audit,
    ]  # fmt: skip
