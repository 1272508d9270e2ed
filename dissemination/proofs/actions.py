"""Keeping up what each activity still has to prove; adding, taking back, checking proofs. Never commits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from dissemination.kernel import clock, files
from dissemination.kernel.database import db, insert_into
from dissemination.kernel.files import StoredFile
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.plan import actions as plans
from dissemination.plan import holders
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import EvidenceState
from dissemination.proofs import checking, judging

CHECKED_AT_ONCE = 200


class NoReason(Refusal):
    """A proof is taken back with a reason."""

    status = 422
    field = "reason"
    message = _l("Write why the file was wrong: it is kept with the reason.")


class Note(Refusal):
    """Neither a file nor a word."""

    status = 422
    field = "files"
    message = _l("Choose a file, or write what proves it.")


def judge(district_id: int, subjects: Iterable[tuple[str, int, str]]) -> int:
    """Look at the evidence of (kind, id, verb) anew and keep what was found; how many are complete."""
    by_verb: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, subject_id, verb in subjects:
        by_verb[(kind, verb)].append(subject_id)
    complete = 0
    for (kind, verb), ids in sorted(by_verb.items()):
        for start in range(0, len(ids), judging.BATCH):
            complete += _judge(district_id, kind, verb, ids[start : start + judging.BATCH])
    return complete


def _judge(district_id: int, kind: str, verb: str, ids: Sequence[int]) -> int:
    found = judging.judge(district_id, kind, verb, ids)
    seen = {judged.subject_id for judged in found}
    gone = [subject_id for subject_id in ids if subject_id not in seen]
    if gone:  # their rows were reversed: there is nothing to prove
        db.session.execute(
            delete(EvidenceState).where(
                EvidenceState.subject_kind == kind, EvidenceState.verb == verb,
                EvidenceState.subject_id.in_(gone),
            )
        )  # fmt: skip
    if found:
        _keep(district_id, found)
    return sum(not judged.missing for judged in found)


def _keep(district_id: int, found: list[judging.Judged]) -> None:
    statement = insert_into(EvidenceState)
    changed = ("complete", "missing", "counted_at")
    statement = statement.on_conflict_do_update(
        index_elements=["subject_kind", "subject_id", "verb"],
        set_={name: statement.excluded[name] for name in changed},
    )
    rows = [
        {
            "subject_kind": j.kind, "subject_id": j.subject_id, "verb": j.verb, "district_id": district_id,
            "complete": not j.missing, "missing": list(j.missing), "counted_at": clock.now(),
        }
        for j in found
    ]  # fmt: skip
    db.session.execute(statement, rows)


def judge_district(district_id: int, *, everything: bool = False) -> int:
    """Look at what is new, was asked to be looked at again, or was not complete; `everything`: at all."""
    return judge(district_id, judging.to_judge(district_id, everything=everything))


def judge_subjects(kind: str, ids: Sequence[int]) -> None:
    """Look at these subjects again, whatever logged them: their evidence changed."""
    query = select(Activity.district_id, Activity.subject_id, Activity.verb).where(
        Activity.subject_kind == kind, Activity.subject_id.in_(list(ids))
    )
    by_district: dict[int, set[tuple[str, int, str]]] = defaultdict(set)
    for district_id, subject_id, verb in db.session.execute(query.distinct()):
        by_district[district_id].add((kind, subject_id, verb))
    for district_id, subjects in sorted(by_district.items()):
        asked = judging.verbs_asked(district_id)
        judge(district_id, sorted(s for s in subjects if s[2] in asked))


def add(
    district_id: int, kind: str, subject_id: int, *, code: str, uploads: Sequence[tuple[BinaryIO, str]],
    note: str, by: Account,
) -> list[Evidence]:  # fmt: skip
    """Attach files (stream, name), or a note alone, as proof of a line of the checklist.

    Raises files.WrongFileType, files.EmptyFile, Note.
    """
    if not uploads and not note.strip():
        raise Note
    stored: list[StoredFile | None] = [_stored(stream, name, district_id) for stream, name in uploads]
    stored = stored or [None]
    added = [
        Evidence(
            district_id=district_id, subject_kind=kind, subject_id=subject_id, code=code, file=file,
            note=note.strip()[:500], sha256=file.sha256 if file is not None else "", condition="",
            added_at=clock.now(), added_by=by.id,
        )
        for file in stored
    ]  # fmt: skip
    db.session.add_all(added)
    db.session.flush()
    holders.changed(kind, [subject_id])
    return added


def _stored(stream: BinaryIO, name: str, district_id: int) -> StoredFile:
    try:
        return files.put(stream, name, district_id=district_id)
    except (files.WrongFileType, files.EmptyFile) as refusal:  # of several files: which one
        raise type(refusal)(f"{name[-100:]}: {refusal.message}") from None


def remove(proof: Evidence, *, reason: str, by: Account) -> None:
    """Let a proof that was wrong count no more; it stays with the reason. Twice is once.

    Raises NoReason, and what the subject's own package refuses.
    """
    if proof.removed_at is not None:
        return
    if not reason.strip():
        raise NoReason
    holder = holders.of_kind(proof.subject_kind)
    if holder is not None and holder.remove is not None:
        holder.remove(proof.subject_id, proof, reason, by)
    else:
        plans.remove_evidence(proof, reason=reason, by=by)


def note_conditions(found: Sequence[tuple[int, str]]) -> list[Evidence]:
    """Keep what the disk said of proofs: (id, condition); those that are no longer what was uploaded."""
    proofs = {
        p.id: p for p in db.session.scalars(select(Evidence).where(Evidence.id.in_([i for i, _c in found])))
    }
    touched: dict[str, set[int]] = defaultdict(set)
    broken = []
    for proof_id, condition in found:
        proof = proofs.get(proof_id)
        if proof is None:
            continue
        if proof.condition != condition:
            touched[proof.subject_kind].add(proof.subject_id)
        proof.condition, proof.checked_at = condition, clock.now()
        if condition in holders.BROKEN:
            broken.append(proof)
    db.session.flush()
    for kind, ids in sorted(touched.items()):
        holders.changed(kind, sorted(ids))
    return broken


def check_next(most: int = CHECKED_AT_ONCE) -> list[tuple[int, str]]:
    """Read the files that were checked longest ago and compare them with their hash: (id, condition).

    Reads from the storage, so outside a transaction; `note_conditions` keeps the answer.
    """
    query = select(Evidence).where(Evidence.file_id.is_not(None), Evidence.removed_at.is_(None))
    query = query.order_by(Evidence.checked_at.is_not(None), Evidence.checked_at, Evidence.id).limit(most)
    return [(proof.id, checking.check_proof(proof)) for proof in db.session.scalars(query)]


holders.listen(judge_subjects)
