"""The registration form inside another site's page, in an <iframe>.

Only sites that the district names may frame it (`District.embed_origins`, CSP frame-ancestors); every other
page of ours is framed by nobody. Browsers keep third-party cookies from a framed page, so there is no
session here and no CSRF token bound to one. That is safe: such a token keeps a foreign page from using the
*session* of a visitor, and this endpoint looks at none (nobody is signed in here, nothing is read or done in
anybody's name; who sends the form writes the name herself and proves the address by mail). What remains is
flooding by a script, against which the form carries a signed token made for this workshop that expires
after two hours, and against which the limits of `unasked` stand as for the form on our own page.
"""

import re
import secrets

from flask import request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.http import CONTENT_SECURITY_POLICY
from dissemination.registrations import queries, registering
from dissemination.registrations.public import public
from dissemination.registrations.registering import Frame

PURPOSE = "embedded form"
HOURS = 2
LAYOUT = "registrations/embed_base.html"
ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?", re.IGNORECASE)


def origins(district: District) -> list[str]:
    """The sites that may show the form: one origin a line, what is none left out."""
    lines = (line.strip().rstrip("/") for line in district.embed_origins.splitlines())
    return [line for line in lines if ORIGIN.fullmatch(line)]


def _frame(district, slug: str) -> Frame:
    lang = request.args.get("lang")
    return Frame(
        LAYOUT, url_for("registrations.embed", district=district, slug=slug), "embed_token",
        lambda: links.sign_for_a_while(PURPOSE, [district.id, slug, secrets.token_hex(4)]),
        is_embedded=True, language=lang if lang in ("it", "en") else "",
    )  # fmt: skip


@public.get("/<district>/workshops/<slug>/embed")
def embed(district, slug):
    """The form."""
    return _framed(district, registering.show(district, slug, _frame(district, slug)))


@public.post("/<district>/workshops/<slug>/embed")
def create_embedded(district, slug):
    """Register; errors and thanks are shown in the frame. Exempt from CSRF: see above."""
    problem = "" if _is_ours(district, slug) else _("This form was open for too long. Please send it again.")
    return _framed(district, registering.send(district, slug, _frame(district, slug), problem))


@public.get("/<district>/workshops/<slug>/embed/<token>")
def embed_thanks(district, slug, token):
    """What happened and what comes next."""
    queries.door(district, slug)
    return _framed(district, registering.thanks(district, slug, token, LAYOUT))


def _is_ours(district, slug: str) -> bool:
    told = links.read_recent(PURPOSE, request.form.get("embed_token", ""), max_age=HOURS * 3600)
    return isinstance(told, list) and told[:2] == [district.id, slug]


def _framed(district, response: BaseResponse) -> BaseResponse:
    allowed = " ".join(origins(district)) or "'none'"
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")
    response.headers["Content-Security-Policy"] = policy
    return response
