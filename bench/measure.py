"""What a measure yields, and how two ways of doing the same are measured side by side.

A shared machine makes bare times worthless: ours and a control run in turns within one run, and the
figure is the ratio of the medians.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line of bench/results.jsonl. `holds` is None where there is nothing to judge."""

    name: str
    value: float
    unit: str
    control: str
    control_value: float | None
    ratio: float | None
    goal: str
    holds: bool | None
    rounds: int


def alternating(rounds: int, **ways: Callable[[], float]) -> dict[str, list[float]]:
    """Run every way once per round, in turns and in changing order; all figures by way."""
    figures: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for turn in range(rounds):
        for name in order if turn % 2 == 0 else reversed(order):
            figures[name].append(ways[name]())
    return figures


def medians(figures: dict[str, list[float]]) -> dict[str, float]:
    """The median of each way."""
    return {name: statistics.median(values) for name, values in figures.items()}


def report(name: str, value: float, *, unit: str, control: str, control_value: float | None, goal: str,
           holds: Callable[[float], bool] | None, rounds: int) -> Result:  # fmt: skip
    """A result whose ratio is `value` to `control_value`, judged by `holds(ratio)`."""
    ratio = value / control_value if control_value else None
    verdict = None if holds is None or ratio is None else holds(ratio)
    return Result(name, value, unit, control, control_value, ratio, goal, verdict, rounds)
