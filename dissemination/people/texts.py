"""What Flask-Security says, in our words: short, Italian, and never telling whether an account exists."""

from flask_babel import lazy_gettext as _l

MESSAGES = {
    "API_ERROR": (_l("The request could not be understood. Go back and try again."), "error"),
    "GENERIC_AUTHN_FAILED": (_l("The e-mail address or the password is wrong."), "error"),
    "GENERIC_RECOVERY": (_l("If this address has an account, a mail with a link is on its way."), "info"),
    "PASSWORD_RESET_REQUEST": (
        _l("If this address has an account, a mail with a link is on its way."),
        "info",
    ),
    "UNAUTHORIZED": (_l("You are signed in, but this page needs another role."), "error"),
    "UNAUTHENTICATED": (_l("Sign in to see this page."), "info"),
    "LOGIN": (_l("Sign in to see this page."), "info"),
    "REAUTHENTICATION_REQUIRED": (_l("Before you change this, enter your password once more."), "info"),
    "REFRESH": (_l("Before you change this, enter your password once more."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (_l("Thank you. Now you can go on."), "info"),
    "PASSWORD_MISMATCH": (_l("The password is wrong."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (_l("The two passwords are not the same."), "error"),
    "PASSWORD_RESET_EXPIRED": (_l("This link has expired. Ask for a new one."), "error"),
    "INVALID_RESET_PASSWORD_TOKEN": (
        _l("This link was used already or is not complete. Ask for a new one."),
        "error",
    ),
    "PASSWORD_RESET_NO_LOGIN": (_l("Your new password is set. Sign in with it."), "success"),
    "PASSWORD_IS_THE_SAME": (_l("The new password must differ from the old one."), "error"),
    "PASSWORD_CHANGE": (_l("Your password is changed."), "success"),
    "PASSWORD_INVALID_LENGTH": (_l("The password needs at least %(length)s characters."), "error"),
    "PASSWORD_TOO_SIMPLE": (_l("This password is too easy to guess."), "error"),
    "PASSWORD_NOT_PROVIDED": (_l("Write the password."), "error"),
    "EMAIL_NOT_PROVIDED": (_l("Write the e-mail address."), "error"),
    "INVALID_EMAIL_ADDRESS": (_l("This is not a complete e-mail address."), "error"),
    "USER_DOES_NOT_EXIST": (_l("The e-mail address or the password is wrong."), "error"),
    "INVALID_PASSWORD": (_l("The password is wrong."), "error"),
    "DISABLED_ACCOUNT": (_l("This account is switched off."), "error"),
    "INVALID_REDIRECT": (_l("The page to return to is not one of ours."), "error"),
    "ANONYMOUS_USER_REQUIRED": (_l("You are signed in already."), "error"),
    "INVALID_CODE": (_l("The code is wrong or too old. Try the next one."), "error"),
    "TWO_FACTOR_INVALID_TOKEN": (_l("The code is wrong or too old. Try the next one."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_l("You are signed in."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        _l("The second factor is on. Next, keep recovery codes for the day you lose your phone."),
        "success",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_l("Sign in with your password first."), "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (_l("Choose one of the methods shown."), "error"),
    "TWO_FACTOR_DISABLED": (_l("The second factor is off."), "success"),
    "TWO_FACTOR_SETUP_EXPIRED": (_l("This took too long (%(within)s). Start again."), "error"),
    "INVALID_RECOVERY_CODE": (_l("This recovery code is wrong or was used already."), "error"),
    "NO_RECOVERY_CODES_SETUP": (_l("You have no recovery codes yet."), "info"),
    "INVALID_INPUT": (_l("This cannot be accepted here."), "error"),
    "INVALID_INPUT_LENGTH": (_l("At most %(length)s characters."), "error"),
    "WEBAUTHN_EXPIRED": (_l("This took too long (%(within)s). Start again."), "error"),
    "WEBAUTHN_NAME_REQUIRED": (_l("Give the passkey a name."), "error"),
    "WEBAUTHN_NAME_INUSE": (_l("You already have a passkey named %(name)s."), "error"),
    "WEBAUTHN_NAME_NOT_FOUND": (_l("You have no passkey named %(name)s."), "error"),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": (_l("Use letters, digits, spaces and hyphens."), "error"),
    "WEBAUTHN_CREDENTIAL_DELETED": (_l("The passkey %(name)s is removed."), "info"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (_l("The passkey %(name)s is ready."), "success"),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (_l("This passkey is registered already."), "error"),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (_l("This passkey is not known here."), "error"),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (_l("This passkey is not known here."), "error"),
    "WEBAUTHN_NO_VERIFY": (_l("The passkey could not be checked. Try again."), "error"),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (_l("This passkey cannot be used for that."), "error"),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (_l("This passkey is not known here."), "error"),
}

# Field labels of Flask-Security's forms; it looks them up in our catalogue by these very texts.
LABELS = (
    _l("Email Address"), _l("Password"), _l("Remember Me"), _l("New Password"), _l("Retype Password"),
    _l("Authentication Code"), _l("Nickname"), _l("Recovery Code"),
)  # fmt: skip

ROLES = {
    "viewer": _l("Viewer: reads the desk and its exports"),
    "organiser": _l("Organiser: workshops, publications, newsletters"),
    "manager": _l("Manager: also plan, people and settings"),
    "observer": _l("Observer: reads all districts, for the Region"),
}
ROLE_NAMES = {"viewer": _l("Viewer"), "organiser": _l("Organiser"), "manager": _l("Manager")}
TYPES = {
    "company": _l("Company"),
    "research": _l("Research organisation"),
    "public": _l("Public body"),
    "association": _l("Association"),
    "other": _l("Other"),
}
SIZES = {
    "micro": _l("Micro (fewer than 10 people)"),
    "small": _l("Small (fewer than 50)"),
    "medium": _l("Medium (fewer than 250)"),
    "large": _l("Large"),
}
PURPOSES = {
    "registration": _l("Workshop registration"),
    "newsletter": _l("Newsletter"),
    "opportunities": _l("Information on opportunities"),
}
