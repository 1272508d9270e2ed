"""`start`: a second `make run` to /health/ready, against importing Flask."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.measure import Result

ROOT = Path(__file__).resolve().parent.parent


def _seconds_to_ready(instance: str, port: int) -> float:
    """Seconds from the command to the first 200 of /health/ready."""
    environment = {**os.environ, "INSTANCE": instance, "PORT": str(port)}
    began = time.monotonic()
    process = subprocess.Popen(["make", "run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    try:
        while time.monotonic() - began < 120:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("make run did not get ready within 120 s")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)


def _import_flask() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import flask"], check=True)
    return time.monotonic() - began


def start() -> Result:
    """Three alternating rounds after one that fills the database."""
    with tempfile.TemporaryDirectory() as instance:
        _seconds_to_ready(instance, 8911)
        ours, control = [], []
        for round_ in range(3):
            control.append(_import_flask())
            ours.append(_seconds_to_ready(instance, 8912 + round_))
    value, other = sorted(ours)[1], sorted(control)[1]
    ratio = value / other
    return Result("start", round(value, 2), "s", "python -c 'import flask'", round(other, 3), round(ratio, 1),
                  "<= 25", ratio <= 25, 3)  # fmt: skip


MEASURES = {"start": start}
