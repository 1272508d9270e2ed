"""Flask-Mail on the application, and the filter that explains fates.

Everything of ours goes through the outbox. Flask-Mail is set up with the same server for extensions
that look for it.
"""

import flask_mail

from dissemination.delivery.texts import explain


def init_app(app) -> None:
    """Put the mail settings where Flask-Mail looks for them, and the template filter `mail_reason`."""
    mail = app.config["SETTINGS"].mail
    app.config.setdefault("MAIL_SERVER", mail.server or "127.0.0.1")
    app.config.setdefault("MAIL_PORT", mail.port)
    app.config.setdefault("MAIL_USERNAME", mail.username)
    app.config.setdefault("MAIL_PASSWORD", mail.password)
    app.config.setdefault("MAIL_USE_TLS", mail.security == "starttls")
    app.config.setdefault("MAIL_USE_SSL", mail.security == "tls")
    app.config.setdefault("MAIL_SUPPRESS_SEND", mail.server is None)
    flask_mail.Mail(app)
    app.jinja_env.filters["mail_reason"] = explain
