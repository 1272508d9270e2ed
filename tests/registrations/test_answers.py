"""What people answer to a workshop's questions: read, checked, kept, said in words."""

import pytest
from flask_babel import force_locale

from dissemination.kernel.database import db, transaction
from dissemination.kernel.forms import Form
from dissemination.registrations import answers
from dissemination.registrations.answer_fields import plain_number
from dissemination.workshops.models import Kind, Question
from tests import factories

COLOURS = [{"key": "r", "it": "Rosso", "en": "Red"}, {"key": "b", "it": "Blu", "en": ""}]


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda)


def ask(workshop, kind=Kind.TEXT, text="Perché?", **facts):
    with transaction() as session:
        facts = {"position": len(workshop.questions), "choices": [], "text_en": "", **facts}
        question = Question(workshop_id=workshop.id, kind=kind, text_it=text, **facts)
        session.add(question)
        session.flush()
    db.session.refresh(workshop)
    return question


def filled(app, workshop, data, **options):
    """A form of the questions of `workshop`, sent with `data`."""
    with app.test_request_context(method="POST", data=data):
        form = type("Asking", (Form,), answers.fields_for(workshop, **options))()
        form.validate()
        return form


@pytest.mark.parametrize(
    "language, raw, kept",
    [
        ("it", "1.234,5", "1234.5"), ("en", "1.234,5", "1234.5"), ("it", "1,234.5", "1234.5"),
        ("it", "1234.5", "1234.5"), ("it", "1.234", "1234"), ("en", "1.234", "1.234"), ("en", "1,234", "1234"),
        ("it", "0,50", "0.5"), ("it", " - 3 ", "-3"), ("it", "1 000", "1000"), ("it", "1'000", "1000"),
        ("it", "100", "100"), ("it", "999999999999", "999999999999"), ("it", "1000000000000", None),
        ("it", "0,0000001", None), ("it", "1e5", None), ("it", "NaN", None), ("it", "quattro", None),
        ("it", "١٢", None), ("it", "1.2.3", None), ("it", "9" * 400, None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(app, language, raw, kept):
    with force_locale(language):
        assert plain_number(raw) == kept


def said(form, question):
    return [str(e) for e in form[f"question_{question.id}"].errors]


@pytest.mark.parametrize(
    "kind, raw, kept",
    [
        (Kind.TEXT, "  Per imparare\n", "Per imparare"), (Kind.TEXT, "🧶" * 1000, "🧶" * 1000),
        (Kind.NUMBER, "1.234,5", "1234.5"), (Kind.DATE, "2027-03-11", "2027-03-11"),
        (Kind.DATE, "11/03/2027", "2027-03-11"), (Kind.CHOICE, "b", "b"), (Kind.SEVERAL, ["b", "r", "b"], ["r", "b"]),
    ],
)  # fmt: skip
def test_each_kind_is_read(app, workshop, kind, raw, kept):
    question = ask(workshop, kind, choices=COLOURS)
    form = filled(app, workshop, {f"question_{question.id}": raw})
    assert said(form, question) == []
    assert answers.read(form) == {str(question.id): kept}


@pytest.mark.parametrize(
    "kind, raw, problem",
    [
        (Kind.TEXT, "x" * 1001, "Al massimo 1000 caratteri: qui sono 1001."),
        (Kind.NUMBER, "molti", "Scrivi un numero, per esempio 1.234,5: al massimo 12 cifre, e 6 dopo la virgola."),
        (Kind.DATE, "31/02/2027", "Scrivi una data che esiste."), (Kind.DATE, "0003-01-01", "Scrivi una data tra gli anni 1900 e 2100."),
        (Kind.CHOICE, "x", "Questa scelta non è più disponibile. Scegline un'altra."),
        (Kind.SEVERAL, ["r", "x"], "Una delle tue scelte non è più disponibile. Ricontrollale."),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_in_one_sentence(app, workshop, kind, raw, problem):
    question = ask(workshop, kind, choices=COLOURS)
    assert said(filled(app, workshop, {f"question_{question.id}": raw}), question) == [problem]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("raw", ["", " "])
def test_a_required_question_wants_an_answer_and_an_optional_one_does_not(app, workshop, kind, raw):
    wanted, free = ask(workshop, kind, required=True, choices=COLOURS), ask(workshop, kind, choices=COLOURS)
    data = (
        {}
        if kind in (Kind.SEVERAL, Kind.CHOICE, Kind.FILE)
        else {f"question_{q.id}": raw for q in (wanted, free)}
    )
    form = filled(app, workshop, data)
    assert (said(form, wanted), said(form, free)) == (["Serve una risposta."], [])
    assert answers.given(form) == {}
    assert filled(app, workshop, data, ask=False).errors == {}


def test_a_condition_is_decided_by_the_server(app, workshop):
    lunch = ask(
        workshop,
        Kind.CHOICE,
        "Pranzo?",
        choices=[{"key": "y", "it": "Sì", "en": ""}, {"key": "n", "it": "No", "en": ""}],
    )
    diet = ask(
        workshop,
        Kind.SEVERAL,
        "Dieta?",
        required=True,
        choices=COLOURS,
        depends_on_id=lunch.id,
        depends_value="y",
    )
    why = ask(workshop, Kind.TEXT, "Quale?", required=True, depends_on_id=diet.id, depends_value="b")
    more = ask(workshop, Kind.TEXT, "Altro?", required=True, depends_on_id=why.id, depends_value="any")

    def sent(**given):
        ids = {"lunch": lunch.id, "diet": diet.id, "why": why.id, "more": more.id}
        form = filled(app, workshop, {f"question_{ids[name]}": value for name, value in given.items()})
        wrong = [name for name, key in ids.items() if form[f"question_{key}"].errors]
        return wrong, {
            name: answers.read(form)[str(key)] for name, key in ids.items() if answers.read(form)[str(key)]
        }

    assert sent(lunch="n") == ([], {"lunch": "n"})
    assert sent() == ([], {})
    assert sent(lunch="y") == (["diet"], {"lunch": "y"})
    assert sent(lunch="y", diet="r") == ([], {"lunch": "y", "diet": ["r"]})
    assert sent(lunch="y", diet=["r", "b"]) == (["why"], {"lunch": "y", "diet": ["r", "b"]})
    assert sent(lunch="y", diet="b", why="Noci") == (["more"], {"lunch": "y", "diet": ["b"], "why": "Noci"})
    # What was typed where nothing is asked is neither kept nor wrong.
    assert sent(lunch="n", diet="no-such", why="Noci", more="x" * 2000) == ([], {"lunch": "n"})


def test_a_choice_put_aside_stays_possible_for_who_had_it(app, workshop):
    question = ask(
        workshop, Kind.CHOICE, choices=[*COLOURS, {"key": "g", "it": "Verde", "en": "", "retired": True}]
    )
    data = {f"question_{question.id}": "g"}
    assert said(filled(app, workshop, data), question) != []
    assert said(filled(app, workshop, data, answers={str(question.id): "g"}), question) == []


@pytest.mark.parametrize(
    "kind, value, italian, english",
    [
        (Kind.TEXT, "Per imparare", "Per imparare", "Per imparare"), (Kind.CHOICE, "r", "Rosso", "Red"),
        (Kind.SEVERAL, ["r", "b"], "Rosso, Blu", "Red, Blu"), (Kind.NUMBER, "1234.5", "1.234,5", "1,234.5"),
        (Kind.DATE, "2027-03-11", "11/03/2027", "11/03/2027"), (Kind.FILE, {"file": 3, "name": "cv.pdf"}, "cv.pdf", "cv.pdf"),
        (Kind.TEXT, "", "", ""), (Kind.CHOICE, "gone", "gone", "gone"), (Kind.NUMBER, "molti", "molti", "molti"),
        (Kind.DATE, "ieri", "ieri", "ieri"),
    ],
)  # fmt: skip
def test_answers_are_said_in_words_of_either_language(app, workshop, kind, value, italian, english):
    question = ask(workshop, kind, choices=COLOURS)
    assert (answers.shown(question, value, "it"), answers.shown(question, value, "en")) == (italian, english)


def test_what_is_missing_is_what_is_required_asked_and_unanswered(workshop):
    lunch = ask(workshop, Kind.TEXT, "Pranzo?", required=True)
    diet = ask(workshop, Kind.TEXT, "Dieta?", required=True, depends_on_id=lunch.id, depends_value="any")
    ask(workshop, Kind.TEXT, "Altro?")
    assert answers.missing(workshop, {}) == [lunch]
    assert answers.missing(workshop, {str(lunch.id): "Sì"}) == [diet]
    assert answers.missing(workshop, {str(lunch.id): "Sì", str(diet.id): "Tutto"}) == []
