"""What the pages of evidence call kinds of activity."""

from dissemination.proofs import texts


def init_app(app) -> None:
    """Give templates the words for kinds of activity."""
    app.jinja_env.globals.update(kind_name=texts.kind_name)
