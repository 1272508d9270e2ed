"""Where benches send to: Debian's smtp-sink, as it is or behind a relay that answers late."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LATENCY = 0.020  # seconds
MESSAGE_ID = re.compile(rb"(?im)^Message-ID: (<[^>\r\n]+>)")


class Missing(RuntimeError):
    """A tool that the measure needs is not on this machine."""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def sink(*, late: bool = False) -> Iterator[int]:
    """The port of a fresh smtp-sink; with `late` behind a relay that delays each reply by LATENCY."""
    if not shutil.which("smtp-sink") or not shutil.which("smtp-source"):
        raise Missing("smtp-sink and smtp-source (Debian package postfix) are not here")
    port = _free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    processes = [subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "1000"])]
    try:
        _wait_for(port)
        if late:
            front = _free_port()
            command = [sys.executable, "-m", "bench.sinks", str(front), str(port)]
            processes.append(subprocess.Popen(command, cwd=ROOT))
            _wait_for(front)
            port = front
        yield port
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Counting:
    """An SMTP server with pipelining that notes the Message-ID of each message before it takes it."""

    def __init__(self):
        self.ids: list[str] = []
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_error):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.close()

    def _run(self) -> None:
        async def listen():
            server = self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=2**22)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()

        self._loop.set_exception_handler(lambda _loop, _context: None)  # who talks here is killed in between
        self._loop.create_task(listen())
        self._loop.run_forever()

    async def _talk(self, reader, writer) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                writer.write(b"250-sink\r\n250 PIPELINING\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                octets = await reader.readuntil(b"\r\n.\r\n")
                self.ids.append(MESSAGE_ID.search(octets)[1].decode())
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                break
            else:
                writer.write(b"250 2.0.0 ok\r\n")
        writer.write(b"221 2.0.0 bye\r\n")
        writer.close()


def delay(front: str, back: str) -> None:
    """Pass octets on between `front` and `back`; those of the server LATENCY seconds later."""

    async def pump(reader, writer, late):
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            if late:
                loop.call_later(LATENCY, writer.write, data)
            else:
                writer.write(data)
                await writer.drain()
        loop.call_later(LATENCY if late else 0, writer.close)

    async def serve(reader, writer):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", int(back))
        await asyncio.gather(
            pump(reader, server_writer, False), pump(server_reader, writer, True), return_exceptions=True
        )

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", int(front))
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    delay(*sys.argv[1:])
