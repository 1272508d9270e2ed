"""What licences and access are called by the programs that harvest: addresses and fixed terms."""

import re
from datetime import timedelta

from dissemination.bibliography.kinds import Access

ACCESS_TERM = {
    Access.OPEN: "info:eu-repo/semantics/openAccess",
    Access.EMBARGOED: "info:eu-repo/semantics/embargoedAccess",
    Access.MEMBERS: "info:eu-repo/semantics/restrictedAccess",
    Access.CLOSED: "info:eu-repo/semantics/closedAccess",
}
"""OpenAIRE's terms (Guidelines for Literature Repositories, "access level")."""
ACCESS_NAME = {
    Access.OPEN: "Open Access", Access.EMBARGOED: "Embargoed Access",
    Access.MEMBERS: "Restricted Access", Access.CLOSED: "Closed Access",
}  # fmt: skip


def licence_address(code: str) -> str:
    """Where the text of a Creative Commons licence (SPDX identifier) stands; empty for others."""
    if code == "CC0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if not code.startswith("CC-"):
        return ""
    parts = code.removeprefix("CC-").lower().rsplit("-", 1)
    return f"https://creativecommons.org/licenses/{parts[0]}/{parts[1]}/" if len(parts) == 2 else ""


LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
"""xs:language."""


def italian_field_language(thing) -> str:
    """The language of what stands in the Italian fields: the work's own when it is a third one."""
    language = thing.language if thing.language != "en" else "it"
    return language if LANGUAGE.fullmatch(language) else "it"


def open_from(thing) -> str:
    """The first day on which an embargoed work is open (ISO 8601), the day after the embargo's last one."""
    if thing.access is not Access.EMBARGOED or thing.embargo_until is None:
        return ""
    return (thing.embargo_until + timedelta(days=1)).isoformat()
