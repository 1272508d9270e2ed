"""The search index of workshops: whole folded words, found by how they begin.

A table of our own rather than full-text search of the databases: it is the same on both, and a search
costs what it shows, at 100,000 workshops as at 100.
"""

import re

from sqlalchemy import Select, delete, func, select

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.workshops.models import Workshop, WorkshopWord

FEW = 1000  # so many hits are looked up by id; more are found by walking the list in its order


def words_of(text: str) -> list[str]:
    """The folded words of `text`, each once, as the search index keeps them."""
    return list(dict.fromkeys(w[:40] for w in re.findall(r"\w+", fold(text)) if len(w) > 1))


def index(workshop) -> None:
    """Keep the words by which the workshop is found: titles, theme, place, sessions, speakers."""
    speakers = [p for s in workshop.sessions for p in s.speakers]
    text = " ".join([
        workshop.title_it, workshop.title_en, workshop.theme, workshop.venue, workshop.address,
        *(f"{s.title_it} {s.title_en}" for s in workshop.sessions),
        *(f"{p.name} {p.affiliation}" for p in speakers),
    ])  # fmt: skip
    wanted = set(words_of(text))
    mine = WorkshopWord.workshop_id == workshop.id
    had = set(db.session.scalars(select(WorkshopWord.word).where(mine)))
    if had - wanted:
        db.session.execute(delete(WorkshopWord).where(mine, WorkshopWord.word.in_(had - wanted)))
    db.session.add_all(
        WorkshopWord(district_id=workshop.district_id, workshop_id=workshop.id, word=word)
        for word in sorted(wanted - had)
    )
    db.session.flush()


def narrowed(query: Select, district: District, text: str, *, rare: Select | None = None) -> Select:
    """`query` for the district's workshops that have a word beginning with each word of `text`.

    Rare words are looked up by id, common ones row by row. `rare`: ids to choose from, if they are few.
    """
    few = _few(rare) if rare is not None else None
    for word in words_of(text):
        ids = _few(_ids_with(district, word))
        if ids is not None:
            few = ids if few is None else few & ids
            continue
        # substr() keeps planners off the index by word, which would be read whole for every row.
        same = func.substr(WorkshopWord.word, 1, len(word)) == word
        query = query.where(select(1).where(WorkshopWord.workshop_id == Workshop.id, same).exists())
    if few is None:
        return query.where(Workshop.district_id == district.id)
    # "+ 0" keeps planners from walking the whole list in its order when a few ids are known.
    return query.where(Workshop.district_id + 0 == district.id, Workshop.id.in_(sorted(few)))


def _few(ids: Select) -> set[int] | None:
    found = list(db.session.scalars(ids.limit(FEW)))
    return set(found) if len(found) < FEW else None


def _ids_with(district: District, word: str) -> Select:
    return select(WorkshopWord.workshop_id).where(
        WorkshopWord.district_id == district.id,
        WorkshopWord.word >= word,
        WorkshopWord.word < f"{word}\U0010ffff",
    )
