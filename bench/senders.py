"""The processes that `send.*` measures: our outbox and its sender, and Flask-Mail used as it comes.

`python -m bench.senders child|sample|naive …`; each prints what it took as JSON (`sample`: one message).
"""

import json
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
FIELDS = [f"field{i}" for i in range(10)]  # with name, company, personal link and unsubscribe link: 14
NAMES = ("name", "company", "personal_url", "unsubscribe_url")


def application():
    """The two lowest floors, as `flask work` uses them, with the bench's templates."""
    from flask import Flask
    from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

    import config
    from dissemination.delivery import setup
    from dissemination.kernel.database import db
    from dissemination.kernel.languages import babel

    settings = config.load()
    app = Flask("dissemination", root_path=str(ROOT), instance_path=str(settings.instance))
    app.config.update(settings.as_flask())
    db.init_app(app)
    babel.init_app(app)
    setup.init_app(app)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(ROOT / "templates"), DictLoader(_templates())])
    with app.app_context():
        db.metadata.create_all(db.engine)
    return app


def _templates() -> dict[str, str]:
    """A letter of `size` octets on the wire (the paragraphs are in `shared`) with 14 merge fields."""
    fields = "".join(f"<p>{name}: {{{{ merge.{name} }}}}</p>" for name in FIELDS)
    section = (
        '<mj-section css-class="card"><mj-column><mj-text><h1>{{ title }}</h1>'
        f"<p>{{{{ merge.name }}}}, {{{{ merge.company }}}}</p>{fields}"
        "{% for p in paragraphs %}<p>{{ p }}</p>{% endfor %}</mj-text>"
        '<mj-button href="{{ merge.personal_url }}">Iscriviti</mj-button></mj-column></mj-section>'
        "<mj-section><mj-column><mj-text>"
        '<a href="{{ merge.unsubscribe_url }}">Annulla</a></mj-text></mj-column></mj-section>'
    )
    short = "<p>{{ merge.name }}</p><p><a href='{{ merge.unsubscribe_url }}'>Annulla</a></p>"
    lines = "\n".join(f"{{{{ merge.{name} }}}}" for name in ["name", "company", "personal_url", *FIELDS])
    return {
        "mail/bench/long.mjml": '{% extends "mail/_layout.mjml" %}{% block content %}'
        + section
        + "{% endblock %}",
        "mail/bench/long.txt": "{{ title }}\n"
        + lines
        + "\n{{ paragraphs | join('\\n') }}\n{{ merge.unsubscribe_url }}",
        "mail/bench/short.mjml": f"<mjml><mj-body><mj-raw>{short}</mj-raw></mj-body></mjml>",
        "mail/bench/short.txt": "{{ merge.name }}\n{{ merge.unsubscribe_url }}",
    }


def mail(kind: str):
    """The letter: "long" has 42 kB on the wire and 14 merge fields, "short" 2 kB."""
    from dissemination.delivery.mail import Bulk, Mail, Sender

    words = "Tracciabilità dei tessuti, filati e fibre rigenerate: esperienze delle imprese. "
    paragraphs = [f"{i}. {words * 4}" for i in range(43)] if kind == "long" else []
    return Mail(
        district_id=1, template=f"bench/{kind}", language="it", subject="Notizie dal distretto",
        sender=Sender("Distretto Moda", "eventi@moda.example"),
        shared={"title": "Notizie", "paragraphs": paragraphs, "district_name": "Distretto Moda"},
        bulk=Bulk("newsletter.moda.example", "https://moda.example/moda/newsletters/"),
    )  # fmt: skip


def recipients(count: int):
    """`count` people with their merge values."""
    return map(_recipient, range(count))


def _recipient(i: int):
    from dissemination.delivery.mail import Recipient

    merge = {name: f"valore {i} di {name}" for name in FIELDS}
    merge.update(
        name=f"Carlo Così {i}", company=f"Tessitura & Figli {i}",
        personal_url=f"https://moda.example/r/{i:032x}", unsubscribe_url=f"https://moda.example/u/{i:032x}",
    )  # fmt: skip
    return Recipient(f"p{i}@tessitura.example", f"Carlo Rossi {i}", i, merge)


def _listed(_subject_id: int, audience: dict, after: str):
    """The expander of the bench's audience: a keyset query would do the same."""
    start = int(after) + 1 if after else 0
    for i in range(start, audience["count"]):
        yield str(i), _recipient(i)


def child(kind: str, count: str, way: str = "rows") -> None:
    """Put `count` messages, send them, and print what it took as JSON. `way`: rows, or an audience."""
    from dissemination.delivery import outbox, sending
    from dissemination.delivery.models import Fate
    from dissemination.delivery.smtp import _Run
    from dissemination.kernel.database import db, transaction

    issue = SimpleNamespace(__tablename__="issues", id=1)
    first: list[float] = []
    decide = _Run.decide
    with application().app_context():
        began = time.perf_counter()
        with transaction():
            if way == "rows":
                outbox.put_many(mail(kind), recipients(int(count)), about=issue)
            else:
                outbox.expanders["issues"] = _listed
                part = outbox.Part(mail(kind), {"count": int(count)})
                outbox.put_audience([part], about=issue, total=int(count))
        put = time.perf_counter()

        def noting(self, session, outcome):
            first.append(time.perf_counter())
            _Run.decide = decide
            decide(self, session, outcome)

        _Run.decide = noting
        cpu = time.process_time()
        sending.deliver_due(force=True)
        cpu, ended = time.process_time() - cpu, time.perf_counter()
        db.session.rollback()
        accepted = outbox.progress(issue).get(Fate.ACCEPTED, 0)
    if accepted != int(count):
        sys.exit(f"only {accepted} of {count} accepted")
    print(json.dumps({
        "seconds": ended - put, "cpu": cpu, "put": put - began, "first": first[0] - began,
        "rss": _peak_rss(),
    }))  # fmt: skip


def _peak_rss() -> float:
    """MiB. Of this process since its exec: ru_maxrss would also know the size of the one that forked it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def sample(kind: str) -> None:
    """Write one finished message to standard output: what smtp-source sends."""
    from dissemination.delivery.mail import content_hash

    with application().app_context():
        sys.stdout.buffer.write(_filled(mail(kind), content_hash))


def _filled(mail, content_hash) -> bytes:
    from datetime import UTC, datetime

    from dissemination.delivery.letters import Slip, compile_letter, fill

    one = next(recipients(1))
    letter = compile_letter(mail, seed=content_hash(mail.source()))
    return fill(letter, Slip(one.address, one.name, one.merge, None, "<x@moda.example>", datetime.now(UTC)))


def naive(kind: str, count: str) -> None:
    """Flask-Mail as its documentation begins: one message per person, mail.send(message); prints seconds."""
    import flask_mail

    app = application()
    letter = mail(kind)
    from dissemination.delivery.letters import render_parts

    with app.app_context():
        text, html = render_parts(letter, {n: "{{ %s }}" % n for n in [*FIELDS, *NAMES]})  # noqa: UP031
        text, html = app.jinja_env.from_string(text), app.jinja_env.from_string(html)
        sender = flask_mail.Mail(app)
        began = time.perf_counter()
        for one in recipients(int(count)):
            sender.send(flask_mail.Message(
                subject=letter.subject, sender=("Distretto Moda", "eventi@moda.example"),
                recipients=[one.address], body=text.render(one.merge), html=html.render(one.merge),
            ))  # fmt: skip
        print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    {"child": child, "sample": sample, "naive": naive}[sys.argv[1]](*sys.argv[2:])
