"""Long imports, done by the worker: read with progress, then entered in one transaction."""

import logging

from flask_babel import lazy_gettext as _l

from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.publications import finishing
from dissemination.publications.finishing import Choice
from dissemination.publications.importing import preview
from dissemination.publications.models import Import

log = logging.getLogger("dissemination.publications")
FAILED = _l("Something went wrong here. Try again; if it fails again, split the file.")


def import_queued() -> int:
    """Do the imports that wait; how many were done. A refusal is told on the import's page."""
    done = 0
    for upload_id in finishing.waiting():
        with transaction():
            mine = finishing.claim(upload_id)
        if not mine:
            continue
        try:
            _import(upload_id)
            done += 1
        except Refusal as refusal:
            db.session.rollback()
            with transaction():
                finishing.give_up(upload_id, str(refusal.message))
        except Exception:  # whatever it is, it would come again after each lease, and nobody be told
            log.exception("import %d failed", upload_id)
            db.session.rollback()
            with transaction():
                finishing.give_up(upload_id, str(FAILED))
    return done


def _import(upload_id: int) -> None:
    def tell(count: int) -> None:
        with transaction():
            finishing.note_progress(upload_id, count)

    upload = db.session.get_one(Import, upload_id)
    wanted, district_id, language = upload.wanted, upload.district_id, upload.language
    data = files.read(upload.file)
    found = preview(district_id, data, language=language, tell=tell)
    with transaction():
        upload = db.session.get_one(Import, upload_id)
        by = db.session.get(Account, upload.imported_by) if upload.imported_by else None
        finishing.finish(upload, found, Choice.from_json(wanted or {}), by=by)
