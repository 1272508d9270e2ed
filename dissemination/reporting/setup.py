"""Tells the plan's pages who knows what was reported."""

from dissemination.plan import signed
from dissemination.reporting import queries


def init_app(app) -> None:  # noqa: ARG001 (every package's setup takes it)
    """Register the answers of this package below."""
    signed.register(queries.reported)
