"""The public archive: what was sent, as it was sent, without anybody's personal links."""

import re
from datetime import UTC, datetime
from html import escape

from flask import Response, abort, current_app, render_template, request

from dissemination.kernel.languages import language, translated
from dissemination.kernel.paging import MOST
from dissemination.newsletters import content, queries
from dissemination.newsletters.common import framed, public
from dissemination.newsletters.models import Issue
from dissemination.newsletters.queries import Wanted

KEPT = {
    "align", "bgcolor", "border", "cellpadding", "cellspacing", "colspan", "dir", "height", "lang", "role",
    "rowspan", "style", "valign", "width",
}  # fmt: skip
ATTRIBUTES = {"*": KEPT, "a": {"href", "title"}, "img": {"src", "alt"}}
STYLES = {
    "background-color", "border", "border-collapse", "border-radius", "border-top", "color",
    "direction", "display", "font-family", "font-size", "font-style", "font-weight", "line-height", "margin",
    "max-width", "min-width", "mso-line-height-rule", "padding", "padding-left", "padding-top",
    "padding-bottom", "padding-right", "table-layout", "text-align", "text-decoration", "text-transform",
    "vertical-align", "width", "word-break",
}  # fmt: skip
LOST = re.compile(r'<img(?![^>]*\ssrc=)(?:[^>]*?\salt="(?P<alt>[^"]*)")?[^>]*>')
BEFORE_THE_FIRST = datetime(2014, 1, 1, tzinfo=UTC)  # "updated" of an empty feed, which must have one
FRAME = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><base target="_blank">
<style>a{{color:#06c}}h1{{font-size:24px;margin:8px 0}}h2{{font-size:19px;margin:8px 0}}</style></head>
<body style="margin:0;word-spacing:normal;background-color:#f0f4f8">{body}</body></html>
"""


def cleaned(html: str) -> str:
    """The body of a mail without scripts, forms, pictures of others, and addresses other than http(s) and
    mailto."""
    import nh3  # here: few requests need it

    ours = current_app.config["SETTINGS"].public_url

    def kept(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) != ("img", "src"):
            return value
        path = value.removeprefix(ours)
        return path if path.startswith("/") and not path.startswith("//") else None

    clean = nh3.clean(
        html, tags=nh3.ALLOWED_TAGS - {"map", "area"}, attributes=ATTRIBUTES, attribute_filter=kept,
        url_schemes={"http", "https", "mailto"}, url_relative="pass_through", link_rel="noopener noreferrer",
        strip_comments=True, filter_style_properties=STYLES, clean_content_tags={"script", "style", "title"},
    )  # fmt: skip
    return LOST.sub(lambda lost: lost["alt"] or "", clean)  # pictures of others: their words stay


@public.get("/<district>/newsletters/")
def index(district):
    """The issues that were sent, newest first; found by year, topic and words."""
    wanted = Wanted(
        year=_within(request.args.get("year", type=int), 2000, 2999),
        topic_id=_within(request.args.get("topic", type=int), 1, MOST),
        words=request.args.get("q", "").strip()[:100],
    )
    return render_template(
        "newsletters/archive.html", wanted=wanted, years=queries.archive_years(district),
        issues=queries.archive(district, wanted, after=request.args.get("after")),
        topics=queries.archive_topics(district.id), searching=wanted != Wanted(),
    )  # fmt: skip


def _within(number: int | None, least: int, most: int) -> int | None:
    return number if number is not None and least <= number <= most else None


@public.get("/<district>/newsletters/<slug>")
def show(district, slug):
    """One issue: a tab per language, the page in a frame, the text below."""
    issue = queries.by_slug(district.id, slug)
    edition = _edition(issue)
    address = content.public(district, f"newsletters/{issue.slug}")
    return render_template(
        "newsletters/issue.html", issue=issue, edition=edition, frozen=issue.frozen[edition], address=address,
        about=_about(issue, edition, address),
    )  # fmt: skip


def _about(issue: Issue, edition: str, address: str) -> dict:
    """The issue as schema.org/NewsArticle, as JSON-LD."""
    return {
        "@context": "https://schema.org", "@type": "NewsArticle", "@id": address,
        "headline": issue.frozen[edition]["subject"][:110],
        "description": translated(issue, "preheader", edition),
        "inLanguage": edition, "datePublished": issue.sent_at.isoformat() if issue.sent_at else None,
        "url": f"{address}?edition={edition}", "isAccessibleForFree": True,
        "publisher": {
            "@type": "Organization", "name": issue.district.managing_body,
            "url": content.public(issue.district),
        },
    }  # fmt: skip


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
    response = framed(html, popups=True)
    response.headers["X-Robots-Tag"] = "noindex"  # the page around it is the one to be found
    return response


@public.get("/<district>/newsletters/sitemap.xml")
def sitemap(district):
    """The archive as a sitemap (sitemaps.org 0.9)."""
    body = render_template(
        "newsletters/sitemap.xml", home=content.public(district, "newsletters/"),
        issues=queries.archived_slugs(district.id),
        link=lambda slug: content.public(district, f"newsletters/{slug}"),
    )  # fmt: skip
    return Response(body, mimetype="application/xml")


@public.get("/<district>/newsletters.atom")
@public.get("/<district>/newsletters/.atom")
def atom(district):
    """The archive as an Atom feed (RFC 4287), with the text of each issue."""
    feed = render_template(
        "newsletters/archive.atom.xml", issues=queries.archive(district, Wanted()).rows,
        begun=BEFORE_THE_FIRST,
        home=content.public(district, "newsletters/"), me=content.public(district, "newsletters.atom"),
        title=translated(district, "name"), text_of=lambda issue: issue.frozen[_edition(issue)]["text"],
        link=lambda issue: content.public(district, f"newsletters/{issue.slug}"),
    )  # fmt: skip
    return Response(feed, mimetype="application/atom+xml")
