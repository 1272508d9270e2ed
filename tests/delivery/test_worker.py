"""The worker as a process: killed, stopped, and several at once. Jobs take turns."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import outbox, sending, worker
from dissemination.delivery.models import Delivery, Fate
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.test_outbox import ISSUE, a_mail, people

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 2


@pytest.fixture
def start(app, database_url):
    """start(server) -> a worker process that sends to it; killed at the end of the test."""
    running = []

    def run(server):
        settings = app.config["SETTINGS"]
        environment = {
            **os.environ, "INSTANCE": str(settings.instance), "DATABASE_URL": database_url,
            "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(server.port), "MAIL_SECURITY": "none",
            "MAIL_CONNECTIONS": str(CONNECTIONS), "SECRET_KEY": "only-for-tests",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.delivery.worker_process"]
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


def put(n):
    with transaction():
        outbox.put_many(a_mail(), people(n), about=ISSUE)


def until(condition, seconds=60):
    """Wait for something that another process does; fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)


def fates():
    db.session.rollback()
    return {f.value: n for f, n in outbox.progress(ISSUE).items()}


def numbers(recipients):
    return sorted(int(re.sub(r"\D", "", r)) for r in recipients)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_workers_lose_nobody_and_repeat_nobody(app, server, start):
    peer = server(delay=0.001)
    put(300)
    for goal in (60, 140):
        process = start(peer)
        until(lambda goal=goal: len(peer.taken) >= goal)
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = start(peer)
    until(lambda: sum(n for f, n in fates().items() if f in ("accepted", "uncertain")) == 300)
    process.terminate()
    process.wait()
    taken = [r for _, r, _ in peer.taken]
    assert len(taken) == len(set(taken))  # nobody twice
    accepted = db.session.scalars(select(Delivery.address).where(Delivery.state == Fate.ACCEPTED))
    assert set(accepted) <= set(taken)
    uncertain = fates().get("uncertain", 0)
    assert uncertain <= 2 * CONNECTIONS * sending.WINDOW
    assert len(set(taken)) + uncertain >= 300  # nobody lost without being shown


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_stopped_worker_leaves_nothing_uncertain(app, server, start, signum):
    peer = server(delay=0.001)
    put(300)
    process = start(peer)
    until(lambda: len(peer.taken) >= 40)
    process.send_signal(signum)
    assert process.wait(timeout=20) == 0
    result = fates()
    assert set(result) == {"accepted", "queued"}
    assert result["accepted"] == len(peer.taken)


def test_two_workers_share_the_work(app, server, start):
    peer = server(delay=0.001)
    put(300)
    start(peer)
    start(peer)
    until(lambda: fates() == {"accepted": 300})
    assert numbers(r for _, r, _ in peer.taken) == list(range(300))


def test_a_job_has_one_turn_however_many_workers_ask(app):
    assert worker.take_turn("jobs.remind", seconds=60)
    assert not worker.take_turn("jobs.remind", seconds=60)
    with time_machine.travel(now() + timedelta(seconds=61)):
        assert worker.take_turn("jobs.remind", seconds=60)


def test_the_worker_runs_its_jobs_and_outlives_one_that_fails(app):
    ran = []

    def fine():
        ran.append("fine")

    def broken():
        ran.append("broken")
        raise ValueError("on purpose")

    one = worker.Worker(app, [(60, fine), (60, broken)])
    for name in one.jobs:
        one._run_job(name)
        one._run_job(name)  # not its turn
    assert ran == ["fine", "broken"]
