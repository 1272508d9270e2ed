"""Kinds of activity in words."""

from flask_babel import lazy_gettext as _l

VERBS = {
    "workshop.held": _l("Workshops held"),
    "newsletter.sent": _l("Newsletters sent"),
    "publication.published": _l("Publications released"),
    "audit.visited": _l("Technology audits"),
    "meeting.held": _l("Company meetings"),
    "agreement.signed": _l("Agreements signed"),
    "application.submitted": _l("Applications submitted"),
    "application.funded": _l("Applications funded"),
    "roadmap.approved": _l("Roadmaps approved"),
}


def kind_name(verb: str) -> str:
    """What a verb logs, in the plural; one that nobody described as it stands."""
    return str(VERBS.get(verb, verb))
