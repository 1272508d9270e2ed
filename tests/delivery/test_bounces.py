"""What comes back, as real servers write it: which delivery it speaks of, and what follows."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import inbound, outbox, receiving, suppressed, verp
from dissemination.delivery.imap import Left
from dissemination.delivery.inbound import Kind
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import Delivery, Fate, SuppressionKind
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.test_outbox import ISSUE, a_mail
from tests.delivery.test_sending import GIVEN

FOLDER = Path(__file__).parent / "bounces"
CARLO = "carlo@tessitura.example"


@pytest.fixture
def row(app):
    """A message to Carlo that his server accepted."""
    return accepted()


def accepted(n=0):
    with transaction():
        found = outbox.put(a_mail(), Recipient(CARLO, "Carlo", merge=GIVEN), about=ISSUE, idempotency=f"{n}")
        found.state = Fate.ACCEPTED
    return found


def octets(name, row, *, token=None, message_id=None):
    text = (FOLDER / f"{name}.eml").read_text()
    token = token or verp.sign(row.id, "eventi@moda.example", secret="only-for-tests")
    return text.replace("{verp}", token).replace("{message_id}", message_id or row.message_id).encode()


def standing(row):
    db.session.rollback()
    found = suppressed.is_suppressed(1, CARLO)
    return (db.session.get(Delivery, row.id).state.value, found.kind.value if found else None,
            suppressed.score(1, CARLO).value)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("postfix", ("refused", "bounce", 0)), ("postfix-full", ("refused", None, 1)),
        ("postfix-delayed", ("accepted", None, 0)), ("exim", ("refused", None, 2)),
        ("exim-plain", ("refused", None, 2)), ("exchange", ("refused", "bounce", 0)),
        ("gmail", ("refused", None, 1)), ("aruba", ("refused", "bounce", 0)),
        ("libero", ("refused", None, 2)), ("register", ("refused", None, 0)),
        ("qmail", ("refused", "bounce", 0)), ("out-of-office", ("accepted", None, 0)),
        ("complaint", ("accepted", "complaint", 0)),
    ],
)  # fmt: skip
def test_each_server_is_understood(row, name, after):
    with time_machine.travel(now(), tick=False):
        dry = receiving.explain(inbound.read(octets(name, row)))
        assert standing(row) == ("accepted", None, 0)  # explaining changed nothing
        told = receiving.take(inbound.read(octets(name, row)))
        assert standing(row) == after
        assert (told["kind"], told.get("effect")) == (dry["kind"], dry.get("effect"))
        receiving.take(inbound.read(octets(name, row)))
        assert standing(row) == after  # twice is once


@pytest.mark.parametrize(
    ("name", "after"), [("postfix", ("refused", "bounce", 0)), ("complaint", ("accepted", "complaint", 0))]
)
def test_a_mail_server_hands_them_over_by_pipe(app, row, name, after):
    runner = app.test_cli_runner()
    explained = runner.invoke(args=["mail", "receive", "--explain"], input=octets(name, row))
    assert (explained.exit_code, json.loads(explained.output)["recipients"][0]["address"]) == (0, CARLO)
    assert standing(row) == ("accepted", None, 0)
    assert runner.invoke(args=["mail", "receive"], input=octets(name, row)).exit_code == 0
    assert standing(row) == after


def test_the_history_says_what_came_back(row):
    receiving.take(inbound.read(octets("postfix", row)))
    db.session.rollback()
    [event] = suppressed.history(1, CARLO)
    assert (event.what, event.kind, event.delivery_id) == ("suppressed", "bounce", row.id)
    assert event.reason.startswith("5.1.1 550 5.1.1 <carlo@tessitura.example>: Recipient address rejected")
    found = db.session.get(Delivery, row.id)
    assert (found.reason, found.last_reply) == ("bounced", event.reason)


@pytest.mark.parametrize("name", ["postfix", "qmail", "exchange", "complaint"])
def test_a_report_that_proves_nothing_suppresses_nobody(row, name):
    """A forged signature, and a Message-ID that is not ours: left to people."""
    forged = octets(
        name, row, token="eventi+b1-0123456789abcdef@moda.example", message_id="<guess@moda.example>"
    )
    with pytest.raises(Left):
        receiving.take_octets(forged)
    assert standing(row) == ("accepted", None, 0)


def test_a_returned_message_id_is_proof_enough(row):
    """Some servers report to From instead of to the envelope."""
    receiving.take_octets(octets("exchange", row, token="eventi@moda.example"))
    assert standing(row)[:2] == ("refused", "bounce")


def test_the_mailbox_hands_reports_over_and_leaves_the_rest_to_people(row):
    assert receiving.take_octets(octets("postfix", row))
    with pytest.raises(Left):
        receiving.take_octets(octets("out-of-office", row))


def test_a_full_mailbox_is_given_up_after_five_times_in_a_week_not_after_one_a_month(app):
    start = now()
    for n in range(12):
        with time_machine.travel(start + timedelta(days=30 * n), tick=False), transaction():
            assert not suppressed.soft(1, CARLO, "452 4.2.2 full")
    assert suppressed.score(1, CARLO).value < suppressed.LIMIT / 2
    with transaction():
        reached = [suppressed.soft(1, "ugo@x.example", "452 4.2.2 full") for _ in range(5)]
    assert reached == [False, False, False, False, True]
    found = suppressed.is_suppressed(1, "ugo@x.example")
    assert (found.kind, found.note) == (SuppressionKind.SOFT, "5.0 of 4.5")


def test_a_clock_that_goes_back_makes_no_score_negative_or_larger(app):
    with transaction():
        suppressed.soft(1, CARLO, "x")
    with time_machine.travel(now() - timedelta(days=3)):
        assert suppressed.score(1, CARLO).value == 1


def test_who_is_reinstated_is_written_to_again_and_the_history_says_by_whom_and_why(app):
    with transaction():
        suppressed.suppress(
            1, "Carlo@tessitura.example ", "no such user", kind=SuppressionKind.BOUNCE, source="SMTP"
        )
        suppressed.soft(1, CARLO, "full")
    with pytest.raises(suppressed.NoReason), transaction():
        suppressed.reinstate(suppressed.is_suppressed(1, CARLO), reason=" ", by_name="Ada")
    assert suppressed.is_suppressed(1, CARLO)
    with transaction():
        suppressed.reinstate(suppressed.is_suppressed(1, CARLO), reason="ha scritto lui", by_name="Ada")
    assert suppressed.is_suppressed(1, CARLO) is None
    assert suppressed.score(1, CARLO).value == 0
    assert [(e.what, e.reason, e.by_name) for e in suppressed.history(1, CARLO)] == [
        ("suppressed", "no such user", ""), ("soft", "full", ""), ("reinstated", "ha scritto lui", "Ada"),
    ]  # fmt: skip


def test_a_stronger_reason_takes_the_place_of_a_weaker_one_and_not_the_other_way(app):
    with transaction():
        suppressed.suppress(1, CARLO, "list", kind=SuppressionKind.IMPORTED, source="old.csv")
        suppressed.suppress(1, CARLO, "spam", kind=SuppressionKind.COMPLAINT)
        suppressed.suppress(1, CARLO, "list", kind=SuppressionKind.IMPORTED)
    found = suppressed.is_suppressed(1, CARLO)
    assert (found.kind, found.reason) == (SuppressionKind.COMPLAINT, "spam")
    assert [e.kind for e in suppressed.history(1, CARLO)] == ["imported", "complaint", "imported"]
    assert suppressed.is_suppressed(2, CARLO) is None


def test_who_asked_to_be_erased_is_not_brought_back_by_the_desk_and_stands_in_no_list(app):
    with transaction():
        suppressed.forget(1, CARLO)
        suppressed.suppress(1, "ugo_x@x.example", "x", kind=SuppressionKind.MANUAL, by=3, note="al telefono")
        suppressed.suppress(1, "ugo-x@x.example", "x", kind=SuppressionKind.BOUNCE)
    erased = db.session.scalars(
        select(suppressed.Suppression).where(suppressed.Suppression.kind == "erased")
    ).one()
    with pytest.raises(suppressed.Erased), transaction():
        suppressed.reinstate(erased, reason="x", by_name="Ada")
    assert [s.address for s in suppressed.listed(1).rows] == ["ugo-x@x.example", "ugo_x@x.example"]
    assert [s.address for s in suppressed.listed(1, text="UGO_").rows] == ["ugo_x@x.example"]
    assert [s.note for s in suppressed.listed(1, kind=SuppressionKind.MANUAL).rows] == ["al telefono"]


def test_nothing_readable_is_kept_of_an_erased_person_and_nothing_is_sent_to_them(app):
    with transaction():
        suppressed.suppress(1, CARLO, f"550 5.1.1 <{CARLO}>", kind=SuppressionKind.BOUNCE, note="di Carlo")
        suppressed.soft(1, CARLO, "full")
        suppressed.hide(1, ["Carlo@tessitura.example"])
    assert suppressed.is_suppressed(1, CARLO)
    assert suppressed.history(1, CARLO) == []
    assert suppressed.score(1, CARLO).value == 0
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            assert "carlo" not in repr(tuple(row)).lower()


HOSTILE = {
    "5 MB in a server's words": lambda t: t.replace("Sorry,", "Sorry, " + "<a@b.example>: x\n" * 250_000),
    "one long line": lambda t: t.replace("Sorry,", "Sorry, " + "(" * 200_000),
    "many addresses": lambda t: t.replace("<carlo@", "<x@y.example>:\nno\n\n" * 5000 + "<carlo@"),
    "addresses without end": lambda t: t.replace("<carlo@", "<" + "a" * 200_000 + "@"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bounce_is_read_in_a_moment(row, name):
    import time

    text = HOSTILE[name](octets("qmail", row).decode()).encode()[: inbound.LIMIT]
    began = time.perf_counter()
    found = inbound.read(text)
    assert time.perf_counter() - began < 5
    assert found.kind in (Kind.BOUNCE, Kind.OTHER)


def test_a_hundred_multiparts_in_each_other_are_left_to_people(row):
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(100))
    head = octets("qmail", row).decode().partition("\n\n")[0]
    found = inbound.read(f"{head}\n{parts}Content-Type: text/plain\n\n<{CARLO}>:\n".encode())
    assert found.kind is Kind.OTHER
