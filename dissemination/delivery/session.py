"""One SMTP connection after its greeting: octets out, replies in, and which message each belongs to.

Decides nothing: `smtp` acts on the replies.
"""

import socket
import ssl
from collections import deque
from collections.abc import Iterator

from dissemination.delivery.models import Fate
from dissemination.delivery.transport import SHORT, Outcome, Prepared

CRLF = "\r\n"
MANY = 1000  # pieces; the kernel takes 1024 at once


class Lost(Exception):
    """A connection broke or must be given up; says why."""


class Session:
    """One open connection: what was written, which replies are awaited, and for which message."""

    def __init__(
        self, sock: socket.socket, *, pipelining: bool, now: float, limit: int = 0, utf8: bool = False,
        line=None,
    ):  # fmt: skip
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.is_tls = isinstance(sock, ssl.SSLSocket)
        self.pipelining = pipelining
        self.limit = limit  # octets of a message that the server takes; 0: not said
        self.utf8 = utf8  # whether it takes addresses beyond ASCII (SMTPUTF8)
        self.line = line  # what `smtp` knows of its server
        self.out: list[bytes | memoryview] = []  # to be given to the kernel
        self.left = 0  # octets of `out`
        self.written = 0  # octets given to the kernel since the start
        self.incoming = b""
        self.begun: list[bytes] = []  # lines of a reply that goes on
        self.awaited: deque[str] = deque()
        self.body: Prepared | None = None  # whose body is on its way
        self.body_ends = 0  # `written` when its last dot has left
        self.envelope: Prepared | None = None  # whose envelope is on its way
        self.commands: deque[tuple[str, bytes]] = deque()  # not yet written, when not pipelining
        self.failure: Outcome | None = None  # of the envelope
        self.empty: Outcome | None = None  # of the body: its envelope failed, so nothing but a dot was sent
        self.touched = now
        self.is_open = True
        self.carried = 0  # messages decided on this connection
        self.watched = 0

    @property
    def is_free(self) -> bool:
        """Whether a further envelope can be given to it."""
        return self.envelope is None and (self.body is None or self.pipelining)

    def refusal(self, message: Prepared) -> Outcome | None:
        """Why this server cannot take `message`, before anything of it is sent; None when it can."""
        if self.limit and message.size > self.limit:
            said = f"552 5.3.4 the message has {message.size} octets, the server takes {self.limit} (SIZE)"
            return Outcome(message.id, Fate.REFUSED, said, reason="too_big")
        if message.utf8 and not self.utf8:
            said = "553 5.6.7 the server takes no addresses beyond ASCII (SMTPUTF8)"
            return Outcome(message.id, Fate.REFUSED, said, reason="needs_utf8")
        return None

    def begin(self, message: Prepared, *, reset: bool = False) -> bytes:
        """Take `message` on; the octets to write now."""
        self.envelope, self.failure = message, None
        sender = f"MAIL FROM:<{message.sender}>{' SMTPUTF8' if message.utf8 else ''}{CRLF}"
        if self.pipelining and not self.commands:
            self.awaited.extend(("RSET", "MAIL", "RCPT", "DATA") if reset else ("MAIL", "RCPT", "DATA"))
            return (
                f"{'RSET' + CRLF if reset else ''}{sender}RCPT TO:<{message.recipients[0]}>\r\nDATA\r\n"
            ).encode()
        if reset:
            self.commands.append(("RSET", b"RSET\r\n"))
        self.commands.extend([
            ("MAIL", sender.encode()),
            ("RCPT", f"RCPT TO:<{message.recipients[0]}>\r\n".encode()),
            ("DATA", b"DATA\r\n"),
        ])  # fmt: skip
        return self.next_commands()

    def next_commands(self) -> bytes:
        """The commands that may be written now: all of a group, or one when not pipelining."""
        octets = b""
        while self.commands and (self.pipelining or not self.awaited):
            stage, command = self.commands.popleft()
            self.awaited.append(stage)
            octets += command
        return octets

    def write(self, pieces: list[bytes], octets: int) -> None:
        """Put `pieces` (`octets` in all) behind what is to be sent; `flush` sends it."""
        self.out += pieces
        self.left += octets

    def flush(self) -> None:
        """Send as much as the kernel takes now. Raises Lost."""
        try:
            while self.left:
                sent = self._send()
                self.written += sent
                self.left -= sent
                self.out = [memoryview(b"".join(self.out))[sent:]] if self.left else []
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Lost(str(error)) from None

    def _send(self) -> int:
        if len(self.out) == 1:
            return self.sock.send(self.out[0])
        if self.is_tls or self.left < SHORT or len(self.out) > MANY:
            self.out = [b"".join(self.out)]
            return self.sock.send(self.out[0])
        return self.sock.sendmsg(self.out)  # the kernel gathers: nothing long is copied here

    def replies(self) -> Iterator[bytes]:
        """Each reply that has arrived, its lines joined by LF. Raises Lost at the end of the stream."""
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
                if line[3:4] == b"-" or self.begun:
                    line = self._continued(line)
                if line:
                    yield line
            if not self.is_tls:
                return

    def _continued(self, line: bytes) -> bytes:
        self.begun.append(line if not self.begun else line[4:])
        if line[3:4] == b"-" and len(self.begun) < 100:
            return b""
        whole, self.begun = b"\n".join(self.begun), []
        return whole


def judged(reply: bytes) -> tuple[int, str]:
    """A reply as code and text. Raises Lost for what is no SMTP reply."""
    if not reply[:3].isdigit():
        raise Lost(f"not an SMTP reply: {reply[:60]!r}")
    text = reply[4:].decode("utf-8", "replace").replace("\0", "")
    if "\n" in text:
        text = " ".join(line.rstrip("\r") for line in text.split("\n"))
    return int(reply[:3]), text.rstrip("\r")
