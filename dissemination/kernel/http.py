"""What every response carries: security headers, static files with far-future names, proxies."""

import re
import secrets
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from flask import Request, abort, current_app, g, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.middleware.proxy_fix import ProxyFix

from dissemination.kernel import links, subjects
from dissemination.kernel.languages import FILTERS, LANGUAGES, language

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


SAFE = "!$'()*,/:;?@"  # what may stand in a query string as it is, as Werkzeug writes it


UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


LONGEST_NAME = 200  # characters of a field's name


class _Values(ImmutableMultiDict):
    """What a query string or a form sent, without NUL (PostgreSQL refuses it) and other unseen controls.

    Names are ours: those that cannot be are left out, for libraries read numbers in them ("colleagues-²").
    """

    def __init__(self, mapping=None):
        super().__init__(mapping)
        for name in [n for n in self if not (n.isascii() and len(n) <= LONGEST_NAME)]:
            dict.pop(self, name)
        for name, values in dict.items(self):
            if any(isinstance(value, str) and UNSEEN.search(value) for value in values):
                dict.__setitem__(self, name, [_without_unseen(value) for value in values])


def _without_unseen(value):
    """A slide's vertical tab is a space between words; the other controls are nothing that one wrote."""
    if not isinstance(value, str):
        return value
    return UNSEEN.sub("", value.replace("\v", " ").replace("\f", " "))


class OurRequest(Request):
    """A request whose values may be handed to the database as they are."""

    parameter_storage_class = _Values


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions, with one signer for all requests: making it costs more than signing."""

    def get_signing_serializer(self, app):
        """The signer of `app`, anew when its keys change."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if app.extensions.get("session_signer", (None,))[0] != keys:
            app.extensions["session_signer"] = keys, super().get_signing_serializer(app)
        return app.extensions["session_signer"][1]


def _keep_url_values(_endpoint, values) -> None:
    """Keep what stood in the URL before any package turns it into rows (the district).

    404 with a NUL, or with a number that no id has (PostgreSQL's integers are of 31 bits).
    """
    g.url_values = dict(values or {})
    for value in g.url_values.values():
        if (isinstance(value, str) and "\0" in value) or (isinstance(value, int) and value >= 2**31):
            abort(404)


def _believe_personal_links() -> None:
    """Tell the forms of a page behind a mailed link that the link vouches for what is sent."""
    if links.vouches(request.path):
        g.csrf_valid = True


def _headers(response):
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), microphone=(), camera=()")
    if "frame-ancestors 'none'" in headers["Content-Security-Policy"]:
        headers.setdefault("X-Frame-Options", "DENY")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def asset(path: str) -> str:
    """The address of a static file with a mark of its content, so that it may be kept for a year."""
    marks = current_app.extensions.setdefault("asset_marks", {})
    if path not in marks or current_app.debug:
        file = Path(current_app.static_folder or "") / path
        marks[path] = sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "missing"
    return url_for("static", filename=path, v=marks[path])


def form_token() -> str:
    """A fresh random mark for a form, so that a double submit can be told from a second wish."""
    return secrets.token_urlsafe(16)


def here(**changes) -> str:
    """The address of this page with query parameters changed (None drops one)."""
    if request.endpoint is None:
        return "/?" + urlencode(changes)
    path = g.get("url_values", {})
    asked = {**request.args.to_dict(), **changes}
    wanted = {name: value for name, value in asked.items() if value is not None and name not in path}
    # Apart from `url_for`, which would take a reader's `?_external=1&_method=X` for options of its own.
    address = url_for(request.endpoint, **{k: changes.get(k, v) for k, v in path.items()})
    return f"{address}?{urlencode(wanted, safe=SAFE)}" if wanted else address


def flatten_errors(errors) -> str:
    """The messages of a form field as one text, those of nested forms included."""
    if isinstance(errors, dict):
        errors = errors.values()
    elif not isinstance(errors, list | tuple):
        return str(errors)  # a text, perhaps one translated only now
    return " ".join(flatten_errors(e) for e in errors)


def mistakes(form) -> list[tuple[str | None, str, str]]:
    """Each thing to correct in a form: the id of its field (None: the form), which one it is, and what.

    Parts that repeat are counted as people see them: "Programme 3, End".
    """
    found: list[tuple[str | None, str, str]] = []
    for name, errors in form.errors.items():
        field = form._fields.get(name) if name else None
        found += [(None, "", flatten_errors(errors))] if field is None else _mistakes(field, field.label.text)
    return found


def _mistakes(field, label) -> list[tuple[str | None, str, str]]:
    if not field.errors:
        return []
    parts: list[tuple] = []
    if hasattr(field, "entries"):
        parts = [(entry, f"{label} {n}") for n, entry in enumerate(field.entries, start=1)]
    elif hasattr(field, "form"):
        parts = [(part, f"{label}, {part.label.text}") for part in field.form]
    if not parts:
        return [(field.id, label, flatten_errors(field.errors))]
    own = [] if isinstance(field.errors, dict) else [
        e for e in field.errors if not isinstance(e, dict | list | tuple)
    ]  # fmt: skip
    found = [(field.id, label, flatten_errors(own))] if own else []
    return [*found, *(mistake for part, called in parts for mistake in _mistakes(part, called))]


def init_app(app, *, proxy_hops: int) -> None:
    """Put headers, template helpers and the proxy fix (exactly `proxy_hops` proxies) on `app`."""
    if proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxy_hops, x_proto=proxy_hops, x_host=proxy_hops)
    app.before_request(_believe_personal_links)
    app.after_request(_headers)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31536000
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.filters.update(flatten_errors=flatten_errors, mistakes=mistakes)
    app.jinja_env.globals.update(
        asset=asset, form_token=form_token, here=here, language=language, LANGUAGES=LANGUAGES,
        view_functions=app.view_functions, subject_url=subjects.url,
    )  # fmt: skip
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.request_class, app.session_interface = OurRequest, CookieSessions()
    app.url_value_preprocessor(_keep_url_values)  # the first one: what follows makes rows of the values
    app.context_processor(lambda: {"district": g.get("district")})
