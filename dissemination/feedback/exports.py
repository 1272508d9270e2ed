"""Results as CSV: under the same rule of five as the page."""

from collections.abc import Iterator

from flask_babel import gettext as _

from dissemination.feedback.forms import words
from dissemination.feedback.models import FeedbackAnswer
from dissemination.feedback.questions import YES_NO, Kind
from dissemination.feedback.results import Result
from dissemination.registrations.models import Registration


def results_head() -> list[str]:
    """The columns of the results."""
    return [_("Question"), _("Answered by (n)"), _("Answer"), _("Count"), _("Percent"), _("Mean"), _("Note")]


def results_lines(results: list[Result], language: str) -> Iterator[list]:
    """A line for each possible answer, or one that says that there are too few."""
    for result in results:
        name = words(result.question, language)
        if result.hidden:
            yield [name, result.n, "", "", "", "", _("fewer than 5 answers: not shown")]
        elif result.kind is Kind.TEXT:
            yield from ([name, result.n, text, "", "", "", ""] for text in result.texts)
        else:
            mean = "" if result.mean is None else round(result.mean, 2)
            for option in result.options:
                answer = option.it if language == "it" else (option.en or option.it)
                yield [name, result.n, answer, option.count, round(option.percent, 1), mean, ""]


def answers_head(questions: list[dict], language: str) -> list[str]:
    """The columns of the single answers of a form that is not anonymous."""
    return [_("Day"), _("Name"), _("Company"), *(words(q, language) for q in questions)]


def answers_lines(
    rows: list[FeedbackAnswer], givers: dict[int, Registration], questions: list[dict], language: str
) -> Iterator[list]:
    """A line for each answer, with who gave it as far as that is still known."""
    for row in rows:
        giver = givers.get(row.registration_id) if row.registration_id else None
        name = giver.contact.name if giver else ""
        company = giver.company.name if giver and giver.company else ""
        yield [row.given_on, name, company, *(said(row, q, language) for q in questions)]


def said(row: FeedbackAnswer, question: dict, language: str) -> str:
    """One answer as people read it."""
    value = row.answers.get(question["key"])
    if value in (None, "", []):
        return ""
    if question["kind"] == Kind.YES_NO:
        return {YES_NO[0]: _("Yes"), YES_NO[1]: _("No")}.get(str(value), str(value))
    names = {c["key"]: words(c, language) for c in question["choices"]}
    values = value if isinstance(value, list) else [value]
    return "; ".join(names.get(v, str(v)) for v in values)
