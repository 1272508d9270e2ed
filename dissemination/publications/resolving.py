"""Records fetched by their DOI: content negotiation with a resolver (https://citation.doi.org/docs.html).

Only an organiser's click leads here,
outside of every transaction. What comes back is kept like an uploaded file
and read like one; it is bounded in size, time and number, and no redirect leads into a private network.
"""

import ipaddress
import json
import socket
import time
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    Request,
    build_opener,
    getproxies,
)

from flask_babel import gettext as _

from dissemination.bibliography.records import clean_doi
from dissemination.kernel.refusals import Refusal

MOST = 10  # DOIs at once
MAX_BYTES = 2 * 1024 * 1024  # of one answer
TIMEOUT = 10  # seconds without a sign of the service
READ = 64 * 1024  # bytes at once
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
    late, items = time.monotonic() + ALTOGETHER, []
    home = urlsplit(resolver).hostname or ""
    opener = build_opener(_Careful(urlsplit(resolver).netloc, late), _Plain(home), _Secure(home))
    for doi in dois:
        if time.monotonic() > late:
            raise NotFetched(_("The DOI service takes too long. Try fewer at once, or upload a file."))
        items.append(_one(opener, doi, f"{resolver}/{quote(doi, safe='/')}", late))
    return json.dumps(items, ensure_ascii=False, indent=1).encode()


def _one(opener, doi: str, address: str, late: float) -> dict:
    request = Request(address, headers={"Accept": ACCEPT, "User-Agent": "distretti/1 (publications)"})  # noqa: S310
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            body = _read(answer, late)
    except HTTPError as error:
        if error.code == 404:
            raise NotFetched(_("The DOI %(doi)s is not known.", doi=doi)) from None
        raise NotFetched(
            _("The DOI service refused %(doi)s (HTTP %(code)d).", doi=doi, code=error.code)
        ) from None
    except (URLError, OSError, ValueError, HTTPException):
        message = _("The DOI service cannot be reached. Is there a network? You can upload a file instead.")
        raise NotFetched(message) from None
    try:
        item = json.loads(body) if len(body) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        raise NotFetched(_("What the DOI service says of %(doi)s cannot be read.", doi=doi))
    return item


def _read(answer, late: float) -> bytes:
    """The body, at most MAX_BYTES and a bit. TimeoutError where it comes in drops until too late."""
    body = b""
    while len(body) <= MAX_BYTES and (part := answer.read1(READ)):
        if time.monotonic() > late:
            raise TimeoutError
        body += part
    return body


class _Careful(HTTPRedirectHandler):
    """Follows redirects to the resolver itself (`home`: its name and port) and to public addresses only."""

    def __init__(self, home: str, late: float):
        self.home, self.late = home, late

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """As the standard library, for addresses that may be asked, until it is too late."""
        fp.close()  # the standard library would read what comes with the redirect, however long
        if time.monotonic() > self.late:
            raise URLError("redirected too long")
        parts = urlsplit(newurl)
        if parts.scheme not in ("http", "https") or not (
            parts.netloc == self.home or _is_public(parts.hostname)
        ):
            raise URLError("redirected to where nobody may go")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Plain(HTTPHandler):
    """Connects only to addresses that were looked at: a name may mean another one a moment later."""

    def __init__(self, home: str):
        super().__init__()
        self.home = home

    def http_open(self, req):
        """As the standard library."""
        return self.do_open(partial(_connection, HTTPConnection, self.home), req)


class _Secure(HTTPSHandler):
    """The same with TLS."""

    def __init__(self, home: str):
        super().__init__()
        self.home = home

    def https_open(self, req):
        """As the standard library."""
        return self.do_open(partial(_connection, HTTPSConnection, self.home), req)


def _connection(kind, home: str, host: str, **options):
    made = kind(host, **options)
    made._create_connection = partial(_connect, home)
    return made


def _connect(home: str, address, timeout, source_address=None):
    host, port = address
    proxies = {urlsplit(proxy).hostname for proxy in getproxies().values()}
    if host not in (home, *proxies):
        found = _addresses(host)
        if not found:
            raise URLError("nobody may go there")
        host = found[0]
    return socket.create_connection((host, port), timeout, source_address)


def _is_public(host: str | None) -> bool:
    return bool(_addresses(host))


def _addresses(host: str | None) -> list[str]:
    """The addresses of `host`; none when one of them is not of the public network."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []
    return found if all(map(_is_global, found)) else []


def _is_global(text: str) -> bool:
    found = ipaddress.ip_address(text)
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not found.is_multicast
    # Outside of 2000::/3, and in tunnels, an IPv4 address of a private network may be written.
    tunnelled = found.sixtofour is not None or found.teredo is not None
    return found in _UNICAST and found.is_global and not tunnelled


_UNICAST = ipaddress.ip_network("2000::/3")
