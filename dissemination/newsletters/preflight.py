"""What to look at before an issue goes out: findings that block the sending, and findings that warn.

A finding names the place where it is put right. Nothing here changes anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from dissemination.delivery import outbox
from dissemination.delivery.mail import Mail
from dissemination.delivery.mjml import MjmlProblem
from dissemination.kernel.languages import translated
from dissemination.newsletters import content, corrections, fields, mails
from dissemination.newsletters.findings import Finding, Level
from dissemination.newsletters.models import BlockKind, Issue
from dissemination.subscriptions.queries import audience

SIZE_LIMIT = 100_000  # bytes of HTML: Gmail clips near 102 kB
MERGED = 400  # what personal links and addresses add to it, at most


@dataclass(frozen=True)
class Prepared:
    """An issue in one language, ready: the mail, and how it looks without anything personal."""

    language: str
    mail: Mail
    html: str
    text: str

    @property
    def size(self) -> int:
        """Bytes of HTML that a recipient gets, at most."""
        return len(self.html.encode()) + MERGED


@dataclass(frozen=True)
class Draft:
    """An issue at one version: its letters by language, and what was found."""

    version: int
    letters: tuple[Prepared, ...]
    findings: tuple[Finding, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing blocks the sending."""
        return all(f.level is not Level.BLOCKING for f in self.findings)


def rendered(issue: Issue, language: str, *, among=None, look: dict | None = None) -> Prepared:
    """`issue` in one language. Raises MjmlProblem. For previews, see `mails.issue`."""
    mail = mails.issue(issue, language, among=among, look=look)
    shown = outbox.preview(mail, mails.merge_for_everybody(issue, language, mail))
    return Prepared(language=language, mail=mail, html=shown.html, text=shown.text)


def prepare(issue: Issue) -> Draft:
    """Render `issue` in its languages and check it. Outside write transactions: rendering takes time."""
    letters, problems = [], []
    for language in content.languages(issue):
        try:
            letters.append(rendered(issue, language))
        except MjmlProblem as problem:
            problems.append(_blocking("mjml", str(problem)))
    findings = [*problems, *_facts(issue), *content.problems(issue), *_sizes(letters)]
    findings.sort(key=lambda f: f.level is not Level.BLOCKING)
    return Draft(version=issue.version, letters=tuple(letters), findings=tuple(findings))


def _blocking(code: str, message: str) -> Finding:
    return Finding(Level.BLOCKING, code, message)


def _warning(code: str, message: str) -> Finding:
    return Finding(Level.WARNING, code, message)


def _facts(issue: Issue) -> Iterator[Finding]:
    if not issue.topics:
        yield _blocking("no_topics", _("No topic is chosen: nobody would get this issue."))
    if issue.corrects_id is not None and corrections.still_leaving(issue):
        yield _blocking(
            "still_leaving",
            _("The issue that this one corrects is still being sent. Wait until it is finished."),
        )
    closed = [t for t in issue.topics if t.closed_at is not None]
    for topic in closed:
        yield _warning(
            "closed_topic", _("The topic “%(name)s” is no longer offered.", name=translated(topic, "name"))
        )
    if fields.FIELD.search(f"{issue.subject_it} {issue.subject_en}"):
        yield _blocking("field", _("A subject is the same for everybody: {…} cannot stand in it."))
    if not any(b.kind not in (BlockKind.HEADING, BlockKind.DIVIDER) for b in issue.blocks):
        yield _blocking("no_content", _("There is no text, workshop or publication yet."))
    if not issue.preheader_it:
        yield _warning(
            "no_preheader", _("There is no preheader: mail programs will show the first words instead.")
        )
    if issue.subject_en and issue.preheader_it and not issue.preheader_en:
        yield _warning(
            "no_english_preheader", _("The preheader has no English: the Italian one will be shown.")
        )
    if not issue.subject_en and issue.topics:
        readers = audience(issue.district_id, [t.id for t in issue.topics]).languages.get("en", 0)
        if readers:
            yield _warning(
                "no_english",
                _("There is no English subject: %(n)d people who asked for English get Italian.", n=readers),
            )


def _sizes(letters: list[Prepared]) -> Iterator[Finding]:
    for letter in letters:
        if letter.size > SIZE_LIMIT:
            yield _blocking(
                "too_large",
                _("The issue (%(language)s) has %(size)d kB: above 100 kB mail programs cut it off.",
                  language=letter.language, size=letter.size // 1000),
            )  # fmt: skip
