"""At the desk: the report, with whom it is shared, and what was said of it."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.audits.models import Audit, State
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.visits import actions, content, documents, queries
from dissemination.visits.desk import found
from dissemination.visits.forms import RemarkForm, ShareForm
from dissemination.visits.shown import words_of

desk = Blueprint("report_desk", __name__, url_prefix="/<district>/desk/audits/<int:audit_id>/report")


@desk.get("")
@requires(Role.ORGANISER)
def show(district, audit_id):
    """The report, its readers, and the comments of both sides."""
    return _page(found(district, audit_id))


def _page(audit: Audit, share: ShareForm | None = None, remark: RemarkForm | None = None):
    now_said = content.of_audit(audit)
    last = queries.last_report(audit)
    people = [one for one in queries.contacts(audit) if one.email]
    page = render_template(
        "visits/report_desk.html", audit=audit, State=State, report=words_of(now_said), last=last,
        changed=last is not None and content.differ(last.content, now_said), sharings=queries.sharings(audit),
        may_read=queries.may_read, remarks=queries.remarks(audit), people=people,
        share=(share or ShareForm(formdata=None)).offer(people),
        remark=(remark or RemarkForm(formdata=None)).offer([(a.id, a.title) for a in audit.areas]),
        titles={area.id: area.title for area in audit.areas},
    )  # fmt: skip
    wrong = (share is not None and share.errors) or (remark is not None and remark.errors)
    return page, 422 if wrong else 200


@desk.get("/draft.pdf")
@requires(Role.ORGANISER)
def show_pdf(district, audit_id):
    """The report as it would be shared now; a draft until it is."""
    audit = found(district, audit_id)
    said, last = content.of_audit(audit), queries.last_report(audit)
    is_shared = last is not None and not content.differ(last.content, said)
    made = last.made_at if is_shared and last is not None else now()
    return documents.answer(documents.report(audit, said, at=made, draft=not is_shared), audit)


@desk.post("/sharings")
@requires(Role.ORGANISER)
def create_sharing(district, audit_id):
    """Share the report with people of the company."""
    audit = found(district, audit_id)
    people = [one for one in queries.contacts(audit) if one.email]
    form = ShareForm().offer(people)
    if form.validate_on_submit():
        chosen = [one for one in people if one.id in (form.contacts.data or [])]
        try:
            with transaction():
                actions.share(audit, chosen, by=current_user)
            flash(
                ngettext(
                    "%(num)d person gets the link by mail.",
                    "%(num)d people get the link by mail.",
                    len(chosen),
                )
            )
            return _back(district, audit_id)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(audit, share=form)


@desk.post("/sharings/<int:sharing_id>/withdrawal")
@requires(Role.ORGANISER)
def create_withdrawal(district, audit_id, sharing_id):
    """Let a link open nothing any more."""
    sharing = queries.sharing(found(district, audit_id), sharing_id) or abort(404)
    with transaction():
        actions.withdraw(sharing, by=current_user)
    flash(_("The link opens nothing any more."))
    return _back(district, audit_id)


@desk.post("/sharings/<int:sharing_id>/reminder")
@requires(Role.ORGANISER)
def create_reminder(district, audit_id, sharing_id):
    """Mail the link again."""
    sharing = queries.sharing(found(district, audit_id), sharing_id) or abort(404)
    try:
        with transaction():
            actions.remind(sharing)
        flash(_("The reminder is on its way."))
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return _back(district, audit_id)


@desk.post("/remarks")
@requires(Role.ORGANISER)
def create_remark(district, audit_id):
    """Answer the company, or say something of one's own."""
    audit = found(district, audit_id)
    form = RemarkForm().offer([(area.id, area.title) for area in audit.areas])
    if form.validate_on_submit():
        try:
            with transaction():
                actions.answer(audit, text=form.text.data, area_id=form.area_id.data or None, by=current_user)
            flash(_("Your comment is on the shared page; its readers are told by mail in a while."))
            return _back(district, audit_id)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(audit, remark=form)


def _back(district, audit_id):
    return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
