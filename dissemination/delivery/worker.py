"""The worker process: a Huey consumer that runs the periodic jobs, and one thread that sends mail.

Web processes enqueue nothing: rows say what is to be done, and the courier thread looks at them every
second. Any number of workers may run, on any number of machines: a job's turn is taken by one conditional
UPDATE, and messages are leased to one worker.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from flask import Flask, current_app
from huey import SqliteHuey
from huey.consumer import Consumer
from sqlalchemy import CursorResult, update

from dissemination.delivery import sending
from dissemination.delivery.models import JobTurn
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into, transaction

IDLE = 1.0  # seconds between two looks at the rows
TROUBLE = 5.0  # seconds to wait after an error that is not the mail server's, such as a lost database
log = logging.getLogger("dissemination.worker")


def job_name(function) -> str:
    """The name under which a job's turns are kept: module and function."""
    return f"{function.__module__}.{function.__name__}"


def take_turn(name: str, *, seconds: int) -> bool:
    """Whether the job is due and this worker is the one to do it; the next turn is `seconds` later."""
    moment = now()
    insert = insert_into(JobTurn)
    with transaction():
        db.session.execute(insert.values(name=name, next_at=moment).on_conflict_do_nothing())
        taken: CursorResult = db.session.execute(
            update(JobTurn)
            .where(JobTurn.name == name, JobTurn.next_at <= moment)
            .values(next_at=moment + timedelta(seconds=seconds)),
            execution_options={"synchronize_session": False},
        )  # type: ignore[assignment]
        return taken.rowcount == 1


class Worker:
    """One worker process of `app`, running `jobs`: a list of (seconds, function)."""

    def __init__(self, app: Flask, jobs: list):
        self.app = app
        self.jobs = {job_name(function): (seconds, function) for seconds, function in jobs}
        self.stopping = threading.Event()
        path = app.config["SETTINGS"].instance / "huey.sqlite"
        self.huey = SqliteHuey("dissemination", filename=str(path), results=False)
        self.run_job = self.huey.task(name="run_job")(self._run_job)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then finish what is under way and return."""
        threads = [
            threading.Thread(target=self._send, name="courier"),
            threading.Thread(target=self._rehearse, name="rehearsal"),
            threading.Thread(target=self._tick, name="clock"),
        ]
        for thread in threads:
            thread.start()
        try:
            _Consumer(self).run()
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()

    def _send(self) -> None:
        """The courier: whatever is due leaves within a second."""
        self._again_and_again(lambda: sending.deliver_due(stop=self.stopping.is_set, rehearsals=False))

    def _rehearse(self) -> None:
        """Rehearsals need no server: they wait for no newsletter that is on its way."""
        self._again_and_again(lambda: sending.rehearse_due(stop=self.stopping.is_set))

    def _again_and_again(self, act: Callable[[], int]) -> None:
        while not self.stopping.is_set():
            pause = IDLE
            try:
                with self.app.app_context():
                    act()
            except Exception:
                log.exception("sending stopped; it goes on in %s seconds", TROUBLE)
                pause = TROUBLE
            self.stopping.wait(pause)

    def _tick(self) -> None:
        """The clock: enqueues each job as often as it wants to run; `run_job` sees whose turn it is."""
        waited = dict.fromkeys(self.jobs, 0.0)
        while not self.stopping.is_set():
            for name, (seconds, _function) in self.jobs.items():
                waited[name] -= IDLE
                if waited[name] <= 0:
                    waited[name] = seconds
                    self.run_job(name)
            self.stopping.wait(IDLE)

    def _run_job(self, name: str) -> None:
        """A Huey task: run a job if its turn has come."""
        if name not in self.jobs or self.stopping.is_set():
            return  # enqueued by an older version of the program, or we are leaving
        seconds, function = self.jobs[name]
        with self.app.app_context():
            try:
                if take_turn(name, seconds=seconds):
                    function()
            except Exception:
                log.exception("job %s failed; its next turn is in %s seconds", name, seconds)


class _Consumer(Consumer):
    """Huey's consumer, stopping gracefully on either signal and telling our threads at once."""

    def __init__(self, worker: Worker):
        super().__init__(worker.huey, workers=1, periodic=False, max_delay=1.0, check_worker_health=True)
        self._worker = worker
        self._signal_actions = dict.fromkeys((self._graceful_sig, self._interrupt_sig), (False, True))

    def _handle_signal(self, signum, frame):
        self._worker.stopping.set()
        super()._handle_signal(signum, frame)


def run() -> None:
    """Run a worker of the current application with the jobs that create_app put together."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    Worker(app, app.extensions.get("jobs", [])).run()
