"""What the checks of an issue say: a level, a code, words, and where it is put right."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Whether a finding stops the sending."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """Something to put right: in a block, or among the issue's facts when `block_id` is None."""

    level: Level
    code: str
    message: str
    block_id: int | None = None
    in_words: bool = False  # what is wrong is what a person wrote in the block
