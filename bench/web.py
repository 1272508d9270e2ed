"""A web server to measure (granian, as deployed) and many browsers in one thread to load it.

A browser is a generator: it yields requests and receives answers, so that 1,000 of them cost little. The
hello-world application is the control: the least that Flask does on the same server.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
SERVER = (
    "--interface", "wsgi", "--workers", "2", "--blocking-threads", "1", "--no-ws", "--backlog", "2048",
    "--log-level", "error",
)  # fmt: skip

hello = Flask("hello")


@hello.get("/")
def greet():
    """The control."""
    return "Hello"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(target: str, **environment: str):
    """Run `target` ("module:callable" or "--factory module:function") on granian; yields (port, process)."""
    port = free_port()
    granian = str(Path(sys.executable).parent / "granian")
    process = subprocess.Popen(
        [granian, *SERVER, "--port", str(port), *target.split()], cwd=ROOT, start_new_session=True,
        env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield port, process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start within 30 s")


def worker_memory(process) -> float:
    """MiB of resident memory of the largest worker of a granian process."""
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = [0]
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rsplit(")", 1)[1].split()[1])
            if parent == process.pid:
                sizes.append(int((entry.parent / "statm").read_text().split()[1]) * page)
        except (OSError, IndexError):
            continue
    return max(sizes) / 1024**2


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


Browser = Generator[bytes, Answer, None]


def get(path: str, cookie: str = "") -> bytes:
    """A GET request as a browser sends it on a kept connection."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_cookie(cookie)}\r\n".encode()


def post(path: str, body: str, cookie: str = "", *, client: str = "") -> bytes:
    """A form that is sent; `client` is the network address that the proxy in front says it came from."""
    forwarded = f"X-Forwarded-For: {client}\r\n" if client else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n{forwarded}{_cookie(cookie)}\r\n{body}"
    ).encode()


def _cookie(cookie: str) -> str:
    return f"Cookie: {cookie}\r\n" if cookie else ""


@dataclass
class _Seat:
    """One connection and the browser that sits at it."""

    browser: Browser
    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)


@dataclass
class Load:
    """What a run brought: seconds of each finished visit, and answers that were not as hoped."""

    seconds: float = 0.0
    visits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Visits per second."""
        return len(self.visits) / self.seconds


def run(port: int, visit: Callable[[], Browser], *, clients: int, seconds: float | None) -> Load:
    """`clients` browsers at once; each makes visits one after another for `seconds`, or just one (None)."""
    load, selector = Load(), selectors.DefaultSelector()
    began = time.perf_counter()
    until = began + seconds if seconds else began
    open_seats = 0
    for _ in range(clients):
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seat = _Seat(visit(), connection)
        selector.register(connection, selectors.EVENT_READ, [seat, time.perf_counter()])
        connection.sendall(next(seat.browser))
        open_seats += 1
    while open_seats:
        for key, _events in selector.select(timeout=60):
            if not _serve(key.data, load, visit, until):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                open_seats -= 1
    load.seconds = time.perf_counter() - began
    return load


def _serve(data: list, load: Load, visit, until: float) -> bool:
    """Take what came for one browser; False when it leaves."""
    seat, started = data
    piece = seat.socket.recv(262144)
    if not piece:
        load.errors.append("the server closed the connection")
        return False
    seat.received += piece
    answer = _whole(seat.received)
    if answer is None:
        return True
    seat.received.clear()
    try:
        request = seat.browser.send(answer)
    except StopIteration:
        done = time.perf_counter()
        load.visits.append(done - started)
        if done >= until:
            return False
        seat.browser, data[1] = visit(), done
        request = next(seat.browser)
    except AssertionError as error:
        load.errors.append(str(error))
        return False
    seat.socket.sendall(request)
    return True


def _whole(received: bytearray) -> Answer | None:
    """The answer, once all of it is there (granian always says how long a body is)."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    if len(body) < int(headers.get("content-length", 0)):
        return None
    return Answer(int(lines[0].split()[1]), headers, bytes(body))
