"""`make run`: database, sample district, web and worker, until Ctrl-C.

Also what a developer starts; in production the same two processes are started by systemd (README).
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)

import config  # noqa: E402  (the path above comes first)


def prepare() -> None:
    """Bring the database up to date; load the sample district into an empty one."""
    from flask_migrate import upgrade
    from sqlalchemy import func, select

    from app import create_app
    from dissemination.districts.models import District
    from dissemination.kernel.database import db, transaction
    from dissemination.sample.actions import load

    app = create_app()
    with app.app_context():
        upgrade()
        empty = not db.session.scalar(select(func.count()).select_from(District))
        db.session.rollback()
        if empty:
            print("Empty database: loading the sample district …", flush=True)
            began = time.monotonic()
            with transaction():
                load()
            print(f"… done in {time.monotonic() - began:.0f} s", flush=True)


def start(port: int) -> list[subprocess.Popen]:
    """The web and worker processes."""
    tool = Path(sys.executable).parent
    environment = {**os.environ, "FLASK_APP": "app"}
    web = [str(tool / "granian"), "--interface", "wsgi", "--host", os.environ.get("HOST", "127.0.0.1"),
           "--port", str(port), "--workers", "2", "--blocking-threads", "1", "--no-ws",
           "--log-level", "warning", "--factory", "app:create_served_app"]  # fmt: skip
    worker = [sys.executable, "-m", "flask", "work"]
    # Sessions of their own: Ctrl-C reaches us alone, and we end each with all that it started.
    return [
        subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
        for command in (web, worker)
    ]


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on `port` yet."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def wait_until_ready(url: str, processes) -> bool:
    """True when /health/ready answers 200 within a minute."""
    for _ in range(600):
        if any(p.poll() is not None for p in processes):
            return False
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def announce(settings, url: str) -> None:
    """Say where to look, who to sign in as, and where mail goes."""
    from dissemination.sample.people import CAST, PASSWORD

    mail = settings.mail
    where = (
        f"SMTP {mail.server}:{mail.port}" if mail.server else f"{mail.folder} (also at the desk under Posta)"
    )
    print(f"\n  {url}\n\n  Sign in at {url}/login (password for all: {PASSWORD})")
    for person in CAST:
        print(f"    {person.email:32} {person.about}")
    print(f"  Mail goes to: {where}\n  Ctrl-C stops everything.\n", flush=True)


def stop(processes) -> None:
    """End our processes gracefully; after 15 seconds, firmly."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave them behind
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever of it is left


def main() -> int:
    """Run until Ctrl-C or until one of the two processes ends."""
    settings = config.load()
    port = int(os.environ.get("PORT") or settings.port)
    if not is_free(os.environ.get("HOST", "127.0.0.1"), port):
        print(f"Port {port} is taken. Choose another one: PORT=8001 make run", file=sys.stderr)
        return 1
    prepare()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also when started in the background
    processes = start(port)
    try:
        if not wait_until_ready(f"http://127.0.0.1:{port}", processes):
            print("The web process did not get ready; what it said stands above.", file=sys.stderr)
            return 1
        announce(settings, settings.public_url)
        while all(p.poll() is None for p in processes):
            time.sleep(0.3)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)


if __name__ == "__main__":
    sys.exit(main())
