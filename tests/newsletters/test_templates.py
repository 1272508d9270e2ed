"""Templates of a district: colours that can be read, logos, and MJML files of others as frames."""

import re
from io import BytesIO

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, colours, framing, looks, templates
from tests.newsletters import cast
from tests.newsletters.test_blocks import PNG

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        yield


@pytest.fixture
def desk(sign_in, bice):
    return sign_in(bice)


# In the shapes of the templates that are about: wrappers, heroes, tables, fonts, icons and pictures of others.
FRAME = """<mjml>
  <mj-head>
    <mj-title>Il loro titolo</mj-title>
    <mj-font name="Raleway" href="https://fonts.example/css?family=Raleway" />
    <mj-attributes><mj-all font-family="Raleway, Arial" /><mj-text color="#333333" /></mj-attributes>
    <mj-style>@import url("https://css.example/x.css"); .big { background: url(https://img.example/b.png); }</mj-style>
    <mj-style inline="inline">.red { color: #cc0000; }</mj-style>
  </mj-head>
  <mj-body background-color="#eeeeee">
    <mj-hero background-url="https://img.example/hero.jpg" background-height="200px" mode="fixed-height">
      <mj-text>In evidenza</mj-text>
    </mj-hero>
    <mj-section strange="1"><mj-column><mj-image src="https://img.example/logo.png" alt="Logo" /></mj-column></mj-section>
    <mj-wrapper padding="0"><mj-section><mj-column><mj-text css-class="red">Parole loro</mj-text></mj-column></mj-section></mj-wrapper>
    <mj-section><mj-column><mj-social><mj-social-element name="facebook" href="https://facebook.example/x">Facebook</mj-social-element></mj-social></mj-column></mj-section>
    <mj-section><mj-column>
      <mj-accordion><mj-accordion-element><mj-accordion-title>Perché</mj-accordion-title><mj-accordion-text>Così</mj-accordion-text></mj-accordion-element></mj-accordion>
      <mj-table><tr><td>Cella</td></tr></mj-table>
    </mj-column></mj-section>
    <mj-section><mj-column><mj-navbar><mj-navbar-link href="https://moda.example/">Casa</mj-navbar-link></mj-navbar></mj-column></mj-section>
    <mj-raw><!-- una nota --></mj-raw>
  </mj-body>
</mjml>
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_template_of_others_imports_and_holds_an_issue(desk, moda, ada, newline):
    file = (BytesIO(FRAME.replace("\n", newline).encode()), "loro.mjml")
    page = desk.post(f"{DESK}/templates/import", data={"name": "Loro", "file": file})
    assert page.status_code == 200
    assert "img.example" in page.text
    assert "Riga 14: Parole loro" in page.text
    assert "Riga 4, colonna 5" in page.text, "the font is left out, and where"
    assert "Riga 13, colonna 17" in page.text, "and the unknown attribute"
    choices = dict(
        re.findall(r'name="place" value="(\d+)"[^>]*> <label[^>]*>Riga \d+: ([^<]*)</label>', page.text)
    )
    place = next(n for n, words in choices.items() if words == "Parole loro")
    pictures = re.findall(r"<td>(https://[^<]*)</td><td><label[^>]*for=\"(picture-\d+)\"", page.text)
    logo = next(name for address, name in pictures if "logo" in address)
    answer = desk.post(f"{DESK}/templates/import", data={
        "name": "Loro", "final": "1", "source": FRAME.replace("\n", newline), "place": place,
        logo: (BytesIO(PNG), "nostro.png"),
    })  # fmt: skip
    assert answer.status_code == 303
    db.session.rollback()
    (row,) = looks.templates(moda.id)
    assert row.is_default
    with transaction():
        issue = cast.issue(moda, cast.topic(moda), by=ada, subject_it="Il nostro titolo")
    (letter,) = actions.prepare(issue).letters
    html = letter.html
    assert "<title>Il nostro titolo</title>" in html
    assert "Il loro titolo" not in html
    assert "Buongiorno a <strong>tutti</strong>." in html
    assert "Parole loro" not in html, "the blocks stand in its place"
    assert (
        html.index("In evidenza") < html.index("Buongiorno a") < html.index("Facebook") < html.index("Cella")
    )
    assert "Cancellati" in html
    loaded = set(re.findall(r"(?:src|background)=\"https?://([^/\"]+)", html))
    assert loaded == {"127.0.0.1:8000"}
    assert "/newsletters/images/" in html
    assert "example/x.css" not in html
    assert desk.get(f"{DESK}/templates").status_code == 200
    assert "Buon" in desk.get(f"{DESK}/{issue.id}/preview/it").text
    shown = desk.get(f"{DESK}/templates/{row.id}/preview/it")
    assert "In evidenza" in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]


def test_a_file_that_marks_the_place_needs_no_question(app):
    source = FRAME.replace("<mj-raw><!-- una nota --></mj-raw>", "<!-- blocks --><!-- footer -->")
    adapted = framing.adapt(source)
    assert (adapted.has_place, adapted.problems) == (True, ())
    assert adapted.source.count(looks.BLOCKS) == 1
    parts = looks.frame_parts(adapted.source)
    assert parts["after"].strip() == "</mj-body>\n</mjml>"


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("", ""),
        ("<html><body>x</body></html>", "Riga 1, colonna 1"),
        ("<mjml>\n<mj-body>\n<mj-container></mj-container></mj-body></mjml>", "Riga 3, colonna 1"),
        ("<mjml><mj-body>\n<mj-include path='./x.mjml' /></mj-body></mjml>", "Riga 2, colonna 1"),
        ("<mjml><mj-body>\n\n<mj-section><mj-column><mj-text><script>x</script></mj-text></mj-column></mj-section></mj-body></mjml>", "Riga 3, colonna"),
        ("<mjml><mj-body><mj-section></mj-body></mjml>", "Riga 1, colonna 16"),
        ("<mjml><mj-body>" + "<mj-wrapper>" * 12_000, "Riga 1, colonna"),
        ("x" * 600_000, "512 kB"),
        (b"<mjml>\n\xff\xfe", "Riga 2"),
        ("<mjml><mj-head></mj-head></mjml>", "Riga 1, colonna 1: In &lt;mj-body&gt; non c’è nessuna sezione"),
        ("<mjml>\n<mj-body></mj-body></mjml>", "Riga 2, colonna 1: In &lt;mj-body&gt; non c’è nessuna sezione"),
        ("<mjml><mj-body>\n<mj-txt></mj-txt></mj-body></mjml>", "elemento sconosciuto &lt;mj-txt&gt;"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_line_and_reason(desk, moda, source, where):
    octets = source if isinstance(source, bytes) else source.encode()
    data = {"name": "X", "file": (BytesIO(octets), "x.mjml")}
    answer = desk.post(f"{DESK}/templates/import", data=data)
    assert answer.status_code == 422
    assert where in answer.text
    db.session.rollback()
    assert looks.templates(moda.id) == []


def test_what_mjml_passes_over_is_left_out_and_said(app):
    """A stray word between columns (one stands in an official template), a mode that mrml does not know."""
    source = FRAME.replace("<mj-raw>", "<mj-section>\n a\n<mj-column></mj-column></mj-section>\n<mj-raw>")
    adapted = framing.adapt(source.replace('mode="fixed-height"', 'mode="fluid-height"'), place=0)
    assert adapted.problems == ()
    notes = {(n.line, n.message) for n in adapted.notes}
    assert (10, "mode viene tolto: mj-hero non ha questo attributo o valore.") in notes
    assert (22, "“a” viene tolto: qui MJML non mostra testo.") in notes
    assert "fluid-height" not in adapted.source
    assert adapted.source.count("\n") == source.count("\n"), "what is told of it later is at the right line"


def test_colours_that_cannot_be_read_are_refused_with_one_that_can(desk, moda):
    chosen = {part: ours for part, (_label, ours) in colours.PARTS.items()}
    answer = desk.post(
        f"{DESK}/templates/new", data={"name": "Pallido", **chosen, "ink": "#cccccc", "logo_id": 0}
    )
    assert answer.status_code == 422
    suggested = re.search(r"Con (#[0-9a-f]{6}) si legge", answer.text)[1]
    assert colours.contrast(suggested, "#ffffff") >= 4.5
    answer = desk.post(f"{DESK}/templates/new", data={"name": "Blu", **chosen, "ink": "blue", "logo_id": 0})
    assert "Scrivi un colore come #0066cc." in answer.text
    assert looks.templates(moda.id) == []


def test_a_template_gives_its_issues_colours_logo_footer_and_links(desk, moda, ada):
    chosen = {part: ours for part, (_label, ours) in colours.PARTS.items()}
    answer = desk.post(f"{DESK}/templates/new", data={
        "name": "Verde", **chosen, "accent": "#006b4f", "logo_id": 0, "upload": (BytesIO(PNG), "logo.png"),
        "logo_alt": "Distretto", "footer_it": "Con il sostegno **di tutti**.", "social": "LinkedIn https://l.example/x",
    })  # fmt: skip
    assert answer.status_code == 303
    with transaction():
        issue = cast.issue(moda, cast.topic(moda), by=ada)
        actions.add_block(issue, kind="button", data={"label_it": "Vai", "url": "https://a.example"})
    (letter,) = actions.prepare(issue).letters
    assert "#006b4f" in letter.html
    assert 'alt="Distretto"' in letter.html
    assert "Con il sostegno <strong>di tutti</strong>." in letter.html
    assert "LinkedIn: https://l.example/x" in letter.text
    (row,) = looks.templates(moda.id)
    stale = {"name": "Altro", **chosen, "logo_id": row.logo_id, "logo_alt": "D", "version": row.version}
    assert desk.post(f"{DESK}/templates/{row.id}", data=stale).status_code == 303
    assert desk.post(f"{DESK}/templates/{row.id}", data={**stale, "name": "Terzo"}).status_code == 422
    db.session.rollback()
    assert row.name == "Altro"


@pytest.mark.parametrize("social", ["LinkedIn javascript:alert(1)", "https://l.example", "senza indirizzo"])
def test_a_social_link_leads_somewhere(desk, moda, social):
    chosen = {part: ours for part, (_label, ours) in colours.PARTS.items()}
    answer = desk.post(f"{DESK}/templates/new", data={"name": "X", **chosen, "logo_id": 0, "social": social})
    assert answer.status_code == 422
    assert "Riga 1: scrivi un nome e un indirizzo intero." in answer.text


def test_one_template_is_the_default_and_an_issue_may_choose_another(desk, moda, ada):
    with transaction():
        first, second = (templates.save_frame(moda, name, "", by=None) for name in ("Uno", "Due"))
        issue = cast.issue(moda, cast.topic(moda), by=ada)
    assert looks.template_of(issue).name == "Uno"
    desk.post(f"{DESK}/templates/{second.id}/default")
    db.session.rollback()
    assert looks.template_of(issue).name == "Due"
    facts = {"subject_it": "S", "activity_line_id": issue.activity_line_id, "version": issue.version}
    desk.post(f"{DESK}/{issue.id}/facts", data={**facts, "template_id": first.id})
    db.session.rollback()
    assert looks.template_of(issue).name == "Uno"
    desk.post(f"{DESK}/templates/{second.id}/removal")
    db.session.rollback()
    assert [t.name for t in looks.templates(moda.id)] == ["Uno"]


def test_another_districts_template_is_nowhere(sign_in, dora, moda):
    with transaction():
        row = templates.save_frame(moda, "Nostro", "", by=None)
    browser = sign_in(dora)
    for path in ("", "/default", "/removal"):
        assert browser.post(f"/nautica/desk/newsletters/templates/{row.id}{path}").status_code == 404
    assert browser.get(f"/nautica/desk/newsletters/templates/{row.id}/preview/it").status_code == 404


def test_an_organiser_uses_templates_and_does_not_change_them(sign_in, ada):
    browser = sign_in(ada)
    assert browser.get(f"{DESK}/templates").status_code == 200
    assert browser.get(f"{DESK}/templates/new").status_code == 403
    assert browser.post(f"{DESK}/templates/import").status_code == 403


@pytest.mark.parametrize(
    ("colour", "ground"), [("#cccccc", "#ffffff"), ("#222222", "#000000"), ("#ff0000", "#777777")]
)
def test_the_suggested_colour_can_always_be_read(colour, ground):
    assert colours.contrast(colours.readable(colour, ground), ground) >= 4.5
    assert round(colours.contrast("#000000", "#ffffff")) == 21
