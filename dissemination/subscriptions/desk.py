"""The overview of subscribers, the persons behind its figures, the ledger and its export."""

from datetime import date, datetime, time, timedelta

from flask import Response, abort, render_template, request, url_for
from flask_login import current_user

from dissemination.kernel.logs import log
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people_queries
from dissemination.people.texts import PURPOSES
from dissemination.registrations.embed import origins
from dissemination.registrations.export_rows import Sheet
from dissemination.registrations.exports import XLSX, as_csv, as_xlsx
from dissemination.subscriptions import audience, choices, exclusions, figures, ledger, queries, suppression
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.texts import CADENCES, KINDS, source_name


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """How many are subscribed, who joined and left, and where everything is."""
    topics = queries.topics(district.id, closed=True)
    return render_template(
        "subscriptions/desk_index.html", subscribers=queries.count_subscribers(district.id),
        months=figures.by_month(district), sources=figures.by_source(district), source_name=source_name,
        groups={KINDS[kind]: rows for kind, rows in queries.by_kind(topics).items()},
        counts=queries.subscriber_counts(district.id), guard=audience.guard(district.id),
        origins=origins(district),
        address=url_for("subscriptions.embed", district=district, _external=True),
    )  # fmt: skip


@desk.get("/people")
@requires(Role.VIEWER)
def people(district):
    """The subscribers; of a topic, or those who joined or left in a month."""
    topics = queries.topics(district.id, closed=True)
    topic = next((t for t in topics if t.id == request.args.get("topic", 0, type=int)), None)
    asked = figures.Asked(
        topic_id=topic.id if topic else None, month=figures.month(district, request.args.get("month", "")),
        left=request.args.get("what") == "left", search=request.args.get("q", ""),
    )  # fmt: skip
    return render_template(
        "subscriptions/desk_people.html", asked=asked, topic=topic, topics=topics,
        page=figures.people(district, asked, after=request.args.get("after")),
    )  # fmt: skip


@desk.get("/people/<int:contact_id>")
@requires(Role.VIEWER)
def person(district, contact_id):
    """What a person gets and does not get, and her lines of the ledger."""
    contact = people_queries.contact(district.id, contact_id) or abort(404)
    cadence, paused_until = choices.chosen(contact)
    return render_template(
        "subscriptions/desk_person.html", contact=contact, cadence=CADENCES[cadence],
        paused_until=paused_until, subscriptions=queries.subscriptions_of(contact),
        topics={t.id: t for t in queries.topics(district.id, closed=True)},
        exclusions=exclusions.of_contact(contact), consents=people_queries.consents(contact),
        suppressed=suppression.find(district.id, contact.email), purposes=PURPOSES,
        source_name=source_name,
    )  # fmt: skip


def _moment(district, name: str, *, days: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
        return datetime.combine(day + timedelta(days=days), time(), tzinfo=district.zone)
    except (ValueError, OverflowError):
        return None


def _wanted(district) -> ledger.Wanted:
    return ledger.Wanted(
        search=request.args.get("q", ""), contact_id=request.args.get("contact", type=int),
        since=_moment(district, "since"), until=_moment(district, "until", days=1),
        source=request.args.get("source", ""),
        given={"yes": True, "no": False}.get(request.args.get("said", "")),
    )  # fmt: skip


@desk.get("/ledger")
@requires(Role.MANAGER)
def consents(district):
    """The lines of the consent ledger."""
    page = ledger.lines(district.id, _wanted(district), after=request.args.get("after"))
    return render_template(
        "subscriptions/desk_ledger.html", page=page, purposes=PURPOSES, source_name=source_name
    )


@desk.get("/ledger.<any(csv, xlsx):kind>")
@requires(Role.MANAGER)
def consents_file(district, kind):
    """The same lines, all of them, as a file. Who took it is in the log of the program."""
    sheet = Sheet("consents", ledger.head(), list(ledger.rows(district.id, _wanted(district))))
    log.info(
        "consents_downloaded", district=district.id, kind=kind, rows=len(sheet.rows), account=current_user.id
    )
    body = as_csv(sheet) if kind == "csv" else as_xlsx(sheet)
    response = Response(body, content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{district.slug}-consents.{kind}")
    response.headers["Cache-Control"] = "private, no-store"
    return response
