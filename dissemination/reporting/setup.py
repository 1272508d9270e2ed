"""Tells the plan's pages who knows what was reported, and the verification of the log what was signed."""

from dissemination.plan import signed
from dissemination.reporting import queries, verifying
from dissemination.seals import verifying as log


def init_app(app) -> None:  # noqa: ARG001 (every package's setup takes it)
    """Register the answers of this package below."""
    signed.register(queries.reported)
    log.register(verifying.findings)
