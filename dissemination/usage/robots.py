"""Who is a robot, by the list of Project COUNTER beside this file (`robots.txt`: data, with its source)."""

import re
from functools import cache, lru_cache
from pathlib import Path


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether a User-Agent is of a robot; who does not name one is taken for a robot, as the list does."""
    return _pattern().search(agent[:1000]) is not None


@cache
def _pattern() -> re.Pattern:
    return re.compile("|".join(f"(?:{line})" for line in lines()), re.IGNORECASE)


def lines() -> list[str]:
    """The regular expressions of the list."""
    text = Path(__file__).with_name("robots.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
