"""Fields of the texts: a fixed list, read strictly; nothing that is typed is ever run."""

import re
from datetime import timedelta

import pytest

from dissemination.delivery import outbox
from dissemination.followups import mails
from dissemination.followups.fields import FIELDS, parse
from dissemination.followups.ready import READY
from dissemination.kernel.database import transaction
from dissemination.workshops.models import WorkshopSession
from tests import factories


def problems(app, text, **options):
    with app.test_request_context("/?lang=en"):
        return [(p.line, p.message) for p in parse(text, **options)[1]]


def test_fields_are_read_in_both_languages_and_with_any_spacing(app):
    assert problems(app, "{{ nome }} {{first_name}} {{  Link Personale }}\n{{MATERIALI}}") == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Ciao\n{{ nomme }}", 2, "There is no field “nomme”. Did you mean “nome”?"),
        ("{{ 7*7 }}", 1, "There is no field “7*7”. Choose one of the list."),
        ("{{ nome.__class__ }}", 1, "There is no field “nome.__class__”. Choose one of the list."),
        ("{{ config }}", 1, "There is no field “config”. Choose one of the list."),
        ("uno\ndue\n{{ nome", 3, "“{{” opens a field that is not closed on the same line."),
        ("nome }} e altro", 1, "“}}” closes a field that was never opened."),
        ("{{ }}", 1, "“{{ }}” names no field."),
    ],
)
def test_an_unknown_or_broken_field_is_named_with_its_line(app, text, line, message):
    assert problems(app, text) == [(line, message)]


def test_a_subject_holds_only_what_is_the_same_for_everybody(app):
    assert problems(app, "{{ titolo }}", shared_only=True) == []
    assert "differs from person to person" in problems(app, "{{ nome }}", shared_only=True)[0][1]


def rendered(workshop, body, *, online=True, subject="S"):
    draft = mails.Draft(subject_it=subject, subject_en="", body_it=body, body_en="")
    mail = mails.mail(draft, workshop, language="it", online=online)
    return mail, outbox.preview(mail, mails.sample(workshop).merge)


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Tessuti & <filati>", online_url="https://video.example/x")


def test_every_field_of_the_list_says_something(workshop):
    body = "\n".join(f"{f.en}= {{{{ {f.it} }}}}" for f in FIELDS if f.merge != "materials")
    _mail, shown = rendered(workshop, body)
    for field in FIELDS:
        if field.merge != "materials":
            assert f"{field.en}= " in shown.text
    assert "{{" not in shown.text
    assert "time= 14:00–17:00" in shown.text


def test_two_dates_are_told_with_the_hours_of_each(moda):
    with transaction():
        workshop = factories.workshop(moda)
        night = factories.DAY + timedelta(days=1, hours=8)
        workshop.ends_at = night + timedelta(hours=4)
        workshop.sessions.append(
            WorkshopSession(title_it="Notte", starts_at=night, ends_at=workshop.ends_at)
        )  # fmt: skip
    _mail, shown = rendered(workshop, "A {{ data }}\nB {{ ora }}\nC {{ quando }}")
    lines = [line for line in shown.text.splitlines() if line[:2] in ("A ", "B ", "C ")]
    assert lines == [
        "A giovedì 11 marzo 2027; venerdì 12 marzo 2027", "B 14:00–17:00; 22:00–02:00",
        "C giovedì 11 marzo 2027, 14:00–17:00; venerdì 12 marzo 2027, 22:00–02:00",
    ]  # fmt: skip


def test_the_ready_mails_give_each_date_its_hours_and_speak_as_all_others(moda):
    assert not [rule for rule in READY if "{{ ora }}" in rule["body_it"] or "{{ time }}" in rule["body_en"]]
    polite = re.compile(r"\b(?:Lei|Le|Suo|Sua|Suoi|Sue|\w+La)\b(?! tue)")
    assert [rule["subject_it"] for rule in READY if polite.search(rule["body_it"] + rule["subject_it"])] == []


def test_what_is_typed_is_escaped_in_html_and_plain_in_text(workshop):
    mail, shown = rendered(
        workshop, "<script>alert(1)</script> {% raw %} {{ titolo }} {{ nome }}", subject="{{ titolo }}"
    )
    assert "<script>" not in shown.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {% raw %} Tessuti &amp; &lt;filati&gt; Carla" in shown.html
    assert "<script>alert(1)</script> {% raw %} Tessuti & <filati> Carla" in shown.text
    assert mail.subject == "Tessuti & <filati>"


def test_a_name_cannot_bring_a_link_or_a_tag(workshop):
    mail, _shown = rendered(workshop, "Ciao {{ nome }}")
    merge = mails.sample(workshop).merge | {"first_name": "<b>http://evil.example</b>"}
    shown = outbox.preview(mail, merge)
    assert "<b>http" not in shown.html
    assert "http://evil.example" not in shown.text


def test_a_line_whose_field_has_nothing_to_say_is_left_out(workshop):
    body = "Prima\nMateriali: {{ materiali }}\nOnline: {{ link_online }}\nDopo"
    _mail, shown = rendered(workshop, body, online=False)
    assert shown.text.startswith("Prima\nDopo\n")


def test_paragraphs_breaks_and_addresses_are_kept(workshop):
    _mail, shown = rendered(workshop, "Uno\ndue\n\nTre https://esempio.example/a?b=1.")
    assert "<p>Uno<br" in shown.html
    assert 'href="https://esempio.example/a?b=1"' in shown.html
    assert "Uno\ndue\n\nTre https://esempio.example/a?b=1.\n" in shown.text
