"""A mail as different readers see it (dark, without pictures, as text), for a sandboxed frame."""

from html import escape

from flask import Response, current_app, request

from dissemination.delivery.lint import Problem
from dissemination.delivery.texts import said
from dissemination.newsletters.common import framed

VIEWS = ("wide", "narrow", "dark", "no-pictures", "text")
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:16px;font:16px/1.5 sans-serif;color:#17324d;background:#ffffff">{body}</body></html>
"""


def view_of(name: str | None) -> str:
    """One of VIEWS; the first when it is none."""
    return name if name in VIEWS else VIEWS[0]


def shown(html: str, text: str, *, view: str, language: str, title: str) -> Response:
    """A rendered mail as `view` has it, in a document that runs and fetches nothing."""
    if view == "text":
        body = f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere;margin:0">{escape(text)}</pre>'
        return framed(PAGE.format(language=language, title=escape(title), body=body))
    if view == "dark":
        html = html.replace("(prefers-color-scheme: dark)", "all").replace(
            "(prefers-color-scheme:dark)", "all"
        )
    response = framed(_from_here(html))
    if view == "no-pictures":
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = policy.replace("img-src 'self' data:", "img-src 'none'")
    return response


def _from_here(html: str) -> str:
    """Pictures of ours under the name by which this reader calls us, which our policy allows."""
    public = current_app.config["SETTINGS"].public_url
    return html.replace(f'src="{public}/', f'src="{request.host_url}').replace(
        f'background="{public}/', f'background="{request.host_url}'
    )


def listed(problems: list[Problem], *, language: str, title: str, intro: str) -> Response:
    """What keeps a mail from being shown, by line and column."""
    items = "".join(f"<li>{escape(str(said(p)))}</li>" for p in problems[:50])
    body = f"<p><strong>{escape(intro)}</strong></p><ul>{items}</ul>"
    return framed(PAGE.format(language=language, title=escape(title), body=body))
