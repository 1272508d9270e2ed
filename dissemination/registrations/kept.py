"""Pages and forms that are the same for everybody, kept ready per process.

What differs from visit to visit (tokens, the number of free seats) stands in the kept page as a mark and
is put in at the end. What is kept is found by everything it depends on; facts without a version (the
names of sectors and of the district) show a change after `SECONDS` at the latest.
"""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app, request, session

from dissemination.kernel.languages import language

SECONDS = 30
MOST = 500  # things kept; the one that was not asked for the longest time goes first
NONCE = secrets.token_hex(8)
NEWSLETTER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")  # `?n=`: an issue, or one of its blocks
MARKED = "dissemination.marked"  # in the WSGI environment: who asks fills the marks in


def mark(name: str) -> str:
    """What stands in a kept page for the value `name`; nobody outside this process can know it."""
    return f"kept-{NONCE}-{name}."


def thing(key: tuple, make: Callable[[], Any]) -> Any:
    """What `make()` gave for `key` in this language less than `SECONDS` ago, or gives now."""
    kept = current_app.extensions.setdefault("registrations_kept", OrderedDict())
    key = (language(), int(time.monotonic() // SECONDS), *key)
    if key in kept:
        kept.move_to_end(key)
        return kept[key]
    made = kept[key] = make()
    if len(kept) > MOST:
        kept.popitem(last=False)
    return made


def page(key: tuple, render: Callable[[], str], **values: Callable[[], str]) -> str:
    """The page for `key` with each mark replaced by what its function gives (markup, already escaped)."""
    if MARKED in request.environ:
        return render()  # who asks keeps it
    return filled(thing((request.full_path, *key), render) if _is_for_everybody() else render(), values)


def filled(html: str, values: Mapping[str, Callable[[], str]]) -> str:
    """`html` with the marks of `values` replaced."""
    for name, value in values.items():
        html = html.replace(mark(name), value())
    return html


def _is_for_everybody() -> bool:
    """Nobody signed in, nothing to tell this browser only, no parameter but the newsletter's number."""
    issue = request.args.get("n", "0")
    return (
        "_user_id" not in session and "_flashes" not in session
        and request.args.keys() <= {"n"} and NEWSLETTER.fullmatch(issue) is not None
    )  # fmt: skip
