"""How the words of this package's data are said."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.subscriptions.models import Cadence, ImportState, TopicKind, Verdict

KINDS = {
    TopicKind.NEWS: _l("News"),
    TopicKind.WORKSHOPS: _l("Workshops"),
    TopicKind.PUBLICATIONS: _l("Publications"),
    TopicKind.CALLS: _l("Calls and funding"),
    TopicKind.FORESIGHT: _l("Foresight and strategic information"),
}
CADENCES = {
    Cadence.EACH: _l("Each issue, when it is sent"),
    Cadence.MONTHLY: _l("One mail a month, with the links to all issues of the month before"),
}
TOPIC_LANGUAGES = {"": _l("each reader’s own"), "it": _l("Italian only"), "en": _l("English only")}
REASONS = {
    "erased": _l("Had their data erased"),
    "suppressed": _l("Must not be written to: on the suppression list"),
    "paused": _l("Paused their newsletters"),
    "excluded": _l("Excluded by the desk"),
    "segment": _l("Subscribed, but not in the segment"),
    "digest": _l("Want one mail a month instead of each issue"),
    "guard": _l("Had enough newsletters lately: frequency guard"),
    "unconfirmed": _l("Asked and have not confirmed yet"),
}
NEXT_STEPS = {
    "erased": _l("Nothing is to be done: they are gone."),
    "suppressed": _l("Reinstate an address on the suppression list once you know that it works."),
    "paused": _l("They come back by themselves on the day they chose."),
    "excluded": _l("End an exclusion to write to them again."),
    "segment": _l("Choose another segment, or none."),
    "digest": _l("They find this issue in the mail of next month."),
    "guard": _l("Wait some days, or send this issue without the guard when it cannot wait."),
    "unconfirmed": _l("Only they can confirm, with the link in the mail they got."),
}
DOUBLES = {
    "address": _l("One mailbox under two spellings"),
    "name": _l("The same name at the same company"),
}
SUPPRESSIONS = {
    "bounce": _l("came back"),
    "soft": _l("came back too often"),
    "complaint": _l("called unwanted"),
    "manual": _l("by hand"),
    "imported": _l("imported list"),
    "unsubscribed": _l("unsubscribed elsewhere"),
}
VERDICTS = {
    Verdict.SUBSCRIBE: (_l("will be subscribed"), "success"),
    Verdict.THERE: (_l("subscribed already"), "secondary"),
    Verdict.LEFT: (_l("left here before: stays unsubscribed"), "warning"),
    Verdict.SUPPRESS: (_l("goes on the suppression list"), "warning"),
    Verdict.SUPPRESSED: (_l("must not be written to: not subscribed"), "warning"),
    Verdict.ERASED: (_l("asked to be erased: not subscribed"), "warning"),
    Verdict.NEVER: (_l("never subscribed there: left out"), "secondary"),
    Verdict.TWICE: (_l("the same address as an earlier line"), "secondary"),
    Verdict.WRONG: (_l("to be corrected"), "danger"),
}
STATES = {
    ImportState.READING: (_l("being read"), "primary"),
    ImportState.READ: (_l("to be decided"), "warning"),
    ImportState.ENTERING: (_l("being entered"), "primary"),
    ImportState.DONE: (_l("entered"), "success"),
    ImportState.FAILED: (_l("not entered"), "danger"),
    ImportState.DROPPED: (_l("dropped"), "secondary"),
}
SOURCES = {
    "registration form": _l("Registration form"),
    "subscription form": _l("Subscription form"),
    "embedded form": _l("Form on another site"),
    "preference page": _l("Preference page"),
    "preference page, undo": _l("Preference page, undone"),
    "one-click unsubscribe": _l("One-click unsubscribe"),
    "unsubscribe by mail": _l("Unsubscribed by mail"),
    "import": _l("Import"),
}


def source_name(source: str) -> str:
    """A source of the consent ledger in words; one that is not known as it stands."""
    return str(SOURCES.get(source, SOURCES["import"] if source.startswith("import") else source))


MAILED = re.compile(r"signed link mailed to the address on (.{16}) UTC and confirmed")


def proof_in_words(proof: str) -> str:
    """How a consent was confirmed, to its reader; what is not known as it stands in the ledger."""
    if found := MAILED.fullmatch(proof):
        return _("with the link that was mailed to your address on %(when)s (UTC)", when=found[1])
    if proof == "signed link of the subscriber":
        return _("on your own page, opened with the personal link in your mail")
    return proof
