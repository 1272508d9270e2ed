"""What this package tells lower floors, and the desk's section about its files' texts."""

from dissemination.bibliography import citing
from dissemination.bibliography.records import clean_url
from dissemination.kernel.languages import language
from dissemination.plan import holders
from dissemination.publications import findable, hooks, proving


def init_app(app) -> None:
    """Say what proves a publication; let pages cite one and show the sections of higher floors."""
    holders.register(proving.HOLDER)
    hooks.show(findable.section, on=hooks.DESK, position=10)
    app.jinja_env.globals["publication_sections"] = hooks.sections
    app.jinja_env.globals["citations"] = citations
    app.jinja_env.filters["web_address"] = clean_url


def citations(thing) -> list[tuple]:
    """(language, [(style, its name, runs)]), the reader's language first."""
    languages = sorted(citing.LANGUAGES, key=lambda code: code != language())
    return [
        (code, [(style, name, citing.cite(thing, style, code)) for style, name in citing.STYLES.items()])
        for code in languages
    ]
