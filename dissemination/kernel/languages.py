"""Italian first, English second: choosing the language and writing dates and numbers in it."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import dates
from babel.dates import get_timezone
from babel.numbers import format_currency
from flask import after_this_request, g, has_request_context, request
from flask_babel import Babel, format_date, format_datetime, format_decimal, get_locale, ngettext

from dissemination.kernel.clock import ROME

LANGUAGES = ("it", "en")
babel = Babel()


def select_language() -> str:
    """`?lang=` (remembered in a cookie), the cookie, the browser's wish, Italian."""
    if not has_request_context():
        return "it"
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        after_this_request(lambda response: _remember(response, asked))
        return asked
    kept = request.cookies.get("lang")
    if kept in LANGUAGES:
        return kept
    return request.accept_languages.best_match(LANGUAGES) or "it"


def _remember(response, language):
    if "lang" not in g:
        g.lang = language
        response.set_cookie(
            "lang", language, max_age=365 * 86400, samesite="Lax", httponly=True,
            secure=request.is_secure,
        )  # fmt: skip
    return response


def language() -> str:
    """The language of this request or mail: `it` or `en`."""
    chosen = g.get("_flask_babel") if g else None  # what `get_locale` looks at first, after much else
    locale = getattr(chosen, "babel_locale", None) or get_locale()
    return locale.language if locale else "it"


def translated(thing, name: str, lang: str | None = None) -> str:
    """`thing.<name>_it` or `_en`, whichever the reader wants; the other when that one is empty."""
    lang = lang or language()
    other = "en" if lang == "it" else "it"
    return getattr(thing, f"{name}_{lang}") or getattr(thing, f"{name}_{other}") or ""


def _zone():
    district = g.get("district") if has_request_context() else None
    return district.zone if district is not None else ROME


def long_date(value: date | datetime) -> str:
    """ "giovedì 12 marzo 2026" / "Thursday, 12 March 2026"."""
    if isinstance(value, datetime):
        value = value.astimezone(_zone()).date()
    return _in_full(value, language())


@lru_cache(maxsize=4096)
def _in_full(value: date, lang: str) -> str:
    return dates.format_date(value, "EEEE d MMMM y" if lang == "it" else "EEEE, d MMMM y", locale=lang)


def month_name(value: date) -> str:
    """ "Marzo 2026" / "March 2026"."""
    return format_date(value, "LLLL y").capitalize()


def weekday_name(value: date) -> str:
    """ "lunedì" / "Monday"."""
    return format_date(value, "EEEE")


def short_date(value: date | datetime) -> str:
    """ "12/03/2026" in both languages."""
    if isinstance(value, datetime):
        value = value.astimezone(_zone()).date()
    return format_date(value, "dd/MM/y")


def clock_time(value: datetime) -> str:
    """ "14:30" on the district's wall clock."""
    return value.astimezone(_zone()).strftime("%H:%M")


def date_time(value: datetime) -> str:
    """ "12/03/2026 14:30" on the district's wall clock."""
    return f"{short_date(value)} {clock_time(value)}"


def number(value, digits: int | None = None) -> str:
    """A number as the reader writes it; `digits` decimals when given."""
    if value is None:
        return "–"
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern)


def money(cents: int | None) -> str:
    """Integer euro cents as "1.234,50 €"."""
    if cents is None:
        return "–"
    return format_currency(Decimal(cents) / 100, "EUR", locale=get_locale())


def file_size(size: int) -> str:
    """ "193 byte", "1,2 MB" / "193 bytes", "1.2 MB"."""
    for unit, many in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= many:
            return f"{number(Decimal(size) / many, 1)} {unit}"
    return ngettext("%(num)d byte", "%(num)d bytes", size)


FILTERS = {
    "long_date": long_date,
    "month_name": month_name,
    "weekday_name": weekday_name,
    "short_date": short_date,
    "clock_time": clock_time,
    "date_time": date_time,
    "number": number,
    "file_size": file_size,
    "money": money,
    "translated": translated,
}
__all__ = [*FILTERS, "LANGUAGES", "babel", "format_datetime", "get_timezone", "language", "select_language"]
