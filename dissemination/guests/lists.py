"""A guest list from a CSV file: read strictly, all or nothing, with a report line by line.

At most 2,000 lines and 1 MB; UTF-8 with or without BOM, or what Windows programs write (CP1252); `;` or
`,`; a header line with the names below, in English or Italian. Only the address is needed.
"""

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from dissemination.guests.screening import Person
from dissemination.kernel.text import fold
from dissemination.people.imports import MOST_BYTES, Problem, Report, decode, read_rows

MOST_LINES = 2_000
COLUMNS = {
    "email": ("e-mail", "mail", "indirizzo e-mail", "indirizzo email", "posta elettronica"),
    "given_name": ("nome", "first name"), "family_name": ("cognome", "last name", "surname"),
    "company": ("azienda", "impresa", "ditta", "societa", "ragione sociale", "organizzazione"),
    "language": ("lingua",),
}  # fmt: skip
__all__ = ["decode", "read"]
REQUIRED = ("email",)
LONGEST = {"given_name": 100, "family_name": 100, "company": 200}
LANGUAGES = {
    "": "it", "it": "it", "ita": "it", "italiano": "it", "italian": "it",
    "en": "en", "eng": "en", "english": "en", "inglese": "en",
}  # fmt: skip


def read(text: str) -> tuple[list[Person], list[Problem]]:
    """The people of a CSV text and what is wrong in it; with a problem, nobody may be added."""
    report = Report()
    if len(text) > MOST_BYTES:
        return [], [Problem(0, _("The file is larger than 1 MB. Split it."))]
    read_rows(text, report, columns=COLUMNS, required=REQUIRED)
    if len(report.rows) > MOST_LINES:
        line = report.rows[MOST_LINES][0]
        return [], [Problem(line, _("There are more than 2,000 lines. Split the file."))]
    people = []
    for line, row in report.rows:
        person = _person(line, row, report.problems)
        if person is not None:
            people.append(person)
    return people, sorted(report.problems, key=lambda problem: problem.line)


def _person(line: int, row: dict, problems: list[Problem]) -> Person | None:
    before = len(problems)
    email = _address(row.get("email", ""))
    if email is None:
        given = row.get("email", "")
        wrong = _("“%(value)s” is not a complete e-mail address.", value=given)
        problems.append(Problem(line, wrong if given else _("The e-mail address is missing.")))
    for name, most in LONGEST.items():
        if len(row.get(name, "")) > most:
            problems.append(Problem(line, _("%(name)s is longer than %(n)d characters.", name=name, n=most)))
    language = LANGUAGES.get(fold(row.get("language", "")))
    if language is None:
        problems.append(Problem(line, _("The language is it or en.")))
    if len(problems) > before or email is None or language is None:
        return None
    return Person(
        email=email, given_name=row.get("given_name", ""), family_name=row.get("family_name", ""),
        company_name=row.get("company", ""), language=language, line=line,
    )  # fmt: skip


def _address(text: str) -> str | None:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower() if len(found.normalized) <= 254 else None
