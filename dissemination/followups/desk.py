"""The desk's pages of a workshop's mails: how each stands, writing one, previews, tests, sending late."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery import outbox
from dissemination.delivery.mjml import MjmlProblem
from dissemination.delivery.texts import FATES
from dissemination.followups import actions, mails, queries, texts
from dissemination.followups.fields import FIELDS
from dissemination.followups.forms import RuleForm
from dissemination.followups.models import MailRule
from dissemination.followups.timing import Stage
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people.actions import ChangedMeanwhile
from dissemination.workshops import queries as workshops

desk = Blueprint("followups_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/mails")
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; sandbox"
)
WORDS = {
    "when": texts.when,
    "to_whom": texts.to_whom,
    "subject_of": mails.subject_of,
    "stages": texts.STAGES,
    "Stage": Stage,
    "fates": FATES,
}


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """All mails of the workshop: when, to whom, what was sent and with which fate."""
    workshop = workshops.by_slug(district, slug)
    found = queries.overview(workshop, queries.rules(workshop))
    return render_template("followups/index.html", workshop=workshop, overviews=found, **WORDS)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district, slug):
    """Write a mail."""
    workshop, form = workshops.by_slug(district, slug), RuleForm()
    if form.validate_on_submit():
        with transaction():
            rule = actions.add(workshop, by=current_user, **form.facts())
        flash(_("The mail is saved. This is how it stands."))
        return redirect(url_for(".show", district=district, slug=slug, rule_id=rule.id), 303)
    return _form_page(workshop, form)


def _form_page(workshop, form, rule=None, others=None):
    page = render_template(
        "followups/form.html", workshop=workshop, form=form, rule=rule, others=others, fields=FIELDS, **WORDS
    )
    return page, 422 if form.errors else 200


@desk.post("/ready")
@requires(Role.ORGANISER)
def create_ready(district, slug):
    """Add the mails that most workshops want."""
    workshop = workshops.by_slug(district, slug)
    try:
        with transaction():
            n = len(actions.add_ready(workshop, by=current_user))
        flash(ngettext("%(num)d mail was added.", "%(num)d mails were added. Look at each of them.", n))
    except Refusal as refusal:
        flash(refusal.message, "warning")
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.route("/others", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def others(district, slug):
    """Take the mails of another workshop along."""
    workshop = workshops.by_slug(district, slug)
    offered = queries.with_rules(district, but=workshop)
    if request.method != "POST":
        return render_template("followups/others.html", workshop=workshop, offered=offered)
    chosen = request.form.get("workshop", type=int)
    other = next((w for w, _n in offered if w.id == chosen), None)
    if other is None:
        flash(_("Choose one of the workshops."), "warning")
        return redirect(url_for(".others", district=district, slug=slug), 303)
    with transaction():
        n = actions.take_from(other, workshop, by=current_user)
    flash(ngettext("%(num)d mail was added.", "%(num)d mails were added. Look at each of them.", n))
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.get("/<int:rule_id>")
@requires(Role.VIEWER)
def show(district, slug, rule_id):
    """One mail: its text in both languages, and everybody it was sent to."""
    workshop = workshops.by_slug(district, slug)
    rule = queries.rule(workshop, rule_id)
    page, messages = queries.sendings(rule, after=request.args.get("after"))
    shown = {
        language: _rendered(rule, workshop, language)
        for language in ("it", "en")
        if mails.language_for(rule, language) == language
    }
    return render_template(
        "followups/show.html", workshop=workshop, overview=queries.overview(workshop, [rule])[0], page=page,
        messages=messages, shown=shown, **WORDS,
    )  # fmt: skip


def _rendered(written, workshop, language):
    mail = mails.mail(written, workshop, language=language, online=True)
    sample = mails.sample(workshop)
    return {"subject": mail.subject, **vars(outbox.preview(mail, sample.merge))}


@desk.get("/<int:rule_id>/preview/<any(it,en):language>")
@requires(Role.VIEWER)
def preview(district, slug, rule_id, language):
    """The mail as it looks, for the sandboxed frame."""
    workshop = workshops.by_slug(district, slug)
    rule = queries.rule(workshop, rule_id)
    if mails.language_for(rule, language) != language:
        abort(404)
    return _framed(_rendered(rule, workshop, language)["html"])


def _framed(html: str) -> Response:
    """A document for a sandboxed <iframe> of ours: no script, nothing loaded."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@desk.post("/preview/<any(it,en):language>")
@requires(Role.ORGANISER)
def create_preview(district, slug, language):
    """What is being written, as it would look; or what is wrong with it. Saves nothing."""
    workshop, form = workshops.by_slug(district, slug), RuleForm()
    subject, body = form[f"subject_{language}"], form[f"body_{language}"]
    written = form.draft
    problems = [*form._problems(subject), *form._problems(body)]
    with force_locale(language):
        missing = not getattr(written, f"body_{language}")
    if problems or missing:
        return _framed(render_template("followups/_problems.html", problems=problems))
    try:
        found = _rendered(written, workshop, language)
    except MjmlProblem as problem:
        found = {"html": render_template("followups/_problems.html", problems=[str(problem)])}
    return _framed(found["html"])


@desk.post("/tests")
@requires(Role.ORGANISER)
def create_test(district, slug):
    """Send what is being written to the organiser alone. Saves nothing."""
    workshop, form = workshops.by_slug(district, slug), RuleForm()
    rule_id = request.form.get("rule", type=int)
    rule = queries.rule(workshop, rule_id) if rule_id else None
    if form.validate():
        with transaction():
            n = actions.send_test(
                workshop, form.draft, to=current_user, about=rule,
                note=_("Test: only you get this mail. The links lead to the public page."),
            )  # fmt: skip
        flash(
            ngettext(
                "A test is on its way to %(address)s.", "%(num)d tests are on their way to %(address)s.", n,
                address=current_user.email,
            )
        )  # fmt: skip
        if rule is None:
            flash(_("The mail is not saved yet."), "warning")
    return _form_page(workshop, form, rule)


@desk.route("/<int:rule_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug, rule_id):
    """Change a mail; nobody gets it twice."""
    workshop = workshops.by_slug(district, slug)
    rule = queries.rule(workshop, rule_id)
    form, other = RuleForm.of(rule), None
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise(rule, version=form.version.data or 0, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, slug=slug, rule_id=rule_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            other = rule if isinstance(refusal, ChangedMeanwhile) else None
    return _form_page(workshop, form, rule, other)


@desk.post("/<int:rule_id>/pause")
@requires(Role.ORGANISER)
def create_pause(district, slug, rule_id):
    """Send nothing more for now."""
    rule = queries.rule(workshops.by_slug(district, slug), rule_id)
    with transaction():
        actions.pause(rule)
    flash(_("The mail is paused."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.post("/<int:rule_id>/resumption")
@requires(Role.ORGANISER)
def create_resumption(district, slug, rule_id):
    """Send again."""
    rule = queries.rule(workshops.by_slug(district, slug), rule_id)
    with transaction():
        actions.resume(rule)
    flash(_("The mail is sent again as planned."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.route("/<int:rule_id>/sending", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def sending(district, slug, rule_id):
    """Send late, after saying to how many."""
    workshop = workshops.by_slug(district, slug)
    rule = queries.rule(workshop, rule_id)
    if request.method != "POST":
        found = queries.overview(workshop, [rule])[0]
        return render_template("followups/sending.html", workshop=workshop, overview=found, **WORDS)
    try:
        with transaction():
            actions.send_now(rule, by=current_user)
        flash(_("It is being sent: within a minute the first mails leave."))
    except Refusal as refusal:
        flash(refusal.message, "warning")
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.route("/<int:rule_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def removal(district, slug, rule_id):
    """Take a mail out, after a question."""
    workshop = workshops.by_slug(district, slug)
    rule = queries.rule(workshop, rule_id)
    if request.method != "POST":
        found = queries.overview(workshop, [rule])[0]
        return render_template("followups/removal.html", workshop=workshop, overview=found, **WORDS)
    with transaction():
        actions.remove(rule)
    flash(_("The mail was taken out."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _desk_url(rule_id: int) -> str | None:
    rule = db.session.get(MailRule, rule_id)
    if rule is None:
        return None
    workshop = rule.workshop
    return url_for("followups_desk.show", district=workshop.district, slug=workshop.slug, rule_id=rule_id)


subjects.register(MailRule.__tablename__, _desk_url)
