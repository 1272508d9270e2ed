"""The state of a publication as a condition of queries: the same as `Publication.state`."""

from sqlalchemy import ColumnElement, select

from dissemination.publications.models import Publication, State, Withdrawal


def in_state(state: State) -> ColumnElement[bool]:
    """Rows of Publication in that state."""
    public, newer = Publication.published_at.is_not(None), Publication.superseded_at.is_not(None)
    taken_back = select(Withdrawal.id).where(Withdrawal.publication_id == Publication.id).exists()
    approved, asked = Publication.approved_at.is_not(None), Publication.review_asked_at.is_not(None)
    never = ~public & ~taken_back
    return {
        State.PUBLISHED: public & ~newer,
        State.SUPERSEDED: public & newer,
        State.WITHDRAWN: ~public & taken_back,
        State.APPROVED: never & approved,
        State.REVIEW: never & ~approved & asked,
        State.DRAFT: never & ~approved & ~asked,
    }[state]
