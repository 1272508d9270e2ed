"""The forms of the personal page: who comes instead."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.forms import Form, email_field, text_field
from dissemination.registrations.forms import check_name
from dissemination.registrations.plain import plain


class SubstituteForm(Form):
    """The colleague who comes instead."""

    given_name = text_field(_l("Given name"), most=100, filters=[plain])
    family_name = text_field(_l("Family name"), most=100, filters=[plain])
    email = email_field(_l("E-mail address"))
    job_title = text_field(_l("Role"), most=120, required=False, filters=[plain])
    validate_given_name = validate_family_name = staticmethod(check_name)

    def facts(self) -> dict:
        """The arguments of `actions.substitute`."""
        return {
            "email": self.email.data, "given_name": self.given_name.data,
            "family_name": self.family_name.data, "job_title": self.job_title.data or "",
        }  # fmt: skip
