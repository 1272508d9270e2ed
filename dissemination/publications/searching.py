"""Asking the full-text index (`index.py`): which publications have all the words, newest first.

Hits are read in the order of the list and only as many as a page shows, so that a common word costs no more
than a rare one. The public finds what describes public works and the texts of files that everybody may read;
the desk finds drafts and every text.
"""

from dataclasses import dataclass

from sqlalchemy import Integer, Select, String, bindparam, column, literal_column, select, table, text

from dissemination.bibliography.words import Term, terms_of
from dissemination.kernel.database import db, is_sqlite
from dissemination.publications.index import NAME, SPREAD
from dissemination.publications.models import Publication

AT_LEAST = 501
"""PostgreSQL does not know how rare a rare word is: asked for one page it walks the whole list in its order
to fill it. Asked for this many it takes the index for rare words, and walks quickly for common ones."""


@dataclass(frozen=True)
class Narrow:
    """What the index itself knows of a publication beside its words."""

    district_id: int
    public: bool
    kind: str = ""
    year: int | None = None
    sector_id: int | None = None

    @property
    def tags(self) -> list[str]:
        """The tags that a row must have."""
        found = [f"d{self.district_id}", "pub" if self.public else "", f"k{self.kind}" if self.kind else ""]
        found += [f"y{self.year:04d}" if self.year is not None else ""]
        found += [f"s{self.sector_id}" if self.sector_id is not None else ""]
        return [tag for tag in found if tag]


def ids(
    words: str, narrow: Narrow, *, conditions=(), before: int | None = None, limit: int
) -> list[int]:  # fmt: skip
    """The ids of at most `limit` publications that have all of `words`, newest first.

    `conditions` are further ones on Publication, `before` is the key (`index.key_of`) that all are older
    than. Empty when `words` holds no word at all.
    """
    terms = terms_of(words)
    if not terms:
        return []
    found = _hits(terms, narrow)
    key = found.selected_columns[0]
    if conditions:
        found = found.join(Publication, Publication.id == key.bitwise_and(SPREAD - 1)).where(*conditions)
    if before is not None:
        found = found.where(key < before)
    asked = limit if is_sqlite() else max(limit, AT_LEAST)
    most = literal_column(str(asked), Integer)
    rows = db.session.scalars(found.order_by(key.desc()).limit(most)).all()
    return [row & (SPREAD - 1) for row in rows[:limit]]


def _hits(terms: list[Term], narrow: Narrow) -> Select:
    if is_sqlite():
        found = table(NAME, column("rowid"))
        return select(found.c.rowid).where(
            text(f"{NAME} MATCH :asked").bindparams(asked=_fts5(terms, narrow))
        )
    found = table(NAME, column("key"), column("district_id"), column("public"))
    condition = text(f"{NAME}.vector @@ CAST(:asked AS tsquery)")
    # As a literal: of a prepared statement PostgreSQL plans for words of which it knows nothing.
    asked = bindparam("asked", _tsquery(terms, narrow), String, literal_execute=True)
    hits = select(found.c.key).where(condition.bindparams(asked))
    hits = hits.where(found.c.district_id == narrow.district_id)
    return hits.where(found.c.public) if narrow.public else hits


def _fts5(terms: list[Term], narrow: Narrow) -> str:
    """The search as FTS5 reads it (§3). Words hold letters and digits only, so quotes cannot be broken."""
    columns = "{meta body}" if narrow.public else "{meta body hidden}"
    parts = ["tags : (" + " AND ".join(f'"{tag}"' for tag in narrow.tags) + ")"]
    for term in terms:
        if term.phrase:
            spelled = '"' + " ".join(term.phrase) + '"'
        elif term.prefix:
            spelled = f'"{term.prefix}" *'
        else:
            spelled = " OR ".join(f'"{word}"' for word in term.spellings)
        parts.append(f"{columns} : ({spelled})")
    return " AND ".join(parts)


def _tsquery(terms: list[Term], narrow: Narrow) -> str:
    """The search as PostgreSQL reads it (§8.11.2), with the weights of what may be found."""
    weights = "AB" if narrow.public else "ABC"
    parts = [f"'#{tag}'" for tag in narrow.tags if tag[0] in "kys"]
    for term in terms:
        if term.phrase:
            parts.append("(" + " <-> ".join(f"'{word}':{weights}" for word in term.phrase) + ")")
        elif term.prefix:
            parts.append(f"'{term.prefix}':*{weights}")
        else:
            parts.append("(" + " | ".join(f"'{word}':{weights}" for word in term.spellings) + ")")
    return " & ".join(parts)
