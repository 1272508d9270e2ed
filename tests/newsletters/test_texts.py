"""The safe renderer of what people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nh3 import clean

from dissemination.newsletters.texts import clean as cleaned
from dissemination.newsletters.texts import links, one_line, to_html, to_text

P = '<p style="margin:0 0 12px">'
UL = '<ul style="margin:0 0 12px;padding-left:20px">'


@pytest.mark.parametrize(
    ("source", "html", "text"),
    [
        ("Ciao **a tutti** e *bene*", f"{P}Ciao <strong>a tutti</strong> e <em>bene</em></p>", "Ciao a tutti e bene"),
        ("Uno\r\ndue\r\n\r\ntre", f"{P}Uno<br>due</p>{P}tre</p>", "Uno\ndue\n\ntre"),
        ("Così:\n- a\n- b", f"{P}Così:</p>{UL}<li>a</li><li>b</li></ul>", "Così:\n\n- a\n- b"),
        (
            "Vedi [il sito](https://moda.example/a?b=1&c=2).",
            f'{P}Vedi <a href="https://moda.example/a?b=1&amp;c=2">il sito</a>.</p>',
            "Vedi il sito (https://moda.example/a?b=1&c=2).",
        ),
        ("[noi](mailto:a@b.example)", f'{P}<a href="mailto:a@b.example">noi</a></p>', "noi (a@b.example)"),
        ("2 * 3 * 4 e a*b*c", f"{P}2 * 3 * 4 e a*b*c</p>", "2 * 3 * 4 e a*b*c"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_marks_become_html_and_text(source, html, text):
    assert (to_html(source), to_text(source)) == (html, text)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("</mj-text><mj-raw>x</mj-raw>", "&lt;/mj-text&gt;&lt;mj-raw&gt;x&lt;/mj-raw&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](data:text/html;base64,AA)", "[x](data:text/html;base64,AA)"),
        ('[x](https://a.example/"onclick=b)', '<a href="https://a.example/%22onclick=b">x</a>'),
        ("[x](https://)", "[x](https://)"),
        ("{{ merge.address }} {% raw %}", "{{ merge.address }} {% raw %}"),
        ("a\x00b\x1bc\ue000d\u2028e", "abcde"),
    ],
)  # fmt: skip
def test_nothing_hostile_survives(hostile, shown):
    assert to_html(hostile) == f"{P}{shown}</p>"


@given(st.text(alphabet=st.sampled_from("ab *[]()-\n<>&\"'`/:.@{}htps") | st.characters(), max_size=120))
def test_whatever_is_written_the_html_holds_only_our_elements(source):
    html = to_html(source)
    tags = {"p", "br", "strong", "em", "a", "ul", "li"}
    kept = clean(html, tags=tags, attributes={"a": {"href"}, "p": {"style"}, "ul": {"style"}}, link_rel=None,
                 url_schemes={"http", "https", "mailto"})  # fmt: skip
    assert kept.count("<") == html.count("<")


def test_links_are_listed_without_the_refused():
    assert links("[qui](https://a.example) [no](javascript:x) [m](mailto:a@b.example)") == [
        ("qui", "https://a.example"), ("m", "mailto:a@b.example"),
    ]  # fmt: skip


def test_a_subject_stays_on_one_line():
    assert one_line("Ciao\r\nBcc: tutti@moda.example\x00") == "Ciao Bcc: tutti@moda.example"
    assert cleaned("a\r\nb\rc\td") == "a\nb\nc d"
