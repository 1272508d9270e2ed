"""What was signed off, held against its hashes, its mark and the chain: part of verifying the log."""

from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.reporting import queries
from dissemination.reporting.models import ReportingPeriod, SignedFigure, SignOff
from dissemination.seals.models import LogHead, Place
from dissemination.seals.queries import chain_at, printed
from dissemination.seals.verifying import Finding


def findings(district_id: int) -> Iterator[Finding]:
    """What is not as it was signed off, or is gone."""
    told = select(LogHead.about, LogHead.position).order_by(LogHead.id)
    told = told.where(LogHead.district_id == district_id, LogHead.place == Place.SIGN_OFF)
    heads = db.session.execute(told).all()  # before the sign-offs: one that comes now has no head here
    query = select(SignOff.id, ReportingPeriod.code, SignOff.number, SignOff.period_id).join(SignOff.period)
    query = query.where(ReportingPeriod.district_id == district_id)
    rows = db.session.execute(query.order_by(ReportingPeriod.id, SignOff.number)).all()
    for sign_off_id, code, number, _period in rows:
        yield from _sign_off(district_id, sign_off_id, f"{code}/{number}")
    for before, (_id, code, number, period) in pairwise([(0, "", 0, 0), *rows]):
        if number != (before[2] + 1 if before[3] == period else 1):
            yield Finding("signed", detail=f"{code}/{number}")
    there = {f"{code}/{number}" for _id, code, number, _period in rows}
    for about, position in heads:
        if about not in there:
            yield Finding("signed", position, detail=about)


def _sign_off(district_id: int, sign_off_id: int, name: str) -> Iterator[Finding]:
    try:
        found = db.session.get_one(SignOff, sign_off_id, populate_existing=True)
        as_signed = queries.is_intact(found, queries.frozen(found)) and _belongs(found)
        position, chain = found.position, found.chain
    except Exception:  # whatever a hand-made value does to a reader
        yield Finding("signed", detail=name)
        return
    if not as_signed:
        yield Finding("signed", position, detail=name)
    sealed = chain_at(district_id, position)
    if sealed is None or sealed.hex() != chain:
        yield Finding("rewritten", position, detail=f"{name} {printed(position, chain)}")


def _belongs(found: SignOff) -> bool:
    """Whether each signed row's hash is its own, and the period still has the days that were signed."""
    period, said = found.period, found.content["period"]
    days = (period.code, period.starts_on.isoformat(), period.ends_on.isoformat())
    if days != (said["code"], said["start"], said["end"]):
        return False
    figures = select(SignedFigure).where(SignedFigure.sign_off_id == found.id)
    return all(
        (f.code, f.rows_sha256) == (f.content["code"], queries.hash_of_rows(f))
        for f in db.session.scalars(figures)
    )
