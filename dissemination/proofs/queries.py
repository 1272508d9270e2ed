"""What is still to be proven in a district, how complete its evidence is, and the files themselves."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import g, has_request_context, url_for
from sqlalchemy import false, func, select, tuple_
from sqlalchemy.orm import joinedload

from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.kernel.paging import Page, page
from dissemination.people.accounts import Account
from dissemination.plan import holders
from dissemination.plan import queries as plans
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import ActivityLine, EvidenceRequirement, EvidenceState
from dissemination.plan.periods import Period
from dissemination.proofs import judging


@dataclass(frozen=True)
class Lack:
    """An activity whose evidence is not complete. `missing`: lines of the checklist in words."""

    kind: str
    subject_id: int
    verb: str
    title: str
    on: date
    line: str
    missing: tuple[str, ...]
    url: str
    who: Account | None


def missing(
    district_id: int, *, period: Period | None = None, after: str | None = None, verb: str | None = None,
    who: int | None = None,
) -> Page:  # fmt: skip
    """A page of Lack: what the log has and its evidence does not prove, the latest first.

    `verb` narrows to a kind of activity, `who` to those that an account organises.
    """
    verbs = {verb} if verb else judging.verbs_asked(district_id)
    query = judging.standing(district_id, verbs).join(EvidenceState, judging.state_of_row())
    query = query.where(EvidenceState.complete.is_(False))
    if period is not None:
        query = query.where(Activity.happened_on.between(period.start, period.end))
    if who is not None:
        query = query.where(_of_account(query, who))
    found = page(query, columns=[Activity.happened_on, Activity.id], after=after, descending=True)
    return Page(_lacks(district_id, found.rows), found.next)


def _of_account(query, account_id: int):
    """Rows whose subject that account organises; asked of the holders, who know."""
    ids = query.with_only_columns(Activity.subject_kind, Activity.verb, Activity.subject_id)
    by_verb: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, verb, subject_id in db.session.execute(ids):
        by_verb[(kind, verb)].append(subject_id)
    mine = []
    for (kind, verb), found in by_verb.items():
        people = organisers(kind, verb, found)
        mine += [(kind, subject_id) for subject_id in found if people.get(subject_id) == account_id]
    if not mine:
        return false()
    return tuple_(Activity.subject_kind, Activity.subject_id).in_(mine)


def organisers(kind: str, verb: str, ids: list[int]) -> dict[int, int | None]:
    """Who is to be reminded of each subject: its organiser, else whoever logged it."""
    holder = holders.of(verb, kind)
    found = dict(holder.who(ids)) if holder is not None else {}
    rest = [subject_id for subject_id in ids if found.get(subject_id) is None]
    if rest:
        query = select(Activity.subject_id, func.max(Activity.recorded_by)).where(
            Activity.subject_kind == kind, Activity.subject_id.in_(rest), Activity.verb == verb
        )
        rows = db.session.execute(query.group_by(Activity.subject_id))
        found |= {row[0]: row[1] for row in rows}
    return found


def _lacks(district_id: int, rows: list[Activity]) -> list[Lack]:
    """As many queries for a page of a hundred as for one."""
    by_verb: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        by_verb[(row.subject_kind, row.verb)].append(row.subject_id)
    places: dict[tuple[str, int], str] = {}
    people: dict[tuple[str, int], int | None] = {}
    for (kind, verb), ids in by_verb.items():
        places |= {(kind, subject_id): url for subject_id, url in where(kind, verb, ids).items()}
        people |= {(kind, subject_id): a for subject_id, a in organisers(kind, verb, ids).items()}
    lacking = _codes(rows)
    names, lines, accounts = _names(district_id), _lines(rows), _accounts(people.values())
    found = []
    for row in rows:
        codes = lacking.get((row.subject_kind, row.subject_id, row.verb), [])
        found.append(
            Lack(
                row.subject_kind, row.subject_id, row.verb, row.title, row.happened_on,
                lines.get(row.activity_line_id or 0, ""),
                tuple(names.get((row.verb, code), code) for code in codes),
                places.get((row.subject_kind, row.subject_id), ""),
                accounts.get(people.get((row.subject_kind, row.subject_id)) or 0),
            )
        )  # fmt: skip
    return found


def where(kind: str, verb: str, ids: list[int]) -> dict[int, str]:
    """The desk page of each subject; none outside a request, where no address can be made."""
    if not has_request_context():
        return {}
    holder = holders.of(verb, kind)
    if holder is not None:
        return holder.where(ids)
    return {subject_id: subjects.url(kind, subject_id) or "" for subject_id in ids}


def _codes(rows: list[Activity]) -> dict[tuple[str, int, str], list[str]]:
    ids = {row.subject_id for row in rows}
    query = select(EvidenceState).where(EvidenceState.subject_id.in_(ids), EvidenceState.complete.is_(False))
    states = db.session.scalars(query)
    return {(s.subject_kind, s.subject_id, s.verb): s.missing for s in states}


def _names(district_id: int) -> dict[tuple[str, str], str]:
    rows = plans.evidence_requirements(district_id)
    return {(r.verb, r.code): translated(r, "name") for r in rows}


def _lines(rows: list[Activity]) -> dict[int, str]:
    ids = {row.activity_line_id for row in rows if row.activity_line_id}
    query = select(ActivityLine.id, ActivityLine.code).where(ActivityLine.id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(query)}


def _accounts(ids: Iterable[int | None]) -> dict[int, Account]:
    wanted = {account_id for account_id in ids if account_id}
    query = select(Account).where(Account.id.in_(wanted))
    return {account.id: account for account in db.session.scalars(query)}


def waiting(district_id: int, *, period: Period | None = None, verb: str | None = None) -> list[Lack]:
    """Activities that took place and are in no log yet, because nobody closed their books: oldest first."""
    found: list[Lack] = []
    for holder in holders.every():
        if verb and holder.verb != verb:
            continue
        rows = [
            p for p in holder.pending(district_id) if period is None or period.start <= p.on <= period.end
        ]
        ids = [p.subject_id for p in rows]
        if not ids:
            continue
        places, people = where(holder.kind, holder.verb, ids), holder.who(ids)
        accounts = _accounts(people.values())
        query = select(ActivityLine.id, ActivityLine.code)
        query = query.where(ActivityLine.id.in_({p.line_id for p in rows if p.line_id}))
        codes = {row[0]: row[1] for row in db.session.execute(query)}
        found += [
            Lack(holder.kind, p.subject_id, holder.verb, p.title, p.on, codes.get(p.line_id or 0, ""),
                 p.missing, places.get(p.subject_id, ""), accounts.get(people.get(p.subject_id) or 0))
            for p in rows
        ]  # fmt: skip
    return sorted(found, key=lambda lack: (lack.on, lack.kind, lack.subject_id))


def completeness(district_id: int, start: date, end: date) -> tuple[int, int]:
    """(complete, seen): of the activities of these days that have to prove something, those that do.

    What was not looked at yet is not complete.
    """
    verbs = set(
        db.session.scalars(
            select(EvidenceRequirement.verb).where(EvidenceRequirement.district_id == district_id).distinct()
        )
    )
    query = judging.standing(district_id, verbs).outerjoin(EvidenceState, judging.state_of_row())
    query = query.where(Activity.happened_on.between(start, end))
    complete = func.count().filter(EvidenceState.complete.is_(True))
    row = db.session.execute(query.with_only_columns(complete, func.count())).one()
    return row[0], row[1]


def unseen(district_id: int, start: date, end: date) -> int:
    """How many activities of these days were not looked at yet: the worker does within five minutes."""
    query = judging.standing(district_id, judging.verbs_asked(district_id))
    query = query.outerjoin(EvidenceState, judging.state_of_row())
    query = query.where(Activity.happened_on.between(start, end), EvidenceState.verb.is_(None))
    return db.session.execute(query.with_only_columns(func.count())).scalar_one()


def files_of(pairs: Iterable[tuple[str, int]]) -> list[Evidence]:
    """The evidence of subjects that stands, with its files: subjects in the order given, each one's codes
    in the order of the checklist, then as they were added."""
    order = {pair: n for n, pair in enumerate(pairs)}
    by_kind: dict[str, list[int]] = defaultdict(list)
    for kind, subject_id in order:
        by_kind[kind].append(subject_id)
    found: list[Evidence] = []
    for kind, ids in by_kind.items():
        for start in range(0, len(ids), judging.BATCH):
            query = select(Evidence).where(
                Evidence.subject_kind == kind, Evidence.subject_id.in_(ids[start : start + judging.BATCH]),
                Evidence.removed_at.is_(None),
            )  # fmt: skip
            found += db.session.scalars(query.options(joinedload(Evidence.file)))
    places = _places({proof.district_id for proof in found})
    return sorted(
        found,
        key=lambda p: (
            order[(p.subject_kind, p.subject_id)], places.get((p.district_id, p.code), 10**6), p.code, p.id
        ),
    )  # fmt: skip


def _places(district_ids: set[int]) -> dict[tuple[int, str], int]:
    query = select(EvidenceRequirement).where(EvidenceRequirement.district_id.in_(district_ids))
    rows = db.session.scalars(query.order_by(EvidenceRequirement.position.desc()))
    return {(r.district_id, r.code): r.position for r in rows}


def proof(district_id: int, evidence_id: int) -> Evidence | None:
    """A proof of the district, removed ones too; None for another's."""
    query = select(Evidence).where(Evidence.id == evidence_id, Evidence.district_id == district_id)
    return db.session.scalar(query.options(joinedload(Evidence.file)))


def subject_rows(district_id: int, kind: str, subject_id: int) -> list[Activity]:
    """The standing log rows about a subject whose verb has a checklist, oldest first."""
    query = judging.standing(district_id, judging.verbs_asked(district_id))
    query = query.where(Activity.subject_kind == kind, Activity.subject_id == subject_id)
    return list(db.session.scalars(query.order_by(Activity.id)))


def pages(district_id: int, subjects: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The page of evidence of each subject that has a checklist: one query."""
    query = judging.standing(district_id, judging.verbs_asked(district_id))
    query = query.where(tuple_(Activity.subject_kind, Activity.subject_id).in_(subjects))
    columns = Activity.subject_kind, Activity.subject_id
    return {
        (kind, n): url_for("proofs_desk.show", district=g.district, kind=kind, subject_id=n)
        for kind, n in db.session.execute(query.with_only_columns(*columns).distinct())
    }
