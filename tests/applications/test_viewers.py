"""Who only looks on learns of applications nothing that an audit said."""

import pytest

from dissemination.kernel.database import transaction
from tests.applications import cast


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


def test_the_search_does_not_answer_a_viewer_by_the_words_of_a_title(moda, ada, person, sign_in):
    with transaction():
        cast.plan_of(moda)
        cast.application(
            moda, call=cast.call(moda), company=cast.company(moda, "Tessitura Blu"), title="Debiti verso X"
        )
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    at = "/moda/desk/applications/?q="
    assert "Tessitura Blu" in viewer.get(at + "tessitura").text
    assert "Tessitura Blu" not in viewer.get(at + "debiti").text
    assert "Tessitura Blu" in sign_in(ada).get(at + "debiti").text
