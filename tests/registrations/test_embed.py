"""The form inside another site's page: framed by whom the district names, without a session."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Registration
from dissemination.workshops import questions
from dissemination.workshops.models import Kind
from tests import factories


@pytest.fixture
def workshop(app, moda):
    app.config["WTF_CSRF_ENABLED"] = True  # the endpoint must do without it
    with transaction():
        moda.embed_origins = (
            "https://www.rossi.example\nhttp://localhost:8000/\nnonsense; script-src *\n'self'\n*"
        )
        return factories.workshop(moda, title="Lana")


@pytest.fixture
def frame(workshop):
    return f"/moda/workshops/{workshop.slug}/embed"


def form(**facts):
    return {
        "given_name": "Carlo", "family_name": "Rossi", "email": "carlo@rossi.example", "private": "y",
        "consent": "y", "form_mark": "m", **facts,
    }  # fmt: skip


def token(client, frame):
    return re.search(r'name="embed_token" value="([^"]+)"', client.get(frame).text)[1]


def ancestors(answer):
    return re.search(r"frame-ancestors ([^;]*);", answer.headers["Content-Security-Policy"])[1]


def everybody():
    db.session.rollback()
    return db.session.scalars(select(Registration)).all()


def test_only_the_districts_sites_may_frame_it_and_only_this_page(client, workshop, frame):
    inside = client.get(frame)
    assert ancestors(inside) == "https://www.rossi.example http://localhost:8000"
    assert "X-Frame-Options" not in inside.headers
    for path in (f"/moda/workshops/{workshop.slug}", f"/moda/workshops/{workshop.slug}/registrations"):
        answer = client.get(path)
        assert (ancestors(answer), answer.headers["X-Frame-Options"]) == ("'none'", "DENY")


def test_without_sites_nobody_frames_it(client, moda, frame):
    with transaction():
        moda.embed_origins = ""
    answer = client.get(frame)
    assert (ancestors(answer), answer.headers["X-Frame-Options"]) == ("'none'", "DENY")


def test_it_has_neither_header_nor_footer_nor_session(client, frame):
    answer = client.get(frame)
    assert "Set-Cookie" not in answer.headers
    assert ("<header" in answer.text, "<footer" in answer.text, "csrf_token" in answer.text) == (False,) * 3
    assert all('target="_blank"' in link for link in re.findall(r"<a [^>]+>", answer.text))


def test_it_registers_and_thanks_inside_the_frame_without_any_cookie(app, frame):
    first, second, third = (app.test_client(use_cookies=False) for _ in range(3))
    answer = second.post(frame, data=form(embed_token=token(first, frame)))
    assert (answer.status_code, answer.location.startswith(f"{frame}/")) == (303, True)
    thanks = third.get(answer.location)
    assert (thanks.status_code, ancestors(thanks)) == (200, "https://www.rossi.example http://localhost:8000")
    assert "C'è un posto per te" in unescape(thanks.text)
    assert "<header" not in thanks.text
    assert [r.contact.name for r in everybody()] == ["Carlo Rossi"]


def test_errors_are_shown_in_the_frame_and_contents_survive(client, frame):
    answer = client.post(frame, data=form(embed_token=token(client, frame), email="carlo@"))
    assert (answer.status_code, 'value="Carlo"' in answer.text, "<header" in answer.text) == (
        422,
        True,
        False,
    )
    assert ancestors(answer) == "https://www.rossi.example http://localhost:8000"


def test_the_language_of_the_frame_is_in_its_address(client, frame):
    inside = client.get(f"{frame}?lang=en").text
    assert f'action="{frame}?lang=en"' in inside
    answer = client.post(f"{frame}?lang=en", data=form(embed_token=token(client, frame)))
    assert answer.location.endswith("?lang=en")
    assert "A seat is held for you" in client.get(answer.location).text
    assert everybody()[0].language == "en"


def test_without_a_good_token_nobody_is_registered_and_the_form_comes_again(client, moda, workshop, frame):
    with transaction():
        other = factories.workshop(moda, title="Seta")
    good = token(client, frame)
    foreign = token(client, f"/moda/workshops/{other.slug}/embed")
    forged = links.sign_for_a_while("another purpose", [moda.id, workshop.slug, "x"])
    for bad in ("", "forged", foreign, forged, good[:-3] + "abc"):
        answer = client.post(frame, data=form(embed_token=bad))
        assert (answer.status_code, 'value="Carlo"' in answer.text) == (422, True)
        assert "aperto troppo a lungo" in answer.text
    with time_machine.travel(now() + timedelta(hours=2, minutes=1)):
        late = client.post(frame, data=form(embed_token=good))
        assert late.status_code == 422
        fresh = re.search(r'name="embed_token" value="([^"]+)"', late.text)[1]
        assert everybody() == []
        assert client.post(frame, data=form(embed_token=fresh)).status_code == 303
    assert len(everybody()) == 1


def test_each_visit_has_a_token_of_its_own(client, frame):
    assert token(client, frame) != token(client, frame)


def test_colleagues_and_questions_work_in_the_frame(client, workshop, frame):
    with transaction():
        why = questions.add(workshop, by=None, version=1, text_it="Allergie?", kind=Kind.TEXT, required=True)
    data = form(embed_token=token(client, frame), add_colleague="1")
    more = client.post(frame, data=data)
    assert (more.status_code, 'name="colleagues-0-email"' in more.text) == (200, True)
    del data["add_colleague"]
    assert client.post(frame, data=data).status_code == 422
    assert client.post(frame, data={**data, f"question_{why.id}": "Noci"}).status_code == 303


def test_signed_in_people_get_nothing_of_their_session_in_the_frame(sign_in, ada, frame):
    shown = sign_in(ada).get(frame).text
    assert "ada@moda.example" not in shown


def test_drafts_private_and_over_say_why_in_the_frame(client, workshop, frame):
    with transaction():
        workshop.is_private, workshop.version = True, 2
    assert "solo su invito" in client.get(frame).text
    with transaction():
        workshop.is_private, workshop.version = False, 3
    with time_machine.travel(workshop.registration_deadline, tick=False):
        answer = client.get(frame)
        assert ("Il termine per iscriversi è scaduto" in answer.text, "<form" in answer.text) == (True, False)
        assert client.post(frame, data=form()).status_code == 409
    with transaction():
        workshop.published_at = None
    assert client.get(frame).status_code == 404


def test_the_desk_offers_the_snippet_for_the_sites_allowed(app, sign_in, ada, moda, workshop, frame):
    desk = f"/moda/desk/workshops/{workshop.slug}/form"
    shown = sign_in(ada).get(desk).text
    assert (
        f"&lt;iframe src=&#34;http://127.0.0.1:8000{frame}&#34;" in shown
        or f'&lt;iframe src="http://127.0.0.1:8000{frame}"' in shown
    )
    assert "https://www.rossi.example" in shown
    with transaction():
        moda.embed_origins = ""
    assert "Per ora nessun sito può mostrarlo" in sign_in(ada).get(desk).text
