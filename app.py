"""The roof: create_app() puts configuration, extensions, blueprints, commands and jobs together."""

import gc
from importlib import import_module
from importlib.util import find_spec

from flask import Flask
from flask_wtf.csrf import CSRFProtect

import config
from dissemination.kernel import http, languages, links, rights
from dissemination.kernel.database import Base, db

PACKAGES = (
    "delivery", "districts", "people", "plan", "seals", "editions", "pastyears", "workshops", "publications",
    "research", "calls", "submissions", "usage", "guests", "audits", "registrations", "visits",
    "applications", "attendance", "certificates", "feedback", "followups", "statistics", "proofs", "forecast",
    "harvest", "subscriptions", "newsletters", "reporting", "timelines", "privacy", "front", "sample",
)  # fmt: skip
csrf = CSRFProtect()


def modules(name: str):
    """The modules `dissemination.<package>.<name>` that exist, lowest floor first."""
    for package in PACKAGES:
        path = f"dissemination.{package}.{name}"
        if find_spec(path):
            yield import_module(path)


def create_app(settings: config.Settings | None = None, *, serving: bool = False) -> Flask:
    """The application for `settings` (default: read from the environment).

    `serving` leaves out commands, migrations and jobs: a web process never runs them, and what they
    import is a fifth of its memory.
    """
    settings = settings or config.load()
    app = Flask("dissemination", root_path=str(config.ROOT / "dissemination"), template_folder="../templates",
                instance_path=str(settings.instance))  # fmt: skip
    app.config.update(settings.as_flask())
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "it")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Europe/Rome")
    db.init_app(app)
    csrf.init_app(app)
    languages.babel.init_app(app, locale_selector=languages.select_language)
    http.init_app(app, proxy_hops=settings.proxy_hops)
    for name in ("models", "accounts", "log"):
        list(modules(name))
    for module in modules("setup"):  # a package's own extensions: Flask-Security, error pages …
        module.init_app(app)
    for module in modules("views"):
        for blueprint in module.blueprints:
            app.register_blueprint(blueprint)
        for view in getattr(module, "csrf_exempt", ()):
            csrf.exempt(view)
    for rule in app.url_map.iter_rules():
        if links.vouches(rule.rule):
            csrf.exempt(app.view_functions[rule.endpoint])
    if not serving:
        _offer_commands(app)
    forgotten = rights.unmarked(app)
    if forgotten:
        raise RuntimeError(f"desk views without @requires: {', '.join(forgotten)}")
    return app


def _offer_commands(app: Flask) -> None:
    """What `flask …` runs: our commands, migrations, and the worker with its jobs."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True, compare_type=True)
    for module in modules("cli"):
        for command in module.commands:
            app.cli.add_command(command)
    app.extensions["jobs"] = periodic_jobs()  # where the worker, far below, finds them


def create_served_app():
    """The application behind WhiteNoise, for a WSGI server: static files never reach Flask."""
    from whitenoise import WhiteNoise

    app = create_app(serving=True)
    static = str(config.ROOT / "dissemination" / "static")
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=static, prefix="static/", max_age=31536000,
                              allow_all_origins=False)  # fmt: skip
    # Python's collector may wait for a whole request's garbage: one fifteenth of a registration's time.
    gc.collect()
    gc.set_threshold(5_000, 10, 10)
    return app


def periodic_jobs() -> list:
    """The table of periodic jobs: every (seconds, function) that the packages list, lowest floor first."""
    return [job for module in modules("jobs") for job in module.JOBS]


__all__ = ["Base", "create_app", "periodic_jobs"]
