"""The desk's pages of topics: add, name, order, close and open again."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.subscriptions import actions, queries
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.forms import ClosingForm, TopicForm
from dissemination.subscriptions.models import TopicKind
from dissemination.subscriptions.texts import KINDS, TOPIC_LANGUAGES


def _to_topics(district):
    return redirect(url_for(".topics", district=district), 303)


def _facts(form: TopicForm) -> dict:
    return {
        "name_it": form.name_it.data, "name_en": form.name_en.data or "",
        "sector_id": form.sector_id.data or None, "kind": TopicKind(form.kind.data),
        "macro_area_id": form.macro_area_id.data or None, "language": form.language.data or "",
    }  # fmt: skip


@desk.get("/topics")
@requires(Role.VIEWER)
def topics(district):
    """The topics in their order with their subscribers."""
    return _topics_page(district, TopicForm(formdata=None))


@desk.post("/topics/new")
@requires(Role.ORGANISER)
def add_topic(district):
    """Add a topic."""
    form = TopicForm()
    form.offer(district)
    if form.validate():
        try:
            with transaction():
                actions.add_topic(district, **_facts(form))
            flash(_("The topic is in the subscription form now."))
            return _to_topics(district)
        except Refusal as refusal:
            form.refuse(refusal)
    return _topics_page(district, form), 422


def _topics_page(district, form: TopicForm):
    form.offer(district)
    return render_template(
        "subscriptions/desk_topics.html", form=form, topics=queries.topics(district.id, closed=True),
        counts=queries.subscriber_counts(district.id), kinds=KINDS, languages=TOPIC_LANGUAGES,
    )  # fmt: skip


@desk.route("/topics/<int:topic_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def topic(district, topic_id):
    """Change a topic's names and sector."""
    found = queries.topic(district.id, topic_id)
    form = TopicForm(obj=found)
    form.offer(district)
    if request.method != "POST":
        form.sector_id.data, form.macro_area_id.data = found.sector_id or 0, found.macro_area_id or 0
        form.kind.data = found.kind.value
    elif form.validate():
        try:
            with transaction():
                actions.revise_topic(found, version=form.version.data or 0, **_facts(form))
            flash(_("Saved."))
            return _to_topics(district)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("subscriptions/desk_topic.html", form=form, topic=found)
    return page, 422 if form.errors else 200


@desk.post("/topics/<int:topic_id>/position")
@requires(Role.ORGANISER)
def move_topic(district, topic_id):
    """Move a topic up or down."""
    found = queries.topic(district.id, topic_id)
    with transaction():
        actions.move_topic(found, up=request.form.get("direction") == "up")
    return _to_topics(district)


@desk.route("/topics/<int:topic_id>/closing", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def close_topic(district, topic_id):
    """Take a topic out of the offer: says first how many people are subscribed."""
    found = queries.topic(district.id, topic_id)
    count = queries.subscriber_counts(district.id).get(found.id, 0)
    form = ClosingForm()
    if form.validate_on_submit():
        try:
            with transaction():
                gone = actions.close_topic(found, acknowledged=form.acknowledged.data)
            flash(
                _("The topic was deleted.")
                if gone
                else _("The topic is closed: nobody can join it any more.")
            )
            return _to_topics(district)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "subscriptions/desk_topic_closing.html", form=form, topic=found, count=count,
        used=queries.topic_is_used(found),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/topics/<int:topic_id>/opening")
@requires(Role.ORGANISER)
def reopen_topic(district, topic_id):
    """Offer a closed topic again."""
    found = queries.topic(district.id, topic_id)
    with transaction():
        actions.reopen_topic(found)
    flash(_("The topic is offered again."))
    return _to_topics(district)
