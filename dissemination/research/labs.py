"""A laboratory's verbs: entered, revised, shown to the public, hidden, retired, offered again."""

from flask_babel import lazy_gettext as _l

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import fold
from dissemination.people.accounts import Account
from dissemination.people.actions import hold_version
from dissemination.research.models import Laboratory


class NothingToShow(Refusal):
    """A page without competences helps nobody."""

    message = _l("Write what the laboratory can do before the public sees it.")


class Retired(Refusal):
    """It is offered to nobody."""

    message = _l("The laboratory is no longer offered. Offer it again first.")


def add(district: District, *, by: Account | None, **facts) -> Laboratory:
    """Enter a laboratory. Nobody outside sees it until it is published. `facts`: see `forms`."""
    row = Laboratory(district_id=district.id, created_at=now(), created_by=by.id if by else None)
    _write(row, facts)
    db.session.add(row)
    db.session.flush()
    return row


def revise(laboratory: Laboratory, *, version: int, **facts) -> Laboratory:
    """Change what is known of it. Raises ChangedMeanwhile."""
    hold_version(laboratory, version)
    _write(laboratory, facts)
    db.session.flush()
    return laboratory


def _write(laboratory: Laboratory, facts: dict) -> None:
    for name, value in facts.items():
        setattr(laboratory, name, value)
    laboratory.name_folded = fold(laboratory.name)[:200]
    parts = (
        laboratory.competences_it, laboratory.competences_en, laboratory.equipment_it,
        laboratory.equipment_en, *(laboratory.keywords or ()),
    )  # fmt: skip
    laboratory.words = fold(" ".join(part or "" for part in parts))


def publish(laboratory: Laboratory) -> None:
    """Show it to the public. Raises NothingToShow, Retired."""
    if laboratory.retired_at is not None:
        raise Retired
    if not (laboratory.competences_it or laboratory.competences_en):
        raise NothingToShow
    laboratory.published_at = laboratory.published_at or now()
    laboratory.version += 1
    db.session.flush()


def hide(laboratory: Laboratory) -> None:
    """Let the public see it no more."""
    laboratory.published_at = None
    laboratory.version += 1
    db.session.flush()


def retire(laboratory: Laboratory) -> None:
    """Offer it to nobody any more; what was arranged with it stays."""
    laboratory.retired_at = laboratory.retired_at or now()
    laboratory.version += 1
    db.session.flush()


def offer_again(laboratory: Laboratory) -> None:
    """It is there after all."""
    laboratory.retired_at = None
    laboratory.version += 1
    db.session.flush()
