"""What the domain of a district's mailbox says about who may send for it: SPF, DKIM, DMARC, MX.

Asked over DNS when somebody presses the button, never by itself, each question for three seconds at most.
Nothing here knows of districts.
"""

from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 3.0


@dataclass(frozen=True)
class Answer:
    """What was found for one name: `state` is "good", "weak", "missing" or "unknown" (no answer)."""

    what: str  # SPF, DKIM, DMARC, MX
    name: str
    state: str
    found: str = ""


class Silent(Exception):
    """The name servers did not answer; nothing is known."""


def lookup(name: str, kind: str) -> list[str]:
    """The records of `kind` (TXT, MX) at `name`; an empty list when there are none. Raises Silent."""
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver()
    resolver.lifetime = resolver.timeout = SECONDS
    try:
        answer = resolver.resolve(name, kind)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as problem:
        raise Silent(str(problem)) from None
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [str(record) for record in answer]


def examine(domain: str, selector: str, *, ask: Callable[[str, str], list[str]] = lookup) -> list[Answer]:
    """Look at `domain` (ASCII); DKIM only with a `selector`."""
    found = [
        _asked("MX", domain, "MX", ask, lambda record: "good" if record else "missing", every=True),
        _asked("SPF", domain, "TXT", ask, _spf),
        _asked("DMARC", f"_dmarc.{domain}", "TXT", ask, _dmarc),
    ]
    if selector:
        found.append(_asked("DKIM", f"{selector}._domainkey.{domain}", "TXT", ask, _dkim))
    return found


def _asked(what: str, name: str, kind: str, ask, judge, *, every: bool = False) -> Answer:
    try:
        records = ask(name, kind)
    except Silent as silent:
        return Answer(what, name, "unknown", str(silent)[:200])
    for record in records:
        state = judge(record)
        if every or state != "other":
            return Answer(what, name, state, record[:500])
    return Answer(what, name, "missing")


def _spf(record: str) -> str:
    """RFC 7208: a record that ends in -all or ~all says something; +all and ?all say nothing."""
    if not record.lower().startswith("v=spf1"):
        return "other"
    terms = record.lower().split()
    if any(term.startswith("redirect=") for term in terms):
        return "good"
    return "good" if terms[-1] in ("-all", "~all") else "weak"


def _dmarc(record: str) -> str:
    """RFC 7489: a policy of none only watches."""
    tags = _tags(record)
    if tags.get("v", "").upper() != "DMARC1":
        return "other"
    return "good" if tags.get("p", "").lower() in ("quarantine", "reject") else "weak"


def _dkim(record: str) -> str:
    """RFC 6376: a key; an empty one was revoked."""
    tags = _tags(record)
    if "p" not in tags:
        return "other"
    return "good" if tags["p"] else "weak"


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs if name.strip()}
