"""What this package tells lower floors."""

from dissemination.bibliography import citing
from dissemination.kernel.languages import language
from dissemination.plan import holders
from dissemination.publications import proving


def init_app(app) -> None:
    """Say what proves a publication; let pages cite one."""
    holders.register(proving.HOLDER)
    app.jinja_env.globals["citations"] = citations


def citations(thing) -> list[tuple]:
    """(language, [(style, its name, runs)]), the reader's language first."""
    languages = sorted(citing.LANGUAGES, key=lambda code: code != language())
    return [
        (code, [(style, name, citing.cite(thing, style, code)) for style, name in citing.STYLES.items()])
        for code in languages
    ]
