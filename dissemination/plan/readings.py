"""A counting rule in plain words, Italian or English: what an organiser reads to know what counts."""

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import translated
from dissemination.plan import texts
from dissemination.plan.models import Plan
from dissemination.plan.rules import AMOUNT, Measure, Rule

VERBS = {
    "workshop.held": _l("workshops closed as held"),
    "workshop.published": _l("workshops published"),
    "workshop.cancelled": _l("workshops called off"),
    "attendance.present": _l("presences at workshops"),
    "attendance.absent": _l("absences of people who had a seat"),
    "registration.made": _l("registrations"),
    "registration.cancelled": _l("registrations given back"),
    "feedback.given": _l("feedback forms"),
    "newsletter.sent": _l("newsletter issues sent"),
    "newsletter.reached": _l("newsletters that reached a person"),
    "newsletter.bounced": _l("newsletters that came back"),
    "publication.published": _l("publications released"),
    "publication.downloaded": _l("downloads of publications"),
    "roadmap.approved": _l("roadmap versions approved"),
    "audit.visited": _l("technology audits carried out"),
    "audit.area_found": _l("improvement areas found by audits"),
    "meeting.held": _l("expert meetings in the company"),
    "agreement.signed": _l("company-research agreements signed"),
    "application.submitted": _l("funding applications submitted"),
    "application.decided": _l("funding applications decided"),
    "application.funded": _l("funding applications funded"),
}
MEASURES = {
    Measure.COUNT: _l("Counts %(what)s."),
    Measure.SUM: _l("Adds up %(field)s of %(what)s."),
    Measure.MEAN: _l("Averages %(field)s of %(what)s, and says of how many."),
    Measure.COMPANIES: _l(
        "Counts the different companies behind %(what)s: each once, by its partita IVA, merged ones as one."
    ),
    Measure.NEW_COMPANIES: _l(
        "Counts the companies reached for the first time ever, by %(what)s: each once, by its partita IVA."
    ),
    Measure.PERSONS: _l("Counts the different persons behind %(what)s, each once."),
    Measure.EVIDENCE: _l("Of %(what)s, shows in percent how many have all their evidence."),
}  # fmt: skip
LINES = {
    "a": _l("a) technology dissemination"),
    "b": _l("b) strategic information (economic intelligence, foresight)"),
    "c": _l("c) relations between companies and research"),
}


def sentence(rule: Rule, plan: Plan, language: str) -> str:
    """The rule as sentences, in `language` ("it" or "en")."""
    with force_locale(language):
        return " ".join(_sentences(rule, plan))


def verb_name(verb: str) -> str:
    """What rows of a verb are, in the reader's language; a verb that nobody told us of as it is written."""
    return str(VERBS.get(verb, verb))


def field_name(field: str) -> str:
    """What a sum or mean takes of a row."""
    return _("the amount") if field == AMOUNT else "“" + texts.attribute_name(field) + "”"


def _sentences(rule: Rule, plan: Plan) -> list[str]:
    said = [_measured(rule, plan)]
    said += _filters(rule)
    for verb, reason in rule.seen:
        said.append(_("Shown but not counted: %(what)s (%(why)s).", what=verb_name(verb),
                      why=texts.reason_name(reason, {})))  # fmt: skip
    for reason in rule.despite:
        said.append(_("Rows marked “%(why)s” count here too.", why=texts.reason_name(reason, {})))
    if rule.share_of is not None:
        said.append(_("Also shown as a share of this: %(what)s", what=_part(rule.share_of, plan)))
    if rule.split:
        names = [texts.attribute_name(name).lower() for name in rule.split]
        said.append(_("Split by %(names)s.", names=_list(names)))
    return said


def _measured(rule: Rule, plan: Plan) -> str:
    if rule.measure is Measure.MEMBERS:
        return _(
            "Counts the member companies on the period's last day (today while it lasts), by partita IVA."
        )
    if rule.measure is Measure.BUDGET:
        return _("Divides what was spent by the budget of the years that the period touches, in percent.")
    if rule.measure is Measure.RATIO:
        return _("Divides, in percent, this: %(over)s By this: %(under)s",
                 over=_part(rule.numerator, plan), under=_part(rule.denominator, plan))  # fmt: skip
    what = _list([verb_name(verb) for verb in rule.verbs])
    return str(MEASURES[rule.measure]) % {"what": what, "field": field_name(rule.field)}


def _filters(rule: Rule) -> list[str]:
    said = []
    for name, values in rule.where:
        words = [texts.class_name(name, value) for value in values]
        said.append(_("Only where “%(name)s” is %(values)s.", name=texts.attribute_name(name).lower(),
                      values=_list(words, _("or"))))  # fmt: skip
    if rule.lines:
        names = [str(LINES[line]) for line in rule.lines]
        said.append(_("Only on activity lines of kind %(lines)s.", lines=_list(names, _("or"))))
    if rule.members_only:
        said.append(_("Only companies that are members on the period's last day."))
    if rule.followed_by:
        verbs, days = rule.followed_by
        said.append(_("Only when the same company has within %(days)d days: %(what)s.", days=days,
                      what=_list([verb_name(v) for v in verbs], _("or"))))  # fmt: skip
    return said


def _part(part: Rule | str | None, plan: Plan) -> str:
    if isinstance(part, str):
        named = next((i for i in plan.indicators if i.code == part), None)
        if named is None:
            return _("the indicator %(code)s, which the plan does not have.", code=part)
        return _("the indicator %(code)s, %(name)s.", code=part, name=translated(named, "name"))
    return " ".join(_sentences(part, plan)) if part is not None else ""


def _list(words: list[str], joint: str | None = None) -> str:
    if len(words) <= 1:
        return "".join(words)
    return ", ".join(words[:-1]) + " " + (joint or _("and")) + " " + words[-1]
