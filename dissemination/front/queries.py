"""What the start pages show: the next date, what is waiting to be done, the figures of the half-year."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from dissemination.delivery import queries as delivery
from dissemination.delivery.models import OPEN, Delivery, Fate
from dissemination.delivery.queries import Parts, is_mail_stopped, relay_trouble
from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.languages import short_date, translated
from dissemination.newsletters.models import Issue
from dissemination.plan import periods
from dissemination.plan.figures import figures
from dissemination.plan.queries import current_plan
from dissemination.plan.texts import period_name
from dissemination.privacy import held
from dissemination.publications.models import Publication
from dissemination.publications.models import State as PublicationState
from dissemination.publications.states import in_state
from dissemination.registrations import calendars
from dissemination.registrations.queries import seats_many
from dissemination.registrations.rows import asking_many
from dissemination.reporting.queries import to_report as reports_due
from dissemination.research import queries as research
from dissemination.submissions import queries as submissions
from dissemination.timelines import queries as timelines
from dissemination.workshops.models import Cancellation, Closing, Workshop

HEADLINES = ("DV-01", "DV-03", "DV-07", "DV-08")
# What lets whoever reads a mail act as the person it was sent to: signed tokens, UIDs of calendar objects.
SECRET = re.compile(r"(?<=[/=])\.?[\w-]{4,}(?:\.[\w-]{5,8})?\.[\w-]{27}(?![\w-])|\b[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Task:
    """Something that waits for the organiser: what, and where to do it."""

    text: str
    url: str


def is_sealed(row: Delivery) -> bool:
    """Whether a mail is for its reader alone: with the link in it she gets into her account."""
    return row.letter.template.startswith("people/")


def parts(row: Delivery, *, whole: bool) -> Parts | None:
    """What the desk shows of a mail; None of a sealed one. Unless `whole`, secrets are left out, and with
    them the octets. Raises what compiling raises."""
    if is_sealed(row):
        return None
    found = delivery.parts(row)
    if whole:
        return found
    html, text, calendar = (SECRET.sub("…", part) for part in (found.html, found.text, found.calendar))
    return replace(found, html=html, text=text, calendar=calendar, raw=b"")


def districts() -> list[District]:
    """All districts by name."""
    return list(db.session.scalars(select(District).order_by(District.name_it)))


def _coming(district, limit, *, public=False):
    query = (
        select(Workshop)
        .outerjoin(Cancellation)
        .where(
            Workshop.district_id == district.id, Workshop.published_at.is_not(None),
            Workshop.ends_at > now(), Cancellation.workshop_id.is_(None),
        )
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(limit)
    )  # fmt: skip
    return list(db.session.scalars(query.where(~Workshop.is_private) if public else query))


def _half_year(day) -> str:
    return f"{day.year}-H{1 if day.month <= 6 else 2}"


def headlines(district) -> tuple[str, list[dict]]:
    """The period in words and the headline figures of the half-year that runs."""
    plan = current_plan(district.id)
    if plan is None:
        return "", []
    period = periods.read(_half_year(min(max(today(district.zone), plan.starts_on), plan.ends_on)), plan)
    wanted = [i for i in plan.indicators if i.code in HEADLINES]
    found = figures(wanted, [period])
    return period_name(period.code), [
        {"name": translated(i, "name"), "figure": found[i.code, period.code]} for i in wanted
    ]


def home(district) -> dict:
    """What the public start page shows."""
    published = (
        select(Publication)
        .where(Publication.district_id == district.id, Publication.published_at.is_not(None))
        .order_by(Publication.published_at.desc(), Publication.id.desc())
        .limit(3)
    )
    sent = (
        select(Issue)
        .where(Issue.district_id == district.id, Issue.finished_at.is_not(None))
        .order_by(Issue.finished_at.desc())
        .limit(3)
    )
    period, shown = headlines(district)
    return {
        "workshops": _coming(district, 4, public=True),
        "publications": list(db.session.scalars(published)),
        "issues": list(db.session.scalars(sent)),
        "period": period,
        "figures": shown,
    }


def today_at_desk(district, *, manages: bool = False) -> dict:
    """What the organiser sees first: the next workshop, what waits, the figures.

    People who wait for an answer come before papers; `manages`: also what only a manager may do.
    """
    coming = _coming(district, 4)
    period, shown = headlines(district)
    return {
        "workshops": coming,
        "rooms": seats_many([workshop.id for workshop in coming]),
        "tasks": [
            *_to_answer(district, manages=manages), *_to_review(district, manages=manages),
            *_of_companies(district),
            *_to_close(district), *_drafts(district),
            *_mail_trouble(district), *(_to_report(district) if manages else ()),
        ],
        "period": period,
        "figures": shown,
    }  # fmt: skip


def _to_answer(district, *, manages: bool) -> list[Task]:
    """People who wait for somebody's answer: to a request for a seat, to a calendar, to be erased."""
    found = [
        Task(
            ngettext(
                "%(num)d request for a seat at «%(title)s» (%(date)s) waits for your yes or no",
                "%(num)d requests for a seat at «%(title)s» (%(date)s) wait for your yes or no", n,
                title=translated(w, "title"), date=short_date(w.starts_at),
            ),
            url_for("registrations_desk.index", district=district, slug=w.slug, state="requested"),
        )
        for w, n in asking_many(district)
    ]  # fmt: skip
    if n := calendars.open_in_district(district):
        text = ngettext("%(num)d calendar answer waits for you", "%(num)d calendar answers wait for you", n)
        found.append(Task(text, url_for("board_desk.answers", district=district)))
    if manages and (n := len(held.requests(district))):
        text = ngettext(
            "%(num)d person asked to have her personal data erased",
            "%(num)d people asked to have their personal data erased", n,
        )  # fmt: skip
        found.append(Task(text, url_for("privacy_desk.index", district=district)))
    return found


def _to_review(district, *, manages: bool) -> list[Task]:
    """Works that authors sent; for managers the publications that ask for their approval."""
    found = []
    if n := submissions.count_to_look_at(district):
        text = ngettext(
            "%(num)d author has sent a work and waits for your answer",
            "%(num)d authors have sent works and wait for your answer", n,
        )  # fmt: skip
        found.append(Task(text, url_for("submissions_desk.index", district=district)))
    asking = select(func.count()).select_from(Publication).where(
        Publication.district_id == district.id, in_state(PublicationState.REVIEW)
    )  # fmt: skip
    if manages and (n := db.session.scalar(asking) or 0):
        text = ngettext(
            "%(num)d publication asks for your approval", "%(num)d publications ask for your approval", n
        )
        found.append(Task(text, url_for("publications_desk.index", district=district, state="review")))
    return found


def _of_companies(district) -> list[Task]:
    """What companies ask for by their links, meetings to arrange, agreements that end soon."""
    found = []
    if n := timelines.count_open_corrections(district.id):
        text = ngettext(
            "%(num)d correction of a company waits for your answer",
            "%(num)d corrections of companies wait for your answer", n,
        )  # fmt: skip
        found.append(Task(text, url_for("timelines_desk.corrections", district=district)))
    if n := research.count_asked(district.id):
        text = ngettext("%(num)d meeting to arrange", "%(num)d meetings to arrange", n)
        found.append(Task(text, url_for("meetings_desk.index", district=district, state="asked")))
    if n := len(research.expiring(district.id, today(district.zone))):
        text = ngettext("%(num)d agreement ends within 60 days", "%(num)d agreements end within 60 days", n)
        found.append(Task(text, url_for("agreements_desk.index", district=district)))
    return found


def _to_close(district):
    query = (
        select(Workshop)
        .outerjoin(Cancellation)
        .outerjoin(Closing)
        .where(
            Workshop.district_id == district.id, Workshop.published_at.is_not(None),
            Workshop.ends_at <= now(),
            Cancellation.workshop_id.is_(None), Closing.workshop_id.is_(None),
        )
        .order_by(Workshop.starts_at)
        .limit(10)
    )  # fmt: skip
    return [
        Task(
            _("Record who came to «%(title)s» (%(date)s) and close it", title=translated(w, "title"),
              date=short_date(w.starts_at)),
            url_for("attendance_desk.show", district=district, slug=w.slug),
        )
        for w in db.session.scalars(query)
    ]  # fmt: skip


def _to_report(district):
    """Periods that are over and that no manager signed off."""
    return [
        Task(
            _("%(period)s is over: review it and sign it off for the Region", period=period_name(p.code)),
            url_for("reporting_desk.index", district=district),
        )
        for p in reports_due(district)
    ]


def _drafts(district):
    def count(model, *conditions):
        return db.session.scalar(
            select(func.count()).select_from(model).where(model.district_id == district.id, *conditions)
        )

    found = []
    n = count(Workshop, Workshop.published_at.is_(None))
    if n:
        text = ngettext("%(num)d workshop is a draft", "%(num)d workshops are drafts", n)
        found.append(Task(text, url_for("workshops_desk.index", district=district, state="draft")))
    n = count(Publication, in_state(PublicationState.DRAFT))
    if n:
        text = ngettext("%(num)d publication is not published", "%(num)d publications are not published", n)
        found.append(Task(text, url_for("publications_desk.index", district=district, state="draft")))
    n = count(Issue, Issue.sent_at.is_(None))
    if n:
        text = ngettext("%(num)d newsletter is a draft", "%(num)d newsletters are drafts", n)
        found.append(Task(text, url_for("newsletters_desk.index", district=district)))
    return found


def _mail_trouble(district):
    since = now() - timedelta(days=7)
    query = (
        select(Delivery.state, func.count())
        .where(
            Delivery.district_id == district.id, Delivery.created_at >= since,
            Delivery.state.in_((Fate.UNCERTAIN, Fate.REFUSED, Fate.DEFERRED)),
        )
        .group_by(Delivery.state)
    )  # fmt: skip
    counts = dict(db.session.execute(query).all())
    texts = {
        Fate.UNCERTAIN: lambda n: ngettext(
            "%(num)d message has an uncertain fate", "%(num)d messages have an uncertain fate", n),
        Fate.REFUSED: lambda n: ngettext("%(num)d message was refused", "%(num)d messages were refused", n),
        Fate.DEFERRED: lambda n: ngettext("%(num)d message is waiting to be tried again",
                                          "%(num)d messages are waiting to be tried again", n),
    }  # fmt: skip
    down = relay_trouble()
    mail = url_for("front_desk.mail", district=district)
    stopped = _("The mail server takes no messages: they wait, nothing is lost")
    others = _("One of the mail servers takes no messages now; the others carry its share.")
    trouble = [Task(stopped if is_mail_stopped() else others, mail)] if down else []
    return trouble + [
        Task(texts[fate](counts[fate]), url_for("front_desk.mail", district=district, state=fate.value))
        for fate in texts
        if counts.get(fate)
    ]


def deliveries_by_state() -> dict[Fate, int]:
    """How many deliveries stand where, over all districts."""
    counted = db.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return dict(counted.all())


def oldest_due_seconds() -> float:
    """Age in seconds of the oldest delivery that is due; 0 when none is."""
    oldest = db.session.scalar(
        select(func.min(Delivery.next_at)).where(Delivery.state.in_(OPEN), Delivery.next_at <= now())
    )
    return (now() - oldest).total_seconds() if oldest else 0.0
