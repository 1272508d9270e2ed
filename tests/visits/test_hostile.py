"""What a device sends that lies, is far too large, or comes twice at the very same moment."""

import struct
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dissemination.audits.models import Audit
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.plan.log import Activity, Evidence
from dissemination.visits import actions, documents, photos, queries, sheets
from dissemination.visits.models import VisitSheet
from dissemination.visits.refusals import WrongPhoto
from tests.racing import at_once
from tests.visits import cast


@pytest.fixture
def audit(moda, ada):
    with transaction():
        return cast.planned(moda, ada)


@pytest.mark.parametrize("seen", [2**31, 2**63, 10**400, -1])
def test_a_version_that_no_audit_ever_has_is_refused(audit, ada, sign_in, seen):
    body = {"key": "sheet-key-1", "seen_version": seen, "facts": cast.facts()}
    answer = sign_in(ada).post(f"/moda/desk/audits/{audit.id}/visit/sheets", json=body)
    assert (answer.status_code, answer.json["outcome"]) == (422, "refused")


@pytest.mark.parametrize("size", [(12_000, 12_000), (5_000, 4_001), (1, 12_001), (0, 5)])
def test_a_small_png_that_unpacks_into_a_gigabyte_is_refused(size):
    head = struct.pack(">IIBBBBB", *size, 8, 6, 0, 0, 0)
    with pytest.raises(WrongPhoto):
        photos.check(cast.png()[:16] + head + cast.png()[29:])
    photos.check(cast.png())


def test_a_signed_sheet_that_two_devices_send_at_once_is_taken_once_and_the_other_waits(app, audit, ada):
    audit_id, ada_id, seen, facts = audit.id, ada.id, audit.version, sheets.read(cast.facts())
    drawn = sheets.read_signature(cast.facts(signature=cast.signature(), signed_by="Mara Blu"))[2]
    paper = documents.signed_sheet(
        audit, facts, signed_by="Mara Blu", signed_role="", signature=drawn, at=audit.created_at, by="Ada"
    )  # fmt: skip

    def device(key):
        def read():
            audit, ada = db.session.get(Audit, audit_id), db.session.get(Account, ada_id)
            sent = {"key": key, "seen_version": seen, "facts": facts, "document": paper}
            return lambda: actions.take(audit, **sent, by=ada)

        return read

    keys = ("phone-key-1", "tablet-key-1", "phone-key-1", "tablet-key-1")
    assert at_once(app, *(device(key) for key in keys)) == ["done"] * 4
    taken = db.session.scalars(select(VisitSheet.taken).order_by(VisitSheet.taken)).all()
    assert taken == [False, True]
    proofs = select(func.count()).select_from(Evidence).where(Evidence.subject_kind == "audits")
    assert db.session.scalar(proofs) == 1
    rows = db.session.execute(select(Activity.verb, func.count()).group_by(Activity.verb)).all()
    assert dict(rows) == {"audit.visited": 1, "audit.area_found": 1}
    assert len(db.session.get(Audit, audit_id).areas) == 1


def test_readers_who_left_the_company_do_not_keep_the_others_from_being_reminded(moda, ada):
    with transaction():
        _audit, gone = cast.shared(moda, ada)
        audit = cast.drafted(moda, ada, name="Filatura Neri")
        stays = cast.contact_of(audit, "eva@neri.example")
        actions.share(audit, [stays], by=ada)
        gone.company_id = None
    found = queries.unread(shared_before=now() + timedelta(seconds=1), most=1)
    assert [sharing.contact_id for sharing in found] == [stays.id]
