"""What the lines of a timeline are called, and the fields that a company can correct."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l

from dissemination.applications.models import Stage
from dissemination.audits.models import State


class Kind(StrEnum):
    """What a line of the timeline is about; what it can be narrowed to."""

    REGISTRATION = "registration"
    PRESENCE = "presence"
    INVITATION = "invitation"
    NEWSLETTER = "newsletter"
    AUDIT = "audit"
    AREA = "area"
    APPLICATION = "application"
    MEETING = "meeting"
    AGREEMENT = "agreement"
    MEMBERSHIP = "membership"
    PAST = "past"


KINDS = {
    Kind.REGISTRATION: _l("Registrations"),
    Kind.PRESENCE: _l("Presence at workshops"),
    Kind.INVITATION: _l("Invitations"),
    Kind.NEWSLETTER: _l("Newsletters"),
    Kind.AUDIT: _l("Audits"),
    Kind.AREA: _l("Improvement areas"),
    Kind.APPLICATION: _l("Funding applications"),
    Kind.MEETING: _l("Meetings"),
    Kind.AGREEMENT: _l("Agreements"),
    Kind.MEMBERSHIP: _l("Membership"),
    Kind.PAST: _l("Past activities, imported"),
}
AUDIT_STEPS = {
    State.PLANNED: _l("Audit planned"),
    State.CONTACTED: _l("Company contacted for an audit"),
    State.VISITED: _l("Audit: visit in the company"),
    State.DRAFTED: _l("Audit: report drafted"),
    State.SHARED: _l("Audit: report shared"),
    State.CLOSED: _l("Audit closed"),
    State.DECLINED: _l("Audit declined"),
}
STAGES = {
    Stage.IDEA: _l("Idea of an application"),
    Stage.PREPARATION: _l("Application in preparation"),
    Stage.SUBMITTED: _l("Application submitted"),
    Stage.ASSESSMENT: _l("Application under assessment"),
    Stage.FUNDED: _l("Application funded"),
    Stage.WAITING_LIST: _l("Application on the waiting list"),
    Stage.NOT_ADMITTED: _l("Application not admitted"),
    Stage.STARTED: _l("Funded project started"),
    Stage.REPORTED: _l("Funded project: costs reported"),
    Stage.PAID: _l("Funded project: paid"),
    Stage.WAIVED: _l("Application given up by the company"),
    Stage.REVOKED: _l("The grant was revoked"),
}
# What a company can correct of itself by its link: columns of `companies`.
FIELDS = {
    "name": _l("Name"),
    "size": _l("Size"),
    "ateco": _l("ATECO code"),
    "address": _l("Address"),
    "municipality": _l("Municipality"),
    "province": _l("Province"),
    "website": _l("Website"),
}
