"""Every route is walked by a stranger, by each role, and by a manager of another district.

A desk route says its role by `@requires`; any other route must be named in PUBLIC or OWN_ACCOUNT, so a
new route without an expectation fails here.
"""

import pytest

from dissemination.kernel.rights import RANK, Role, is_marked

# What everybody may open: published things, forms, and what a signed link in a mail opens.
PUBLIC = {
    "static", "security.static", "front.index", "front.home", "front.privacy", "front.robots", "front.live", "front.ready",
    "front.metrics", "editions.plan_schema", "plan.index", "plan.figures_csv", "plan.figures_json",
    "newsletters.atom", "newsletters.index", "newsletters.show", "newsletters.frame", "newsletters.sitemap", "newsletters.click", "newsletters.image", "subscriptions.subscribe",
    "subscriptions.asked", "subscriptions.confirmation", "subscriptions.preferences", "subscriptions.leave",
    "subscriptions.restore", "subscriptions.unsubscribe", "subscriptions.resume", "subscriptions.explanation",
    "subscriptions.embed", "subscriptions.create_embedded", "subscriptions.embed_asked",
    "publications.index", "publications.index_atom", "publications.index_bib", "publications.index_json",
    "publications.index_ris", "publications.show", "publications.show_bib", "publications.show_ris",
    "publications.show_file", "publications.show_named_file", "publications.show_csl", "publications.show_jsonld",
    "publications.show_datacite", "publications.show_dc", "harvest.oai", "harvest.sitemap", "harvest.district_sitemap", "harvest.publications_sitemap",
    "research.index", "research.show", "timelines.ask", "timelines.asked", "timelines.show", "timelines.export",
    "timelines.create_correction", "timelines.create_meeting",
    "opportunities.mine", "calls.index", "calls.index_atom", "calls.index_ics", "calls.show", "calls.show_ics",
    "submissions.ask", "submissions.asked", "submissions.show", "submissions.show_file",
    "submissions.create_file_removal",
    "publications.index_pdf", "publications.reading_list", "publications.reading_list_file",
    "publications.change_reading_list",
    "publications_reader.ask", "publications_reader.asked", "publications_reader.create_departure", "publications_reader.enter",
    "workshops.index", "workshops.index_atom", "workshops.index_ics", "workshops.index_json", "workshops.show",
    "workshops.show_ics", "workshops.calendar", "workshops.material", "registrations.material",
    "registrations.embed", "registrations.create_embedded", "registrations.embed_thanks",
    "registrations.create_recognition", "registrations.my_file",
    "registrations.new", "registrations.create", "registrations.thanks", "registrations.mine",
    "registrations.update", "registrations.cancellation", "registrations.create_cancellation",
    "registrations.coming", "registrations.create_coming", "registrations.feed_of_mine", "registrations.create_feed",
    "registrations.create_restoration", "registrations.calendar", "registrations.proof",
    "registrations.create_proof", "registrations.create_other_proof", "registrations.offer",
    "registrations.create_acceptance", "registrations.create_refusal", "registrations.way",
    "registrations.create_way", "registrations.substitution", "registrations.create_substitution",
    "registrations.group", "registrations.group_proof", "registrations.create_group_proof",
    "registrations.group_cancellation", "registrations.create_group_cancellation",
    "registrations.group_substitution", "registrations.create_group_substitution",
    "guests.show", "guests.create_refusal", "guests.create_restoration", "registrations.data",
    "certificates.mine", "certificates.create", "certificates.document", "certificates.index", "certificates.show",
    "feedback.mine", "feedback.create",
    "visits.show", "visits.report", "visits.photo", "visits.create_remark", "visits.create_reading",
    "transparency.index", "transparency.open_data",
    "privacy.registrant", "privacy.create_registrant", "privacy.subscriber", "privacy.create_subscriber",
    "attendance.join", "attendance.create_join", "attendance.create_leave",
    "people_account.accept", "people_account.enter", "people_account.sign_out",
    "security.login", "security.forgot_password", "security.reset_password", "security.mf_recovery",
    "security.two_factor_rescue", "security.tf_select", "security.two_factor_token_validation",
    "security.wan_signin", "security.wan_signin_response",
}  # fmt: skip
# What needs a signed-in account, of whatever district.
OWN_ACCOUNT = {
    "people_account.show", "security.change_password", "security.mf_recovery_codes", "security.two_factor_setup",
    "security.two_factor_setup_validate", "security.verify", "security.wan_delete", "security.wan_register",
    "security.wan_register_response", "security.wan_verify", "security.wan_verify_response",
}  # fmt: skip
ROLES = ("viewer", "organiser", "manager", "observer")


def address(rule, district="moda"):
    """An address of the rule: the district, 1 for numbers, the first of a choice, "x" for words."""
    values = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        choices = sorted(getattr(converter, "items", ())) or ["x"]
        values[name] = district if name == "district" else 1 if kind == "IntegerConverter" else choices[0]
    return rule.build(values)[1]


def desk_routes(app):
    """(rule, method, role) of every route that carries a role."""
    for rule in app.url_map.iter_rules():
        role = getattr(app.view_functions[rule.endpoint], "required_role", None)
        if role is not None:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield rule, method, role


def region_routes(app):
    """Every route of all districts together."""
    return [
        r for r in app.url_map.iter_rules()
        if getattr(app.view_functions[r.endpoint], "required_region", False)
    ]  # fmt: skip


def test_the_pages_of_all_districts_are_for_observers_who_read(app, moda, dora, elio, ada, sign_in, client):
    rules = region_routes(app)
    assert rules
    for rule in rules:
        stranger = client.get(address(rule))
        assert (stranger.status_code, "/login" in stranger.location) == (302, True)
        assert [sign_in(who).get(address(rule)).status_code for who in (dora, ada, elio)] == [403, 403, 200]
        assert rule.methods <= {"GET", "HEAD", "OPTIONS"}


def test_every_route_has_an_expectation(app):
    known = PUBLIC | OWN_ACCOUNT
    silent = [
        r.endpoint
        for r in app.url_map.iter_rules()
        if not is_marked(app.view_functions[r.endpoint]) and r.endpoint not in known
    ]
    assert silent == []


def test_no_expectation_is_left_over(app):
    assert sorted((PUBLIC | OWN_ACCOUNT) - set(app.view_functions)) == []


def test_a_stranger_is_sent_to_sign_in(app, moda, client):
    answers = {
        (rule.endpoint, method): client.open(address(rule), method=method)
        for rule, method, _role in desk_routes(app)
    }
    wrong = {
        k: a.status_code for k, a in answers.items() if not (a.status_code == 302 and "/login" in a.location)
    }
    assert wrong == {}


def test_a_manager_of_another_district_finds_nothing(app, moda, dora, sign_in):
    browser = sign_in(dora)
    wrong = {
        (rule.endpoint, method): status
        for rule, method, _role in desk_routes(app)
        if (status := browser.open(address(rule), method=method).status_code) != 404
    }
    assert wrong == {}


@pytest.mark.parametrize("name", ROLES)
def test_each_role_may_do_what_its_rank_allows(app, moda, sign_in, person, name):
    role = Role(name)
    browser = sign_in(person(moda, f"{name}@moda.example", role))
    wrong = {}
    for rule, method, needed in desk_routes(app):
        allowed = RANK[role] >= RANK[needed] and (role is not Role.OBSERVER or method == "GET")
        status = browser.open(address(rule), method=method).status_code
        if allowed == (status == 403):
            wrong[(rule.endpoint, method)] = status
    assert wrong == {}


def test_the_observer_reads_all_districts(app, moda, nautica, elio, sign_in):
    browser = sign_in(elio)
    assert [browser.get(f"/{d}/desk/").status_code for d in ("moda", "nautica")] == [200, 200]


def test_own_account_pages_send_a_stranger_to_sign_in(app, client):
    pages = [r for r in app.url_map.iter_rules() if r.endpoint in OWN_ACCOUNT]
    wrong = {}
    for rule in pages:
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(address(rule), method=method)
            if answer.status_code not in (302, 401):
                wrong[(rule.endpoint, method)] = answer.status_code
    assert wrong == {}
