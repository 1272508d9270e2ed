"""Composing a whole issue from the calendar: a period and topics, and one press of a button."""

from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import composing, fields, sources
from dissemination.newsletters.common import desk
from dissemination.newsletters.forms import ComposeForm
from dissemination.newsletters.queries import issue as issue_of
from dissemination.plan.queries import lines
from dissemination.subscriptions.queries import topics as topics_of

LATE = 15  # from this day of the month on, the next month is what one writes about


def _day(name: str, default: date) -> date:
    try:
        found = date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return default
    return found if 2000 <= found.year <= 2100 else default


def _period(district) -> tuple[str, composing.Period]:
    """What was asked for: its name ("this", "next", "custom") and the days."""
    this, following = composing.this_month(district.zone), composing.next_month(district.zone)
    usual = "next" if composing.today(district.zone).day >= LATE else "this"
    name = request.values.get("period", usual)
    if name != "custom":
        return (name, this if name == "this" else following) if name in ("this", "next") else (usual, this)
    first = _day("first", this.first)
    last = min(max(first, _day("last", this.last)), first + composing.LONGEST)
    return name, composing.Period(first, last)


def _topics(district) -> list:
    """The topics that were ticked; all at first."""
    offered = topics_of(district.id)
    asked = set(request.values.getlist("topics", type=int))
    return [t for t in offered if t.id in asked] if "period" in request.values else offered


@desk.route("/compose", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def compose(district):
    """GET proposes; POST makes the draft as it was proposed and changed."""
    name, period = _period(district)
    topics = _topics(district)
    proposal = composing.propose(district, period, topics)
    form = ComposeForm.proposed(district, proposal)
    chosen = {key: [row.id for row in rows] for key, rows in proposal.rows.items()}
    if request.method == "POST":
        chosen = {key: request.form.getlist(f"{key}s", type=int) for key in proposal.rows}
    if form.validate_on_submit():
        try:
            with transaction():
                made = composing.make(
                    district, proposal, facts={**form.facts(), "topics": topics}, intros=form.intros(),
                    chosen=chosen, by=current_user,
                )  # fmt: skip
                issue_id = made.id
            flash(_("The draft is made. Look at it, change what you like, then check and send."))
            return redirect(url_for(".show", district=district, issue_id=issue_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "newsletters/desk_compose.html", form=form, period=name, proposal=proposal, chosen=chosen,
        offered=fields.OFFERED, topics=topics_of(district.id), wanted={t.id for t in topics},
        has_plan=bool(lines(district.id)), sources=sources, latest=period.first + timedelta(days=366),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/<int:issue_id>/corrections")
@requires(Role.ORGANISER)
def create_correction(district, issue_id):
    """Begin the issue that tells those who got a wrong date the right one."""
    issue = issue_of(district.id, issue_id)
    with transaction():
        made = composing.correct(issue, by=current_user)
        made_id = made.id
    flash(_("The correction is drafted. It goes only to those who got the wrong facts."))
    return redirect(url_for(".show", district=district, issue_id=made_id), 303)
