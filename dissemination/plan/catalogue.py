"""The starter catalogue as data: `catalogue.toml` beside this file, read once."""

from functools import cache
from pathlib import Path


@cache
def catalogue() -> dict[str, list[dict]]:
    """`indicators`, `exclusions` and `evidence` as written in the file. Do not change what you get."""
    import tomllib

    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))
