"""Importing subscribers: our own CSV, listmonk's export, Mailchimp's files; suppression first; all or nothing."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, func, select

from dissemination.delivery import suppressed
from dissemination.delivery.models import Suppression
from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Consent, Contact
from dissemination.subscriptions import actions, formats, importing, jobs, suppression
from dissemination.subscriptions.formats import Upload
from dissemination.subscriptions.models import ImportLine, ImportState, SubscriberImport
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/subscriptions"
BASIS = "Modulo cartaceo firmato alla fiera di Prato, maggio 2025."
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    '1f0a,Anna.Bianchi@Rossi.example,Anna Bianchi,"{""lang"": ""en"", ""city"": ""Prato""}",enabled,'
    "2024-01-02 10:00:00.123456 +0000 UTC,2024-01-02 10:00:00 +0000 UTC\n"
    "2f0a,bloccata@rossi.example,Bloccata,{},blocklisted,2024-01-02 10:00:00 +0000 +0000,2024-01-02 10:00:00 +0000 +0000\n"
    "3f0a,spenta@rossi.example,Spenta,{},disabled,2024-01-02 10:00:00 +0000 UTC,x\n"
)
CHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID,NOTES,TAGS"
SUBSCRIBED = (
    f"{CHIMP}\n"
    'carlo@rossi.example,Carlo,Rossi,2,"2018-06-12 07:53:28",,"2018-06-12 07:55:01",76.216.210.0,3e4f,fa7a,,"""Fiera"",""Prato"""\n'
    "doppia@rossi.example,Doppia,Verdi,2,,,2020-01-01 00:00:00,,1,2,,\n"
)
UNSUBSCRIBED = (
    f"{CHIMP.replace(',LEID', ',UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID')}\n"
    "Doppia@rossi.example,Doppia,Verdi,2,,,2020-01-01 00:00:00,,2021-03-03 10:00:00,Marzo,NORMAL,1,2,,\n"
)
CLEANED = f"{CHIMP},CLEAN_TIME\nrotta@rossi.example,,,2,,,2020-01-01 00:00:00,,1,2,,,2021-05-05 10:00:00\n"
NEVER = f"{CHIMP}\ncliente@rossi.example,,,2,,,,,1,2,,\n"


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile")


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"export/{name}.csv", text)
    return out.getvalue()


def run(district, topics, *uploads, by=None, decide=True, wrong=False):
    """Read and enter files; the import."""
    files = [
        u if isinstance(u, Upload) else Upload("iscritti.csv", u.encode() if isinstance(u, str) else u)
        for u in uploads
    ]
    with transaction():
        row = importing.upload(district, files, topics=topics, language="it", basis=BASIS, by=by)
        number = row.id
    importing.go_on(number)
    if decide:
        with transaction():
            importing.approve(db.session.get_one(SubscriberImport, number), leaves_out_wrong=wrong)
        importing.go_on(number)
    db.session.rollback()
    return db.session.get_one(SubscriberImport, number, populate_existing=True)


def verdicts(row):
    lines = db.session.scalars(
        select(ImportLine).where(ImportLine.import_id == row.id).order_by(ImportLine.id)
    )
    return [(line.file, line.line, line.email.split("@")[0], line.verdict.value) for line in lines]


def kinds():
    return {s.address.split("@")[0]: s.kind.value for s in db.session.scalars(select(Suppression))}


def test_a_csv_of_ones_own_subscribes_and_its_consent_tells_where_from(moda, ada, textiles):
    text = "nome;cognome;email;lingua;data iscrizione\nAnna;D'Alò;ANNA@rossi.example;en;05/03/2024 10:30\n"
    row = run(moda, [textiles], text, by=ada)
    assert (row.state, row.counts, row.format) == (ImportState.DONE, {"subscribe": 1}, "csv")
    contact = db.session.scalars(select(Contact)).one()
    assert (contact.email, contact.given_name, contact.family_name, contact.language) == (
        "anna@rossi.example",
        "Anna",
        "D'Alò",
        "en",
    )
    assert contact.proven_at is None
    assert cast.live() == {("anna@rossi.example", "Tessile")}
    consent = db.session.scalars(select(Consent)).one()
    assert (consent.source, consent.given, consent.text) == ("import: csv", True, f"{BASIS}\nTessile")
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert (
        consent.proof
        == f"import {row.id} by Ada: iscritti.csv, SHA-256 {digest}, line 2 · opted in 2024-03-05 10:30 UTC"
    )
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0, "the file is not kept"


def test_listmonk_status_and_attributes_are_understood(moda, textiles):
    row = run(moda, [textiles], LISTMONK)
    assert (row.format, row.counts) == ("listmonk", {"subscribe": 1, "suppress": 1, "never": 1})
    contact = db.session.scalars(select(Contact)).one()
    assert (contact.email, contact.given_name, contact.family_name, contact.language) == (
        "anna.bianchi@rossi.example",
        "Anna",
        "Bianchi",
        "en",
    )
    assert "opted in 2024-01-02 10:00 UTC" in db.session.scalars(select(Consent.proof)).one()
    assert kinds() == {"bloccata": "imported"}


def test_mailchimps_zip_suppresses_first_whatever_another_file_says(moda, textiles):
    data = zipped(subscribed_members_export_1=SUBSCRIBED, unsubscribed_members_export_1=UNSUBSCRIBED,
                  cleaned_members_export_1=CLEANED, nonsubscribed_members_export_1=NEVER)  # fmt: skip
    row = run(moda, [textiles], Upload("audience.zip", data))
    assert row.format == "mailchimp"
    assert verdicts(row) == [
        (0, 2, "carlo", "subscribe"), (0, 3, "doppia", "suppressed"), (1, 2, "doppia", "suppress"),
        (2, 2, "rotta", "suppress"), (3, 2, "cliente", "never"),
    ]  # fmt: skip
    assert cast.live() == {("carlo@rossi.example", "Tessile")}
    assert kinds() == {"doppia": "unsubscribed", "rotta": "bounce"}
    assert (
        "opted in 2018-06-12 07:53 UTC · confirmed 2018-06-12 07:55 UTC"
        in db.session.scalars(select(Consent.proof)).one()
    )
    (told,) = suppressed.history(moda.id, "rotta@rossi.example")
    assert (told.what, told.reason) == (
        "suppressed",
        f"cleaned, cleaned_members_export_1.csv, line 2 (import {row.id})",
    )


def test_mailchimps_files_alone_and_with_italian_columns(moda, textiles):
    italian = SUBSCRIBED.replace("Email Address,First Name,Last Name", "Indirizzo e-mail,Nome,Cognome")
    row = run(moda, [textiles], Upload("subscribed_email_audience_export_abc.csv", italian.encode("utf-16")),
              Upload("unsubscribed_email_audience_export_abc.csv", b"\xef\xbb\xbf" + UNSUBSCRIBED.encode()))  # fmt: skip
    assert row.counts == {"subscribe": 1, "suppressed": 1, "suppress": 1}


def test_a_file_of_refusals_suppresses_every_address_in_it(moda, textiles):
    row = run(moda, [textiles], "email\nuno@rossi.example\ndue@rossi.example\n",
              Upload("via.csv", b"email,status\nDUE@rossi.example,enabled\n", refuses=True))  # fmt: skip
    assert row.counts == {"subscribe": 1, "suppressed": 1, "suppress": 1}
    assert cast.live() == {("uno@rossi.example", "Tessile")}


def test_who_left_here_is_never_brought_back(moda, textiles):
    with transaction():
        leather = cast.topic(moda, "Pelle")
        gone = cast.subscriber(moda, textiles, email="uscita@rossi.example")
        actions.unsubscribe_everything(gone)
        half = cast.subscriber(moda, textiles, leather, email="mezza@rossi.example")
        actions.set_topics(half, [leather.id], text="t", version="1", source="preference page", proof="")
        refuser = factories.contact(moda, "no@rossi.example")
        from dissemination.people import actions as people
        from dissemination.people.models import Purpose

        people.record_consent(
            refuser, purpose=Purpose.NEWSLETTER, given=False, text="t", version="1", source="x"
        )
        suppression.add(moda.id, "soppressa@rossi.example", kind="complaint", reason="spam")
        suppressed.forget(moda.id, "cancellata@rossi.example")
    before = cast.live()
    rows = "".join(
        f"{n}@rossi.example\n" for n in ("uscita", "mezza", "no", "soppressa", "cancellata", "nuova")
    )
    row = run(moda, [textiles], f"email\n{rows}")
    assert [(name, v) for _f, _l, name, v in verdicts(row)] == [
        ("uscita", "left"), ("mezza", "left"), ("no", "left"), ("soppressa", "suppressed"),
        ("cancellata", "erased"), ("nuova", "subscribe"),
    ]  # fmt: skip
    assert cast.live() == before | {("nuova@rossi.example", "Tessile")}


def test_an_unsubscribed_line_ends_a_subscription_here_but_mail_she_asks_for_goes_on(app, moda, textiles):
    with transaction():
        cast.subscriber(moda, textiles, email="doppia@rossi.example")
    run(moda, [textiles], Upload("unsubscribed_members.csv", UNSUBSCRIBED.encode()))
    assert cast.live() == set()
    from dissemination.delivery import leases
    from dissemination.kernel.clock import now

    with transaction():
        actions.ask(moda, email="doppia@rossi.example", topics=[textiles], consent_text="c")
    with transaction():
        assert [r.address for r in leases.take_singles("me", most=9, at=now())] == ["doppia@rossi.example"]


def test_what_changed_since_the_file_was_read_counts(moda, textiles):
    with transaction():
        leaver = cast.subscriber(moda, cast.topic(moda, "Pelle"), email="va@rossi.example")
    row = run(
        moda, [textiles], "email\nva@rossi.example\nrotta@rossi.example\nok@rossi.example\n", decide=False
    )
    assert row.counts == {"subscribe": 3}
    with transaction():
        actions.unsubscribe_everything(leaver)
        suppression.add(moda.id, "rotta@rossi.example", kind="bounce", reason="550")
        importing.approve(db.session.get_one(SubscriberImport, row.id), leaves_out_wrong=False)
    importing.go_on(row.id)
    assert cast.live() == {("ok@rossi.example", "Tessile")}
    db.session.rollback()
    assert db.session.get_one(SubscriberImport, row.id, populate_existing=True).counts == {
        "subscribe": 1,
        "left": 1,
        "suppressed": 1,
    }


def test_wrong_lines_are_named_and_nothing_is_entered_until_they_are_left_out(moda, textiles):
    text = "email,status\nok@rossi.example,\ncarlo@,\nok@rossi.example,\nx@rossi.example,perhaps\na,b,c\nnicolò@rossi.example,\n"
    row = run(moda, [textiles], text, decide=False)
    assert verdicts(row) == [
        (0, 2, "ok", "subscribe"), (0, 3, "", "wrong"), (0, 4, "ok", "twice"), (0, 5, "x", "wrong"),
        (0, 6, "", "wrong"), (0, 7, "", "wrong"),
    ]  # fmt: skip
    with pytest.raises(importing.HasProblems), transaction():
        importing.approve(row, leaves_out_wrong=False)
    assert cast.live() == set()
    with transaction():
        importing.approve(row, leaves_out_wrong=True)
    importing.go_on(row.id)
    assert cast.live() == {("ok@rossi.example", "Tessile")}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separators_encodings_and_line_ends(moda, textiles, delimiter, encoding):
    lines = (
        ["email", "nome", "cognome"],
        ["a@rossi.example", "Niccolò", "D\u00e9"],
        ["b@rossi.example", "X", "Y"],
    )
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    row = run(moda, [textiles], data)
    assert row.counts == {"subscribe": 2}
    assert db.session.scalars(select(Contact.given_name).order_by(Contact.id)).all() == ["Niccolò", "X"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Nessuna colonna"),
        (b"nome;cognome\nA;B\n", "Nessuna colonna"),
        (b"%PDF-1.4 email", "Nessuna colonna|non è accettato|non è un file CSV"),
        (b"email\n\0\n", "Questo non è un file CSV"),
        (b"PK\x03\x04rotto", "Questo file ZIP è rovinato"),
        (zipped(), "Non|rovinato|nessun file CSV"),
        (b"email\n" + b"a@rossi.example\n" * 100_001, "più di 100.000 righe"),
        (b"email\n" + b"a" * (10 * 1024 * 1024), "superano in tutto 10 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_limit(moda, ada, sign_in, textiles, data, said):
    import re

    answer = upload(sign_in(ada), textiles, data)
    assert answer.status_code == 422
    assert re.search(said, answer.text)
    assert BASIS in answer.text, "what was written is kept"
    assert db.session.scalar(select(func.count()).select_from(SubscriberImport)) == 0


def test_a_zip_bomb_is_read_no_further_than_the_limit(moda, textiles):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"email\n" + b"0" * 60_000_000)
    with pytest.raises(formats.NotReadable, match="10 MB"):
        formats.unpacked(Upload("bomb.zip", out.getvalue()))


def test_a_crash_while_entering_enters_nothing_and_can_be_seen(moda, textiles, monkeypatch):
    from dissemination.subscriptions import entering

    def broken(_row):
        raise RuntimeError("disk full")

    monkeypatch.setattr(entering, "_add_subscriptions", broken)
    row = run(moda, [textiles], "email\na@rossi.example\nb,rotta\n", decide=True, wrong=True)
    assert (row.state, row.trouble) == (ImportState.FAILED, "RuntimeError: disk full")
    assert (cast.live(), db.session.scalar(select(func.count()).select_from(Contact))) == (set(), 0)


def test_only_one_worker_reads_and_a_dead_ones_work_is_begun_anew(moda, textiles):
    with transaction():
        row = importing.upload(moda, [Upload("a.csv", b"email\na@rossi.example\n")], topics=[textiles],
                               language="it", basis=BASIS, by=None)  # fmt: skip
        row.began_at = datetime.now(UTC)
        number = row.id
    assert jobs.work_on_imports() == 0
    with transaction():
        db.session.get_one(SubscriberImport, number).began_at = datetime.now(UTC) - importing.STUCK * 2
    assert jobs.work_on_imports() == 1
    db.session.rollback()
    assert db.session.get_one(SubscriberImport, number).state is ImportState.READ


def test_ten_times_the_lines_take_no_more_statements_to_enter(moda, textiles):
    counts = []
    for size in (20, 200):
        text = "email\n" + "".join(f"s{size}n{n}@rossi.example\n" for n in range(size))
        row = run(moda, [textiles], text, decide=False)
        with transaction():
            importing.approve(row, leaves_out_wrong=False)
        found = []

        def note(*arguments, found=found):
            found.append(arguments[2])

        event.listen(db.engine, "before_cursor_execute", note)
        importing.go_on(row.id)
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_lines_are_forgotten_after_three_months(moda, textiles):
    import time_machine

    row = run(moda, [textiles], "email\na@rossi.example\n")
    with time_machine.travel(datetime.now(UTC) + importing.KEPT * 2):
        assert jobs.forget_lines() == 1
    assert verdicts(row) == []
    assert len(cast.live()) == 1


# At the desk.


def upload(browser, topic, data, *, name="iscritti.csv", **more):
    fields = {
        "files": [(io.BytesIO(data), name)],
        "topics": [topic.id],
        "language": "it",
        "basis": BASIS,
        "declared": "y",
        **more,
    }
    return browser.post(f"{DESK}/imports/new", data=fields, content_type="multipart/form-data")


def test_an_import_is_looked_at_line_by_line_and_then_entered(moda, ada, sign_in, textiles):
    desk = sign_in(ada)
    text = LISTMONK.encode() + b"4f0a,storta@,Storta,{},enabled,x,x\n"
    answer = upload(desk, textiles, text)
    assert answer.status_code == 303
    page = desk.get(answer.location).text
    for word in ("sarà iscritto", "va nella lista di soppressione", "mai iscritto lì", "storta@"):
        assert word in page
    assert cast.live() == set()
    assert "anna.bianchi@rossi.example" in desk.get(f"{answer.location}/lines?verdict=subscribe").text
    report = desk.get(f"{answer.location}/report.csv")
    assert report.data.decode("utf-8-sig").splitlines()[2].split(",")[:3] == [
        "iscritti.csv",
        "3",
        "bloccata@rossi.example",
    ]
    refused = desk.post(f"{answer.location}/entry", data={})
    assert (refused.status_code, "Alcune righe non si possono usare" in refused.text) == (409, True)
    assert desk.post(f"{answer.location}/entry", data={"leaves_out_wrong": "1"}).status_code == 303
    assert cast.live() == {("anna.bianchi@rossi.example", "Tessile")}
    again = desk.post(f"{answer.location}/entry", data={"leaves_out_wrong": "1"})
    assert again.status_code == 409
    assert "Ada" in desk.get(f"{DESK}/imports/").text


def test_an_import_can_be_given_up(moda, ada, sign_in, textiles):
    desk = sign_in(ada)
    answer = upload(desk, textiles, b"email\na@rossi.example\n")
    desk.post(f"{answer.location}/removal")
    assert cast.live() == set()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(ImportLine)) == 0
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 0


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"basis": ""}, "Senza una base giuridica"),
        ({"basis": "sì"}, "Tra 20 e 2.000"),
        ({"declared": ""}, "Senza questa dichiarazione"),
        ({"topics": []}, "Scegli almeno un tema."),
    ],
)
def test_without_basis_declaration_or_topic_nothing_is_read(moda, ada, sign_in, textiles, missing, said):
    answer = upload(sign_in(ada), textiles, b"email\na@rossi.example\n", **missing)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert db.session.scalar(select(func.count()).select_from(SubscriberImport)) == 0


def test_a_large_file_is_left_to_the_worker_and_the_page_shows_how_far_it_is(
    moda, ada, sign_in, textiles, monkeypatch
):
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    desk = sign_in(ada)
    answer = upload(desk, textiles, b"email\na@rossi.example\nb@rossi.example\n")
    assert "in lettura" in desk.get(answer.location).text
    assert "HX-Refresh" not in desk.get(f"{answer.location}/progress").headers
    jobs.work_on_imports()
    assert desk.get(f"{answer.location}/progress").headers["HX-Refresh"] == "true"
    desk.post(f"{answer.location}/entry")
    assert "in inserimento" in desk.get(answer.location).text
    jobs.work_on_imports()
    assert len(cast.live()) == 2


def test_another_district_does_not_see_it(moda, ada, dora, sign_in, textiles):
    number = upload(sign_in(ada), textiles, b"email\na@rossi.example\n").location.rsplit("/", 1)[1]
    assert sign_in(dora).get(f"/nautica/desk/subscriptions/imports/{number}").status_code == 404


# From the command line.


def test_the_command_looks_and_enters(app, moda, textiles, tmp_path):
    file = tmp_path / "iscritti.csv"
    file.write_text("email\na@rossi.example\nstorta@\n")
    runner = app.test_cli_runner()
    dry = runner.invoke(
        args=["subscriptions", "import", str(file), "--district", "moda", "--dry-run", "--json"]
    )
    assert dry.exit_code == 1
    assert json.loads(dry.output) == {
        "lines": 2, "counts": {"subscribe": 1, "wrong": 1}, "format": "csv", "entered": False,
        "problems": [{"file": "iscritti.csv", "line": 3, "message": "“storta@” non è un indirizzo e-mail completo."}],
    }  # fmt: skip
    assert cast.live() == set()
    base = [
        "subscriptions",
        "import",
        str(file),
        "--district",
        "moda",
        "--basis",
        BASIS,
        "--topic",
        textiles.code,
    ]
    assert runner.invoke(args=base).exit_code == 1
    assert cast.live() == set()
    done = runner.invoke(args=[*base, "--leave-out-wrong", "--json"])
    assert (done.exit_code, json.loads(done.output)["entered"]) == (0, True)
    assert cast.live() == {("a@rossi.example", "Tessile")}
    assert runner.invoke(args=base[:-4]).exit_code == 2
    assert runner.invoke(args=[*base[:4], "nessuno"]).exit_code == 2


def test_a_domain_with_accents_is_read_in_one_spelling():
    spellings = ("carlo@città.example", "carlo@xn--citt-3na.example", "Carlo@CITTÀ.example")
    assert {formats.address(spelling) for spelling in spellings} == {"carlo@città.example"}
