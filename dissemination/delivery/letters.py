"""Letters (placeholder while written)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rendered:
    """A mail as one recipient would see it."""

    html: str
    text: str
    raw: bytes


def preview(mail, merge: dict, calendar=None) -> Rendered:
    """`mail` compiled with sample values."""
    raise NotImplementedError
