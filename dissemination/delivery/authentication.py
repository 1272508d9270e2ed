"""Whether our own mail server vouches for the From of a message (RFC 8601 Authentication-Results).

Only the topmost header of that name is read, and only when a server on the allow-list (AUTHSERV_IDS)
wrote it: anybody can write such a header further down. The list may hold only servers that take foreign
headers with their name off what comes in (RFC 8601 §5). An empty list vouches for nobody.
"""

import re
from collections.abc import Collection, Iterable
from email.message import Message
from email.utils import getaddresses

METHOD = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z0-9-]+)", re.IGNORECASE)
PROPERTY = re.compile(r'([a-z0-9-]+\.[a-z0-9-]+)\s*=\s*("[^"]*"|[^\s;]+)', re.IGNORECASE)


def addresses_in(values: Iterable[str]) -> list[str]:
    """The addresses of headers, in lower case; none when nobody can read them."""
    try:
        found = getaddresses([value.replace("\0", "") for value in values])
    except (RecursionError, ValueError, IndexError):  # comments in comments, a thousand deep
        return []
    return [address.strip().lower() for _name, address in found if "@" in address]


def from_address(message: Message) -> str:
    """The one address of From, in lower case; "" when there is none or more than one."""
    headers = message.get_all("From", [])
    if len(headers) != 1:
        return ""
    found = addresses_in([str(headers[0])])
    return found[0] if len(found) == 1 else ""


def is_authentic(message: Message, *, authserv_ids: Collection[str]) -> bool:
    """Whether one of `authserv_ids` says that the message comes from the domain of its From.

    DMARC passed for that domain, or a DKIM signature passed whose domain is that one or one above it.
    """
    domain = from_address(message).rpartition("@")[2]
    headers = message.get_all("Authentication-Results", [])
    if not domain or not headers:
        return False
    server, *results = _split(str(headers[0]))
    words = server.split()
    if not words or words[0].strip('"').lower() not in {i.lower() for i in authserv_ids}:
        return False
    return any(_vouches(result, domain) for result in results)


def _vouches(result: str, domain: str) -> bool:
    method = METHOD.match(result)
    if method is None or method[2].lower() != "pass":
        return False
    said = {name.lower(): value.strip('"').lower() for name, value in PROPERTY.findall(result)}
    if method[1].lower() == "dmarc":
        return said.get("header.from", "").rpartition("@")[2] == domain
    if method[1].lower() == "dkim":
        signer = said.get("header.d") or said.get("header.i", "").rpartition("@")[2]
        return "." in signer and (domain == signer or domain.endswith(f".{signer}"))
    return False


def _split(value: str) -> list[str]:
    """The server and each result: comments dropped, cut at semicolons outside quotes."""
    parts, depth, quoted, skip = [""], 0, False, False
    for letter in value:
        if skip:
            skip = False
        elif letter == "\\" and (quoted or depth):
            skip = True
        elif letter == '"' and not depth:
            quoted = not quoted
            parts[-1] += letter
        elif letter in "()" and not quoted:
            depth = max(0, depth + (1 if letter == "(" else -1))
            parts[-1] += " "
        elif letter == ";" and not quoted and not depth:
            parts.append("")
        elif not depth:
            parts[-1] += letter
    return parts
