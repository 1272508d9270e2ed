"""SMTP from one thread over several connections, with command pipelining (RFC 2920) where it is offered.

smtplib opens a connection (greeting, EHLO, STARTTLS with a verified certificate, AUTH); after that its
socket is driven from here without blocking: behind the body of one message goes the envelope of the
next, so a message costs one round trip. Every reply is judged for the one message it answers.
"""

import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import flask_mail

from dissemination.delivery.models import Fate
from dissemination.delivery.session import Lost, Session, judged
from dissemination.delivery.transport import Outcome, Prepared, RelayDown, Source, outcome_of

Connect = Callable[[], tuple[socket.socket, bool]]
END = b".\r\n"
BARREN = 3  # connections in a row that carried nothing: the server is down
BACKLOG = 8  # messages waiting per connection before a further one is opened


class RelayConnection(flask_mail.Connection):
    """Flask-Mail's connection with what it lacks: a timeout and a checked certificate."""

    def __init__(self, settings):
        state = flask_mail.Mail().init_mail({
            "MAIL_SERVER": settings.server, "MAIL_PORT": settings.port, "MAIL_USERNAME": settings.username,
            "MAIL_PASSWORD": settings.password, "MAIL_USE_TLS": settings.security == "starttls",
            "MAIL_USE_SSL": settings.security == "tls",
        })  # fmt: skip
        super().__init__(state)
        self.timeout = settings.timeout

    def configure_host(self) -> smtplib.SMTP:
        """A greeted, encrypted and authenticated session. Raises RelayDown saying what failed."""
        mail = self.mail
        host: smtplib.SMTP | None = None
        try:
            if mail.use_ssl:
                host = smtplib.SMTP_SSL(
                    mail.server, mail.port, timeout=self.timeout, context=ssl.create_default_context()
                )
            else:
                host = smtplib.SMTP(mail.server, mail.port, timeout=self.timeout)
            host.ehlo_or_helo_if_needed()
            if mail.use_tls:
                host.starttls(context=ssl.create_default_context())
                host.ehlo_or_helo_if_needed()
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except (OSError, smtplib.SMTPException) as error:
            if host is not None:
                host.close()
            raise RelayDown(f"{mail.server}:{mail.port}: {_said(error)}") from None
        return host


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return str(error) or type(error).__name__


def connect_to(settings) -> Connect:
    """A function that opens a connection and says whether the server takes pipelined commands."""

    def connect():
        host = RelayConnection(settings).configure_host()
        return host.sock, host.has_extn("pipelining")

    return connect


class Courier:
    """Carries messages over up to `connections` connections that `connect` opens."""

    def __init__(self, connect: Connect, *, connections: int, timeout: float):
        self.connect = connect
        self.connections = connections
        self.timeout = timeout

    def run(self, source: Source) -> None:
        """Send until `source` has no more. Raises RelayDown when no connection carries anything."""
        _Run(self, source).go()


class _Run:
    def __init__(self, courier: Courier, source: Source):
        self.courier, self.source = courier, source
        self.ready: deque[Prepared] = deque()
        self.sessions: list[Session] = []
        self.selector = selectors.DefaultSelector()
        self.barren, self.error = 0, ""
        self.opening, self.closed = 0, False
        self.most = courier.connections
        self.opened: deque[tuple[socket.socket, bool] | RelayDown] = deque()
        self.wake, self.waker = socket.socketpair()
        self.wake.setblocking(False)
        self.waker.setblocking(False)
        self.selector.register(self.wake, selectors.EVENT_READ)
        source.when_ready(self.rouse)

    def go(self) -> None:
        try:
            while self.assign() or self.is_busy() or self.is_given_more():
                self.wait()
        finally:
            self.close()
        if self.is_down():
            raise RelayDown(self.error)

    def is_given_more(self) -> bool:
        """Whether there is more after all; nothing is under way, so this may wait for the rows."""
        if not self.is_down():
            self.ready.extend(self.source.take(wait=True))
        return self.assign() or self.is_busy()

    def rouse(self) -> None:
        """End a wait for the network; called from other threads."""
        with suppress(OSError):  # full: it is awake already; closed: nobody waits
            self.waker.send(b"x")

    def is_down(self) -> bool:
        return self.barren >= BARREN

    def is_busy(self) -> bool:
        return any(s.awaited for s in self.sessions)

    def assign(self) -> bool:
        """Give waiting messages to free connections; whether any message waits."""
        if self.is_down():
            self.release()
            return False
        while True:
            if not self.ready:
                self.ready.extend(self.source.take())
            free = [s for s in self.sessions if s.is_free] if self.ready else []
            if not free:
                break
            for session in free:
                if self.ready:
                    self.guarded(session, lambda s: s.write(s.begin(self.ready.popleft())))
        if self.ready:
            self.open_more()
        return bool(self.ready)

    def release(self) -> None:
        """Hand back what was never begun."""
        while self.ready:
            self.source.report(Outcome(self.ready.popleft().id, Fate.QUEUED))

    def open_more(self) -> None:
        wanted = min(self.most, 1 + (len(self.ready) + self.source.ready()) // BACKLOG)
        while len(self.sessions) + self.opening < wanted and not self.is_down():
            self.opening += 1
            threading.Thread(target=self.open, daemon=True).start()

    def open(self) -> None:
        """Open one connection; runs in a thread of its own, so that a slow greeting stops nobody."""
        try:
            self.opened.append(self.courier.connect())
        except RelayDown as error:
            self.opened.append(error)
        except Exception as error:
            self.opened.append(RelayDown(f"{type(error).__name__}: {error}"))
        if self.closed:
            self.discard()
        else:
            self.rouse()

    def discard(self) -> None:
        while self.opened:
            late = self.opened.popleft()
            if not isinstance(late, RelayDown):
                late[0].close()

    def wait(self) -> None:
        for key, mask in self.selector.select(1):
            session = key.data
            if session is None:
                self.admit()
                continue
            if mask & selectors.EVENT_WRITE:
                self.guarded(session, Session.flush)
            if mask & selectors.EVENT_READ and session in self.sessions:
                self.guarded(session, self.read)
        self.expire()

    def admit(self) -> None:
        self.wake.recv(4096)
        while self.opened:
            self.opening -= 1
            found = self.opened.popleft()
            if isinstance(found, RelayDown):
                self.error = str(found)
                self.most = max(1, len(self.sessions))
                self.barren = self.barren if self.sessions else BARREN
                continue
            sock, pipelining = found
            session = Session(sock, pipelining=pipelining, now=time.monotonic())
            session.watched = selectors.EVENT_READ
            self.selector.register(sock, session.watched, session)
            self.sessions.append(session)

    def guarded(self, session: Session, act: Callable[[Session], None]) -> None:
        """Do something with a session and bury it when it breaks."""
        try:
            session.touched = time.monotonic()
            act(session)
        except Lost as lost:
            self.bury(session, str(lost))
            return
        if session not in self.sessions:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.out else 0)
        if wanted != session.watched:
            self.selector.modify(session.sock, wanted, session)
            session.watched = wanted

    def expire(self) -> None:
        limit = time.monotonic() - self.courier.timeout
        for session in [s for s in self.sessions if s.awaited and s.touched < limit]:
            self.bury(session, f"no answer within {self.courier.timeout:g} seconds")

    def bury(self, session: Session, why: str) -> None:
        """Close a broken connection and say what is known of the messages on it.

        A message whose last dot has left may have been taken: uncertain. Before that it was not
        (RFC 5321 §4.1.1.4), and is tried again.
        """
        self.sessions.remove(session)
        self.selector.unregister(session.sock)
        session.sock.close()
        self.error = why
        if not session.carried:
            self.barren += 1
        body, envelope = session.body, session.envelope
        if body is not None:
            left = session.written >= session.body_ends
            unknown = Outcome(body.id, Fate.UNCERTAIN if left else Fate.DEFERRED, why)
            self.source.report(session.empty or unknown)
        if envelope is not None:
            if "MAIL" in session.awaited or body is not None:
                self.ready.appendleft(envelope)  # its turn had not come
            else:
                self.source.report(session.failure or Outcome(envelope.id, Fate.DEFERRED, why))

    def read(self, session: Session) -> None:
        awaited = session.awaited
        for reply in session.replies():
            if not awaited:
                raise Lost(reply.decode("utf-8", "replace").strip())  # 421 out of the blue
            stage = awaited.popleft()
            if reply[:1] != b"2" or (stage != "MAIL" and stage != "RCPT"):  # else it goes on as expected
                code, text = judged(reply)
                if code == 421 and stage != "END":
                    raise Lost(f"{code} {text}")
                self.answer(session, stage, code, text)
            if session.commands:
                octets = session.next_commands()
                if octets:
                    session.write(octets)

    def answer(self, session: Session, stage: str, code: int, text: str) -> None:
        """Act on the reply to one command."""
        message = session.envelope
        if stage == "END":
            self.ended(session, code, text)
        elif message is None or stage == "RSET":
            return
        elif stage != "DATA":
            if session.failure is None:
                session.failure = outcome_of(message.id, stage, code, text)
                if not session.pipelining:
                    self.give_up(session, session.failure)
        elif code == 354:
            self.send_body(session, message)
        else:
            failure = session.failure or outcome_of(message.id, stage, code if code >= 400 else 451, text)
            self.give_up(session, failure)

    def give_up(self, session: Session, failure: Outcome) -> None:
        """End a failed envelope and go on with the next."""
        session.envelope = None
        session.commands.clear()
        self.decide(session, failure)
        self.follow(session, b"", reset=True)

    def send_body(self, session: Session, message: Prepared) -> None:
        session.envelope, session.body, session.empty = None, message, session.failure
        data = b"" if session.failure else message.data
        session.awaited.append("END")
        session.body_ends = session.written + len(session.out) + len(data) + len(END)
        self.follow(session, data + END)

    def follow(self, session: Session, octets: bytes, *, reset: bool = False) -> None:
        """Write `octets` and, right behind them, the envelope of the next message if there is one."""
        if not self.ready and not self.is_down():
            self.ready.extend(self.source.take())
        if session.is_free and self.ready:
            octets += session.begin(self.ready.popleft(), reset=reset)
        elif reset:
            session.awaited.append("RSET")
            octets += b"RSET\r\n"
        session.write(octets)

    def ended(self, session: Session, code: int, text: str) -> None:
        message, session.body = session.body, None
        if message is None:
            return
        self.decide(session, session.empty or outcome_of(message.id, "END", code, text))
        if code == 421:
            raise Lost(f"{code} {text}")

    def decide(self, session: Session, outcome: Outcome) -> None:
        session.carried += 1
        self.barren = 0
        self.source.report(outcome)

    def close(self) -> None:
        self.closed = True
        self.discard()
        for session in self.sessions:
            with suppress(OSError):  # a farewell; nothing depends on it
                session.sock.setblocking(True)
                session.sock.settimeout(1)
                session.sock.sendall(b"QUIT\r\n")
                session.sock.recv(512)
            session.sock.close()
        self.selector.close()
        self.wake.close()
        self.waker.close()
        self.release()
