"""Workers that are killed while they send: who is lost, who gets it twice, who is uncertain.

`run` puts recipients into a database of its own, lets two real worker processes send them to a sink that
notes every Message-ID, and kills one of them at random moments, again and again. `python -m bench.kills`
prints a full run as JSON.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

from bench.senders import ROOT, application, mail, recipients
from bench.sinks import Counting

ISSUE = SimpleNamespace(__tablename__="issues", id=1)
CONNECTIONS = 4
WORKERS = 2
PATIENCE = 120  # seconds without progress


def run(count: int, *, kills: int = 10, signum: int = signal.SIGKILL, url: str = "", seed: int | None = None,
        folder: str | None = None) -> dict:  # fmt: skip
    """Kill `kills` times while `count` recipients are served; what became of them.

    `lost` were never seen by the sink and do not say so, `unmarked` reached it though their row says they did
    not, `allowed` is how many may be uncertain.
    """
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills", dir=folder) as place, Counting() as sink:
        environment = {
            **os.environ, "INSTANCE": place, "DATABASE_URL": url, "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(sink.port), "MAIL_SECURITY": "none", "MAIL_CONNECTIONS": str(CONNECTIONS),
            "MAIL_SERVERS": "", "MAIL_DOMAIN_RATE": "", "SECRET_KEY": "only-for-kills",
        }  # fmt: skip
        _child("put", environment, str(count))
        began = time.monotonic()
        workers = [_start(environment) for _ in range(WORKERS)]
        try:
            moments = sorted(chance.sample(range(count // 50, _latest(count, kills)), kills))
            for n, moment in enumerate(moments):
                _until(lambda moment=moment: len(sink.ids) >= moment, sink)
                victim = chance.randrange(WORKERS)
                workers[victim].send_signal(signum)
                workers[victim].wait()
                if n < kills - 1 or signum == signal.SIGKILL:
                    workers[victim] = _start(environment)
            _until(lambda: _is_done(environment), sink, pause=0.3)
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            for worker in workers:
                worker.wait()
        rows = json.loads(_child("rows", environment))
        return _judged(rows, list(sink.ids), kills) | {"seconds": round(time.monotonic() - began, 1)}


def _latest(count: int, kills: int) -> int:
    """How many the sink sees at the last kill at most: what became uncertain before may never reach it."""
    from dissemination.delivery.sending import WINDOW

    return max(count // 50 + kills, count * 9 // 10 - kills * CONNECTIONS * WINDOW)


def _judged(rows: dict[str, list[str]], seen: list[str], kills: int) -> dict:
    from dissemination.delivery.sending import WINDOW

    accepted, uncertain = set(rows.get("accepted", [])), set(rows.get("uncertain", []))
    others = {id for fate, ids in rows.items() if fate not in ("accepted", "uncertain") for id in ids}
    return {
        "lost": len(accepted - set(seen)) + len(others),
        "repeated": len(seen) - len(set(seen)),
        "unmarked": len(set(seen) - accepted - uncertain),
        "accepted": len(accepted), "uncertain": len(uncertain), "kills": kills,
        "allowed": kills * CONNECTIONS * WINDOW,
    }  # fmt: skip


def _start(environment: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "bench.kills", "work"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def _child(verb: str, environment: dict[str, str], *arguments: str) -> bytes:
    command = [sys.executable, "-m", "bench.kills", verb, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout


def _is_done(environment: dict[str, str]) -> bool:
    return not {"queued", "in_data", "deferred"} & set(json.loads(_child("rows", environment)))


def _until(condition, sink: Counting, *, pause: float = 0.002) -> None:
    last, quiet_since = -1, time.monotonic()
    while not condition():
        if len(sink.ids) != last:
            last, quiet_since = len(sink.ids), time.monotonic()
        if time.monotonic() - quiet_since > PATIENCE:
            raise RuntimeError("nothing is sent any more")
        time.sleep(pause)


# ---- the processes ---------------------------------------------------------------------------------


def put(count: str) -> None:
    """Put the recipients."""
    from dissemination.delivery import outbox
    from dissemination.kernel.database import transaction

    with application().app_context(), transaction():
        outbox.put_many(mail("short"), recipients(int(count)), about=ISSUE)


def work() -> None:
    """A worker as `flask work` runs it, without periodic jobs."""
    from dissemination.delivery import worker

    worker.Worker(application(), []).run()


def rows() -> None:
    """Print the Message-IDs by fate as JSON."""
    from sqlalchemy import select

    from dissemination.delivery.models import Delivery
    from dissemination.kernel.database import db

    found: dict[str, list[str]] = {}
    with application().app_context():
        for state, message_id in db.session.execute(select(Delivery.state, Delivery.message_id)):
            found.setdefault(state.value, []).append(message_id)
    print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"put": put, "work": work, "rows": rows}[sys.argv[1]](*sys.argv[2:])
    else:
        print(json.dumps({
            "kill -9": run(int(os.environ.get("KILL_COUNT", "20000"))),
            "SIGTERM": run(int(os.environ.get("KILL_COUNT", "20000")), signum=signal.SIGTERM),
        }, indent=1))  # fmt: skip
