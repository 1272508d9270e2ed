"""Pages for subscribers: the form, the confirmation, the preferences, the one-click unsubscribe.

GET never changes anything, because programs that check mail open every link.
"""

from contextlib import nullcontext

from flask import Response, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.clock import local
from dissemination.kernel.database import db, transaction
from dissemination.kernel.languages import LANGUAGES, language, translated
from dissemination.kernel.refusals import Refusal
from dissemination.people.models import Contact
from dissemination.subscriptions import actions, choices, mails, queries, why
from dissemination.subscriptions.common import public
from dissemination.subscriptions.forms import PreferenceForm, SubscriptionForm
from dissemination.subscriptions.subscribing import AskedAgain, requested, subscriber
from dissemination.subscriptions.texts import KINDS, proof_in_words, source_name

CONSENT = _l(
    "I ask %(body)s to send me its newsletters on the topics I chose, by e-mail. I can change them "
    "or leave at any time with the link in every newsletter."
)
UNDO_SECONDS = 86400


def _consent_text(district: District) -> str:
    return str(CONSENT) % {"body": district.managing_body}


def _private(page, status: int = 200) -> Response:
    """A page behind a personal link: kept by no cache, found by no search engine."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@public.route("/<district>/subscriptions", methods=["GET", "POST"])
def subscribe(district):
    """The form to subscribe. Its answer is the same for known and unknown addresses."""
    form = SubscriptionForm()
    if asked_for(district, form, source="subscription form"):
        return redirect(url_for(".asked", district=district), 303)
    page = render_template(
        "subscriptions/subscribe.html", form=form, groups=groups(district), layout="base.html", frame=None
    )
    return page, 422 if form.errors or form.form_errors else 200


def groups(district: District) -> dict:
    """The topics that are offered, by kind in words."""
    found = queries.by_kind(queries.topics(district.id))
    return {KINDS[kind]: topics for kind, topics in found.items()}


def asked_for(district: District, form: SubscriptionForm, *, source: str) -> bool:
    """Fill in the form's choices; when it was sent and is right, note what it asks for."""
    consent = _consent_text(district)
    form.offer(queries.topics(district.id), consent)
    if request.method != "POST":
        form.language.data = language()
        return False
    if not form.validate():
        return False
    try:
        with transaction():
            actions.ask(
                district, email=form.email.data, given_name=form.given_name.data or "",
                family_name=form.family_name.data or "", language=form.language.data,
                topics=[t for t in queries.topics(district.id) if t.id in form.topics.data],
                company_name=form.company_name.data or "", consent_text=consent,
                company_tax_id=form.company_tax_id.data or "", source=source, network=request.remote_addr,
            )  # fmt: skip
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    return True


@public.get("/<district>/subscriptions/asked")
def asked(district):  # noqa: ARG001 - the URL names it
    """What to do next: look for the mail."""
    return render_template("subscriptions/asked.html")


@public.route("/<district>/subscriptions/confirmations/<token>", methods=["GET", "POST"])
def confirmation(district, token):
    """GET shows what is about to be confirmed and a button; POST confirms what was shown."""
    wish = requested(district, token)
    if request.method != "POST":
        return _to_confirm(district, wish, token)
    try:
        with transaction():
            contact = actions.confirm(district, token, seen=request.form.get("seen"))
            token = mails.token_for(contact.id)
    except AskedAgain as refusal:
        return _to_confirm(district, requested(district, token), token, refusal)
    with _speaking(wish.language):
        flash(_("You are subscribed. This is your page: here you can change topics or leave at any time."))
    return redirect(url_for(".preferences", token=token), 303)


def _to_confirm(district, wish, token: str, refusal: Refusal | None = None):
    """What is about to be confirmed, with the button."""
    topics = [t for t in queries.topics(district.id) if t.id in wish.topic_ids]
    with _speaking(wish.language):
        page = render_template(
            "subscriptions/confirm.html", wish=wish, topics=topics, token=token, refusal=refusal
        )
    return _private(page, refusal.status if refusal else 200)


def _speaking(chosen: str):
    """The reader's language: what she chose on the site, else the one of her subscription."""
    if request.args.get("lang") in LANGUAGES or request.cookies.get("lang") in LANGUAGES:
        return nullcontext()
    return force_locale(chosen)


def _subscriber(token: str) -> Contact:
    """The contact of a preference link, and her district for the page. 404 for a forged one."""
    contact = subscriber(token)
    if contact is None:
        abort(404)
    g.district = db.session.get(District, contact.district_id)
    return contact


@public.route("/s/<token>", methods=["GET", "POST"])
def preferences(token):
    """A subscriber's own page: topics, language, leave all, undo."""
    contact = _subscriber(token)
    form = PreferenceForm()
    cadence, paused_until = choices.chosen(contact)
    mine = queries.topic_ids_of(contact)
    every = queries.topics(contact.district_id, closed=True)
    topics = [t for t in every if t.closed_at is None or t.id in mine]
    form.offer(topics)
    if request.method == "POST" and form.validate():
        try:
            return _save(contact, token, form, before=(cadence, paused_until))
        except Refusal as refusal:
            form.refuse(refusal)
    if request.method != "POST":
        form.topics.data = sorted(mine)
        form.language.data, form.cadence.data = contact.language, cadence.value
        form.paused_until.data = local(paused_until, g.district.zone).date() if paused_until else None
    with _speaking(contact.language):
        page = render_template(
            "subscriptions/preferences.html", contact=contact, form=form, mine=mine, token=token,
            groups={KINDS[kind]: rows for kind, rows in queries.by_kind(topics).items()},
            undo=request.args.get("undo"), paused_until=paused_until,
        )  # fmt: skip
    return _private(page, 422 if form.errors or form.form_errors else 200)


def _save(contact: Contact, token: str, form: PreferenceForm, *, before: tuple):
    """Apply what was chosen, and offer to take the topics back. Raises PauseOutOfRange."""
    topic_ids, chosen_language = set(form.topics.data or []), form.language.data
    paused_until = before[1] if "paused_until" not in request.form else None
    if form.paused_until.data:
        paused_until = choices.end_of_pause(form.paused_until.data, g.district.zone)
    with transaction():
        choices.choose(contact, cadence=form.chosen_cadence(before[0]), paused_until=paused_until)
        former = sorted(queries.topic_ids_of(contact))
        changed = actions.set_topics(
            contact, topic_ids, language=chosen_language, text=_consent_text(g.district),
            version=g.district.privacy_version, source="preference page",
            proof="signed link of the subscriber",
        )  # fmt: skip
    undo = links.sign_for_a_while("undo", [contact.id, former]) if changed else None
    with _speaking(contact.language):
        flash(_("Saved.") if topic_ids else _("You have left all topics. You will get no more newsletters."))
    return redirect(url_for(".preferences", token=token, undo=undo), 303)


@public.post("/s/<token>/resumption")
def resume(token):
    """End a pause at once."""
    contact = _subscriber(token)
    with transaction():
        choices.choose(contact, cadence=choices.chosen(contact)[0], paused_until=None)
    with _speaking(contact.language):
        flash(_("Your pause is over."))
    return redirect(url_for(".preferences", token=token), 303)


@public.get("/s/<token>/why")
def explanation(token):
    """Why did I get this: each newsletter of a year with its topics and the consent behind it."""
    contact = _subscriber(token)
    with _speaking(contact.language):
        page = render_template(
            "subscriptions/why.html", contact=contact, token=token, received=why.received(contact),
            source_name=source_name, proof_in_words=proof_in_words,
            said=lambda texts: texts.get(language()) or next(iter(texts.values())),
        )  # fmt: skip
    return _private(page)


@public.post("/s/<token>/departure")
def leave(token):
    """Leave every topic."""
    contact = _subscriber(token)
    with transaction():
        before = sorted(queries.topic_ids_of(contact))
        actions.unsubscribe_everything(contact, source="preference page")
    undo = links.sign_for_a_while("undo", [contact.id, before]) if before else None
    with _speaking(contact.language):
        flash(_("You have left all topics. You will get no more newsletters."))
    return redirect(url_for(".preferences", token=token, undo=undo), 303)


@public.post("/s/<token>/restoration")
def restore(token):
    """Take the last change back, for a day."""
    contact = _subscriber(token)
    kept = links.read_recent("undo", request.form.get("undo", ""), max_age=UNDO_SECONDS)
    if not kept or kept[0] != contact.id:
        abort(404)
    with transaction():
        actions.set_topics(
            contact, kept[1], text=_consent_text(g.district), version=g.district.privacy_version,
            source="preference page, undo", proof="signed link of the subscriber",
        )  # fmt: skip
    with _speaking(contact.language):
        flash(_("Your topics are as they were before."))
    return redirect(url_for(".preferences", token=token), 303)


@public.route("/u/<token>", methods=["GET", "POST"])
def unsubscribe(token):
    """One-click unsubscribe (RFC 8058): POST acts, without login, cookie, CSRF token or redirect.

    Always 200, so that it tells nobody whether a token is known; GET shows a button and changes nothing.
    """
    contact = subscriber(token)
    if contact is not None:
        g.district = db.session.get(District, contact.district_id)
    done = request.method == "POST"
    if done and contact is not None:
        with transaction():
            actions.unsubscribe_everything(contact)
    with _speaking(contact.language) if contact is not None else nullcontext():
        page = render_template(
            "subscriptions/unsubscribe.html", token=token, done=done, known=contact is not None,
            district_name=translated(g.district, "name") if contact is not None else "",
        )  # fmt: skip
    return _private(page)
