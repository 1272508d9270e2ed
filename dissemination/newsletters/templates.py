"""The verbs of templates: saving colours and words, taking in a frame, taking a template back."""

from datetime import timedelta

from flask_babel import gettext as _

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.newsletters import colours, looks
from dissemination.newsletters.drafts import IssueTemplate
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.people.accounts import Account
from dissemination.people.actions import check_version


def save(
    district: District, row: IssueTemplate | None, *, name: str, chosen: dict[str, str], logo_id: int | None,
    logo_alt: str, footer_it: str, footer_en: str, social: list[dict], version: int, by: Account | None,
) -> IssueTemplate:  # fmt: skip
    """A new template, or `row` changed. The first of a district is its default. Raises ChangedMeanwhile."""
    if row is None:
        row = _begin(district, name, by)
    else:
        check_version(row, version)
    row.name, row.colours = name, colours.cleaned(chosen)
    row.logo_id, row.logo_alt = logo_id, logo_alt
    row.footer_it, row.footer_en, row.social = footer_it, footer_en, social
    db.session.flush()
    return row


def _begin(district: District, name: str, by: Account | None) -> IssueTemplate:
    first = not looks.templates(district.id)
    row = IssueTemplate(
        district_id=district.id, name=name, is_default=first, colours=colours.cleaned(None), created_at=now(),
        created_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def save_frame(district: District, name: str, frame: str, *, by: Account | None) -> IssueTemplate:
    """A template with a frame that `framing.adapt` found good."""
    row = _begin(district, name, by)
    row.frame = frame
    db.session.flush()
    return row


def remove(row: IssueTemplate) -> None:
    """Offer `row` no longer. Issues that chose it keep it; those that chose none get our own look."""
    row.removed_at, row.is_default = now(), False
    db.session.flush()


def sample(district: District) -> tuple[Issue, list[Block]]:
    """An issue that is nowhere stored, to show a template with."""
    issue = Issue(
        id=0, district_id=district.id, slug="sample", subject_it=_("A sample"), subject_en=_("A sample"),
        preheader_it="", preheader_en="", created_at=now() - timedelta(days=1),
    )  # fmt: skip
    issue.district = district
    words = _("A text with **bold** words and [a link](https://www.example.org).")
    kinds: tuple[tuple[BlockKind, str, dict], ...] = (
        (BlockKind.HEADING, _("A heading"), {"level": 2}), (BlockKind.TEXT, words, {}),
        (BlockKind.BUTTON, "", {"label_it": _("A button"), "url": "https://www.example.org"}),
        (BlockKind.QUOTE, _("What somebody said."), {"author": "Anna Bianchi"}),
    )  # fmt: skip
    blocks = [
        Block(id=n, issue_id=0, position=n, kind=kind, text_it=text, text_en="", data=data)
        for n, (kind, text, data) in enumerate(kinds, 1)
    ]
    return issue, blocks
