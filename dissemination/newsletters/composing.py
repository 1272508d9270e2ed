"""A whole draft at once: from the calendar of a period, or as the correction of what was sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.languages import month_name, short_date, translated
from dissemination.newsletters import actions, corrections, sources
from dissemination.newsletters.live import NEW_WITHIN
from dissemination.newsletters.models import BlockKind, Issue
from dissemination.newsletters.preflight import Draft
from dissemination.newsletters.refusals import NothingToCorrect
from dissemination.people.accounts import Account
from dissemination.subscriptions.models import Topic

LANGUAGES = ("it", "en")
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Period:
    """The days that an issue is about, the last included."""

    first: date
    last: date

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment, and the first one after it, in `zone`."""
        start = datetime(self.first.year, self.first.month, self.first.day, tzinfo=zone)
        end = self.last + timedelta(days=1)
        return start, datetime(end.year, end.month, end.day, tzinfo=zone)

    @property
    def is_month(self) -> bool:
        """Whether it is one whole calendar month."""
        return self == month(self.first)


@dataclass(frozen=True)
class Proposal:
    """What an issue would say and show, to be looked at and changed before it is made."""

    period: Period
    subjects: dict[str, str]
    preheaders: dict[str, str]
    intros: dict[str, str]
    rows: dict[str, list]  # by source, in the order of the sources


def month(day: date) -> Period:
    """The calendar month of `day`."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def this_month(zone: ZoneInfo) -> Period:
    """The current month in `zone`."""
    return month(today(zone))


def next_month(zone: ZoneInfo) -> Period:
    """The month after the current one in `zone`."""
    return month(this_month(zone).last + timedelta(days=1))


def last_sent(district_id: int) -> datetime | None:
    """When the last issue of the district was sent."""
    return db.session.scalar(select(func.max(Issue.sent_at)).where(Issue.district_id == district_id))


def propose(district: District, period: Period, topics: Iterable[Topic]) -> Proposal:
    """What the calendar offers for `period` to the readers of `topics`.

    A topic without a sector is for everybody: with one of them all sectors come in. New is what became
    public since the last issue was sent, without one in the last three months.
    """
    starts, ends = period.moments(district.zone)
    chosen = list(topics)
    general = not chosen or any(t.sector_id is None for t in chosen)
    wish = sources.Wish(
        district, starts, ends, None if general else frozenset(t.sector_id for t in chosen if t.sector_id),
        last_sent(district.id) or now() - NEW_WITHIN,
    )  # fmt: skip
    rows = {source.key: source.choose(wish) for source in sources.every()}
    words = {language: _words(district, period, rows, language) for language in LANGUAGES}
    subjects, preheaders, intros = ({one: words[one][n] for one in LANGUAGES} for n in range(3))
    return Proposal(period, subjects, preheaders, intros, rows)


def _words(district: District, period: Period, rows: dict[str, list], language: str) -> tuple[str, str, str]:
    """The subject, preheader and opening words in one language."""
    with force_locale(language):
        name = translated(district, "name", language)
        when = month_name(period.first).lower() if language == "it" else month_name(period.first)
        if not period.is_month:
            when = _("%(first)s to %(last)s", first=short_date(period.first), last=short_date(period.last))
        subject = _("%(district)s: what is on, %(when)s", district=name, when=when)
        kinds = [
            f"{source.heading} ({len(rows[source.key])})" for source in sources.every() if rows[source.key]
        ]
        preheader = " · ".join(kinds)
        intro = _(
            "Good morning {name|dear reader},\n\nhere is what the district offers (%(when)s).", when=when
        )
    return subject[:200], preheader[:200], intro


def make(
    district: District, proposal: Proposal, *, facts: Mapping, intros: Mapping[str, str],
    chosen: Mapping[str, list[int]], by: Account | None,
) -> Issue:  # fmt: skip
    """The draft: opening words, and below a heading for each source the rows `chosen` by key.

    `facts` are the arguments of `actions.compose`. Ids that were not proposed are left out.
    """
    issue = actions.compose(district, by=by, **facts)
    if intros.get("it") or intros.get("en"):
        actions.add_block(
            issue, kind=BlockKind.TEXT, text_it=intros.get("it", ""), text_en=intros.get("en", ""), by=by
        )
    for key, rows in proposal.rows.items():
        wanted = set(chosen.get(key, ()))
        ids = [row.id for row in rows if row.id in wanted]
        source = sources.get(key)
        if not ids or source is None:
            continue
        headings = {}
        for language in LANGUAGES:
            with force_locale(language):
                headings[language] = str(source.heading)
        actions.add_block(
            issue,
            kind=BlockKind.HEADING,
            text_it=headings["it"],
            text_en=headings["en"],
            data={"level": 2},
            by=by,
        )
        actions.add_rows(issue, key, ids, by=by)
    return issue


def changed(draft: Draft) -> int:
    """How many findings say that a source changed."""
    return sum(1 for f in draft.findings if f.code == "changed")


def correct(issue: Issue, *, by: Account | None) -> Issue:
    """A draft that tells those who got `issue` what it told wrongly, old and new. Raises NothingToCorrect."""
    wrongs = corrections.wrong(issue)
    if not wrongs:
        raise NothingToCorrect
    subjects = {}
    for language in LANGUAGES:
        with force_locale(language):
            subject = translated(issue, "subject", language)
            subjects[f"subject_{language}"] = _("Correction: %(subject)s", subject=subject)[:200]
    if not issue.subject_en:
        subjects["subject_en"] = ""
    made = actions.compose(
        issue.district, by=by, activity_line_id=issue.activity_line_id, topics=list(issue.topics),
        template_id=issue.template_id, corrects=issue, **subjects,
    )  # fmt: skip
    words = {}
    for language in LANGUAGES:
        with force_locale(language):
            words[language] = _(
                "In our last newsletter something was not, or is no longer, as we wrote. We apologise. "
                "This is how it is now."
            )
    actions.add_block(made, kind=BlockKind.TEXT, text_it=words["it"], text_en=words["en"], by=by)
    notes = corrections.notes(issue, wrongs)
    for key in dict.fromkeys(w.key for w in wrongs):
        actions.add_rows(made, key, [w.row.id for w in wrongs if w.key == key], notes=notes, by=by)
    return made
