"""What `make run` shows on the first day: the counts of issue 2, nobody real, and figures that are true."""

from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask_security import verify_password
from sqlalchemy import func, select
from stdnum.it import iva

from dissemination.applications.models import Application, Stage
from dissemination.attendance.models import Presence
from dissemination.audits.models import Audit
from dissemination.audits.models import State as AuditState
from dissemination.bibliography.kinds import Access
from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile, read
from dissemination.newsletters.models import Issue, IssueState
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact, Membership, OrganisationType, SizeClass
from dissemination.plan import figures, periods
from dissemination.plan import rows as rows_of
from dissemination.plan.figures import figures_for
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import SITUATION_LIMIT
from dissemination.plan.queries import current_plan
from dissemination.plan.queries import indicator as indicator_of
from dissemination.publications.models import Kind, Publication
from dissemination.registrations.models import Registration, Standing
from dissemination.registrations.queries import confirmed, seats, waiting
from dissemination.reporting import adjustments
from dissemination.reporting import queries as reports
from dissemination.reporting.models import ReportingPeriod
from dissemination.reporting.models import State as ReportState
from dissemination.sample.actions import SampleIsThere
from dissemination.sample.fates import NEVER_SENT
from dissemination.sample.people import CAST, PASSWORD
from dissemination.seals import queries as seals
from dissemination.seals.verifying import verify
from dissemination.subscriptions.models import Subscription, SubscriptionRequest
from dissemination.usage.models import UsageMonth
from dissemination.workshops.models import State, Workshop

SECTORS = {"tessile": "13", "abbigliamento": "14", "pelle": "15", "oreficeria": "32", "calzature": "15"}


def every(model, **where):
    return db.session.query(model).filter_by(**where).all()


def companies(district):
    return every(Company, district_id=district.id, type=OrganisationType.COMPANY)


def workshops(district):
    return db.session.query(Workshop).filter_by(district_id=district.id).order_by(Workshop.starts_at).all()


def test_the_plan_has_all_sections_and_25_indicators_with_half_year_targets(district):
    plan = current_plan(district.id)
    assert 0 < len(plan.situation) <= SITUATION_LIMIT
    assert [len(a.application_areas) for a in plan.macro_areas] == [3, 3, 3, 3]
    assert all(
        a.actors and a.sources and a.scenarios and a.trends and a.synergies and a.opportunities and a.risks
        for a in plan.macro_areas
    )
    assert all(o.text and o.macro_areas for o in plan.objectives)
    assert len(plan.objectives) == 4
    assert [(x.code, len(x.budget)) for x in plan.lines] == [("a", 3), ("b", 3), ("c", 3)]
    assert len(plan.indicators) == 25
    first = plan.starts_on.year
    periods = [f"{y}-H{h}" for y in (first, first + 1, first + 2) for h in (1, 2)]
    assert {tuple(sorted(t.period for t in i.targets)) for i in plan.indicators} == {(*periods, "plan")}


def test_220_companies_of_the_five_sectors_mostly_small_some_of_them_members(district):
    found = companies(district)
    assert Counter(c.sector.code for c in found) == {
        "tessile": 64, "abbigliamento": 56, "pelle": 42, "oreficeria": 32, "calzature": 26,
    }  # fmt: skip
    sizes = Counter(c.size for c in found)
    assert sizes[SizeClass.MICRO] + sizes[SizeClass.SMALL] > 100
    assert all(sizes[size] for size in SizeClass)
    usual = [c for c in found if c.ateco.startswith(("13.", "14.", "15.", "32.12"))]
    assert len(usual) > 105
    assert sum(c.in_managing_body for c in found) == 5
    memberships = db.session.query(Membership).join(Company).filter_by(district_id=district.id).all()
    assert 80 < len(memberships) < 110
    assert 5 <= sum(m.until is not None for m in memberships) <= 10


def test_14_past_and_4_coming_workshops_each_where_it_should_stand(district):
    found = workshops(district)
    private = [w for w in found if w.is_private]
    found = [w for w in found if not w.is_private]
    assert [(w.state, w.online_seats) for w in private] == [(State.PUBLISHED, 10)]
    assert [w.state for w in found] == [State.CLOSED] * 13 + [State.HELD] + [State.PUBLISHED] * 4
    assert [n for n, w in enumerate(found, 1) if w.closing and w.closing.not_counted] == [11]
    held, coming = found[13], found[14:]
    assert timedelta(days=3) < now() - held.starts_at < timedelta(days=12)
    assert all(now() < w.starts_at < now() + timedelta(days=75) for w in coming)
    assert all(w.title_en and w.abstract_it and w.abstract_en and w.sessions for w in found)
    full = [(len(confirmed(w)), w.seats, len(waiting(w))) for w in coming]
    assert full == [(24, 24, 5), (37, 40, 0), (19, 35, 0), (34, 90, 0)]


def test_seat_counters_agree_with_the_registrations(district):
    for workshop in workshops(district):
        counted = seats(workshop)
        assert (counted.taken, counted.waiting) == (len(confirmed(workshop)), len(waiting(workshop)))
        assert counted.taken <= workshop.seats


def test_closed_workshops_have_a_signed_sheet_that_is_a_pdf(district):
    counted = [w for w in workshops(district) if w.closing and not w.closing.not_counted]
    sheets = every(Evidence, district_id=district.id, subject_kind="workshops", code="attendance_sheet")
    assert {e.subject_id for e in sheets} == {w.id for w in counted}
    assert len(counted) == 12
    assert all(read(e.file).startswith(b"%PDF-1.4") for e in sheets)


def test_30_publications_some_of_them_foresight_on_line_b(district):
    found = [p for p in every(Publication, district_id=district.id) if p.published_at and not p.previous_id]
    assert len(found) == 30
    assert all(p.title_it and p.title_en and p.authors for p in found)
    kinds = Counter(p.kind for p in found)
    assert (kinds[Kind.FORESIGHT], kinds[Kind.STRATEGIC_NOTE], kinds[Kind.BROCHURE]) == (3, 3, 3)
    assert {p.kind for p in found if p.line.code == "b"} == {
        Kind.FORESIGHT, Kind.STRATEGIC_NOTE, Kind.REPORT,
    }  # fmt: skip
    assert all(p.url or p.doi or p.files for p in found)
    assert {(p.access, p.superseded_at is not None) for p in found} == {
        (Access.OPEN, False), (Access.OPEN, True), (Access.EMBARGOED, False), (Access.MEMBERS, False),
        (Access.CLOSED, False),
    }  # fmt: skip


def test_a_newer_version_a_tombstone_and_two_drafts_stand_beside_them(district):
    others = [p for p in every(Publication, district_id=district.id) if not p.published_at or p.previous_id]
    assert [p.state for p in others] == ["published", "withdrawn", "review", "draft"]
    assert others[0].version_label == "2.0"


def test_works_were_read_and_the_downloads_of_months_that_are_over_are_in_the_log(district):
    first = clock.today(district.zone).replace(day=1)
    months = every(UsageMonth, district_id=district.id)
    assert len({m.month for m in months}) > 10
    assert all(m.views >= m.unique_views > 0 or m.downloads for m in months)
    over = sum(m.unique_downloads for m in months if m.month < first)
    assert over > 50
    assert over == sum(int(a.amount) for a in every(Activity, verb="publication.downloaded"))


def test_six_newsletters_five_of_them_finished_and_about_200_subscriptions(district):
    issues = db.session.query(Issue).filter_by(district_id=district.id).order_by(Issue.id).all()
    assert [i.state for i in issues] == [IssueState.FINISHED] * 5 + [IssueState.DRAFT]
    assert all(set(i.frozen) == {"it", "en"} for i in issues[:5])
    assert all(i.blocks for i in issues)
    live = db.session.query(Subscription).filter(
        Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None)
    )
    assert 180 <= live.count() <= 230


def test_every_tax_id_passes_its_check_and_belongs_to_nobody(world):
    found = [c.tax_id for c in every(Company)]
    assert [t for t in found if not iva.is_valid(t) or not t.startswith("99")] == []
    assert len(set(found)) == len(found) == 232


def test_every_address_is_below_example(world):
    addresses = {
        *db.session.scalars(select(Contact.email)), *db.session.scalars(select(Account.email)),
        *db.session.scalars(select(Delivery.address)), *db.session.scalars(select(District.mailbox_address)),
        *db.session.scalars(select(SubscriptionRequest.email)),
    }  # fmt: skip
    pages = {
        *db.session.scalars(select(Company.website)), *db.session.scalars(select(Publication.url)),
        *db.session.scalars(select(Workshop.online_url)), *db.session.scalars(select(District.website)),
    }  # fmt: skip
    assert len(addresses) > 200
    assert [a for a in addresses if not a.endswith(".example")] == []
    assert [p for p in pages if p and not urlsplit(p).hostname.endswith(".example")] == []


def counted_workshops(district):
    return [w for w in workshops(district) if w.closing and not w.closing.not_counted]


def test_the_figures_are_those_of_an_independent_count(district):
    plan = current_plan(district.id)
    figures = {code: f["actual"] for code, f in figures_for(plan, "plan").items()}
    ids = [w.id for w in counted_workshops(district)]
    seats = [r for w in ids for r in every(Registration, workshop_id=w, standing=Standing.CONFIRMED)]
    ticked = set(db.session.scalars(select(Presence.registration_id)))
    there = [r for r in seats if r.id in ticked]
    attending = {
        r.company.tax_id for r in there if r.company and r.company.type is OrganisationType.COMPANY
    }  # fmt: skip
    reached = db.session.scalar(
        select(func.count(Delivery.contact_id.distinct())).where(
            Delivery.subject_kind == "issues", Delivery.state == Fate.ACCEPTED
        )
    )
    released = [
        p for p in every(Publication, district_id=district.id) if p.published_at and not p.previous_id
    ]
    strategic = [p for p in released if p.line.code == "b"]
    expected = {
        "DV-01": 12, "DV-02": len(there), "DV-03": len(attending),
        "DV-04": round(len(there) / len(seats) * 100, 1), "DV-06": 5, "DV-07": reached, "DV-08": 30,
        "IS-01": len(strategic),
    }  # fmt: skip
    assert {code: float(figures[code]) for code in expected} == expected


def test_the_halves_of_the_year_add_up_to_the_workshops_of_the_plan(district):
    plan = current_plan(district.id)
    halves = [f"{y}-H{h}" for y in range(plan.starts_on.year, plan.ends_on.year + 1) for h in (1, 2)]
    held = [int(figures_for(plan, half)["DV-01"]["actual"]) for half in halves]
    assert sum(held) == 12
    assert sum(n > 0 for n in held) >= 2


def test_no_mail_of_the_past_was_sent_or_ever_will_be_and_each_says_so(world):
    limit = now() - timedelta(hours=61)
    old = db.session.query(Delivery).filter(Delivery.created_at < limit).all()
    assert {d.state for d in old} == {Fate.SKIPPED, Fate.ACCEPTED, Fate.REFUSED}
    assert {d.reason for d in old} == {NEVER_SENT}
    assert {d.attempts for d in old} == {0}
    assert {s.reason for s in every(Suppression)} == {NEVER_SENT}
    fresh = db.session.query(Delivery).filter_by(state=Fate.QUEUED).all()
    assert 20 <= len(fresh) <= 150
    assert {d.subject_kind for d in fresh} == {"guests", "registrations"}


def test_the_cast_signs_in_with_the_password_that_is_printed(world):
    accounts = {a.email: a for a in every(Account)}
    assert set(accounts) == {p.email for p in CAST}
    assert all(verify_password(PASSWORD, a.password) for a in accounts.values())
    roles = {a.email: [x.role.value for x in a.appointments] for a in accounts.values()}
    assert roles == {p.email: [p.role] for p in CAST}


def test_loading_twice_is_refused_and_changes_nothing(loaded):
    before = counts(loaded)
    with loaded.app_context():
        refusal = f"Error: {SampleIsThere.message}\n"
    result = loaded.test_cli_runner().invoke(args=["sample", "load"])
    assert (result.exit_code, result.output) == (1, refusal)
    assert counts(loaded) == before


def counts(application):
    with application.app_context():
        models = (District, Company, Contact, Workshop, Registration, Delivery, StoredFile)
        found = [db.session.scalar(select(func.count()).select_from(m)) for m in models]
        db.session.remove()
    return found


def test_212_companies_audited_and_84_applications_each_figure_opening_exactly_that_many_rows(district):
    plan = current_plan(district.id)
    period = periods.read("plan", plan)
    expected = {"RE-01": 212, "RE-02": 212, "FI-01": 84}
    for code, number in expected.items():
        indicator = indicator_of(plan, code)
        figure = figures.figure(indicator, period)
        assert (figure.actual, figure.counted, figure.not_counted) == (number, number, 0)
        rows = list(rows_of.every(indicator, period))
        assert len(rows) == number
        assert len({row.id for row in rows}) == number
        assert all(row.company and not row.reason for row in rows)
    audited = db.session.query(Activity).filter_by(district_id=district.id, verb="audit.visited").all()
    assert len({a.company.tax_id for a in audited}) == 212
    applied = (
        db.session.query(Activity).filter_by(district_id=district.id, verb="application.submitted").all()
    )
    assert len({a.id for a in applied}) == 84
    visits = {x.id: x for x in every(Audit, district_id=district.id) if x.visited_on}
    assert {a.subject_id for a in audited} == visits.keys()
    assert all(visits[a.subject_id].visited_on == a.happened_on for a in audited)
    assert len({x.company.tax_id for x in visits.values()}) == 212
    submitted = {
        x.id: next(s.on for s in x.steps if s.stage is Stage.SUBMITTED)
        for x in every(Application, district_id=district.id) if x.protocol_number
    }  # fmt: skip
    assert {a.subject_id: a.happened_on for a in applied} == submitted


def test_conversion_within_12_months_equals_a_count_over_the_records_themselves(district):
    visits = [x for x in every(Audit, district_id=district.id) if x.visited_on]
    days = {}
    for application in every(Application, district_id=district.id):
        for step in application.steps:
            if step.stage is Stage.SUBMITTED:
                days.setdefault(application.company_id, []).append(step.on)
    within = {
        x.company_id for x in visits
        if any(0 <= (day - x.visited_on).days <= 365 for day in days.get(x.company_id, ()))
    }  # fmt: skip
    found = figures_for(current_plan(district.id), "plan")["FI-04"]["actual"]
    assert 0 < found == round(len(within) / 212 * 100, 1)


def test_audits_are_on_their_way_and_applications_are_being_prepared(district):
    states = Counter(x.state for x in every(Audit, district_id=district.id))
    assert all(states[state] > 0 for state in AuditState)
    assert sum(states.values()) == 212 + 5
    stages = Counter(x.stage for x in every(Application, district_id=district.id))
    assert (stages[Stage.PREPARATION], sum(stages.values())) == (4, 88)
    assert min(stages[s] for s in (Stage.STARTED, Stage.NOT_ADMITTED)) > 0
    assert all(x.area and x.area.audit_id == x.audit_id for x in every(Application, district_id=district.id))


def test_decided_applications_aimed_at_a_deadline_between_their_submission_and_their_decision(district):
    decided = 0
    for x in every(Application, district_id=district.id):
        days = {step.stage: step.on for step in x.steps}
        fate = days.get(Stage.FUNDED) or days.get(Stage.NOT_ADMITTED)
        if fate:
            decided += 1
            closes = next(c for c in x.call.cutoffs if c.id == x.cutoff_id).closes_at
            assert days[Stage.SUBMITTED] <= closes.astimezone(ZoneInfo("Europe/Rome")).date() <= fate
    assert decided > 60


def test_every_audit_of_the_sample_says_where_it_was(district):
    assert all(x.site for x in every(Audit, district_id=district.id))


def test_the_figures_of_relations_and_funding_are_those_of_a_plain_count_over_the_log(district):
    plan = current_plan(district.id)
    found = {code: f["actual"] for code, f in figures_for(plan, "plan").items()}
    log = db.session.query(Activity).filter_by(district_id=district.id).all()
    of = lambda verb: [a for a in log if a.verb == verb]  # noqa: E731
    funded = of("application.funded")
    followed = {
        a.company_id for a in of("audit.visited")
        if any(b.company_id == a.company_id and 0 <= (b.happened_on - a.happened_on).days <= 365
               for b in of("application.submitted"))
    }  # fmt: skip
    assert found["RE-03"] == len(of("audit.area_found")) > 300
    assert found["RE-04"] == 212 + 40
    assert found["RE-05"] == 6
    assert found["FI-02"] == len(funded) > 5
    assert found["FI-03"] == sum(a.amount for a in funded)
    assert found["FI-04"] == round(len(followed) / 212 * 100, 1)


def test_the_log_of_the_sample_is_sealed_and_as_written(district):
    assert verify(district) == []
    rows = db.session.scalar(
        select(func.count()).select_from(Activity).where(Activity.district_id == district.id)
    )
    assert seals.head(district.id).position == rows > 1_000


def test_a_half_year_is_signed_and_sent_and_what_was_forgotten_stands_beside_it(district):
    period = db.session.query(ReportingPeriod).filter_by(district_id=district.id).one()
    sign_off = period.sign_off
    assert period.state is ReportState.SENT
    assert period.ends_on < sign_off.at.date() <= sign_off.transmissions[0].sent_on < now().date()
    assert reports.is_intact(sign_off, reports.frozen(sign_off))
    found = {a.code: a for a in adjustments.of(sign_off)}
    assert (found["RE-01"].known - found["RE-01"].reported, found["RE-02"].known > 0) == (2, True)
    assert {"RE-01", "RE-02", "RE-03"} <= set(found)
    days = {c.on for a in found.values() for c in a.changes if c.on}
    assert all(day > sign_off.at.date() for day in days)
    assert {c.what for a in found.values() for c in a.changes} == {"added"}
