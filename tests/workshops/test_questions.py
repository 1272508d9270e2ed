"""Questions of the registration form: kept safe while people are answering them."""

import re
from datetime import date

import pytest
from sqlalchemy import event, select

from dissemination.kernel.database import db, transaction
from dissemination.registrations import answers as _answers  # noqa: F401 (counts who answered)
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops import actions, questions
from dissemination.workshops.models import Closing, Kind, Question, Workshop
from dissemination.workshops.refusals import (
    AlreadyClosed,
    AnswersStandInTheWay,
    AskedAfterItself,
    ChangedMeanwhile,
    NoChoices,
    NoQuestionText,
    OthersDependOnIt,
    TooManyQuestions,
)
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/questions"


def add(workshop, text="Perché?", kind=Kind.TEXT, **facts):
    with transaction():
        return questions.add(workshop, by=None, version=workshop.version, text_it=text, kind=kind, **facts)


def revise(question, **facts):
    now = {n: getattr(question, n) for n in ("text_it", "text_en", "kind", "required", "depends_on_id")}
    now |= {"depends_value": question.depends_value, "choices": questions.offered(question)}
    with transaction():
        questions.revise(question, by=None, version=question.workshop.version, **{**now, **facts})


def remove(question):
    with transaction():
        return questions.remove(question, by=None, version=question.workshop.version)


def choices(*words):
    return [{"key": "", "it": w, "en": ""} for w in words]


def answer(workshop, answers, name="carlo"):
    """Somebody who is registered, with these answers by question."""
    with transaction() as session:
        contact = factories.contact(workshop.district, f"{name}@x.example")
        row = Registration(
            public_id=name, workshop_id=workshop.id, contact_id=contact.id, number=1 + len(name), told_revision=1,
            standing=Standing.CONFIRMED, answers={str(q.id): a for q, a in answers.items()},
            created_at=contact.created_at,
        )  # fmt: skip
        session.add(row)
    return row


def texts(workshop):
    db.session.rollback()
    return [q.text_it for q in questions.asked(db.session.get(Workshop, workshop.id))]


def test_wording_changes_keep_the_id_and_move_the_version(workshop):
    question = add(workshop)
    before = (question.id, workshop.version)
    revise(question, text_it="Per quale motivo?", required=True)
    assert (question.id, workshop.version) == (before[0], before[1] + 1)
    assert (question.text_it, question.required) == ("Per quale motivo?", True)


def test_a_choice_keeps_its_key_and_a_removed_one_is_put_aside(workshop):
    question = add(workshop, kind=Kind.CHOICE, choices=choices("Rosso", "Blu", "Verde"))
    red, blue, green = questions.offered(question)
    revise(question, choices=[{**red, "it": "Rosso scuro"}, green, *choices("Giallo")])
    now = questions.offered(question)
    assert [(c["key"], c["it"]) for c in now[:2]] == [(red["key"], "Rosso scuro"), (green["key"], "Verde")]
    assert now[2]["key"] not in {red["key"], blue["key"], green["key"]}
    assert [c for c in question.choices if c.get("retired")] == [{**blue, "retired": True}]


def test_a_choice_with_a_made_up_or_retired_key_gets_one_of_its_own(workshop):
    question = add(workshop, kind=Kind.CHOICE, choices=choices("Rosso", "Blu"))
    red, blue = questions.offered(question)
    revise(question, choices=[red, {"key": "mine", "it": "Oro", "en": ""}])
    assert "mine" not in {c["key"] for c in question.choices}
    revise(question, choices=[red, {**blue, "it": "Altro"}])
    assert blue["key"] not in {c["key"] for c in questions.offered(question)}


@pytest.mark.parametrize("words", [(), ("Solo",), ("Uguale", "uguale")])
def test_fewer_than_two_different_choices_are_refused(workshop, words):
    with pytest.raises(NoChoices):
        add(workshop, kind=Kind.SEVERAL, choices=choices(*words))
    assert texts(workshop) == []


def test_an_empty_question_is_refused(workshop):
    with pytest.raises(NoQuestionText):
        add(workshop, "  ")


def test_an_answered_question_is_retired_and_one_that_nobody_answered_is_deleted(workshop):
    kept, gone = add(workshop, "Perché?"), add(workshop, "Da dove?")
    answer(workshop, {kept: "Per imparare", gone: ""})
    assert (remove(kept), remove(gone)) == (False, True)
    assert texts(workshop) == []
    assert [q.text_it for q in questions.retired(workshop)] == ["Perché?"]
    assert db.session.scalars(select(Question.text_it)).all() == ["Perché?"]


def test_a_retired_question_can_be_asked_again_and_comes_last(workshop):
    first, _second = add(workshop, "Prima"), add(workshop, "Seconda")
    answer(workshop, {first: "Sì"})
    remove(first)
    with transaction():
        questions.ask_again(first, by=None, version=workshop.version)
    assert texts(workshop) == ["Seconda", "Prima"]


def test_another_kind_is_refused_once_somebody_answered(workshop):
    question, free = add(workshop), add(workshop, "Da dove?")
    answer(workshop, {question: "Sì"})
    with pytest.raises(AnswersStandInTheWay):
        revise(question, kind=Kind.NUMBER)
    db.session.rollback()
    revise(free, kind=Kind.DATE)
    assert (question.kind, free.kind) == (Kind.TEXT, Kind.DATE)


def test_answers_of_other_questions_are_not_taken_for_this_one(workshop):
    rows = [add(workshop, f"Domanda {n}", kind=Kind.TEXT) for n in range(12)]
    answer(workshop, {rows[0]: "Sì", rows[10]: "No", rows[11]: ["a"], rows[5]: {"file": 1, "name": "a.pdf"}})
    answer(workshop, {rows[0]: "Sì"}, "dino")
    counts = questions.answered(rows)
    assert [counts[q.id] for q in rows] == [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1]


def test_only_earlier_questions_can_be_a_condition(workshop):
    first = add(workshop, "Prima", kind=Kind.CHOICE, choices=choices("Sì", "No"))
    yes = questions.offered(first)[0]["key"]
    second = add(workshop, "Seconda", depends_on_id=first.id, depends_value=yes)
    third = add(workshop, "Terza", depends_on_id=second.id, depends_value=questions.ANY)
    for question, before, value in ((first, second, "any"), (second, third, "any"), (second, second, "any"),
                                    (third, first, "no-such-key"), (third, None, "any")):  # fmt: skip
        with pytest.raises(AskedAfterItself):
            revise(question, depends_on_id=before.id if before else 10**9, depends_value=value)
        db.session.rollback()
    assert [q.depends_on_id for q in questions.asked(workshop)] == [None, first.id, second.id]


def test_a_question_of_another_workshop_is_no_condition(moda, workshop):
    with transaction():
        other = factories.workshop(moda)
    elsewhere = add(other)
    with pytest.raises(AskedAfterItself):
        add(workshop, depends_on_id=elsewhere.id, depends_value=questions.ANY)


def test_what_others_depend_on_is_neither_removed_nor_emptied_nor_moved_behind_them(workshop):
    first = add(workshop, "Prima", kind=Kind.CHOICE, choices=choices("Sì", "No", "Forse"))
    yes, no, maybe = questions.offered(first)
    second = add(workshop, "Seconda", depends_on_id=first.id, depends_value=yes["key"])
    with pytest.raises(OthersDependOnIt, match="Seconda"):
        remove(first)
    with pytest.raises(OthersDependOnIt):
        revise(first, choices=[no, maybe])
    db.session.rollback()
    with pytest.raises(OthersDependOnIt):
        revise(first, kind=Kind.TEXT)
    with pytest.raises(AskedAfterItself), transaction():
        questions.move(second, up=True, by=None, version=workshop.version)
    with pytest.raises(AskedAfterItself), transaction():
        questions.move(first, up=False, by=None, version=workshop.version)
    db.session.rollback()
    revise(first, choices=[yes, no])
    assert texts(workshop) == ["Prima", "Seconda"]


def test_questions_move_by_one_and_the_ends_stay(workshop):
    rows = [add(workshop, name) for name in "abc"]
    for question, up, order in ((rows[2], True, "acb"), (rows[2], True, "cab"), (rows[2], True, "cab"),
                                (rows[0], False, "cba"), (rows[0], False, "cba")):  # fmt: skip
        with transaction():
            questions.move(question, up=up, by=None, version=workshop.version)
        assert texts(workshop) == list(order)


def test_a_retired_condition_is_let_go_with_the_question_deleted_later(workshop):
    first = add(workshop, "Prima")
    second = add(workshop, "Seconda", depends_on_id=first.id, depends_value=questions.ANY)
    answer(workshop, {second: "Sì"})
    remove(second)
    assert remove(first) is True
    assert questions.retired(workshop)[0].depends_on_id is None


def test_two_organisers_at_once_the_second_is_told(workshop):
    question, seen = add(workshop), workshop.version
    revise(question, text_it="Prima")
    with pytest.raises(ChangedMeanwhile), transaction():
        questions.remove(question, by=None, version=seen)
    assert texts(workshop) == ["Prima"]


def test_a_closed_workshop_asks_nothing_new(workshop):
    with transaction() as session:
        session.add(Closing(workshop_id=workshop.id, at=workshop.ends_at))
    with pytest.raises(AlreadyClosed):
        add(workshop)


def test_there_is_an_end_to_questions(workshop, monkeypatch):
    monkeypatch.setattr(questions, "MOST", 2)
    add(workshop), add(workshop)
    with pytest.raises(TooManyQuestions):
        add(workshop)


def test_a_draft_with_conditions_can_be_deleted_and_a_copy_has_the_same_questions(moda, workshop):
    first = add(workshop, "Prima", kind=Kind.CHOICE, choices=choices("Sì", "No"))
    yes = questions.offered(first)[0]["key"]
    add(workshop, "Seconda", kind=Kind.NUMBER, depends_on_id=first.id, depends_value=yes, retention_months=3)
    with transaction():
        copy = actions.copy(workshop, by=None, day=date(2027, 4, 8))
    assert questions.plain(copy) == questions.plain(workshop)
    assert copy.questions[1].depends_on_id == copy.questions[0].id != first.id
    assert (copy.questions[1].kind, copy.questions[1].retention_months) == (Kind.NUMBER, 3)
    with transaction():
        actions.delete_draft(copy)
    assert len(db.session.scalars(select(Question)).all()) == 2


# The page.


def sent(workshop, **changes):
    return {"text_it": "Allergie?", "kind": "text", "version": str(workshop.version), **changes}


def test_ada_adds_changes_moves_and_removes_a_question(sign_in, ada, workshop, page):
    desk = sign_in(ada)
    assert "Non si chiede altro" in desk.get(page).text
    assert desk.post(f"{page}/new", data=sent(workshop)).status_code == 303
    db.session.rollback()
    assert desk.post(f"{page}/new", data=sent(workshop, text_it="Pranzo?", required="y")).status_code == 303
    db.session.rollback()
    lunch = questions.asked(workshop)[1]
    move = {"direction": "up", "version": workshop.version}
    assert desk.post(f"{page}/{lunch.id}/position", data=move).location == f"{page}#question-{lunch.id}"
    assert texts(workshop) == ["Pranzo?", "Allergie?"]
    shown = desk.get(f"{page}/{lunch.id}").text
    assert 'value="Pranzo?"' in shown
    data = sent(workshop, text_it="Resti a pranzo?", text_en="Lunch?", retention_months="2")
    assert desk.post(f"{page}/{lunch.id}", data=data).status_code == 303
    assert "Resti a pranzo?" in desk.get(page).text
    assert "Nessuno ha risposto" in desk.get(f"{page}/{lunch.id}/removal").text
    desk.post(f"{page}/{lunch.id}/removal", data={"version": workshop.version})
    assert texts(workshop) == ["Allergie?"]


def test_choices_grow_and_shrink_by_named_buttons_and_keep_contents(sign_in, ada, workshop, page):
    desk = sign_in(ada)
    data = sent(workshop, kind="choice", **{"choices-0-it": "Rosso", "choices-1-it": "Blu"})
    more = desk.post(f"{page}/new", data={**data, "add_choice": "1"})
    assert (more.status_code, 'name="choices-2-it"' in more.text, 'value="Blu"' in more.text) == (
        200,
        True,
        True,
    )
    less = desk.post(f"{page}/new", data={**data, "remove_choice": "choices-0"}).text
    assert ('value="Rosso"' in less, 'value="Blu"' in less) == (False, True)
    wrong = desk.post(f"{page}/new", data={**data, "choices-1-it": "", "choices-1-en": "Blue"})
    assert (wrong.status_code, "Scrivi la scelta anche in italiano" in wrong.text) == (422, True)
    lonely = desk.post(f"{page}/new", data={**data, "choices-1-it": ""})
    assert (lonely.status_code, "almeno due scelte diverse" in lonely.text) == (422, True)
    assert texts(workshop) == []
    assert desk.post(f"{page}/new", data=data).status_code == 303
    db.session.rollback()
    assert [c["it"] for c in questions.offered(questions.asked(workshop)[0])] == ["Rosso", "Blu"]


def test_the_condition_offers_earlier_questions_with_their_choices(sign_in, ada, workshop, page):
    first = add(workshop, "Pranzo?", kind=Kind.CHOICE, choices=choices("Sì", "No"))
    yes = questions.offered(first)[0]["key"]
    desk = sign_in(ada)
    shown = desk.get(f"{page}/new").text
    assert re.findall(r'<option value="(\d+:\w+)">', shown) == [
        f"{first.id}:any", f"{first.id}:{yes}", f"{first.id}:{questions.offered(first)[1]['key']}",
    ]  # fmt: skip
    desk.post(f"{page}/new", data=sent(workshop, condition=f"{first.id}:{yes}"))
    assert "Si chiede solo dopo «Sì» a «Pranzo?»." in desk.get(page).text
    forged = desk.post(f"{page}/new", data=sent(workshop, condition="999:any"))
    assert forged.status_code == 422


def test_the_second_organiser_is_told_and_keeps_what_she_wrote(sign_in, ada, workshop, page):
    question, seen = add(workshop), None
    seen, desk = sent(workshop, text_it="Seconda"), sign_in(ada)
    assert desk.post(f"{page}/{question.id}", data=sent(workshop, text_it="Prima")).status_code == 303
    late = desk.post(f"{page}/{question.id}", data=seen)
    assert late.status_code == 422
    assert "Qualcun altro ha modificato" in late.text
    assert 'value="Seconda"' in late.text
    assert texts(workshop) == ["Prima"]
    version = re.search(r'name="version" type="hidden" value="(\d+)"', late.text)[1]
    assert desk.post(f"{page}/{question.id}", data={**seen, "version": version}).status_code == 303
    assert texts(workshop) == ["Seconda"]
    assert desk.post(f"{page}/{question.id}/removal", data={"version": "1"}).status_code == 303
    assert "Qualcun altro ha modificato" in desk.get(page).text
    assert texts(workshop) == ["Seconda"]


def test_no_longer_asked_questions_are_shown_apart_and_asked_again(sign_in, ada, workshop, page):
    question, desk = add(workshop), sign_in(ada)
    answer(workshop, {question: "Sì"})
    assert "1 persona ha risposto" in desk.get(f"{page}/{question.id}/removal").text
    desk.post(f"{page}/{question.id}/removal", data={"version": workshop.version})
    assert "Non si chiede più" in desk.get(page).text
    db.session.rollback()
    desk.post(f"{page}/{question.id}/restoration", data={"version": workshop.version})
    assert texts(workshop) == ["Perché?"]


def test_hostile_input_lands_at_its_field(sign_in, ada, workshop, page):
    desk = sign_in(ada)
    for data in (
        {"text_it": "x" * 301}, {"kind": "poem"}, {"retention_months": "1e3"}, {"retention_months": "-1"},
        {"text_it": ""}, {"version": "9" * 30}, {"version": "x"}, {"condition": "x"},
    ):  # fmt: skip
        assert desk.post(f"{page}/new", data=sent(workshop, **data)).status_code in (409, 422), data
    assert texts(workshop) == []


def test_a_question_of_another_workshop_is_not_found(sign_in, ada, moda, workshop, page):
    with transaction():
        other = factories.workshop(moda)
    question, desk = add(other), sign_in(ada)
    tails = (
        ("get", ""),
        ("get", "/removal"),
        ("post", "/removal"),
        ("post", "/position"),
        ("post", "/restoration"),
    )
    for method, tail in tails:
        assert getattr(desk, method)(f"{page}/{question.id}{tail}").status_code == 404


def test_a_viewer_reads_and_changes_nothing(sign_in, person, moda, workshop, page):
    question, viewer = add(workshop), sign_in(person(moda, "vera@moda.example", "viewer"))
    shown = viewer.get(page)
    assert (shown.status_code, "Perché?" in shown.text, f"{question.id}/removal" in shown.text) == (
        200, True, False,
    )  # fmt: skip
    assert viewer.get(f"{page}/{question.id}").status_code == 403


def test_the_page_makes_as_many_queries_for_one_as_for_many(sign_in, ada, workshop, page):
    desk, counts = sign_in(ada), []
    for names in (["Prima"], [f"n{n}" for n in range(30)]):
        for name in names:
            before = workshop.questions[-1] if workshop.questions else None
            condition = {"depends_on_id": before.id, "depends_value": questions.ANY} if before else {}
            add(workshop, name, **condition)
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        assert desk.get(page).status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 3
