"""Publications that the district has twice: found by DOI, ISBN, or title and year, and merged into one."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, select, update

from dissemination.bibliography.records import keys_of_record
from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.publications import access, actions, contents, finishing, hooks, linking
from dissemination.publications.merging import How
from dissemination.publications.models import Publication, PublicationFile, State, Withdrawal


class NoDouble(Refusal):
    """Somebody merged or changed them meanwhile."""

    message = _l("These publications are no longer duplicates. Look at the list again.")


class OpensFiles(Refusal):
    """Files would come to readers for whom they are not."""

    message = _l(
        "The files of a duplicate are for fewer readers than those of the publication that stays. Give both "
        "the same access first, or merge the other way round. Nothing was merged."
    )


def groups(district: District) -> list[list[Row]]:
    """The district's duplicates, each group oldest first; without versions of one work and withdrawn ones."""
    names = (
        "id",
        "slug",
        "kind",
        "doi",
        "isbn",
        "title_it",
        "title_en",
        "issued",
        "published_at",
        "created_at",
    )
    withdrawn = select(Withdrawal.id).where(Withdrawal.publication_id == Publication.id).exists()
    query = select(*(getattr(Publication, name) for name in names)).where(
        Publication.district_id == district.id, Publication.previous_id.is_(None),
        Publication.superseded_at.is_(None), Publication.published_at.is_not(None) | ~withdrawn,
    )  # fmt: skip
    group_of: dict[str, list[Row]] = {}
    for row in db.session.execute(query.order_by(Publication.id)):
        together = [row]
        for other in {id(g): g for key in keys_of_record(row) if (g := group_of.get(key))}.values():
            together = [*other, *together]
        for one in together:
            group_of |= dict.fromkeys(keys_of_record(one), together)
    found = {id(group): group for group in group_of.values() if len(group) > 1}
    return [sorted(group, key=lambda row: row.id) for group in found.values()]


def group_with(district: District, publication: Publication) -> list[Publication]:
    """The duplicates of `publication`, without it."""
    for group in groups(district):
        ids = [row.id for row in group]
        if publication.id in ids:
            ids.remove(publication.id)
            found = select(Publication).where(Publication.id.in_(ids), Publication.district_id == district.id)
            return list(db.session.scalars(found.order_by(Publication.id)))
    return []


def merge(publication: Publication, others: list[Publication], *, address: str, by: Account | None) -> None:
    """Put what `others` say and hold into `publication`; then remove their drafts and withdraw public ones.

    `address`: where `publication` stands, which the pages of those withdrawn name. Raises NoDouble,
    OpensFiles, and what `actions.revise` raises.
    """
    district = publication.district
    # One after the other, in one order: two people may merge the same two at once, each into the other.
    mine = select(Publication.id).where(Publication.id.in_([publication.id, *(o.id for o in others)]))
    db.session.execute(mine.order_by(Publication.id).with_for_update())
    doubles = {double.id for double in group_with(district, publication)}
    if not others or any(other.id not in doubles for other in others):
        raise NoDouble
    at = clock.now()
    if any(other.files and access.opens_up(other, publication, at) for other in others):
        raise OpensFiles
    for other in others:
        reason = _("Merged with its duplicate “%(title)s”", title=other.title_it or other.title_en)
        finishing.merge(publication, other, How.COMPLETE, by=by, reason=reason)
        db.session.execute(
            update(PublicationFile)
            .where(PublicationFile.publication_id == other.id)
            .values(publication_id=publication.id)
        )
        contents.move(other.id, publication.id)
        linking.take_over(publication, other)
        hooks.merged(other, publication)
        db.session.expire(other)
        if other.state is State.PUBLISHED:
            actions.withdraw(other, reason=_("Duplicate of %(address)s", address=address), by=by)
        else:
            actions.remove(other)
    db.session.expire(publication)
    actions.files_changed(publication, by)
