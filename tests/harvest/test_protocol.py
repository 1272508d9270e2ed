"""Each rule of OAI-PMH 2.0: what is asked, what is answered, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import Person
from dissemination.harvest import queries, requests
from dissemination.harvest.refusals import BadArgument
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions, linking
from dissemination.publications.models import Kind, Publication, Relation
from tests.harvest.rules import DC, OAI, Breach, check
from tests.publications.cast import publication

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
DATACITE = "{http://datacite.org/schema/kernel-4}"


def asked(client, **arguments):
    """The answer to a request, checked against the schemas. `from_` stands for `from`."""
    answer = client.get("/oai?" + urlencode({k.rstrip("_"): v for k, v in arguments.items()}))
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")
    return check(answer.data)


def listed(client, verb="ListIdentifiers", prefix="oai_dc", **arguments):
    return asked(client, verb=verb, metadataPrefix=prefix, **arguments)


def codes(root):
    return [e.get("code") for e in root.iter(f"{OAI}error")]


def names(root):
    """The last words of the identifiers, deleted ones with a cross."""
    return [
        h.findtext(f"{OAI}identifier").rpartition("/")[2] + ("†" if h.get("status") else "")
        for h in root.iter(f"{OAI}header")
    ]


def token(root):
    found = root.find(f".//{OAI}resumptionToken")
    return None if found is None else found.text or ""


def made(district, title="Lana", *, at=None, **facts):
    with transaction():
        row = publication(district, title_it=title, **facts)
        if at:
            db.session.execute(update(Publication).where(Publication.id == row.id).values(changed_at=at))
    return row


@pytest.fixture
def three(moda, nautica):
    """Three works that changed on following days; the last one in another district."""
    first = made(moda, "Uno", at=NOW, kind=Kind.ARTICLE)
    second = made(moda, "Due", at=NOW + timedelta(days=1, microseconds=700_000))
    third = made(nautica, "Tre", at=NOW + timedelta(days=2), kind=Kind.BROCHURE)
    return first, second, third


def test_identify_says_what_this_repository_is(three, client):
    found = asked(client, verb="Identify").find(f"{OAI}Identify")
    texts = [(e.tag.removeprefix(OAI), (e.text or "").strip()) for e in found]
    assert texts == [
        ("repositoryName", "Technology districts of Tuscany"),
        ("baseURL", "http://127.0.0.1:8000/oai"),
        ("protocolVersion", "2.0"),
        ("adminEmail", "eventi@moda.example"),
        ("adminEmail", "eventi@nautica.example"),
        ("earliestDatestamp", "2026-07-01T12:00:00Z"),
        ("deletedRecord", "persistent"),
        ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        ("description", ""),
    ]


def test_identify_answers_before_there_is_a_district_or_a_record(client):
    found = asked(client, verb="Identify").find(f"{OAI}Identify")
    assert found.findtext(f"{OAI}adminEmail") == "postmaster@dissemination.invalid"


def test_the_only_district_gives_the_repository_its_name(moda, client):
    assert asked(client, verb="Identify").findtext(f".//{OAI}repositoryName") == "moda district"


def test_answers_are_the_same_in_every_language(three, client):
    texts = {
        client.get("/oai?verb=ListSets", headers={"Accept-Language": wish}).text for wish in ("it", "en")
    }
    assert len({text.partition("<ListSets>")[2] for text in texts}) == 1


def test_the_domain_of_the_public_address_is_in_the_identifiers(three, app, client):
    from dataclasses import replace

    app.config["SETTINGS"] = replace(app.config["SETTINGS"], public_url="https://distretti.example")
    found = listed(client).findtext(f".//{OAI}identifier")
    assert found == "oai:distretti.example:moda/uno"
    root = asked(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=found)
    assert root.findtext(f".//{DC}identifier") == "https://distretti.example/moda/publications/uno"
    assert root.findtext(f"{OAI}request") == "https://distretti.example/oai"


def test_identifiers_stay_when_the_site_moves(three, app, client):
    from dataclasses import replace

    app.config["SETTINGS"] = replace(
        app.config["SETTINGS"], public_url="https://new.example", oai_domain="old.example"
    )
    found = listed(client).findtext(f".//{OAI}identifier")
    assert found == "oai:old.example:moda/uno"
    root = asked(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=found)
    assert root.findtext(f".//{DC}identifier") == "https://new.example/moda/publications/uno"


def test_the_formats_are_three_for_all_and_for_each_record(three, client):
    for more in ({}, {"identifier": "oai:dissemination.invalid:moda/uno"}):
        root = asked(client, verb="ListMetadataFormats", **more)
        assert [e.text for e in root.iter(f"{OAI}metadataPrefix")] == ["oai_dc", "datacite", "oai_datacite"]
    assert codes(asked(client, verb="ListMetadataFormats", identifier="oai:x:y")) == ["idDoesNotExist"]


def test_every_set_that_a_header_names_is_listed_and_holds_the_record(three, client):
    specs = [e.text for e in asked(client, verb="ListSets").iter(f"{OAI}setSpec")]
    for root in listed(client).iter(f"{OAI}header"):
        name = root.findtext(f"{OAI}identifier").rpartition("/")[2]
        for spec in [e.text for e in root.iter(f"{OAI}setSpec")]:
            assert spec in specs
            assert name in names(listed(client, set=spec))


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("district", ["uno", "due", "tre"]), ("type", ["uno", "due", "tre"]), ("district:moda", ["uno", "due"]),
        ("district:nautica", ["tre"]), ("type:article", ["uno"]), ("type:report", ["due"]),
        ("openaire", ["uno", "due"]),
    ],
)  # fmt: skip
def test_a_set_narrows_a_list(three, client, spec, found):
    assert names(listed(client, set=spec)) == found


@pytest.mark.parametrize(
    "spec", ["type:thesis", "type:song", "district:x", "nothing", "openaire:moda", "x:y:z"]
)
def test_an_empty_set_and_one_that_there_is_not_match_nothing(three, client, spec):
    assert codes(listed(client, set=spec)) == ["noRecordsMatch"]


@pytest.mark.parametrize("prefix", ["oai_dc", "datacite", "oai_datacite"])
def test_a_record_is_given_in_each_format(moda, client, prefix):
    row = made(
        moda, "Lana & seta <fine>", at=NOW, doi="10.1000/182", access=Access.OPEN, title_en="Wool",
        authors=[Person("Rossi", "Maria", orcid="0000-0002-1825-0097")], abstract_it="a\u0001b < c",
    )  # fmt: skip
    root = asked(
        client, verb="GetRecord", metadataPrefix=prefix,
        identifier="oai:dissemination.invalid:moda/" + row.slug,
    )  # fmt: skip
    titles = [e.text for tag in (f"{DC}title", f"{DATACITE}title") for e in root.iter(tag)]
    assert titles == ["Lana & seta <fine>", "Wool"]
    whole = listed(client, "ListRecords", prefix)
    assert [e.text for t in (f"{DC}title", f"{DATACITE}title") for e in whole.iter(t)] == titles


def test_files_are_told_only_while_anybody_may_read_them(moda, client, time_machine):
    row = made(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    with transaction():
        file = actions.attach(row, BytesIO(b"%PDF-1.7 x"), "a.pdf")
    address = f"http://127.0.0.1:8000/moda/publications/lana/files/{file.id}"
    seen = []
    for moment in (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, 0, tzinfo=UTC)):
        time_machine.move_to(moment, tick=False)
        text = client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").text
        seen.append((address in text, "embargoedAccess" in text, "openAccess" in text))
    assert seen == [(False, True, False), (True, False, True)]


def test_harvesters_come_again_when_an_embargo_has_ended(moda, client, time_machine):
    from dissemination.publications.jobs import end_embargoes

    time_machine.move_to(datetime(2026, 6, 1, tzinfo=UTC), tick=False)
    made(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    since = {"from_": "2026-06-30T22:00:00Z"}  # midnight in Rome
    seen = []
    for minutes in (-1, 1):
        time_machine.move_to(datetime(2026, 6, 30, 22, tzinfo=UTC) + timedelta(minutes=minutes), tick=False)
        end_embargoes()
        root = listed(client, "ListRecords", **since)
        seen.append((codes(root), [e.text for e in root.iter(f"{DC}rights")][:1]))
    assert seen == [(["noRecordsMatch"], []), ([], ["info:eu-repo/semantics/openAccess"])]


def test_versions_and_related_works_are_told_as_far_as_they_are_public(moda, ada, client):
    old, other, secret = made(moda, "Prima"), made(moda, "Altra"), made(moda, "Bozza", published=False)
    with transaction():
        new = actions.new_version(old, by=None)
        actions.approve(new, by=None)
        actions.publish(new, by=None)
        linking.add(new, Relation.CITES, identifier="10.1000/182")
        for one in (other, secret):
            linking.add(new, Relation.REFERENCES, subject_kind="publications", subject_id=one.id)
    home = "http://127.0.0.1:8000/moda/publications"

    def relations():
        root = listed(client, "ListRecords", "datacite")
        return {
            record.findtext(f".//{OAI}identifier").rpartition("/")[2]: [
                (e.get("relationType"), e.text) for e in record.iter(f"{DATACITE}relatedIdentifier")
            ]
            for record in root.iter(f"{OAI}record")
        }

    assert relations() == {
        "prima": [("IsPreviousVersionOf", f"{home}/prima-2")],
        "altra": [],
        "prima-2": [
            ("IsNewVersionOf", f"{home}/prima"), ("Cites", "10.1000/182"), ("References", f"{home}/altra"),
        ],
    }  # fmt: skip
    assert 'rel="predecessor-version"' in client.get("/moda/publications/prima-2").headers["Link"]
    with transaction():
        for one in (old, other):
            actions.withdraw(one, reason="errore", by=ada)
    assert relations()["prima-2"] == [("Cites", "10.1000/182")]


def test_drafts_do_not_exist_and_what_was_withdrawn_is_a_deleted_record(three, moda, ada, client):
    draft = made(moda, "Bozza", published=False)
    with transaction():
        actions.withdraw(three[0], reason="errore", by=ada)
    assert names(listed(client)) == ["due", "tre", "uno†"]
    for slug, found in (("uno", []), (draft.slug, ["idDoesNotExist"]), ("mai", ["idDoesNotExist"])):
        root = asked(
            client,
            verb="GetRecord",
            metadataPrefix="oai_dc",
            identifier=f"oai:dissemination.invalid:moda/{slug}",
        )
        assert codes(root) == found
    assert "uno†" in names(listed(client, "ListRecords", set="type:article"))
    with transaction():
        actions.publish(three[0], by=ada)
    assert sorted(names(listed(client))) == ["due", "tre", "uno"]


def test_a_draft_that_was_never_public_leaves_no_trace_when_it_is_removed(moda, client):
    draft = made(moda, "Bozza", published=False)
    with transaction():
        actions.remove(draft)
    assert codes(listed(client)) == ["noRecordsMatch"]


def test_what_an_import_published_is_there_and_its_drafts_are_not(moda, client):
    from dissemination.bibliography.records import Record
    from tests import factories

    line = factories.line(moda).id
    with transaction():
        for published, title in ((True, "Pubblica"), (False, "Bozza")):
            record = Record(kind=Kind.REPORT, issued=date(2026, 1, 1), title_it=title)
            actions.add_all(moda, [record], by=None, published=published, activity_line_id=line)
    assert names(listed(client)) == ["pubblica"]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ({"from_": "2026-07-01"}, ["uno", "due", "tre"]),
        ({"from_": "2026-07-02"}, ["due", "tre"]),
        ({"until": "2026-07-02"}, ["uno", "due"]),
        ({"from_": "2026-07-02", "until": "2026-07-02"}, ["due"]),
        ({"from_": "2026-07-01T12:00:01Z"}, ["due", "tre"]),
        # both ends are inclusive, and parts of a second belong to the second that the header says
        ({"from_": "2026-07-02T12:00:00Z", "until": "2026-07-02T12:00:00Z"}, ["due"]),
        ({"until": "2026-07-02T11:59:59Z"}, ["uno"]),
        ({"from_": "0001-01-01", "until": "9999-12-31"}, ["uno", "due", "tre"]),
        ({"from_": "2026-07-02", "set": "district:nautica"}, ["tre"]),
    ],
)
def test_from_and_until_narrow_a_list_and_are_inclusive(three, client, span, found):
    assert names(listed(client, **span)) == found
    assert names(listed(client, "ListRecords", **span)) == found


@pytest.mark.parametrize("span", [{"until": "2026-06-30"}, {"from_": "2026-07-04"}, {"from_": "2999-01-01"}])
def test_a_span_without_changes_matches_nothing(three, client, span):
    assert codes(listed(client, **span)) == ["noRecordsMatch"]


BAD = [
    ("", "badVerb"), ("verb=", "badVerb"), ("verb=Nonsense", "badVerb"), ("verb=identify", "badVerb"),
    ("verb=Identify&verb=Identify", "badVerb"), ("verb=Identify&verb=ListSets", "badVerb"),
    ("verb=Identify&metadataPrefix=oai_dc", "badArgument"), ("verb=Identify&x=", "badArgument"),
    ("verb=Identify&%C3%BC=1", "badArgument"), ("verb=Identify&x=%FF", "badArgument"),
    ("verb=Identify&" + "&".join(f"a{n}=1" for n in range(30)), "badArgument"),
    ("verb=GetRecord", "badArgument"), ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
    ("verb=GetRecord&identifier=oai:x:y", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%00", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%EF%BF%BE", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + "a" * 3000, "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=a&identifier=a", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=a&set=type", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=a&resumptionToken=x", "badArgument"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%22%3C%26%3E%20a", "idDoesNotExist"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:dissemination.invalid:moda", "idDoesNotExist"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:other.example:moda/uno", "idDoesNotExist"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:dissemination.invalid:nautica/uno", "idDoesNotExist"),
    ("verb=GetRecord&metadataPrefix=marc&identifier=oai:dissemination.invalid:moda/uno", "cannotDisseminateFormat"),
    ("verb=GetRecord&metadataPrefix=%3C&identifier=a", "badArgument"),
    ("verb=ListRecords", "badArgument"), ("verb=ListIdentifiers", "badArgument"),
    ("verb=ListRecords&metadataPrefix=", "badArgument"),
    ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
    ("verb=ListIdentifiers&metadataPrefix=marc", "cannotDisseminateFormat"),
    ("verb=ListRecords&metadataPrefix=oai_dc&set=", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&set=a::b", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&set=a%20b", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&identifier=a", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
    ("verb=ListRecords&resumptionToken=x&from=2026-01-01", "badArgument"),
    ("verb=ListSets&resumptionToken=x", "badResumptionToken"), ("verb=ListSets&set=type", "badArgument"),
    ("verb=ListRecords&resumptionToken=x", "badResumptionToken"), ("verb=ListRecords&resumptionToken=", "badArgument"),
    ("verb=ListIdentifiers&resumptionToken=%22%3C%26", "badResumptionToken"),
    ("verb=ListMetadataFormats&metadataPrefix=oai_dc", "badArgument"),
    *((f"verb=ListRecords&metadataPrefix=oai_dc&{span}", "badArgument") for span in (
        "from=2026-07-03&until=2026-07-02", "from=2026-07-02T00:00:01Z&until=2026-07-02T00:00:00Z",
        "from=2026-07-01&until=2026-07-02T00:00:00Z", "from=2026-07-01T00:00:00Z&until=2026-07-02",
        "from=2026-02-30", "from=26-07-01", "from=2026-7-1", "from=2026", "from=2026-07", "from=yesterday",
        "from=2026-07-01T00:00Z", "from=2026-07-01T00:00:00", "from=2026-07-01T00:00:00.5Z",
        "from=2026-07-01T00:00:00%2B02:00", "from=2026-07-01T25:00:00Z", "until=0000-01-01", "from=",
        "from=2026-07-01&from=2026-07-01", "until=%D9%A2%D9%A0%D9%A2%D9%A6-07-01", "from=2026-07-01%0A",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code"), BAD, ids=[f"{c}:{q[:70]}" for q, c in BAD])
def test_what_is_wrong_is_said_by_its_code(three, client, query, code):
    answer = client.get(f"/oai?{query}")
    root = check(answer.data)
    assert (answer.status_code, codes(root)) == (200, [code])
    repeated = dict(root.find(f"{OAI}request").attrib)
    assert bool(repeated) == (code not in ("badVerb", "badArgument"))


WORDS = st.sampled_from([
    *requests.NAMES, *requests.REQUIRED, "oai_dc", "oai:dissemination.invalid:moda/uno", "district:moda", "2026-07-01",
])  # fmt: skip


@given(
    st.lists(st.tuples(WORDS | st.text(max_size=8), WORDS | st.text(max_size=30)), max_size=5), st.booleans()
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_is_answered_after_the_schemas(three, client, pairs, posted):
    query = urlencode(pairs, errors="surrogatepass")
    answer = client.post("/oai", data=query, content_type=FORM) if posted else client.get(f"/oai?{query}")
    check(answer.data)
    assert answer.status_code == 200


@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_form_are_answered_after_the_schemas(three, client, body):
    answer = client.post("/oai", data=b"verb=ListRecords&" + body, content_type=FORM)
    assert (answer.status_code, codes(check(answer.data))) in ((200, ["badArgument"]), (200, ["badVerb"]))


def test_a_form_that_is_posted_is_answered_as_an_address_is(three, client):
    data = {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc", "from": "2026-07-02"}
    answer = client.post("/oai", data=data)
    assert names(check(answer.data)) == ["due", "tre"]
    assert codes(check(client.post("/oai", data={"verb": "Identify", "x": "1"}).data)) == ["badArgument"]
    assert codes(check(client.post("/oai?verb=Identify", data={"verb": "Identify"}).data)) == ["badVerb"]
    long = client.post("/oai", data={"verb": "Identify", "x": "a" * 40_000})
    assert (long.status_code, codes(check(long.data))) == (200, ["badArgument"])


def test_a_form_is_taken_without_a_token_of_ours(three, app):
    app.config["WTF_CSRF_ENABLED"] = True
    assert app.test_client().post("/oai", data={"verb": "Identify"}).status_code == 200


@pytest.fixture
def pages_of_two(monkeypatch):
    monkeypatch.setattr(queries.page, "__kwdefaults__", {"size": 2})


@pytest.fixture
def seven(moda, nautica):
    """Seven works, several of the same second, two of another district."""
    return [
        made(nautica if n in (2, 5) else moda, f"N{n}", at=NOW + timedelta(seconds=n // 3)) for n in range(7)
    ]


def harvested(client, verb, **arguments):
    """Names of all pages, and the cursors told."""
    root = listed(client, verb, **arguments)
    found, cursors = names(root), []
    while token(root) is not None:
        cursors.append(int(root.find(f".//{OAI}resumptionToken").get("cursor")))
        if not token(root):
            break
        root = asked(client, verb=verb, resumptionToken=token(root))
        found += names(root)
    return found, cursors


@pytest.mark.parametrize("verb", ["ListIdentifiers", "ListRecords"])
def test_a_list_comes_in_parts_that_follow_each_other_by_key(seven, pages_of_two, client, verb):
    assert harvested(client, verb) == ([f"n{n}" for n in range(7)], [0, 2, 4, 6])
    assert harvested(client, verb, set="district:nautica") == (["n2", "n5"], [])
    assert harvested(client, verb, from_="2026-07-01T12:00:01Z", until="2026-07-01T12:00:01Z") == (
        ["n3", "n4", "n5"], [0, 2],
    )  # fmt: skip


def test_what_changes_while_it_is_harvested_comes_again_and_nothing_is_left_out(
    seven, pages_of_two, ada, client, moda
):
    root = listed(client)
    with transaction():
        actions.withdraw(seven[0], reason="errore", by=ada)  # sent already: comes again, deleted
        actions.revise(seven[3], by=ada, version=1, title_en="New")
    made(moda, "Nuovo")
    found = names(root)
    while token(root):
        root = asked(client, verb="ListIdentifiers", resumptionToken=token(root))
        found += names(root)
    assert found == ["n0", "n1", "n2", "n4", "n5", "n6", "n0†", "n3", "nuovo"]


def test_a_token_may_be_sent_again_and_gives_the_same(seven, pages_of_two, client):
    first = token(listed(client))
    again = [names(asked(client, verb="ListIdentifiers", resumptionToken=first)) for _ in range(2)]
    assert again == [["n2", "n3"]] * 2


def test_a_token_is_good_for_a_day_and_says_so(seven, pages_of_two, client, time_machine):
    time_machine.move_to(NOW, tick=False)
    root = listed(client)
    assert root.find(f".//{OAI}resumptionToken").get("expirationDate") == "2026-07-02T12:00:00Z"
    for moment, found in ((timedelta(days=1), []), (timedelta(days=1, seconds=1), ["badResumptionToken"])):
        time_machine.move_to(NOW + moment, tick=False)
        assert codes(asked(client, verb="ListIdentifiers", resumptionToken=token(root))) == found


def test_a_token_is_for_its_verb_and_cannot_be_forged(seven, pages_of_two, app, client):
    from dissemination.kernel import links

    text = token(listed(client))
    assert codes(asked(client, verb="ListRecords", resumptionToken=text)) == ["badResumptionToken"]
    value = ["ListIdentifiers", "oai_dc", None, None, None, NOW.isoformat(), 1, 2]
    forged = [
        text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:], text[1:], text + "x", "....",
        links.sign_for_a_while("other", value), links.sign("oai", value),
        links.sign_for_a_while("oai", value[:-1]), links.sign_for_a_while("oai", {"a": 1}),
    ]  # fmt: skip
    app.config["SECRET_KEY"] = "another"
    forged.append(links.sign_for_a_while("oai", value))
    app.config["SECRET_KEY"] = "only-for-tests"
    for wrong in forged:
        root = asked(client, verb="ListIdentifiers", resumptionToken=wrong)
        assert (wrong, codes(root)) == (wrong, ["badResumptionToken"])
    assert (
        codes(asked(client, verb="ListIdentifiers", resumptionToken=links.sign_for_a_while("oai", value)))
        == []
    )


def test_a_token_whose_rest_has_moved_away_is_refused_and_never_answered_by_an_empty_list(
    seven, pages_of_two, ada, client
):
    root = listed(client, until="2026-07-01T12:00:00Z")
    with transaction():
        actions.revise(seven[2], by=ada, version=1, title_en="New")
    assert codes(asked(client, verb="ListIdentifiers", resumptionToken=token(root))) == ["badResumptionToken"]


@pytest.mark.parametrize("verb", ["ListIdentifiers", "ListRecords"])
def test_a_list_makes_as_many_queries_for_100_records_as_for_one(moda, client, verb):
    made(moda)
    few = queries_of(client, verb)
    with transaction():
        for _ in range(99):
            publication(moda)
    assert queries_of(client, verb) == few


def queries_of(client, verb):
    db.session.expire_all()
    seen = []
    listen = lambda *a: seen.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        listed(client, verb)
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(seen)


def test_the_last_day_of_the_calendar_has_no_end():
    assert requests.span(None, "9999-12-31") == (None, None)
    with pytest.raises(BadArgument):
        requests.span("2026-01-02", "2026-01-01")


GOOD = b"""<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/
 http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"><responseDate>2026-07-01T12:00:00Z</responseDate>
<request verb="ListIdentifiers" from="2026-07-01">http://a.example/oai</request><ListIdentifiers><header>
<identifier>oai:a.example:b</identifier><datestamp>2026-07-01T12:00:00Z</datestamp><setSpec>a:b</setSpec></header>
</ListIdentifiers></OAI-PMH>"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<header>", b'<header status="gone">'), (b"<setSpec>a:b", b"<setSpec>a b"), (b"oai:a.example:b", b"b"),
        (b"12:00:00Z</d", b"12:00:00</d"), (b"<datestamp>2026-07-01T12:00:00Z</datestamp>", b""),
        (b'from="2026-07-01"', b'from="x"'), (b'from="2026-07-01"', b'x="1"'), (b"<header>", b"<header><x/>"),
        (b'verb="ListIdentifiers"', b'verb="Identify"'), (b"OAI-PMH.xsd", b"other.xsd"),
        (b"12:00:00Z</r", b"12:00:00</r"), (b"http://a.example/oai", b"http://a.example/oai?verb=x"),
        (b"</ListIdentifiers>", b'<resumptionToken size="1"/></ListIdentifiers>'),
        (b"<request", b"<error code='odd'/><request"), (b"</ListIdentifiers>", b"</ListIdentifiers><error code='badVerb'/>"),
    ],
)  # fmt: skip
def test_the_checker_of_the_schemas_finds_a_planted_breach(old, new):
    check(GOOD)
    assert old in GOOD
    with pytest.raises(Breach):
        check(GOOD.replace(old, new))
