"""What the pages of evidence call kinds of activity; the rows of figures open them."""

from dissemination.plan import proof_files
from dissemination.proofs import queries, texts


def init_app(app) -> None:
    """Give templates the words for kinds of activity."""
    proof_files.register(queries.pages)
    app.jinja_env.globals.update(kind_name=texts.kind_name)
