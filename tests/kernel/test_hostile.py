"""What strangers put into addresses and forms: never an error page of ours, never a link of theirs."""

import base64
import json
import time

import pytest
from flask import request
from sqlalchemy import select

from dissemination.kernel.database import transaction
from dissemination.kernel.paging import page
from dissemination.people.models import Company
from dissemination.workshops.models import Workshop
from tests import factories


@pytest.mark.parametrize(
    "path",
    [
        "/a%00b/", "/moda/workshops/a%00b", "/moda/workshops/a%00b/registrations", "/moda/publications/a%00b",
        "/moda/newsletters/a%00b", "/r/a%00b",
    ],
)  # fmt: skip
def test_a_nul_in_an_address_is_not_found(moda, client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["q", "month", "sector", "state", "after", "when", "mode"])
def test_a_nul_in_a_query_is_left_out(moda, client, name):
    assert client.get(f"/moda/workshops/?{name}=a%00b").status_code == 200


def test_a_nul_in_a_form_is_left_out(moda, client):
    with transaction():
        workshop = factories.workshop(moda)
    sent = {
        "given_name": "An\0na", "family_name": "Ro\0ssi", "email": "anna@tessitura.example", "private": "y",
        "job_title": "a\0b", "consent": "y", "form_mark": "m\0m",
    }  # fmt: skip
    answer = client.post(f"/moda/workshops/{workshop.slug}/registrations", data=sent)
    assert answer.status_code == 303


def test_controls_that_nobody_sees_are_left_out_of_what_was_sent(app):
    sent = {"title": "Due\x0brighe\x07 qui\r\ne\tpoi"}
    with app.test_request_context("/", method="POST", data=sent):
        assert request.form["title"] == "Due righe qui\r\ne\tpoi"


NAMES = [
    "colleagues-²-email",
    f"colleagues-{'9' * 190}-email",
    f"colleagues-{'9' * 5000}-email",
    "question_²",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_field_that_is_none_of_ours_does_not_break_the_form(moda, client, name):
    with transaction():
        workshop = factories.workshop(moda)
    for tail in ("registrations", "embed"):
        address = f"/moda/workshops/{workshop.slug}/{tail}"
        assert client.post(address, data={name: "x"}).status_code == 422


TEXTS = (
    "given_name",
    "family_name",
    "email",
    "job_title",
    "company_name",
    "tax_id",
    "colleagues-0-given_name",
)


@pytest.mark.parametrize("text", ["a-", "www.", "a.", "(", "<a@", "1 "])
def test_a_long_text_is_read_in_a_moment(moda, client, text):
    with transaction():
        workshop = factories.workshop(moda)
    began = time.perf_counter()
    answer = client.post(
        f"/moda/workshops/{workshop.slug}/registrations", data=dict.fromkeys(TEXTS, text * 60_000)
    )
    assert (answer.status_code, time.perf_counter() - began < 10) == (422, True)


@pytest.mark.parametrize(
    ("query", "link"),
    [
        ("_external=1", "/moda/?_external=1&amp;lang=en"),
        ("_method=DELETE", "/moda/?_method=DELETE&amp;lang=en"),
        ("_scheme=javascript", "/moda/?_scheme=javascript&amp;lang=en"),
        ("_anchor=x", "/moda/?_anchor=x&amp;lang=en"),
        ("endpoint=x", "/moda/?endpoint=x&amp;lang=en"),
        ("district=x", "/moda/?lang=en"),
        ("q=a+b%26c", "/moda/?q=a+b%26c&amp;lang=en"),
    ],
)
def test_a_page_links_to_itself_whatever_was_asked(moda, client, query, link):
    answer = client.get(f"/moda/?{query}", headers={"Host": "evil.example", "Accept-Language": "it"})
    assert (answer.status_code, f'<a href="{link}" lang="en"' in answer.text) == (200, True)


def _token(*values) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


DEEP = base64.urlsafe_b64encode(b"[" * 100_000).decode()
BAD_NAMES = [
    _token("a", 10**30), _token("a", 2**31), _token(["a"], {"b": 1}), _token(None, None), _token("\ud800", 1),
    _token("a\0", 1), _token("a", True), _token(1.5, "x"), DEEP,
]  # fmt: skip
BAD_MOMENTS = [
    _token("2026-01-01", 1), _token("0001-01-01T00:00:00+14:00", 1), _token("2026-01-01T00:00:00", 1),
    _token("9999-12-31T23:59:59-14:00", 1), _token("2026-01-01T00:00:00+00:00", 2**63), _token(7, 7),
]  # fmt: skip


@pytest.mark.parametrize("token", BAD_NAMES)
def test_a_forged_token_of_names_starts_from_the_beginning(moda, token):
    with transaction():
        factories.company(moda)
    assert len(page(select(Company), columns=(Company.name_folded, Company.id), after=token).rows) == 1


@pytest.mark.parametrize("token", BAD_MOMENTS)
def test_a_forged_token_of_moments_starts_from_the_beginning(moda, token):
    with transaction():
        factories.workshop(moda)
    assert len(page(select(Workshop), columns=(Workshop.ends_at, Workshop.id), after=token).rows) == 1
