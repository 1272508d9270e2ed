"""Mail templates of these tests, and real SMTP peers."""

from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from tests.delivery.server import Server

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture(autouse=True)
def sample_templates(request):
    """Let `app` find templates/mail/delivery/*, which only these tests use."""
    if "app" in request.fixturenames:
        app = request.getfixturevalue("app")
        app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(TEMPLATES)])


@pytest.fixture
def server():
    """server(**script) -> a scripted SMTP server that runs until the end of the test."""
    running = []

    def start(**script):
        running.append(Server(**script))
        return running[-1]

    yield start
    for one in running:
        one.close()
