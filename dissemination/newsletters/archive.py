"""The public archive: what was sent, as it was sent, without anybody's personal links."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import nh3
from flask import Response, abort, render_template, request

from dissemination.kernel.languages import language, translated
from dissemination.newsletters import content, queries
from dissemination.newsletters.common import framed, public
from dissemination.newsletters.models import Issue

TAGS = nh3.ALLOWED_TAGS - {"img", "map", "area"}
KEPT = {
    "align", "bgcolor", "border", "cellpadding", "cellspacing", "colspan", "dir", "height", "lang", "role",
    "rowspan", "style", "valign", "width",
}  # fmt: skip
ATTRIBUTES = {"*": KEPT, "a": {"href", "title"}}
STYLES = {
    "background-color", "border", "border-collapse", "border-radius", "border-top", "color",
    "direction", "display", "font-family", "font-size", "font-style", "font-weight", "line-height", "margin",
    "max-width", "min-width", "mso-line-height-rule", "padding", "padding-left", "padding-top",
    "padding-bottom", "padding-right", "table-layout", "text-align", "text-decoration", "text-transform",
    "vertical-align", "width", "word-break",
}  # fmt: skip
BEFORE_THE_FIRST = datetime(2014, 1, 1, tzinfo=UTC)  # "updated" of an empty feed, which must have one
FRAME = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><base target="_blank">
<style>a{{color:#06c}}h1{{font-size:24px;margin:8px 0}}h2{{font-size:19px;margin:8px 0}}</style></head>
<body style="margin:0;word-spacing:normal;background-color:#f0f4f8">{body}</body></html>
"""


def cleaned(html: str) -> str:
    """The body of a mail without scripts, forms, pictures, and addresses other than http(s) and mailto."""
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer", strip_comments=True, filter_style_properties=STYLES,
        clean_content_tags={"script", "style", "title"},
    )  # fmt: skip


@public.get("/<district>/newsletters/")
def index(district):
    """All issues that were sent, newest first."""
    issues = queries.sent(district.id, after=request.args.get("after"))
    return render_template("newsletters/archive.html", issues=issues)


@public.get("/<district>/newsletters/<slug>")
def show(district, slug):
    """One issue: a tab per language, the page in a frame, the text below."""
    issue = queries.by_slug(district.id, slug)
    edition = _edition(issue)
    return render_template(
        "newsletters/issue.html", issue=issue, edition=edition, frozen=issue.frozen[edition]
    )


def _edition(issue: Issue) -> str:
    """The edition that was asked for, else the reader's language, else the one that exists."""
    wanted = (request.args.get("edition"), language(), "it")
    found = next((edition for edition in wanted if edition in issue.frozen), None)
    return found or abort(404)


@public.get("/<district>/newsletters/<slug>/content")
def frame(district, slug):
    """What the frame of `show` holds."""
    issue = queries.by_slug(district.id, slug)
    edition = _edition(issue)
    frozen = issue.frozen[edition]
    html = FRAME.format(language=edition, title=escape(frozen["subject"]), body=cleaned(frozen["html"]))
    return framed(html, popups=True)


@public.get("/<district>/newsletters.atom")
@public.get("/<district>/newsletters/.atom")
def atom(district):
    """The archive as an Atom feed (RFC 4287), with the text of each issue."""
    feed = render_template(
        "newsletters/archive.atom.xml", issues=queries.sent(district.id).rows, begun=BEFORE_THE_FIRST,
        home=content.public(district, "newsletters/"), me=content.public(district, "newsletters.atom"),
        title=translated(district, "name"), text_of=lambda issue: issue.frozen[_edition(issue)]["text"],
        link=lambda issue: content.public(district, f"newsletters/{issue.slug}"),
    )  # fmt: skip
    return Response(feed, mimetype="application/atom+xml")
