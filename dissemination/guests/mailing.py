"""Writing to the guests: invitations, and reminders to those who have not answered."""

from flask import flash, redirect, render_template, url_for
from flask_babel import ngettext

from dissemination.delivery import outbox
from dissemination.guests import actions, mails, queries
from dissemination.guests.desk import desk
from dissemination.guests.forms import WordsForm
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import queries as workshops


@desk.route("/invitations", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def invitations(district, slug):
    """Write to the guests who were never written to, after a look at the mail."""
    workshop = workshops.by_slug(district, slug)
    form = WordsForm()
    if form.validate_on_submit():
        try:
            n = _in_turns(actions.invite, workshop, form.words())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(
                ngettext(
                    "%(num)d invitation is on its way.", "%(num)d invitations are on their way.", n
                )
            )  # fmt: skip
            return redirect(url_for(".index", district=district, slug=slug), 303)
    return _page(workshop, form, queries.to_invite(workshop), mails.invitation, reminding=False)


@desk.route("/reminders", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def reminders(district, slug):
    """Write to the guests who have not answered."""
    workshop = workshops.by_slug(district, slug)
    form = WordsForm()
    if form.validate_on_submit():
        try:
            n = _in_turns(actions.remind, workshop, form.words())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(ngettext("%(num)d reminder is on its way.", "%(num)d reminders are on their way.", n))
            return redirect(url_for(".index", district=district, slug=slug), 303)
    return _page(workshop, form, queries.to_remind(workshop), mails.reminder, reminding=True)


def _in_turns(verb, workshop, words) -> int:
    """Carry `verb` out in short transactions until nobody is left, so that others need not wait."""
    total = 0
    while True:
        with transaction():
            n = verb(workshop, words)
        total += n
        if n == 0:
            return total


def _page(workshop, form, whom, make, *, reminding: bool):
    languages = queries.by_language(whom)
    html = render_template(
        "guests/mailing.html", workshop=workshop, form=form, languages=languages, reminding=reminding,
        total=sum(languages.values()), may_invite=queries.may_invite(workshop),
        previews=[_preview(workshop, make, language, form) for language in sorted(languages, reverse=True)],
    )  # fmt: skip
    return html, 422 if form.errors or getattr(form, "form_errors", None) else 200


def _preview(workshop, make, language: str, form: WordsForm) -> tuple[str, str, str]:
    """(language, subject, text) of the mail as a guest would read it, with links that lead nowhere."""
    mail = make(workshop, language, form.words())
    link = mails.public_url("/g/...")
    sample = {"hello": "…", "register_url": link, "page_url": link, "decline_url": link}
    return language, mail.subject, outbox.preview(mail, sample).text
