"""The mail that asks a participant for what the district has to report and does not know of her."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.registrations.models import Registration
from dissemination.registrations.posts import Post, in_her_language, personal_url, post, title

NAMES = {
    "role": _l("role in the organisation"), "size": _l("size of the company"),
    "province": _l("province of the company"), "sector": _l("sector of the company"),
}  # fmt: skip


@in_her_language
def missing_data(registration: Registration, attributes) -> Post:
    """What is missing of her (`attributes`), with the link to the page where she tells it."""
    subject = _("A question about your registration: %(title)s", title=title(registration))
    return post(
        registration, "missing_data", subject, missing=[str(NAMES[name]) for name in attributes],
        merge={"data_url": personal_url(registration, "data")},
    )  # fmt: skip
