"""Results under the rule of five, and editing questions without losing answers."""

import csv
import re
from io import StringIO

import pytest
import time_machine
from sqlalchemy import event

from dissemination.feedback import actions, queries, questions, refusals
from dissemination.feedback.models import Purpose
from dissemination.feedback.results import results
from dissemination.kernel.database import db, transaction
from tests import factories
from tests.feedback.cast import AFTER, give, people

NAMES = ("anna", "bruno", "clara", "dino", "elsa", "fabio")
FEEDBACK = Purpose.FEEDBACK


@pytest.fixture(autouse=True)
def the_day_after():
    with time_machine.travel(AFTER, tick=False):
        yield


@pytest.fixture
def workshop(moda):
    with transaction():
        row = factories.workshop(moda)
    people(row, NAMES)
    return row


@pytest.fixture
def page(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/feedback"


def found(workshop):
    db.session.rollback()
    sheet = queries.sheet(workshop, FEEDBACK)
    return {
        r.question["key"]: r for r in results(sheet, queries.answers(queries.form_of(workshop, FEEDBACK)))
    }


def table(answer):
    return list(csv.reader(StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


# -- the rule of five


def test_four_answers_show_only_that_they_are_four(workshop, page, ada, sign_in):
    give(workshop, NAMES[:4], overall="1", improve="Pessimo catering")
    browser = sign_in(ada)
    shown = browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)
    assert "Results appear from 5 answers on" in shown
    assert "answers of 6 who could (67 %)" in shown
    assert "Pessimo catering" not in shown
    assert '<svg class="chart"' not in shown
    rows = table(browser.get(f"{page}/feedback/results.csv?lang=en"))
    assert {r[6] for r in rows[1:]} == {"fewer than 5 answers: not shown"}
    assert "Pessimo" not in str(rows)
    assert browser.get(f"{page}/feedback/answers.csv").status_code == 404


def test_five_answers_show_counts_mean_and_texts(workshop, page, ada, sign_in):
    for name, overall in zip(NAMES, "12345", strict=False):
        give(workshop, [name], overall=overall, improve=f"Testo {overall}")
    browser = sign_in(ada)
    shown = browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)
    assert "<strong>3.00</strong>" in shown
    assert all(f"Testo {n}" in shown for n in "12345")
    assert shown.count('<svg class="chart"') == 1  # the other scores have no answers
    rows = table(browser.get(f"{page}/feedback/results.csv?lang=en"))
    overall = [r for r in rows if r[0].startswith("How satisfied")]
    assert [(r[2], r[3], r[4], r[5]) for r in overall] == [(str(n), "1", "20.0", "3.0") for n in range(1, 6)]


def test_a_question_that_fewer_than_five_answered_stays_hidden_by_itself(workshop):
    give(workshop, NAMES[:4], speakers="2")
    give(workshop, NAMES[4:])
    r = found(workshop)
    assert (r["overall"].n, r["overall"].hidden, r["overall"].mean) == (5, False, 4.0)
    assert (r["speakers"].n, r["speakers"].hidden, r["speakers"].options) == (4, True, [])


def test_later_answers_appear_five_at_a_time_so_that_no_difference_tells_one(workshop, page, ada, sign_in):
    give(workshop, NAMES[:5], overall="5", improve="Bene")
    browser = sign_in(ada)

    def seen():
        csv_rows = table(browser.get(f"{page}/feedback/results.csv?lang=en"))
        html = browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)
        return csv_rows, html[html.index("<section") : html.rindex("</section>")], html

    before = seen()
    people(workshop, ["gino", "hans", "ines", "lia"])
    for n, name in enumerate((NAMES[5], "gino", "hans", "ines"), 6):
        give(workshop, [name], overall="1", improve="Pessimo")
        after = seen()
        assert after[:2] == before[:2]
        assert f"those of 5 answers out of {n}" in after[2]
        with transaction():  # closing and opening the form is no way round
            actions.close(workshop, FEEDBACK)
        assert seen()[:2] == before[:2]
        with transaction():
            actions.reopen(workshop, FEEDBACK)
    give(workshop, ["lia"], overall="1", improve="Pessimo")
    assert "<strong>3.00</strong>" in seen()[2]
    assert "answers out of" not in seen()[2]


def test_texts_stand_in_another_order_for_each_question(workshop):
    for n, name in enumerate(NAMES):
        give(workshop, [name], improve=f"m{n}", next_topic=f"t{n}")
    r = found(workshop)
    orders = [[text[1:] for text in r[key].texts] for key in ("improve", "next_topic")]
    assert [sorted(o) for o in orders] == [[str(n) for n in range(5)]] * 2
    assert orders[0] != orders[1] or orders[0] != sorted(orders[0])


def test_nothing_in_the_address_narrows_results(workshop, page, ada, sign_in):
    give(workshop, NAMES[:5])
    browser = sign_in(ada)
    plain = browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)
    for more in ("&sector=tessile", "&attends=online", "&company=1", "&day=2027-03-12"):
        asked = browser.get(f"{page}/feedback?lang=en{more}").get_data(as_text=True)
        assert without_addresses(asked) == without_addresses(plain)


def without_addresses(html):
    return [line for line in html.splitlines() if "hreflang" not in line and "csrf" not in line]


def test_a_form_with_names_shows_who_answered_what(workshop, page, ada, sign_in):
    with transaction():
        actions.ensure(workshop, FEEDBACK).anonymous = False
    give(workshop, ["anna"], overall="2", improve="=1+1")
    browser = sign_in(ada)
    shown = browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)
    assert "anna Rossi" in shown
    assert "<strong>2.00</strong>" in shown
    rows = table(browser.get(f"{page}/feedback/answers.csv"))
    assert (rows[1][:3], rows[1][3], rows[1][8]) == (["2027-03-12", "anna Rossi", ""], "2", "'=1+1")


# -- the pages


def test_the_desk_says_how_many_answered_and_asks_them(workshop, page, ada, sign_in):
    browser = sign_in(ada)
    assert "Ask 6 people by mail" in browser.get(f"{page}?lang=en").get_data(as_text=True)
    assert browser.post(f"{page}/feedback/asking").status_code == 303
    shown = browser.get(f"{page}?lang=en").get_data(as_text=True)
    assert "by mail</button>" not in shown
    assert "answers of 6 who could (0 %)" in shown
    give(workshop, NAMES[:1])
    assert browser.post(f"{page}/feedback/closing").status_code == 303
    assert "closed, no more answers" in browser.get(f"{page}?lang=en").get_data(as_text=True)
    assert browser.post(f"{page}/feedback/opening").status_code == 303
    assert "open for answers" in browser.get(f"{page}?lang=en").get_data(as_text=True)


def count_queries(browser, path):
    db.session.rollback()
    counted = []
    listener = lambda *a: counted.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(counted)


@pytest.mark.parametrize("path", ["", "/feedback"])
def test_the_pages_ask_the_database_as_often_for_few_as_for_many(workshop, page, ada, sign_in, path, moda):
    with transaction():
        actions.ensure(workshop, FEEDBACK).anonymous = False
        mill = factories.company(moda)
    people(workshop, ["uno"], company=mill)
    give(workshop, ["uno"])
    browser = sign_in(ada)
    browser.get(page + path)
    few = count_queries(browser, page + path)
    more = [f"p{n}" for n in range(20)]
    people(workshop, more, company=mill)
    give(workshop, more)
    assert count_queries(browser, page + path) == few


# -- editing


def posted(sheet, version, **changes):
    """What the editing page sends for the questions of `sheet`, some fields changed (`"0-it"`)."""
    data = {"version": str(version), "anonymous": "y"}
    for n, q in enumerate(sheet):
        data |= {
            f"questions-{n}-key": q["key"], f"questions-{n}-kind": q["kind"], f"questions-{n}-it": q["it"],
            f"questions-{n}-en": q["en"], f"questions-{n}-position": str(n + 1),
        }  # fmt: skip
        if q["required"]:
            data[f"questions-{n}-required"] = "y"
    return data | {f"questions-{key}": value for key, value in changes.items()}


def keys(workshop, *, all_of_them=False):
    db.session.rollback()
    found = queries.sheet(workshop, FEEDBACK)
    return [q["key"] for q in (found.questions if all_of_them else found.asked)]


def test_questions_are_reworded_reordered_added_and_taken_away(workshop, page, ada, sign_in):
    browser, start = sign_in(ada), questions.defaults(FEEDBACK)
    changes = {
        "1-it": "Gli argomenti", "1-position": "9", "2-gone": "y", "7-key": "", "7-kind": "choice",
        "7-it": "Durata?", "7-choices": "Breve | Short\nGiusta\nLunga | Long", "7-position": "2",
    }  # fmt: skip
    assert browser.post(f"{page}/feedback/questions", data=posted(start, 0, **changes)).status_code == 303
    now = queries.sheet(workshop, FEEDBACK)
    assert [q["it"] for q in now.questions][:2] == [start[0]["it"], "Durata?"]
    assert now.questions[-1]["it"] == "Gli argomenti"
    assert now.questions[-1]["key"] == "contents"
    assert "speakers" not in keys(workshop)
    assert [(c["it"], c["en"]) for c in now.questions[1]["choices"]] == [
        ("Breve", "Short"), ("Giusta", ""), ("Lunga", "Long"),
    ]  # fmt: skip


def test_what_was_answered_keeps_its_key_and_its_results(workshop, page, ada, sign_in):
    give(workshop, NAMES[:5], contents="3")
    sheet = queries.sheet(workshop, FEEDBACK)
    browser = sign_in(ada)
    answer = browser.post(
        f"{page}/feedback/questions",
        data=posted(sheet.asked, sheet.version, **{"1-gone": "y", "0-it": "Voto"}),
    )
    assert answer.status_code == 303
    assert "contents" not in keys(workshop)
    assert "contents" in keys(workshop, all_of_them=True)
    r = found(workshop)
    assert (r["contents"].retired, r["contents"].mean, r["overall"].n) == (True, 3.0, 5)
    assert r["overall"].question["it"] == "Voto"
    assert "asked no longer" in browser.get(f"{page}/feedback?lang=en").get_data(as_text=True)


def row(key, kind="choice", it="Durata?", choices=(), required=False):
    return {"key": key, "kind": kind, "it": it, "en": "", "required": required, "choices": list(choices)}


OVERALL = row("overall", "score", "Voto")


def edit(old, rows, keep=True):
    return questions.edited(old, rows, purpose=FEEDBACK, keep=keep)


def test_a_choice_keeps_its_key_when_it_is_moved_or_reworded():
    start = questions.defaults(FEEDBACK)
    first = edit(start, [OVERALL, row("", choices=["Breve", "Giusta", "Lunga"])], keep=False)
    key = first[1]["key"]
    by_name = {c["it"]: c["key"] for c in first[1]["choices"]}
    moved = edit(first, [OVERALL, row(key, choices=["Lunga", "Breve", "Giusta"])])
    assert [c["key"] for c in moved[1]["choices"]] == [by_name[n] for n in ("Lunga", "Breve", "Giusta")]
    reworded = edit(first, [OVERALL, row(key, choices=["Breve", "Adatta", "Lunga"])])
    assert [c["key"] for c in reworded[1]["choices"]] == [by_name[n] for n in ("Breve", "Giusta", "Lunga")]
    fewer = edit(first, [OVERALL, row(key, choices=["Breve", "Lunga"])])
    assert [(c["key"], c.get("retired", False)) for c in fewer[1]["choices"]] == [
        (by_name["Breve"], False), (by_name["Lunga"], False), (by_name["Giusta"], True),
    ]  # fmt: skip


def test_another_kind_of_an_answered_question_is_another_question():
    start = questions.defaults(FEEDBACK)
    rows = [row(q["key"], q["kind"], q["it"]) for q in start]
    rows[1]["kind"] = "yes_no"
    after = edit(start, rows)
    assert after[1]["key"] != "contents"
    assert (after[-1]["key"], after[-1]["retired"]) == ("contents", True)


def test_the_overall_score_is_always_there_and_stays_what_it_is():
    start = questions.defaults(FEEDBACK)
    after = edit(start, [row("overall", "text", "Voto")])
    assert (after[0]["key"], after[0]["kind"], after[0]["required"]) == ("overall", "score", True)
    with pytest.raises(refusals.WrongQuestions):
        edit(start, [row("contents", "score", "x")])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"1-it": ""}, "write the question in Italian"),
        ({"1-kind": "choice", "1-choices": "Una sola"}, "write at least two choices"),
        ({"1-kind": "several", "1-choices": "A\nA"}, "the same choice stands twice"),
        ({"1-kind": "choice", "1-choices": "A\n" + "x" * 121}, "a choice has at most 120 characters"),
        ({"1-kind": "choice", "1-choices": "\n".join(f"c{n}" for n in range(21))}, "at most 20 choices"),
        ({"1-kind": "nonsense"}, "Choose one of the values offered"),
        ({"1-it": "x" * 301}, "300"),
        ({"0-gone": "y"}, "overall satisfaction stays"),
        ({"1-position": "molti"}, "Write a whole number"),
    ],
)
def test_a_wrong_question_is_named_and_everything_written_is_kept(
    workshop, page, ada, sign_in, changes, said
):
    data = posted(questions.defaults(FEEDBACK), 0, **{"3-it": "Testo mio", **changes})
    answer = sign_in(ada).post(f"{page}/feedback/questions?lang=en", data=data)
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert said in shown
    assert "Testo mio" in shown
    assert queries.form_of(workshop, FEEDBACK) is None


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(workshop, page, ada, sign_in):
    browser, start = sign_in(ada), questions.defaults(FEEDBACK)
    assert (
        browser.post(f"{page}/feedback/questions", data=posted(start, 0, **{"1-it": "Prima"})).status_code
        == 303
    )
    answer = browser.post(f"{page}/feedback/questions?lang=en", data=posted(start, 0, **{"1-it": "Seconda"}))
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Somebody else changed these questions" in shown
    assert "Seconda" in shown
    assert queries.sheet(workshop, FEEDBACK).questions[1]["it"] == "Prima"
    version = re.search(r'name="version" type="hidden" value="(\d+)"', shown)[1]
    again = posted(start, version, **{"1-it": "Seconda"})
    assert browser.post(f"{page}/feedback/questions", data=again).status_code == 303
    assert queries.sheet(workshop, FEEDBACK).questions[1]["it"] == "Seconda"


@pytest.mark.parametrize("how", ["asked", "answered"])
def test_a_promise_that_was_given_is_kept(workshop, page, ada, sign_in, how):
    with transaction():
        actions.ensure(workshop, FEEDBACK)
    if how == "asked":
        with transaction():
            actions.ask(workshop, ada)
    else:
        give(workshop, ["anna"])
    sheet = queries.sheet(workshop, FEEDBACK)
    data = posted(sheet.asked, sheet.version)
    del data["anonymous"]
    answer = sign_in(ada).post(f"{page}/feedback/questions?lang=en", data=data)
    assert answer.status_code == 409
    assert "can no longer change" in answer.get_data(as_text=True)
    assert queries.sheet(workshop, FEEDBACK).anonymous is True
