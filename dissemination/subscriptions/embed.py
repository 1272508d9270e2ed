"""The subscription form inside another site's page, in an <iframe>.

As the registration form: only the sites that the district names may frame it (`District.embed_origins`, CSP
frame-ancestors), there is no session, and the form carries a signed token of ours that expires (see
`registrations.embed`, which says why that is safe). Double opt-in and its limits are those of our own page.
"""

import secrets

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel import links
from dissemination.kernel.http import CONTENT_SECURITY_POLICY
from dissemination.registrations.embed import origins
from dissemination.subscriptions.common import public
from dissemination.subscriptions.forms import SubscriptionForm
from dissemination.subscriptions.public import asked_for, groups

PURPOSE = "embedded subscription"
HOURS = 2
LAYOUT = "subscriptions/embed_base.html"


def _framed(district, page, status: int = 200):
    response = make_response(page, status)
    allowed = " ".join(origins(district)) or "'none'"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors {allowed}"
    )
    return response


def _is_ours(district) -> bool:
    told = links.read_recent(PURPOSE, request.form.get("embed_token", ""), max_age=HOURS * 3600)
    return isinstance(told, list) and told[:1] == [district.id]


@public.get("/<district>/subscriptions/embed")
def embed(district):
    """The form."""
    form = SubscriptionForm(meta={"csrf": False})
    asked_for(district, form, source="embedded form")
    return _framed(district, _page(district, form))


@public.post("/<district>/subscriptions/embed")
def create_embedded(district):
    """Ask; errors are shown in the frame. Exempt from CSRF: see above."""
    form = SubscriptionForm(meta={"csrf": False})
    if not _is_ours(district):
        form.offer([t for group in groups(district).values() for t in group], "")
        form.form_errors = [_("This form was open for too long. Please send it again.")]
    elif asked_for(district, form, source="embedded form"):
        lang = request.args.get("lang")
        return _framed(district, redirect(url_for(".embed_asked", district=district, lang=lang), 303), 303)
    return _framed(district, _page(district, form), 422)


@public.get("/<district>/subscriptions/embed/asked")
def embed_asked(district):
    """What to do next."""
    return _framed(district, render_template("subscriptions/asked.html", layout=LAYOUT))


def _page(district, form: SubscriptionForm) -> str:
    token = links.sign_for_a_while(PURPOSE, [district.id, secrets.token_hex(4)])
    return render_template(
        "subscriptions/subscribe.html", form=form, groups=groups(district), layout=LAYOUT, frame=token
    )
