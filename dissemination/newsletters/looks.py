"""How an issue looks: the values of its template for the mail, in one language."""

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.newsletters import colours, pictures, texts
from dissemination.newsletters.drafts import IssueTemplate, Picture
from dissemination.newsletters.models import Issue

HEAD = "<!-- head -->"  # where the title and preview line of an issue go
BLOCKS = "<!-- blocks -->"
FOOTER = "<!-- footer -->"


def templates(district_id: int) -> list[IssueTemplate]:
    """The district's templates, the default first."""
    query = select(IssueTemplate).where(
        IssueTemplate.district_id == district_id, IssueTemplate.removed_at.is_(None)
    )
    query = query.options(joinedload(IssueTemplate.logo).joinedload(Picture.file))
    return list(db.session.scalars(query.order_by(IssueTemplate.is_default.desc(), IssueTemplate.id)))


def template(district_id: int, template_id: int) -> IssueTemplate:
    """The district's template with that id. Raises NotFound (404), also for one that was removed."""
    query = select(IssueTemplate).where(
        IssueTemplate.district_id == district_id, IssueTemplate.id == template_id,
        IssueTemplate.removed_at.is_(None),
    )  # fmt: skip
    return db.one_or_404(query)


def template_of(issue: Issue) -> IssueTemplate | None:
    """The template that `issue` uses: its own, else the district's default, else none (our look)."""
    if issue.template_id is not None:
        return issue.template
    query = select(IssueTemplate).where(
        IssueTemplate.district_id == issue.district_id, IssueTemplate.is_default.is_(True),
        IssueTemplate.removed_at.is_(None),
    )  # fmt: skip
    return db.session.scalars(query.limit(1)).first()


def make_default(row: IssueTemplate) -> None:
    """Let new issues, and those that chose none, use `row`."""
    others = update(IssueTemplate).where(IssueTemplate.district_id == row.district_id)
    db.session.execute(others.values(is_default=False).execution_options(synchronize_session="fetch"))
    row.is_default = True
    db.session.flush()


def look(district, row: IssueTemplate | None, language: str) -> dict:
    """What the mail needs of a template (None: our own look), JSON-able."""
    if row is None:
        return {
            "colours": colours.cleaned(None),
            "logo": None,
            "footer": "",
            "footer_text": "",
            "social": [],
            "frame": None,
        }
    footer, logo = translated(row, "footer", language), row.logo
    return {
        "colours": colours.cleaned(row.colours),
        "logo": {
            "src": pictures.address(district, logo), "alt": row.logo_alt, "width": min(logo.width, 300),
        } if logo else None,
        "footer": texts.to_html(footer), "footer_text": texts.to_text(footer), "social": row.social,
        "frame": frame_parts(row.frame) if row.frame else None,
    }  # fmt: skip


def frame_parts(frame: str) -> dict[str, str]:
    """An imported frame cut where the head's lines, the blocks and the footer go."""
    before, _mark, rest = frame.partition(HEAD)
    body, _mark, rest = rest.partition(BLOCKS)
    between, mark, after = rest.partition(FOOTER)
    if not mark:
        between, _end, after = rest.rpartition("</mj-body>")
        after = f"</mj-body>{after}"
    return {"before": before, "body": body, "between": between, "after": after}
