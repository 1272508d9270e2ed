"""Words of audits."""

from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.audits.models import Department, Dimension, Outcome, State
from dissemination.calls.models import AreaType

STATES = {
    State.PLANNED: _l("audit planned"),
    State.CONTACTED: _l("contacted"),
    State.VISITED: _l("visited"),
    State.DRAFTED: _l("report drafted"),
    State.SHARED: _l("report shared"),
    State.CLOSED: _l("closed"),
    State.DECLINED: _l("declined"),
}
# What a person does to come into a state: the words of a button.
STEPS = {
    State.CONTACTED: _l("The company was contacted"),
    State.VISITED: _l("Enter the visit"),
    State.DRAFTED: _l("The report is drafted"),
    State.SHARED: _l("The report was shared"),
    State.CLOSED: _l("Close the audit"),
    State.DECLINED: _l("The company declines"),
}
DEPARTMENTS = {
    Department.PURCHASING: _l("Purchasing"),
    Department.INTERNAL_LOGISTICS: _l("Internal logistics"),
    Department.EXTERNAL_LOGISTICS: _l("External logistics"),
    Department.PRODUCTION: _l("Production"),
    Department.MAINTENANCE: _l("Maintenance"),
    Department.QUALITY: _l("Quality"),
    Department.RESEARCH: _l("Research and development"),
    Department.DESIGN: _l("Design"),
    Department.ADMINISTRATION: _l("Administration"),
    Department.SALES: _l("Marketing and sales"),
    Department.PEOPLE: _l("Human resources"),
}
DIMENSIONS = {
    Dimension.STRATEGY: _l("Strategy"),
    Dimension.ORGANISATION: _l("Organisation"),
    Dimension.LIFE_CYCLE: _l("Life cycle of innovation"),
    Dimension.ENABLING_FACTORS: _l("Enabling factors"),
    Dimension.RESULTS: _l("Results of innovation"),
}
POINTS = {
    1: _l("1 · beginning"),
    2: _l("2 · first attempts"),
    3: _l("3 · in place"),
    4: _l("4 · well led"),
    5: _l("5 · leading"),
}
AREA_TYPES = {
    AreaType.PRODUCT: _l("product"),
    AreaType.PROCESS: _l("production process"),
    AreaType.REORGANISATION: _l("strategic reorganisation"),
}
PRIORITIES = {1: _l("1 · high"), 2: _l("2 · middle"), 3: _l("3 · low")}
OUTCOMES = {
    Outcome.OPEN: _l("still open"),
    Outcome.STARTED: _l("started"),
    Outcome.APPLIED: _l("application made"),
    Outcome.DONE: _l("put into practice"),
    Outcome.DROPPED: _l("not pursued"),
}
REPLIES = {
    "ACCEPTED": _l("accepted"),
    "DECLINED": _l("declined, by the calendar"),
    "TENTATIVE": _l("perhaps"),
    "COUNTER": _l("proposes another time"),
}


def later_than(state: State, on: date | None) -> str:
    """Why a day is wrong: it lies in the future (`on` None), or before the step that it follows."""
    if on is None:
        return _("This day lies in the future.")
    return _(
        "Not before %(day)s: the audit became “%(state)s” then.", day=format_date(on), state=STATES[state]
    )
