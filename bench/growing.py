"""The same answers of an instance that holds much and of one that holds little."""

import statistics
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from bench.bench_pages import _application, _instance
from bench.measure import Result


def compared(
    measure: str, names: Iterable[str], *, fill: Callable[[int], None], take: Callable, few: int, many: int,
    rounds: int, goal: float,
) -> list[Result]:  # fmt: skip
    """Each of `names` at `many` rows against `few`, by turns, medians of `rounds`.

    `fill(rows)` fills an instance; `take(application, rows)` gives `{name: seconds}` of one round.
    """
    names, sides = list(names), []
    with ExitStack() as stack:
        for rows in (few, many):
            environment = stack.enter_context(_instance())
            with _application(environment):
                fill(rows)
            sides.append((rows, environment))
        taken: dict[str, dict[int, list[float]]] = {name: {few: [], many: []} for name in names}
        for _ in range(rounds):
            for rows, environment in sides:
                with _application(environment) as application:
                    for name, seconds in take(application, rows).items():
                        taken[name][rows].append(seconds)
    return [_result(f"{measure}.{name}", taken[name], few, many, rounds, goal) for name in names]


def _result(
    name: str, taken: dict[int, list[float]], few: int, many: int, rounds: int, goal: float
) -> Result:
    small, large = (statistics.median(taken[rows]) * 1000 for rows in (few, many))
    return Result(
        name.replace(" ", "_"), round(large, 2), f"ms at {many} rows", f"ms at {few} rows", round(small, 2),
        round(large / small, 2), f"<= {goal:g}", large <= goal * small, rounds,
    )  # fmt: skip
