"""Whether a stored file is still what was uploaded: its bytes are read and hashed anew."""

import hashlib

from dissemination.kernel import files
from dissemination.kernel.files import StoredFile
from dissemination.plan.log import Evidence

OK, LOST, CHANGED = "ok", "lost", "changed"


def check(stored: StoredFile) -> str:
    """ "ok", "lost" (the storage has no such file) or "changed" (its bytes are others)."""
    return _compare(stored, stored.sha256)


def check_proof(proof: Evidence) -> str:
    """As `check`, against the hash that was noted with the proof when it was attached; "" for a note."""
    if proof.file is None:
        return "" if proof.file_id is None else LOST
    return _compare(proof.file, proof.sha256 or proof.file.sha256)


def _compare(stored: StoredFile, sha256: str) -> str:
    try:
        found = hashlib.sha256(files.read(stored)).hexdigest()
    except FileNotFoundError:
        return LOST
    return OK if found == sha256 else CHANGED
