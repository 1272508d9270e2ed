"""Letters: compiled once, filled exactly, and nothing that people type gets out of its place."""

import email
import email.policy
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from quopri import decodestring

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dissemination.delivery import letters, outbox, queries, verp
from dissemination.delivery.encoding import (
    BadAddress,
    envelope_address,
    harmless_piece,
    mailbox,
    quoted_printable,
    unstructured,
)
from dissemination.delivery.letters import LetterProblem, Slip, compile_letter, fill
from dissemination.delivery.mail import Bulk, Recipient, Sender
from dissemination.delivery.mjml import MjmlProblem
from dissemination.kernel.database import transaction
from tests.delivery.test_calendar import INVITATION
from tests.delivery.test_outbox import ISSUE, a_mail

GOLDEN = Path(__file__).parent / "golden"
BULK = Bulk(
    list_id="newsletter.moda.example", list_name="Novità della moda", archive_url="https://moda.example/n/",
    feedback_id="7:moda",
)  # fmt: skip
SLIP = Slip(
    address="carlo@tessitura.example", name="Carlo Così",
    merge={"name": "Carlo", "unsubscribe_url": "https://moda.example/u/abc?x=1&y=2"}, calendar=None,
    message_id="<0123456789abcdef@moda.example>", date=datetime(2027, 2, 1, 9, 30, tzinfo=UTC),
)  # fmt: skip


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def tree(message):
    if message.is_multipart():
        return (message.get_content_type(), [tree(part) for part in message.iter_parts()])
    return message.get_content_type()


def long_lines(octets, most=78):
    return [line for line in octets.split(b"\r\n") if len(line) > most]


def test_an_invitation_is_written_as_its_golden_file(app):
    mail = a_mail(
        subject="Conferma: “Tracciabilità dei tessuti” — l'11 marzo, con tutto quello che serve sapere"
    )
    octets = fill(compile_letter(mail, seed="golden"), SLIP._replace(calendar=INVITATION.to_json()))
    assert octets == (GOLDEN / "invitation.eml").read_bytes()
    assert long_lines(octets) == []
    assert b"\n" not in octets.replace(b"\r\n", b"")


def test_the_tree_is_text_then_html_then_calendar(app):
    letter = compile_letter(a_mail(), seed="x")
    assert tree(parsed(fill(letter, SLIP))) == ("multipart/alternative", ["text/plain", "text/html"])
    message = parsed(fill(letter, SLIP._replace(calendar=INVITATION.to_json())))
    assert tree(message) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    calendar, attachment = (p for p in message.walk() if p.get_content_subtype() in ("calendar", "ics"))
    assert (calendar["content-type"].params["method"], attachment.get_filename()) == ("REQUEST", "invite.ics")
    assert calendar.get_payload(decode=True) == attachment.get_payload(decode=True)


def test_newsletters_carry_list_headers_and_other_mail_does_not(app):
    bulk = parsed(fill(compile_letter(a_mail(bulk=BULK), seed="x"), SLIP))
    assert {k: bulk[k] for k in bulk if k.startswith(("List", "Prec", "Feed", "Auto"))} == {
        "List-Id": "Novità della moda <newsletter.moda.example>",
        "List-Archive": "<https://moda.example/n/>",
        "List-Help": "<https://moda.example/n/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
        "Feedback-ID": "7:moda",
        "List-Unsubscribe": "<https://moda.example/u/abc?x=1&y=2>, "
        "<mailto:eventi@moda.example?subject=unsubscribe%20abc%3Fx%3D1%26y%3D2>",
    }
    single = parsed(fill(compile_letter(a_mail(), seed="x"), SLIP))
    assert [k for k in single if k.startswith(("List", "Prec", "Feed", "Auto"))] == ["Auto-Submitted"]
    assert single["Auto-Submitted"] == "auto-generated"


def test_what_a_person_typed_is_neither_markup_nor_link_nor_header(app):
    merge = {**SLIP.merge, "name": "<b>Vinci</b>\r\nBcc: x@y.example su http://evil.example o evil.example"}
    slip = SLIP._replace(name='Carlo"\r\nBcc: x@y.example', merge=merge)
    message = parsed(fill(compile_letter(a_mail(), seed="x"), slip))
    text, html = (p.get_content() for p in message.iter_parts())
    shown = "Vinci{} Bcc: x@y. example su http: //evil. example o evil. example"
    assert "<b>" + shown.format("</b>") in text.splitlines()
    assert "&lt;b&gt;" + shown.format("&lt;/b&gt;") in html
    assert message["Bcc"] is None
    assert message["To"].addresses[0].display_name == 'Carlo" Bcc: x@y.example'


def test_a_marker_cannot_be_typed(app, monkeypatch):
    monkeypatch.setattr(letters.secrets, "token_hex", lambda n: "00" * n)
    marker = letters._Markers().name  # what somebody would have to guess
    monkeypatch.undo()
    mail = a_mail(shared={"title": marker, "paragraphs": [], "district_name": "Moda"})
    message = parsed(fill(compile_letter(mail, seed="x"), SLIP))
    assert marker in next(message.iter_parts()).get_content()


def test_missing_data_and_missing_fields_are_told(app):
    with pytest.raises(Exception, match="'title' is undefined"):
        compile_letter(a_mail(shared={"district_name": "Moda", "paragraphs": []}), seed="x")
    with pytest.raises(LetterProblem, match="name"):
        fill(compile_letter(a_mail(), seed="x"), SLIP._replace(merge={}))
    with pytest.raises(LetterProblem, match="unsubscribe_url"):
        fill(compile_letter(a_mail(bulk=BULK), seed="x"), SLIP._replace(merge={"name": "C"}))


def test_a_preview_is_the_mail_with_sample_values(app):
    shown = outbox.preview(a_mail(), SLIP.merge, INVITATION)
    assert shown.text.startswith("Una prova\n\nCarlo\n")
    assert 'href="https://moda.example/u/abc?x=1&amp;y=2"' in shown.html
    assert parsed(shown.raw).get_content_type() == "multipart/mixed"


def test_the_texts_of_the_layout_are_in_the_language_of_the_mail(app):
    shared = {
        "title": "T",
        "paragraphs": [],
        "district_name": "Moda",
        "district_url": "https://moda.example/",
    }
    html = outbox.preview(a_mail(language="en", shared=shared), SLIP.merge).html
    assert '<html lang="en"' in html
    assert "Website of the district" in html


def test_a_stored_letter_is_the_same_letter(app):
    letter = compile_letter(a_mail(bulk=BULK), seed="x")
    assert letters.Letter.load(letter.dump()) == letter


def test_the_desk_shows_the_parts_before_anything_was_sent(app):
    with transaction():
        row = outbox.put(
            a_mail(), Recipient("carlo@tessitura.example", "Carlo", merge=SLIP.merge), about=ISSUE,
            calendar=INVITATION,
        )  # fmt: skip
    parts = queries.parts(row)
    assert parts.calendar.startswith("BEGIN:VCALENDAR")
    assert parts.text.startswith("Una prova")
    assert parsed(parts.raw)["Message-ID"] == row.message_id
    assert queries.delivery(2, row.id) is None
    assert [d.id for d in queries.recent(1, text="CARLO@").rows] == [row.id]
    assert queries.recent(1, text="%").rows == []


def test_an_mjml_mistake_in_a_mail_is_told_with_line_and_column(app):
    with pytest.raises(MjmlProblem, match="cannot stand in"):
        compile_letter(a_mail(template="delivery/broken"), seed="x")


VALUES = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(deadline=None, max_examples=150)
@given(pieces=st.lists(VALUES, min_size=1, max_size=6), value=VALUES)
@example(pieces=["x" * 76, "y" * 75, "z" * 76], value="v" * 76)  # a soft line break follows a full line
def test_joined_pieces_are_the_text_again(pieces, value):
    """Any text with any values between: decoded, it is exactly what was put in."""
    fields = [letters.defused(f"f{i}", value) for i in range(len(pieces) - 1)]
    plain = [p.replace("\r\n", "\n").replace("\r", "\n") for p in pieces]
    flat = [x for i, p in enumerate(pieces) for x in ([p, f"f{i}"] if i < len(pieces) - 1 else [p])]
    encoded = letters._encoded(flat)
    octets = letters._joined(encoded, {f"f{i}": letters.value_piece(v) for i, v in enumerate(fields)})
    message = email.message_from_bytes(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + octets)
    expected = "".join(p + (fields[i] if i < len(fields) else "") for i, p in enumerate(plain))
    assert message.get_payload(decode=True).decode() == expected.replace("\n", "\r\n")
    lines = octets.split(b"\r\n")
    assert all(len(line) <= 76 and not line.startswith((b".", b"From ")) for line in lines)
    assert octets.isascii()


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(st.sampled_from("abz09 .,:/+_-()?#%~Fromwhtps"), max_size=120), st.just("From x"), VALUES
    ),
    st.booleans(),
)
def test_the_short_way_of_writing_a_value_is_the_long_way(value, address):
    """What `harmless_piece` lets through is neither changed by `defused` nor by HTML escaping."""
    for text in (value, f"https://moda.example/{value}"):
        piece = harmless_piece(text, address=address)
        if piece is not None:
            plain = letters.defused("x_url" if address else "x", text)
            assert plain == text == escape(plain)
            assert decodestring(piece) == text.encode()
            lines = piece.split(b"\r\n")
            assert all(len(line) <= 76 and not line.startswith((b".", b"From ")) for line in lines)


@given(text=st.text())
def test_quoted_printable_is_read_back_by_the_standard_library(text):
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").replace(b"\n", b"\r\n")
    assert decodestring(quoted_printable(text)) == wanted


@given(name=st.text(st.characters(codec="utf-8")), subject=st.text(st.characters(codec="utf-8")))
def test_header_values_are_read_back_and_never_make_a_second_header(name, subject):
    raw = f"To: {mailbox(name, 'a@b.example')}\r\nSubject: {unstructured(subject, column=9)}\r\n\r\n"
    assert raw.isascii()
    message = parsed(raw.encode())
    assert message.keys() == ["To", "Subject"]
    assert message["To"].addresses[0].addr_spec == "a@b.example"
    assert message["Subject"].split() == letters.one_line(subject).split()
    assert all(len(line) <= 998 for line in raw.split("\r\n"))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("Carlo@Tessitura.example", "Carlo@Tessitura.example"),
        ("carlo@caffè.example", "carlo@xn--caff-8oa.example"),
        ('"carlo rossi"@x.example', '"carlo rossi"@x.example'),
        ('"a@b"@x.example', '"a@b"@x.example'),
        ('"a\\"b"@x.example', '"a\\"b"@x.example'),
        ('"carlo.rossi"@x.example', "carlo.rossi@x.example"),
        ("carlò@caffè.example", "carlò@xn--caff-8oa.example"),
        ("carlo@straße.example", "carlo@xn--strae-oqa.example"),
    ],
)
def test_addresses_are_written_as_the_envelope_wants_them(address, written):
    assert envelope_address(address) == written


@pytest.mark.parametrize(
    "address",
    ["", "carlo", "@x.example", "a@", "à b@x.example", '"a\r\nb"@x.example', '"a"b"@x.example', '""@x.example',
     "a\u200b@x.example", f"{'à' * 33}@x.example", "carlo\x00@x.example", "a b@x.example", "a@x.example>\r\nRCPT TO:<b@x.example",
     "a@b@c.example", "a@-x.example", "a..b@x.example", ".a@x.example", f"{'a' * 65}@x.example", "<a@x.example>", "a,b@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_not_written_to(address):
    with pytest.raises(BadAddress):
        envelope_address(address)


def test_the_sender_of_the_envelope_cannot_be_forged(app):
    address = verp.sign(12345, "eventi@moda.example", secret=app.secret_key)
    assert verp.read(address) == verp.read(address.upper()) == 12345
    assert verp.read(address.replace("+b3039-", "+b303a-")) is None
    assert verp.read("eventi@moda.example") is None
    assert verp.sign(1, f"{'x' * 60}@moda.example", secret="s") == f"{'x' * 60}@moda.example"


def test_the_sender_may_be_called_anything(app):
    mail = a_mail(sender=Sender('Distretto "Moda", più\r\nX: y', "eventi@moda.example"))
    message = parsed(fill(compile_letter(mail, seed="x"), SLIP))
    assert message["From"].addresses[0].display_name == 'Distretto "Moda", più X: y'
    assert message["X"] is None


def test_addresses_in_a_list_of_people_stay_whole_and_sites_become_no_links():
    told = letters.defused(
        "people", "Lia (lia@maglia.example); Ugo (ugo@x.it), vedi www.evil.com (a@b.it/x.com)"
    )
    assert told == "Lia (lia@maglia.example); Ugo (ugo@x.it), vedi www. evil. com (a@b. it/x. com)"
