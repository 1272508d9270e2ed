"""How a company does beside others of its kind: medians of the five dimensions, and nobody's points.

Never of fewer than FEWEST other companies, of each of which the latest scored audit is taken. How many they
are is said in steps only, and who they are nowhere: nobody's points follow from a difference of two answers.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select

from dissemination.audits import queries
from dissemination.audits.models import Audit, Dimension, Score
from dissemination.audits.states import FROM_THE_VISIT
from dissemination.kernel.database import db
from dissemination.people.models import Company

FEWEST = 5
STEPS = (5, 10, 20, 50, 100, 200)


class Among(StrEnum):
    """With whom a company is compared."""

    SECTOR_AND_SIZE = "sector_and_size"
    SECTOR = "sector"
    ALL = "all"


@dataclass(frozen=True)
class Beside:
    """One dimension: the company's points, the median of the others (None: too few), at least how many."""

    dimension: Dimension
    points: int
    note: str
    median: float | None
    at_least: int


@dataclass(frozen=True)
class Benchmark:
    """The dimensions in which the company was scored; `among` None where too few others were."""

    among: Among | None
    rows: tuple[Beside, ...]


def of(audit: Audit) -> Benchmark | None:
    """The audit's scores beside those of the same sector and size, else of the sector, else of all companies
    of the district that were scored; None for an audit without scores."""
    scores = sorted(audit.scores, key=lambda s: list(Dimension).index(s.dimension))
    if not scores:
        return None
    company = queries.standing_company(audit)
    for among, conditions in _circles(company):
        counts = _counts(company, conditions)
        if all(sum(counts[score.dimension].values()) >= FEWEST for score in scores):
            return Benchmark(among, tuple(_beside(score, counts[score.dimension]) for score in scores))
    return Benchmark(None, tuple(_beside(score, {}) for score in scores))


def _circles(company: Company):
    if company.sector_id and company.size:
        yield Among.SECTOR_AND_SIZE, (Company.sector_id == company.sector_id, Company.size == company.size)
    if company.sector_id:
        yield Among.SECTOR, (Company.sector_id == company.sector_id,)
    yield Among.ALL, ()


def _counts(company: Company, conditions) -> dict[Dimension, dict[int, int]]:
    """{dimension: {points: how many other companies}}, by the latest scored audit of each. One query."""
    root = func.coalesce(Company.merged_into_id, Company.id)
    scored = select(Score.id).where(Score.audit_id == Audit.id).exists()
    last = func.row_number().over(partition_by=root, order_by=(Audit.visited_on.desc(), Audit.id.desc()))
    ours = (
        select(Audit.id.label("audit_id"), root.label("root_id"), last.label("place"))
        .join(Company, Company.id == Audit.company_id)
        .where(
            Audit.district_id == company.district_id, Audit.state.in_(FROM_THE_VISIT), scored,
            Company.district_id == company.district_id,
        )
        .subquery()
    )  # fmt: skip
    query = (
        select(Score.dimension, Score.points, func.count())
        .join(ours, ours.c.audit_id == Score.audit_id)
        .join(Company, Company.id == ours.c.root_id)
        .where(ours.c.place == 1, ours.c.root_id != company.id, *conditions)
        .group_by(Score.dimension, Score.points)
    )
    found: dict[Dimension, dict[int, int]] = {dimension: {} for dimension in Dimension}
    for dimension, points, many in db.session.execute(query):
        found[dimension][points] = many
    return found


def _beside(score: Score, counts: dict[int, int]) -> Beside:
    many = sum(counts.values())
    enough = many >= FEWEST
    at_least = max((step for step in STEPS if step <= many), default=0)
    return Beside(score.dimension, score.points, score.note, _median(counts) if enough else None, at_least)


def _median(counts: dict[int, int]) -> float:
    values = [points for points in sorted(counts) for _one in range(counts[points])]
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
