"""Records fetched by their DOI: content negotiation with a resolver (https://citation.doi.org/docs.html).

Only an organiser's click leads here,
outside of every transaction. What comes back is kept like an uploaded file
and read like one; it is bounded in size, time and number, and no redirect leads into a private network.
"""

import ipaddress
import json
import socket
import time
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from flask_babel import gettext as _

from dissemination.bibliography.records import clean_doi
from dissemination.kernel.refusals import Refusal

MOST = 10  # DOIs at once
MAX_BYTES = 2 * 1024 * 1024  # of one answer
TIMEOUT = 10  # seconds for one answer
ALTOGETHER = 25  # seconds for all of them
ACCEPT = "application/vnd.citationstyles.csl+json, application/vnd.datacite.datacite+json;q=0.8"


class NotFetched(Refusal):
    """A DOI is none, is not known, or the service cannot be reached. Carries the message."""

    status = 422
    field = "dois"


def dois_of(text: str) -> list[str]:
    """The DOIs in `text`, one a line, each once. Raises NotFetched for a line that holds none."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        doi = clean_doi(line)
        if doi is None:
            raise NotFetched(
                _("“%(text)s” is not a DOI. A DOI starts with “10.” and has a slash.", text=line[:80])
            )
        found.append(doi)
    if len(found) > MOST:
        raise NotFetched(_("At most %(n)d DOIs are fetched at once.", n=MOST))
    return list(dict.fromkeys(found))


def fetch(dois: list[str], resolver: str) -> bytes:
    """The records of `dois` as one file of JSON. `resolver`: its address, "" when fetching is switched off.

    Raises NotFetched: then none of them is taken.
    """
    if not resolver:
        raise NotFetched(_("Fetching by DOI is switched off on this server. Upload a file instead."))
    opener = build_opener(_Careful(urlsplit(resolver).hostname or ""))
    late, items = time.monotonic() + ALTOGETHER, []
    for doi in dois:
        if time.monotonic() > late:
            raise NotFetched(_("The DOI service takes too long. Try fewer at once, or upload a file."))
        items.append(_one(opener, doi, f"{resolver}/{quote(doi, safe='/')}"))
    return json.dumps(items, ensure_ascii=False, indent=1).encode()


def _one(opener, doi: str, address: str) -> dict:
    request = Request(address, headers={"Accept": ACCEPT, "User-Agent": "distretti/1 (publications)"})  # noqa: S310
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            body = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        if error.code == 404:
            raise NotFetched(_("The DOI %(doi)s is not known.", doi=doi)) from None
        raise NotFetched(
            _("The DOI service refused %(doi)s (HTTP %(code)d).", doi=doi, code=error.code)
        ) from None
    except (URLError, OSError, ValueError):
        message = _("The DOI service cannot be reached. Is there a network? You can upload a file instead.")
        raise NotFetched(message) from None
    try:
        item = json.loads(body) if len(body) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        raise NotFetched(_("What the DOI service says of %(doi)s cannot be read.", doi=doi))
    return item


class _Careful(HTTPRedirectHandler):
    """Follows redirects to the resolver itself and to public addresses only."""

    def __init__(self, home: str):
        self.home = home

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """As the standard library, for addresses that may be asked."""
        parts = urlsplit(newurl)
        if parts.scheme not in ("http", "https") or not (
            parts.hostname == self.home or _is_public(parts.hostname)
        ):
            raise URLError("redirected to where nobody may go")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_public(host: str | None) -> bool:
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(row[4][0]).is_global for row in found)
