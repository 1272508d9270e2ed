"""The text of a PDF file that somebody brought, read by pypdf in a child process with limits.

A PDF may be made to use up time or memory; then only the child ends. Nothing in it is run, and the child
knows no setting and no secret of ours. `python -m dissemination.publications.pdf 30 500000000 < FILE` prints
what it found as JSON.
"""

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
MOST_PAGES = 2000
MOST_CHARACTERS = 2_000_000
MEMORY = 768 * 1024 * 1024
SECONDS = 30  # of the processor; the clock gives it twice as long


@dataclass(frozen=True)
class Found:
    """What reading gave: `state` is a value of `contents.Reading`."""

    state: str
    text: str = ""
    pages: int = 0


def read(data: bytes, *, seconds: int = SECONDS, memory: int = MEMORY) -> Found:
    """The text of a PDF file, without layout; limits in seconds of the processor and bytes of memory."""
    if len(data) > MOST_BYTES:
        return Found("too_heavy")
    order = [sys.executable, "-m", "dissemination.publications.pdf", str(seconds), str(memory)]
    try:
        child = subprocess.run(
            order, input=data, capture_output=True, timeout=2 * seconds, check=False,
            env={"LC_ALL": "C.UTF-8"}, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Found("too_heavy")
    try:
        return Found(**json.loads(child.stdout))
    except (ValueError, TypeError):  # the kernel ended it, or it could not even say that it had no memory
        return Found("too_heavy")


def _child(seconds: int, memory: int) -> dict:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        return _extracted(sys.stdin.buffer.read())
    except MemoryError:
        return {"state": "too_heavy"}
    except Exception:  # pypdf raises whatever its parts raise on bytes that are no PDF
        return {"state": "broken"}


def _extracted(data: bytes) -> dict:
    import logging

    from pypdf import PdfReader

    logging.disable()  # what is odd about the file is nobody's business
    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not _opens_without_password(reader):
        return {"state": "encrypted"}
    pages, size, parts = len(reader.pages), 0, []
    for page in reader.pages[:MOST_PAGES]:
        found = page.extract_text()
        parts.append(found)
        size += len(found)
        if size > MOST_CHARACTERS:
            break
    text = "\n".join(parts)[:MOST_CHARACTERS].encode("utf-8", "replace").decode()
    return {"state": "read" if text.strip() else "no_text", "text": text, "pages": pages}


def _opens_without_password(reader) -> bool:
    try:
        return bool(reader.decrypt(""))
    except Exception:  # ciphers that it does not know
        return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_child(int(sys.argv[1]), int(sys.argv[2]))))
