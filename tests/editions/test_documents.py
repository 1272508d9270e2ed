"""The plan as PDF, Word and JSON, and copies of it."""

import json
import zipfile
from datetime import date
from io import BytesIO

import pypdf
import pytest
from docx import Document

from dissemination.editions import actions as editions
from dissemination.editions import content, document, printing, queries, reading, schema, transfer, word
from dissemination.kernel.database import db, transaction
from dissemination.plan import actions, periods
from dissemination.plan import queries as plans
from dissemination.plan.models import Plan


def pdf_of(plan, moda, lang="it"):
    return pypdf.PdfReader(BytesIO(document.render_pdf(printing.edition(plan, lang), moda, lang)))


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def tags_of(node, found=None):
    """Every structure element of a tagged PDF, in reading order."""
    found = [] if found is None else found
    node = node.get_object()
    if isinstance(node, pypdf.generic.ArrayObject):
        for child in node:
            tags_of(child, found)
    elif isinstance(node, pypdf.generic.DictionaryObject):
        if "/S" in node:
            found.append(str(node["/S"]))
        if "/K" in node:
            tags_of(node["/K"], found)
    return found


SECTIONS = {
    "it": ["1. Analisi situazionale", "2. Visione strategica", "3. Obiettivi strategici", "4. Attività operative",
           "5. Indicatori di performance", "Allegato: quadro finanziario"],
    "en": ["1. Situation", "2. Strategic vision", "3. Strategic objectives", "4. Activities",
           "5. Performance indicators", "Annex: financial table"],
}  # fmt: skip


@pytest.mark.parametrize("lang", ["it", "en"])
def test_the_pdf_has_the_sections_of_the_decree_in_order_and_all_that_was_written(plan, moda, lang):
    text = text_of(pdf_of(plan, moda, lang))
    body = text[text.rindex(SECTIONS[lang][0]) :]
    places = [body.index(title) for title in SECTIONS[lang]]
    assert places == sorted(places)
    wanted = {
        "it": ["Cinque filiere.", "Tintura a secco", "Meno acqua.", "Mancano tecnici.", "Più visite in azienda",
               "Ciclo tessile", "90.000,00", "Workshop e seminari realizzati"],
        # What has no English stands in Italian.
        "en": ["Five value chains.", "Dry dyeing", "Less water.", "Mancano tecnici.", "More innovation",
               "Textile series", "€90,000.00", "Workshops held"],
    }[lang]  # fmt: skip
    assert [words for words in wanted if words not in body] == []


def test_the_pdf_is_tagged_and_says_what_it_is(plan, moda):
    reader = pdf_of(plan, moda)
    root = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"].startswith("it")) == (True, True)
    assert reader.metadata.title == "Piano 2026-2028"
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "pdfuaid:part" in xmp
    tags = tags_of(root["/StructTreeRoot"]["/K"])
    # The contents, the sections and the annex are headings; every table has header cells; lists are lists.
    assert tags.count("/H1") == 7
    assert {"/Table", "/TH", "/TD", "/L", "/LI", "/TOC"} <= set(tags)


def test_the_same_version_gives_the_same_bytes(plan, moda):
    for render in (document.render_pdf, word.render):
        edition = printing.edition(plan, "it")
        assert render(edition, moda, "it") == render(edition, moda, "it")


def test_word_has_real_headings_repeated_head_rows_and_its_languages(plan, moda):
    data = word.render(printing.edition(plan, "en"), moda, "en")
    found = Document(BytesIO(data))
    headings = [p.text for p in found.paragraphs if p.style.name == "Heading 1"]
    assert headings == SECTIONS["en"]
    xml = zipfile.ZipFile(BytesIO(data)).read("word/document.xml").decode()
    assert xml.count("<w:tblHeader") == len(found.tables)
    assert 'w:val="it-IT"' in xml  # what is not written in English is marked as Italian
    assert [c.text for c in found.tables[-1].rows[0].cells][:3] == ["Activity line", "Year", "Budget"]
    assert found.core_properties.title == "Piano 2026-2028"


def test_a_sign_that_xml_cannot_hold_breaks_no_document(plan, moda, bice):
    with transaction():
        actions.revise_plan(
            plan, version=actions.version_of(plan), by=bice, situation="Primo\x0b secondo 漢字 #let x"
        )
    assert "#let x" in text_of(pdf_of(plan, moda))
    assert word.render(printing.edition(plan, "it"), moda, "it")


def test_an_empty_plan_prints(nautica):
    plan = plans.current_plan(nautica.id)
    assert len(pdf_of(plan, nautica).pages) >= 3
    assert word.render(printing.edition(plan, "it"), nautica, "it")


def test_a_document_says_whether_its_version_is_approved(plan, moda, bice):
    assert "Bozza" in text_of(pdf_of(plan, moda))
    with transaction():
        mark = content.mark_of(content.snapshot(plan))
        editions.approve(plan, mark=mark, words="Delibera 12", by=bice)
    assert "Delibera 12" in text_of(pdf_of(plan, moda))
    with transaction():
        actions.revise_plan(plan, version=actions.version_of(plan), by=bice, situation="Altro.")
    assert "Bozza" in text_of(pdf_of(plan, moda))
    approved = queries.approved(plan)
    old = pypdf.PdfReader(BytesIO(document.render_pdf(printing.edition(plan, "it", approved), moda, "it")))
    assert ("Delibera 12" in text_of(old), "Cinque filiere." in text_of(old)) == (True, True)


def test_the_documents_are_saved_from_the_plans_page(sign_in, ada, moda, plan):
    browser, base = sign_in(ada), f"/moda/desk/plan/{plan.id}"
    page = browser.get("/moda/desk/plan/").text
    for name, begins in (
        ("document-it.pdf", b"%PDF"), ("document-en.pdf", b"%PDF"), ("document-it.docx", b"PK"),
        ("document-en.docx", b"PK"), ("plan.json", b"{"),
    ):  # fmt: skip
        assert f"{base}/{name}" in page
        assert browser.get(f"{base}/{name}").data.startswith(begins)
    for none in ("document-it.pdf?version=999", f"document-it.pdf?version={10**20}", f"versions/{10**20}",
                 f"versions/1?with={10**20}"):  # fmt: skip
        assert browser.get(f"{base}/{none}").status_code == 404


# JSON.


def test_an_export_keeps_the_published_schema_and_names_nobody(client, plan):
    data = json.loads(reading.written(content.snapshot(plan)))
    assert schema.problems(data) == []
    assert client.get("/plan.schema.json").json == schema.schema()
    assert '"id"' not in json.dumps(data)


def test_what_was_exported_is_read_as_the_same_plan(plan, nautica, bice):
    with transaction():
        targets = {i.id: {"baseline": None, "year": None, "targets": {"2026-H1": 4, "plan": 30}}
                   for i in plan.indicators}  # fmt: skip
        actions.save_targets(plan, version=actions.targets_version(plan), values=targets)
    exported = reading.written(content.snapshot(plan))
    with transaction():
        old = plans.current_plan(nautica.id)
        old.starts_on, old.ends_on = date(2020, 1, 1), date(2022, 12, 31)
        made, left_out = transfer.take_in(
            nautica, reading.read(exported), title=plan.title, starts_on=plan.starts_on, ends_on=plan.ends_on,
            by=bice,
        )  # fmt: skip
    assert left_out == []
    assert reading.written(content.snapshot(made)) == exported


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: d["lines"][0].pop("code"), "lines[0].code"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["lines"].append(d["lines"][0]), "lines: "),
        (lambda d: d["indicators"][0].update(line="z"), "indicators[0].line"),
        (lambda d: d["indicators"][0].update(rule={"measure": "guess"}), "indicators[0].rule"),
        (lambda d: d["objectives"][0].update(macro_areas=[9]), "objectives[0].macro_areas"),
        (lambda d: d["lines"][0]["operations"][0].update(starts_on="2026-02-30"), "lines[0].operations[0].starts_on"),
        (lambda d: d["lines"][0]["budget"][0].update(budget_cents=1.5), "lines[0].budget[0].budget_cents"),
        (lambda d: d["situation"].update(it="x" * 14_401), "situation.it"),
        (lambda d: d["macro_areas"][0]["application_areas"].extend([{"it": "", "en": ""}] * 2), "macro_areas[0].application_areas"),
        (lambda d: d["situation"].update(it="\ud800"), "situation.it"),
        (lambda d: d.update(ends_on="2025-01-01"), "ends_on"),
        (lambda d: d.update(starts_on="0001-01-01", ends_on="0003-01-01"), "starts_on"),
        (lambda d: d.update(format_version=True), "format_version"),
        (lambda d: d["lines"][0].update(code="a/b"), "lines[0].code"),
        (lambda d: d["lines"][0]["name"].update(it=" "), "lines[0].name.it"),
        (lambda d: d["indicators"][0]["name"].update(en=""), "indicators[0].name.en"),
        (lambda d: d["indicators"][0].update(rule={"measure": "ratio", "numerator": "XX", "denominator": "DV-01"}), "indicators[0].rule"),
        (lambda d: d["indicators"][0].update(rule={"measure": "count", "verbs": ["a.b"], "where": {"a\0": ["x"]}}), "indicators[0].rule"),
        (lambda d: d["indicators"][0]["targets"].update({"2026-H1\n": "1"}), "indicators[0].targets"),
        (lambda d: d["lines"][0]["operations"][0].update(done_on="2020-01-01"), "lines[0].operations[0].done_on"),
        (lambda d: d["macro_areas"][0]["application_areas"][0].update(it=""), "application_areas[0].it"),
    ],
)  # fmt: skip
def test_a_spoiled_file_is_refused_with_the_place_of_the_fault(plan, spoil, said):
    data = json.loads(reading.written(content.snapshot(plan)))
    spoil(data)
    with pytest.raises(reading.Unreadable) as caught:
        reading.read(json.dumps(data).encode())
    assert [p for p in caught.value.problems if said in p], caught.value.problems


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b'{"format": NaN}', b"x" * (2**21 + 1)]
)
def test_what_is_no_plan_at_all_is_refused(app, data):
    with pytest.raises(reading.Unreadable):
        reading.read(data)


def test_a_plan_is_copied_to_the_next_period_with_its_dates_moved(plan, moda, bice):
    with transaction():
        made, left_out = transfer.copy(
            plan,
            moda,
            title="Piano 2029-2031",
            starts_on=date(2029, 1, 1),
            ends_on=date(2031, 12, 31),
            by=bice,
        )
    operation, money = made.lines[0].operations[0], made.lines[0].budget[0]
    assert (operation.starts_on, operation.ends_on, operation.planned) == (
        date(2029, 3, 1),
        date(2029, 6, 30),
        4,
    )
    assert operation.indicator.plan_id == made.id
    assert (money.year, money.budget_cents, money.spent_cents, money.committed_cents) == (
        2029,
        9_000_000,
        0,
        0,
    )
    assert ([o.text for o in made.objectives], left_out) == (["Più innovazione", "Più visite in azienda"], [])
    assert made.objectives[1].parent_id == made.objectives[0].id
    assert (len(made.indicators), queries.approved(made)) == (25, None)
    assert queries.latest(made).what == "copied"


def test_what_falls_outside_a_shorter_plan_is_left_out_and_named(plan, moda, bice):
    with transaction():
        actions.save_operation(
            plan, None, version="", by=bice, activity_line_id=plan.lines[0].id, title_it="Convegno finale",
            title_en="", starts_on=date(2028, 11, 1), ends_on=date(2028, 11, 2), planned=1, indicator_id=None,
            done_on=None,
        )  # fmt: skip
        made, left_out = transfer.copy(
            plan, moda, title="Piano 2029", starts_on=date(2029, 1, 1), ends_on=date(2029, 12, 31), by=bice
        )
    assert left_out == ["Convegno finale"]
    assert [p.code for p in periods.half_years(made)] == ["2029-H1", "2029-H2"]


def test_what_lies_where_no_calendar_goes_is_left_out_and_named(plan, moda, bice):
    data = content.snapshot(plan)
    data["lines"][0]["operations"][0].update(starts_on="9999-12-30", ends_on="9999-12-31")
    data["indicators"][0]["targets"] = {"9999-H1": "5", "plan": "7"}
    with transaction():
        made, left_out = transfer.take_in(
            moda, data, title="Piano", starts_on=date(2029, 1, 1), ends_on=date(2031, 12, 31), by=bice
        )
    assert left_out == [f"{data['indicators'][0]['code']} 9999-H1", "Ciclo tessile"]
    assert [t.period for t in made.indicators[0].targets] == ["plan"]


def test_no_way_leads_to_a_plan_of_a_hundred_years(sign_in, bice, app, moda, plan, tmp_path):
    exported = reading.written(content.snapshot(plan))
    data = {"file": (BytesIO(exported), "p.json"), "starts_on": "2030-01-01", "ends_on": "2130-12-31"}
    answer = sign_in(bice).post("/moda/desk/plan/imports", data=data)
    assert (answer.status_code, "al massimo dieci anni" in answer.text) == (422, True)
    file = tmp_path / "plan.json"
    file.write_bytes(exported)
    args = [
        "plan",
        "import",
        str(file),
        "--district",
        "moda",
        "--starts-on",
        "2030-01-01",
        "--ends-on",
        "2130-12-31",
    ]
    assert app.test_cli_runner().invoke(args=args).exit_code == 1
    assert db.session.query(Plan).filter_by(district_id=moda.id).count() == 1


def test_a_copy_over_the_days_of_another_plan_is_refused(sign_in, bice, moda, plan):
    browser, url = sign_in(bice), f"/moda/desk/plan/{plan.id}/copies"
    data = {"district_id": moda.id, "title": "Piano", "starts_on": "2028-06-01", "ends_on": "2030-12-31"}
    refused = browser.post(url, data=data)
    assert (refused.status_code, db.session.query(Plan).filter_by(district_id=moda.id).count()) == (422, 1)
    page = browser.get(url).text
    assert ('value="2029-01-01"' in page, 'value="2031-12-31"' in page) == (True, True)
    assert (
        browser.post(url, data=data | {"starts_on": "2029-01-01", "ends_on": "2031-12-31"}).status_code == 303
    )


def test_nobody_copies_into_a_district_that_she_does_not_manage(sign_in, bice, moda, nautica, plan):
    data = {"district_id": nautica.id, "title": "Piano", "starts_on": "2029-01-01", "ends_on": "2031-12-31"}
    assert sign_in(bice).post(f"/moda/desk/plan/{plan.id}/copies", data=data).status_code == 422
    assert db.session.query(Plan).filter_by(district_id=nautica.id).count() == 1


def test_a_file_is_checked_and_then_read_in_on_the_page(sign_in, bice, moda, plan):
    exported = reading.written(content.snapshot(plan))
    browser, url = sign_in(bice), "/moda/desk/plan/imports"
    days = {"starts_on": "2029-01-01", "ends_on": "2031-12-31", "title": "Piano 2029-2031"}
    send = lambda data, **more: browser.post(url, data={"file": (BytesIO(data), "p.json"), **days, **more})  # noqa: E731
    wrong = send(exported.replace(b'"code": "a"', b'"code": ""'))
    assert (wrong.status_code, "lines[0].code" in wrong.text) == (422, True)
    checked = send(exported, check="y")
    assert (checked.status_code, db.session.query(Plan).filter_by(district_id=moda.id).count()) == (200, 1)
    assert send(exported).status_code == 303
    assert send(exported).status_code == 422  # its days are taken now
    assert db.session.query(Plan).filter_by(district_id=moda.id).count() == 2


def test_the_command_exports_and_imports(app, moda, nautica, plan, tmp_path):
    run = app.test_cli_runner().invoke
    file = tmp_path / "plan.json"
    file.write_text(run(args=["plan", "export", "--district", "moda"]).output)
    with transaction():
        old = plans.current_plan(nautica.id)
        old.starts_on, old.ends_on = date(2020, 1, 1), date(2022, 12, 31)
    assert run(args=["plan", "import", str(file), "--district", "nautica", "--dry-run"]).exit_code == 0
    assert db.session.query(Plan).filter_by(district_id=nautica.id).count() == 1
    done = run(args=["plan", "import", str(file), "--district", "nautica", "--json"])
    assert (done.exit_code, json.loads(done.output)) == (0, {"problems": [], "left_out": []})
    again = run(args=["plan", "import", str(file), "--district", "nautica"])
    assert (again.exit_code, "already has a plan" in again.output) == (1, True)
