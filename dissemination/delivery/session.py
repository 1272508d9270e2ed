"""One SMTP connection after its greeting: octets out, replies in, and which message each belongs to.

Decides nothing: `smtp` acts on the replies.
"""

import socket
import ssl
from collections import deque
from collections.abc import Iterator

from dissemination.delivery.transport import Outcome, Prepared


class Lost(Exception):
    """A connection broke or must be given up; says why."""


class Session:
    """One open connection: what was written, which replies are awaited, and for which message."""

    def __init__(self, sock: socket.socket, *, pipelining: bool, now: float):
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.pipelining = pipelining
        self.out = memoryview(b"")
        self.written = 0  # octets given to the kernel since the start
        self.incoming = b""
        self.text: list[str] = []  # of a reply that goes on over several lines
        self.awaited: deque[str] = deque()
        self.body: Prepared | None = None  # whose body is on its way
        self.body_ends = 0  # `written` when its last dot has left
        self.envelope: Prepared | None = None  # whose envelope is on its way
        self.commands: deque[tuple[str, bytes]] = deque()  # not yet written, when not pipelining
        self.failure: Outcome | None = None  # of the envelope
        self.empty: Outcome | None = None  # of the body: its envelope failed, so nothing but a dot was sent
        self.touched = now
        self.carried = 0  # messages decided on this connection
        self.watched = 0

    @property
    def is_free(self) -> bool:
        """Whether a further envelope can be given to it."""
        return self.envelope is None and (self.body is None or self.pipelining)

    def begin(self, message: Prepared, *, reset: bool = False) -> bytes:
        """Take `message` on; the octets to write now."""
        self.envelope, self.failure = message, None
        commands = [
            ("MAIL", f"MAIL FROM:<{message.sender}>\r\n".encode("ascii")),
            ("RCPT", f"RCPT TO:<{message.recipients[0]}>\r\n".encode("ascii")),
            ("DATA", b"DATA\r\n"),
        ]
        if reset:
            commands.insert(0, ("RSET", b"RSET\r\n"))
        self.commands.extend(commands)
        return self.next_commands()

    def next_commands(self) -> bytes:
        """The commands that may be written now: all of a group, or one when not pipelining."""
        octets = b""
        while self.commands and (self.pipelining or not self.awaited):
            stage, command = self.commands.popleft()
            self.awaited.append(stage)
            octets += command
        return octets

    def write(self, octets: bytes) -> None:
        """Send `octets`, keeping what the kernel does not take yet. Raises Lost."""
        self.out = memoryview(b"".join((self.out, octets)) if self.out else octets)
        self.flush()

    def flush(self) -> None:
        """Send what is left. Raises Lost."""
        try:
            while self.out:
                sent = self.sock.send(self.out)
                self.out = self.out[sent:]
                self.written += sent
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Lost(str(error)) from None

    def replies(self) -> Iterator[tuple[int, str]]:
        """Each complete reply that has arrived, as (code, text). Raises Lost at the end of the stream."""
        while True:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise Lost(str(error)) from None
            if not data:
                raise Lost("the server closed the connection")
            *lines, self.incoming = (self.incoming + data).split(b"\n")
            if len(self.incoming) > 4096:
                raise Lost("the server sends lines without end")
            for line in lines:
                reply = self._reply(line)
                if reply:
                    yield reply
            if not isinstance(self.sock, ssl.SSLSocket):
                return

    def _reply(self, line: bytes) -> tuple[int, str] | None:
        if not line[:3].isdigit():
            raise Lost(f"not an SMTP reply: {line[:60]!r}")
        self.text.append(line[4:].rstrip(b"\r").decode("utf-8", "replace"))
        if line[3:4] == b"-" and len(self.text) < 100:
            return None
        text, self.text = " ".join(self.text), []
        return int(line[:3]), text
