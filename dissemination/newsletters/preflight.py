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
from dissemination.kernel.clock import now
from dissemination.kernel.languages import translated
from dissemination.newsletters import checks, clicks, content, history, mails, readers, texts
from dissemination.newsletters.checks import CLICK_HERE, VAGUE, Finding, Level
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.registrations.queries import seats_left_many
from dissemination.workshops.models import State as WorkshopState
from dissemination.workshops.models import Workshop

__all__ = ["SIZE_LIMIT", "Draft", "Finding", "Level", "Prepared", "check", "prepare"]

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


def prepare(issue: Issue) -> Draft:
    """Render `issue` in its languages and check it. Outside write transactions: rendering takes time."""
    letters, problems = _rendered(issue, [mails.issue(issue, lang) for lang in content.languages(issue)])
    findings = [*problems, *_facts(issue), *_blocks(issue), *_sizes(letters), *_letters(issue, letters)]
    if any(f.code == "click_here" for f in findings):  # said of its block already, with the way there
        findings = [f for f in findings if f.code != "vague_link"]
    return Draft(version=issue.version, letters=tuple(letters), findings=_sorted(findings))


def _rendered(issue: Issue, written: list[Mail]) -> tuple[list["Prepared"], list[Finding]]:
    letters, problems = [], []
    for mail in written:
        try:
            rendered = outbox.preview(mail, mails.merge_for_everybody(issue, mail.language))
        except MjmlProblem as problem:
            problems.append(_blocking("mjml", str(problem)))
            continue
        letters.append(Prepared(language=mail.language, mail=mail, html=rendered.html, text=rendered.text))
    return letters, problems


def final(issue: Issue, draft: Draft) -> Draft:
    """`draft` as it goes out: with links that are counted, where the district wants that."""
    if not history.settings(issue.district).counts_clicks:
        return draft
    counted, targets = clicks.counting(issue, [letter.mail for letter in draft.letters])
    letters, problems = _rendered(issue, counted)
    return replace(
        draft, letters=tuple(letters), findings=_sorted([*draft.findings, *problems]), targets=targets
    )


def check(issue: Issue, counts: readers.Counts | None = None) -> Draft:
    """`prepare`, and whether somebody gets it, once, and whether every link leads somewhere."""
    draft = prepare(issue)
    audience = counts or readers.counts(issue)
    own = content.public(issue.district, f"newsletters/{issue.slug}")
    links = checks.of_links((letter.html for letter in draft.letters), own=own)
    more = [*_audience(issue, audience), *links]
    return replace(draft, findings=_sorted([*draft.findings, *more]))


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    once = list(dict.fromkeys(findings))  # both languages often say the same
    return tuple(sorted(once, key=lambda f: f.level is not Level.BLOCKING))


def _blocking(code: str, message: str, block: Block | None = None) -> Finding:
    return _found(Level.BLOCKING, code, message, block)


def _warning(code: str, message: str, block: Block | None = None) -> Finding:
    return _found(Level.WARNING, code, message, block)


def _found(level: Level, code: str, message: str, block: Block | None) -> Finding:
    in_words = block is not None and block.source_id is None
    return Finding(level, code, message, block.id if block else None, in_words)


def _facts(issue: Issue) -> Iterator[Finding]:
    if not issue.topics:
        yield _blocking("no_topics", _("No topic is chosen: nobody would get this issue."))
    closed = [t for t in issue.topics if t.closed_at is not None]
    for topic in closed:
        yield _warning(
            "closed_topic", _("The topic “%(name)s” is no longer offered.", name=translated(topic, "name"))
        )
    if not any(b.kind is not BlockKind.HEADING for b in issue.blocks):
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
        english = readers.counts(issue).english
        if english:
            yield _warning(
                "no_english",
                _("There is no English subject: %(n)d people who asked for English get Italian.", n=english),
            )


def _blocks(issue: Issue) -> Iterator[Finding]:
    rows = content.sources(issue)
    free = seats_left_many([row.id for row in rows.values() if isinstance(row, Workshop)])
    seen: set[tuple] = set()
    for block in issue.blocks:
        if block.kind in (BlockKind.HEADING, BlockKind.TEXT):
            yield from _words(issue, block)
            continue
        row = rows.get(block.id)
        if row is None:
            yield _blocking("gone", _("What this block shows no longer exists. Take the block out."), block)
            continue
        title = translated(row, "title")
        if (block.kind, block.source_id) in seen:
            yield _warning("twice", _("“%(title)s” is in this issue twice.", title=title), block)
        seen.add((block.kind, block.source_id))
        if issue.subject_en and not row.title_en:
            yield _warning("untranslated", _("“%(title)s” has no English title.", title=title), block)
        if block.kind is BlockKind.WORKSHOP:
            yield from _workshop(row, block, free.get(row.id, 0))
        elif row.published_at is None:
            yield _blocking(
                "not_public", _("“%(title)s” is not public: its link would lead nowhere.", title=title), block
            )


def _workshop(workshop, block: Block, seats: int) -> Iterator[Finding]:
    title = translated(workshop, "title")
    state = workshop.state
    if state is WorkshopState.CANCELLED:
        yield _blocking("cancelled", _("“%(title)s” was cancelled. Take the block out.", title=title), block)
    elif workshop.published_at is None or workshop.is_private:
        yield _blocking(
            "not_public", _("“%(title)s” is not public: its link would lead nowhere.", title=title), block
        )
    elif workshop.ends_at <= now():
        yield _blocking("past", _("“%(title)s” is over. Take the block out.", title=title), block)
    elif workshop.registration_deadline <= now():
        yield _warning("deadline", _("Registration for “%(title)s” is closed.", title=title), block)
    elif seats == 0:
        yield _warning(
            "full", _("“%(title)s” is full: who registers now goes on the waiting list.", title=title), block
        )


def _words(issue: Issue, block: Block) -> Iterator[Finding]:
    if not block.text_it and not block.text_en:
        yield _blocking("empty", _("A block has no text."), block)
        return
    if issue.subject_en and not block.text_en:
        yield _warning("untranslated", _("A text has no English: the Italian one will be shown."), block)
    if not block.text_it:
        yield _warning("untranslated", _("A text has no Italian: the English one will be shown."), block)
    both = f"{block.text_it}\n{block.text_en}"
    vague = any(VAGUE.match(words.strip(" .:*")) for words, _address in texts.links(both))
    if vague or CLICK_HERE.search(both):
        yield _warning(
            "click_here",
            _("A link should say where it leads: “clicca qui” says nothing to those who hear the page read."),
            block,
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
    if counts.doubles:
        yield _warning(
            "doubles",
            ngettext(
                "%(num)d person would get two copies.", "%(num)d people would get two copies.", counts.doubles
            ),
        )
