"""Flask-Security on our tables, mails, texts and guard. Registration is closed: managers invite."""

import base64
import hashlib
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import request
from flask_security import MailUtil, MfRecoveryCodesUtil, Security, SQLAlchemyUserDatastore, WebauthnUtil
from flask_security.totp import Totp

from dissemination.delivery import outbox
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.logs import log
from dissemination.people import access, deferred, gate, mails
from dissemination.people.accounts import Account, Passkey, SecurityRole
from dissemination.people.texts import MESSAGES, ROLES, SIZES, TYPES


class Outbox(MailUtil):
    """Puts Flask-Security's mails into the outbox, in the transaction of the request."""

    def send_mail(self, template, subject, recipient, sender, body, html, **context):  # noqa: ARG002
        """Queue the mail of ours that stands for `template`; what Flask-Security rendered is not used."""
        account = context["user"]
        district = access.first_district(account)
        if district is None:
            log.warning("mail_without_district", template=template)
            return
        if template.endswith("reset_instructions"):
            mail, to = mails.password_reset(account, district, token=context["reset_token"])
        else:
            mail, to = mails.password_changed(account, district)
        with gate.writing():
            outbox.put(mail, to, about=account, idempotency=now().isoformat()[:26])


class Codes(Totp):
    """Time-based codes that are taken once (RFC 6238 §5.2)."""

    def get_last_counter(self, user):
        """The last counter that was accepted."""
        if user.tf_last_counter is None:
            return None
        return user.tf_last_counter

    def set_last_counter(self, user, tmatch):
        """Remember the counter of the code that was accepted now."""
        user.tf_last_counter = tmatch.counter


class Passkeys(WebauthnUtil):
    """Any kind of authenticator; the key stays on it, and it checks who is there."""

    def authenticator_selection(self, user, usage):  # noqa: ARG002
        """Discoverable keys with user verification: they sign in without an address or a password."""
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(self, user, usage):  # noqa: ARG002
        """A passkey counts as two factors, so it must verify its user."""
        from webauthn.helpers.structs import UserVerificationRequirement

        return UserVerificationRequirement.REQUIRED


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes whose cipher is loaded when one is made or used (see `deferred`)."""

    def __init__(self, app):
        self.keys: list[bytes] = []
        super().__init__(app)

    def setup_cryptor(self, keys):
        """Keep the keys for the first use."""
        self.keys = keys

    @property
    def cryptor(self):
        """The cipher, made of the keys at its first use."""
        if self._cryptor is None and self.keys:
            super().setup_cryptor(self.keys)
        return self._cryptor

    @cryptor.setter
    def cryptor(self, cipher):
        self._cryptor = cipher


def _before_signing_in() -> None:
    """The pages of accounts need what no other page does."""
    if request.blueprint in ("security", "people_account"):
        deferred.load()


def settings(app) -> dict:
    """Flask-Security's settings, all in one place."""
    secrets = app.config["SECURITY_TOTP_SECRETS"]
    key = hashlib.sha256(f"recovery codes {sorted(secrets.items())}".encode()).digest()
    https = app.config["SESSION_COOKIE_SECURE"]
    return {
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_WEBAUTHN": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(key)],
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TOTP_ISSUER": "Distretti Toscana",
        "SECURITY_WAN_RP_NAME": "Distretti tecnologici della Toscana",
        "SECURITY_WAN_ALLOW_USER_HINTS": False,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": access.SHORTEST_PASSWORD,
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=mails.RESET_HOURS),
        "SECURITY_FRESHNESS": timedelta(hours=12),
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_DATETIME_FACTORY": now,
        # Our templates are rendered by the worker: nothing here.
        "SECURITY_EMAIL_PLAINTEXT": False,
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"test_environment": True},  # also .test, as `forms` do
        "SECURITY_POST_LOGIN_VIEW": "people_account.enter",
        "SECURITY_POST_LOGOUT_VIEW": "/",
        "SECURITY_POST_CHANGE_VIEW": "people_account.show",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "people_account.show",
        "SECURITY_WAN_POST_REGISTER_VIEW": "people_account.show",
        "SECURITY_LOGOUT_METHODS": None,  # people_account.sign_out does it, by POST with a token
        "SECURITY_TWO_FACTOR_VALIDITY_COOKIE": {"httponly": True, "secure": https, "samesite": "Strict"},
        "SECURITY_I18N_DOMAIN": "messages",
        "SECURITY_I18N_DIRNAME": [str(Path(app.root_path) / "translations")],
        **{f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()},
    }


def _named(texts: dict, value) -> str:
    return texts[value.value] if value is not None else ""


def init_app(app) -> None:
    """Put accounts, passwords, second factors, passkeys and the gate on `app`."""
    app.config.update(settings(app))
    security = Security(
        app, SQLAlchemyUserDatastore(db, Account, SecurityRole, Passkey), mail_util_cls=Outbox,
        totp_cls=Codes, webauthn_util_cls=Passkeys, mf_recovery_codes_util_cls=RecoveryCodes,
    )  # fmt: skip
    # Flask-Principal makes an identity for each request, for decorators that we do not use (see `rights`).
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    security.want_json(lambda _request: False)  # pages only: its JSON errors cannot hold translated texts
    for name, texts in (("role_name", ROLES), ("type_name", TYPES), ("size_name", SIZES)):
        app.add_template_global(partial(_named, texts), name)
    app.before_request(_before_signing_in)
    app.before_request(gate.check_role)
    app.before_request(gate.open_for_writing)
    app.after_request(gate.keep_private)
    app.teardown_request(gate.close)
