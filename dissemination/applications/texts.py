"""Words of applications."""

from flask_babel import lazy_gettext as _l

from dissemination.applications.models import Stage

STAGES = {
    Stage.IDEA: (_l("Idea"), "secondary"),
    Stage.PREPARATION: (_l("In preparation"), "secondary"),
    Stage.SUBMITTED: (_l("Submitted"), "primary"),
    Stage.ASSESSMENT: (_l("In assessment"), "primary"),
    Stage.FUNDED: (_l("Funded"), "success"),
    Stage.WAITING_LIST: (_l("On the waiting list"), "warning"),
    Stage.NOT_ADMITTED: (_l("Not admitted"), "danger"),
    Stage.STARTED: (_l("Project started"), "success"),
    Stage.REPORTED: (_l("Costs reported"), "success"),
    Stage.PAID: (_l("Paid out"), "success"),
    Stage.WAIVED: (_l("Waived by the company"), "warning"),
    Stage.REVOKED: (_l("Grant revoked"), "danger"),
}
# What a person does to come into a state: the words of a button.
STEPS = {
    Stage.PREPARATION: _l("Begin the preparation"),
    Stage.SUBMITTED: _l("Enter the submission"),
    Stage.ASSESSMENT: _l("The assessment begins"),
    Stage.FUNDED: _l("It is funded"),
    Stage.WAITING_LIST: _l("It is on the waiting list"),
    Stage.NOT_ADMITTED: _l("It is not admitted"),
    Stage.STARTED: _l("The project starts"),
    Stage.REPORTED: _l("The costs are reported"),
    Stage.PAID: _l("The contribution is paid"),
    Stage.WAIVED: _l("The company waives"),
    Stage.REVOKED: _l("The body revokes"),
}
CONSENT = _l(
    "I agree that %(body)s writes to me by e-mail about calls and opportunities that fit my company. "
    "I can withdraw at any time with the link in every mail."
)
CONSENT_VERSION = "1"
