"""The mail rehearsal at the desk: look at every mail in both languages, and send them all to oneself."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.delivery import outbox
from dissemination.delivery.calendar import render
from dissemination.delivery.models import Delivery
from dissemination.delivery.texts import FATES
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.languages import LANGUAGES, language
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import posts, rehearsing
from dissemination.registrations.models import Attends
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import Mode, Workshop

desk = Blueprint("rehearsal_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/rehearsal")
# A mail is shown as it was written, but can neither run script nor load anything from elsewhere.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"
)
NAMES = {"it": "Italiano", "en": "English"}
LAST = 40


def _attends() -> Attends:
    return Attends.ONLINE if request.values.get("attends") == "online" else Attends.ROOM


def _stages(workshop: Workshop, lang: str) -> list[rehearsing.Stage]:
    name = getattr(current_user, "name", "") or current_user.email
    reader = rehearsing.Reader(email=current_user.email, name=name)
    page = posts.public_url(url_for(".show", district=workshop.district, slug=workshop.slug))
    return rehearsing.sequence(workshop, reader, language=lang, attends=_attends(), page=page)


@desk.get("")
@requires(Role.VIEWER)
def show(district, slug):
    """Every mail as it will look, with what it does to a calendar; and the fate of those sent to oneself."""
    workshop = workshops.by_slug(district, slug)
    stages = {lang: _stages(workshop, lang) for lang in LANGUAGES}
    return render_template(
        "registrations/rehearsal.html", workshop=workshop, attends=_attends(), Attends=Attends,
        hybrid=workshop.mode is Mode.MIXED, languages=NAMES, fates=FATES, sent=_last_sent(workshop),
        mails=[
            {lang: (stages[lang][n], _read(stages[lang][n])) for lang in LANGUAGES}
            for n in range(len(stages["it"]))
        ],
        may_organise=current_user.may(Role.ORGANISER, district),
    )  # fmt: skip


def _read(stage: rehearsing.Stage) -> dict:
    """The text of a mail and its calendar object."""
    post = stage.post
    rendered = outbox.preview(post.mail, post.recipient.merge, post.calendar)
    return {"text": rendered.text, "ics": render(post.calendar).decode() if post.calendar else ""}


def _last_sent(workshop: Workshop) -> list[Delivery]:
    """The mails of the last rehearsal, in order."""
    rows = db.session.scalars(
        select(Delivery)
        .where(
            Delivery.subject_kind == rehearsing.Subject.__tablename__, Delivery.subject_id == workshop.id,
            Delivery.district_id == workshop.district_id,
        )
        .options(joinedload(Delivery.letter))
        .order_by(Delivery.id.desc())
        .limit(LAST)
    ).all()  # fmt: skip
    run = rows[0].idempotency.split(" ")[0] if rows else ""
    return [row for row in reversed(rows) if row.idempotency.split(" ")[0] == run]


@desk.get("/<lang>/<name>.html")
@requires(Role.VIEWER)
def mail_html(district, slug, lang, name):
    """The HTML of one mail alone, for its frame."""
    workshop = workshops.by_slug(district, slug)
    if lang not in LANGUAGES:
        abort(404)
    stage = next((s for s in _stages(workshop, lang) if s.name == name), None) or abort(404)
    html = outbox.preview(stage.post.mail, stage.post.recipient.merge, stage.post.calendar).html
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, mimetype="text/html", headers=headers)


@desk.post("")
@requires(Role.ORGANISER)
def create(district, slug):
    """Send the whole sequence to one's own address."""
    workshop = workshops.by_slug(district, slug)
    asked = request.form.get("language", "")
    stages = _stages(workshop, asked if asked in LANGUAGES else language())
    with transaction():
        count = rehearsing.send(workshop, stages)
    flash(
        ngettext("%(num)d mail goes to %(address)s.", "%(num)d mails go to %(address)s, some seconds apart.",
                 count, address=current_user.email)
    )  # fmt: skip
    return redirect(url_for(".show", district=district, slug=slug, attends=_attends().value), 303)


def _desk_url(workshop_id: int) -> str | None:
    """Where the desk shows a rehearsal: the page of its workshop."""
    workshop = workshops.by_id(workshop_id)
    return workshop and url_for("rehearsal_desk.show", district=workshop.district, slug=workshop.slug)


subjects.register(rehearsing.Subject.__tablename__, _desk_url)
