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
