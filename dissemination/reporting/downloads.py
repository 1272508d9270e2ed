"""The documents of a period, one by one or all in one archive. Attendance sheets hold names: no cache."""

from flask import Response, abort, request

from dissemination.kernel.rights import Role, requires
from dissemination.reporting import delivered, queries
from dissemination.reporting.desk import desk, period_or_404
from dissemination.reporting.frozen import Report


def _report(district, period_id) -> Report:
    """What was signed, of `?number=` or in force; a draft while nothing is."""
    period = period_or_404(district, period_id)
    number = request.args.get("number", type=int)
    signed = queries.sign_off(period, number)
    if signed is not None:
        return delivered.signed_report(signed)
    if number is not None:
        abort(404)
    return delivered.draft(period.plan, queries.calendar_period(period))


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, mimetype=kind, headers=headers)


@desk.get("/<int:period_id>/package.zip")
@requires(Role.VIEWER)
def package(district, period_id):
    """Everything in one archive."""
    report = _report(district, period_id)
    return _file(delivered.package(report), delivered.ZIP, f"{report.name}.zip")


@desk.get(f"/<int:period_id>/files/<any({', '.join(repr(n) for n in delivered.WRITERS)}):name>")
@requires(Role.VIEWER)
def document(district, period_id, name):
    """One of the files."""
    report = _report(district, period_id)
    kind, write = delivered.WRITERS[name]
    return _file(write(report), kind, f"{report.name}-{name}")
