"""Who paid for a publication, as people write it and as DataCite's fundingReferences."""

from flask_babel import gettext as _

from dissemination.bibliography.records import clean_url, one_line

NAMES = ("funder", "award_title", "award_number", "award_uri")
MOST = 300


def read_funding(text: str) -> list[dict]:
    """One a line: `funder; plan, project or call; number; address`. The address may stand anywhere behind.

    Each as `records.Record.funding` has them, without empty values. Raises ValueError with words.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = [one_line(part) for part in line.split(";")]
        if not any(parts):
            continue
        addresses = [part for part in parts if part.lower().startswith(("http://", "https://"))]
        words = [part for part in parts if part not in addresses]
        if len(words) > 3 or len(addresses) > 1 or not words or not words[0]:
            raise ValueError(
                _("Line %(n)d: write who pays; plan, project or call; number; address.", n=number)
            )
        if any(len(part) > MOST for part in parts) or any(clean_url(a) is None for a in addresses):
            raise ValueError(_("Line %(n)d: too long, or not a web address.", n=number))
        values = dict(zip(NAMES, [*words, "", ""][:3], strict=False)) | {"award_uri": "".join(addresses)}
        found.append({name: value for name, value in values.items() if value})
    return found


def written_funding(funding: list[dict]) -> str:
    """The reverse of `read_funding`, to show in the form."""
    lines = []
    for one in funding:
        values = [one.get(name, "").replace(";", ",") for name in NAMES]
        words = values[:3]
        while words and not words[-1]:
            words.pop()
        lines.append("; ".join([*words, *filter(None, values[3:])]))
    return "\n".join(lines)
