"""What to look at before an issue goes out: findings that block the sending, and findings that warn.

A finding names the place where it is put right. Nothing here changes anything. `prepare` looks at the draft
alone; `check` also at its audience and at where its links lead, which takes longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from flask_babel import ngettext

from dissemination.delivery import outbox
from dissemination.delivery.mail import Mail
from dissemination.delivery.mjml import MjmlProblem
from dissemination.delivery.texts import said
from dissemination.kernel.languages import translated
from dissemination.newsletters import checks, clicks, content, corrections, fields, history, mails, readers
from dissemination.newsletters.findings import Finding, Level
from dissemination.newsletters.models import BlockKind, Issue

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
    targets: tuple[clicks.Target, ...] = ()  # of links that are counted

    @property
    def is_ready(self) -> bool:
        """Whether nothing blocks the sending."""
        return all(f.level is not Level.BLOCKING for f in self.findings)


def rendered(issue: Issue, language: str, *, among=None, look: dict | None = None) -> Prepared:
    """`issue` in one language. Raises MjmlProblem. For previews, see `mails.issue`."""
    return _made(issue, mails.issue(issue, language, among=among, look=look))


def _made(issue: Issue, mail: Mail) -> Prepared:
    shown = outbox.preview(mail, mails.merge_for_everybody(issue, mail.language, mail))
    return Prepared(language=mail.language, mail=mail, html=shown.html, text=shown.text)


def prepare(issue: Issue) -> Draft:
    """Render `issue` in its languages and check it. Outside write transactions: rendering takes time."""
    letters, problems = [], []
    for language in content.languages(issue):
        try:
            letters.append(rendered(issue, language))
        except MjmlProblem as problem:
            problems.append(_mjml(problem))
    findings = [
        *problems, *_facts(issue), *content.problems(issue), *_sizes(letters), *_letters(issue, letters),
    ]  # fmt: skip
    said = {f.code for f in findings if f.block_id is not None}  # of its block already, with the way there
    doubled = {"vague_link": "click_here", "no_alt": "no_alt"}
    findings = [f for f in findings if f.block_id is not None or doubled.get(f.code) not in said]
    return Draft(version=issue.version, letters=tuple(letters), findings=_sorted(findings))


def check(issue: Issue, counts: readers.Counts | None = None) -> Draft:
    """`prepare`, and whether somebody gets it, once, and whether every link leads somewhere."""
    draft = prepare(issue)
    audience = counts or readers.counts(issue)
    own = content.public(issue.district, f"newsletters/{issue.slug}")
    links = checks.of_links((letter.html for letter in draft.letters), own=own)
    more = [*_audience(issue, audience), *links]
    return replace(draft, findings=_sorted([*draft.findings, *more]))


def final(issue: Issue, draft: Draft) -> Draft:
    """`draft` as it goes out: with links that are counted, where the district wants that."""
    if not history.settings(issue.district).counts_clicks or not draft.letters:
        return draft
    counted, targets = clicks.counting(issue, [letter.mail for letter in draft.letters])
    try:
        letters = tuple(_made(issue, mail) for mail in counted)
    except MjmlProblem as problem:
        return replace(draft, findings=_sorted([*draft.findings, _mjml(problem)]))
    return replace(draft, letters=letters, targets=targets)


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    once = list(dict.fromkeys(findings))  # both languages often say the same
    return tuple(sorted(once, key=lambda f: f.level is not Level.BLOCKING))


def _blocking(code: str, message: str) -> Finding:
    return Finding(Level.BLOCKING, code, message)


def _mjml(problem: MjmlProblem) -> Finding:
    return _blocking("mjml", "; ".join(str(said(p)) for p in problem.problems))


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
        english = readers.english(issue)
        if english:
            yield _warning(
                "no_english",
                _("There is no English subject: %(n)d people who asked for English get Italian.", n=english),
            )


def _sizes(letters: list[Prepared]) -> Iterator[Finding]:
    for letter in letters:
        if letter.size > SIZE_LIMIT:
            yield _blocking(
                "too_large",
                _("The issue (%(language)s) has %(size)d kB: above 100 kB mail programs cut it off.",
                  language=letter.language, size=letter.size // 1000),
            )  # fmt: skip


def _letters(issue: Issue, letters: list[Prepared]) -> Iterator[Finding]:
    for letter in letters:
        yield from checks.of_subject(letter.mail.subject, letter.language)
        yield from checks.of_html(letter.html, letter.language)
        yield from checks.of_text(letter.text, letter.language)
    preheader = translated(issue, "preheader", "it")
    if preheader and preheader == translated(issue, "subject", "it"):
        yield _warning("preheader_repeats", _("The preheader repeats the subject: it could say more."))


def _audience(issue: Issue, counts: readers.Counts) -> Iterator[Finding]:
    if not counts.persons and issue.topics:
        yield _blocking(
            "nobody",
            _("Nobody is subscribed to the chosen topics: there is nobody to send this issue to."),
        )
    copies = sum(counts.doubles.values())
    if copies:
        yield _warning(
            "doubles",
            ngettext("%(num)d person would get two copies.", "%(num)d people would get two copies.", copies),
        )
