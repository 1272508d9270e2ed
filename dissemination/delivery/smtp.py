"""SMTP from one thread over several connections, with command pipelining (RFC 2920) where it is offered.

`connecting` opens a connection; after that its socket is driven from here without blocking: behind the
body of one message goes the envelope of the next, so a message costs one round trip. Every reply is judged
for the one message it answers. Several servers share the connections by their weights; one that is down
leaves them to the others.

CHUNKING (RFC 3030) is left out: DATA behind pipelined envelopes costs one round trip a message already.
BDAT could only save more by having several bodies under way on one connection, and each of them would be
uncertain when that connection breaks.
"""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from dissemination.delivery.connecting import Opened, Peer
from dissemination.delivery.models import Fate
from dissemination.delivery.replies import outcome_of
from dissemination.delivery.session import Lost, Session, judged
from dissemination.delivery.transport import Outcome, Prepared, RelayDown, Source

END = b".\r\n"
ENVELOPE = ("MAIL", "RCPT")
BARREN = 3  # connections in a row that carried nothing: the server is down
BACKLOG = 8  # messages waiting per connection before a further one is opened


class Courier:
    """Carries messages over up to `connections` connections to `peers`; `down` says which failed, and why."""

    def __init__(self, peers: Sequence[Peer], *, connections: int, timeout: float):
        self.peers = peers
        self.connections = connections
        self.timeout = timeout
        self.down: dict[str, str] = {}

    def run(self, source: Source) -> None:
        """Send until `source` has no more. Raises RelayDown when no server carries anything."""
        _Run(self, source).go()


class _Line:
    """How things stand with one server in this run."""

    def __init__(self, peer: Peer, most: int):
        self.peer = peer
        self.most = most  # connections that it seems to take
        self.opening = 0
        self.open = 0
        self.barren = 0  # connections in a row that carried nothing
        self.error = ""

    @property
    def is_down(self) -> bool:
        return self.barren >= BARREN

    @property
    def load(self) -> float:
        return (self.open + self.opening) / self.peer.weight


class _Run:
    def __init__(self, courier: Courier, source: Source):
        self.courier, self.source = courier, source
        self.ready: deque[Prepared] = deque()
        self.sessions: list[Session] = []
        self.selector = selectors.DefaultSelector()
        self.lines = [_Line(peer, courier.connections) for peer in courier.peers]
        self.closed = False
        self.opened: deque[tuple[_Line, Opened | RelayDown]] = deque()
        self.unsent: list[Session] = []  # they got something to send since the last look at the network
        self.has_free = False  # a session may take a further envelope
        self.now = self.looked = time.monotonic()
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
        self.courier.down = {line.peer.name: line.error for line in self.lines if line.is_down}
        if self.is_down():
            raise RelayDown("; ".join(self.courier.down.values()))

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
        return all(line.is_down for line in self.lines)

    def is_busy(self) -> bool:
        return any(s.awaited for s in self.sessions)

    def assign(self) -> bool:
        """Give waiting messages to free connections; whether any message waits."""
        if self.is_down():
            self.release()
            return False
        if not self.ready:
            self.ready.extend(self.source.take())
        while self.has_free and self.ready:
            self.has_free = False
            for session in [s for s in self.sessions if s.is_free]:
                message = self.next_for(session)
                if message is not None:
                    envelope = session.begin(message)
                    self.write(session, [envelope], len(envelope))
                self.has_free = self.has_free or session.is_free
            if not self.ready:
                self.ready.extend(self.source.take())
        self.send_out()
        if self.ready and len(self.sessions) < self.courier.connections:
            self.open_more()
        return bool(self.ready)

    def write(self, session: Session, pieces: list[bytes], octets: int) -> None:
        """Have `pieces` sent once all that has arrived is read: a server takes several at one waking."""
        if octets and not session.left:
            self.unsent.append(session)
        session.write(pieces, octets)

    def send_out(self) -> None:
        """Send what the sessions have to send."""
        while self.unsent:
            sessions, self.unsent = self.unsent, []
            for session in sessions:
                if session.is_open:
                    self.flush(session)

    def release(self) -> None:
        """Hand back what was never begun."""
        while self.ready:
            self.source.report(Outcome(self.ready.popleft().id, Fate.QUEUED))

    def next_for(self, session: Session) -> Prepared | None:
        """The next message that this server can take; what it cannot is refused without being sent."""
        while self.ready:
            message = self.ready.popleft()
            if message.utf8 or session.limit:
                refusal = session.refusal(message)
                if refusal is not None:
                    self.source.report(refusal)
                    continue
            return message
        return None

    def open_more(self) -> None:
        wanted = min(self.courier.connections, 1 + (len(self.ready) + self.source.ready()) // BACKLOG)
        while sum(line.open + line.opening for line in self.lines) < wanted:
            able = [line for line in self.lines if not line.is_down and line.open + line.opening < line.most]
            if not able:
                return
            line = min(able, key=lambda line: line.load)
            line.opening += 1
            threading.Thread(target=self.open, args=(line,), daemon=True).start()

    def open(self, line: _Line) -> None:
        """Open one connection; runs in a thread of its own, so that a slow greeting stops nobody."""
        try:
            self.opened.append((line, line.peer.connect()))
        except RelayDown as error:
            self.opened.append((line, error))
        except Exception as error:
            self.opened.append((line, RelayDown(f"{type(error).__name__}: {error}")))
        if self.closed:
            self.discard()
        else:
            self.rouse()

    def discard(self) -> None:
        while self.opened:
            _line, late = self.opened.popleft()
            if not isinstance(late, RelayDown):
                late.sock.close()

    def wait(self) -> None:
        events = self.selector.select(1)
        self.now = time.monotonic()
        for key, mask in events:
            session = key.data
            if session is None:
                self.admit()
                continue
            if mask & selectors.EVENT_WRITE:
                self.flush(session)
            if mask & selectors.EVENT_READ and session.is_open:
                self.guarded(session, self.read)
        self.send_out()
        if self.now - self.looked >= 1:
            self.looked = self.now
            self.expire()

    def admit(self) -> None:
        self.wake.recv(4096)
        while self.opened:
            line, found = self.opened.popleft()
            line.opening -= 1
            if isinstance(found, RelayDown):
                line.error = str(found)
                line.most = max(1, line.open)
                line.barren = line.barren if line.open else BARREN
                continue
            session = Session(
                found.sock, pipelining=found.pipelining, limit=found.size, utf8=found.utf8, line=line,
                now=self.now,
            )  # fmt: skip
            line.open += 1
            self.has_free = True
            session.watched = selectors.EVENT_READ
            self.selector.register(found.sock, session.watched, session)
            self.sessions.append(session)

    def guarded(self, session: Session, act: Callable[[Session], None]) -> None:
        """Do something with a session and bury it when it breaks."""
        try:
            session.touched = self.now
            act(session)
        except Lost as lost:
            self.bury(session, str(lost))

    def flush(self, session: Session) -> None:
        """Send what a session has to send, and watch for when the kernel takes the rest."""
        session.touched = self.now
        try:
            session.flush()
        except Lost as lost:
            self.bury(session, str(lost))
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.left else 0)
        if wanted != session.watched:
            self.selector.modify(session.sock, wanted, session)
            session.watched = wanted

    def expire(self) -> None:
        limit = self.now - self.courier.timeout
        for session in [s for s in self.sessions if s.awaited and s.touched < limit]:
            self.bury(session, f"no answer within {self.courier.timeout:g} seconds")

    def bury(self, session: Session, why: str) -> None:
        """Close a broken connection and say what is known of the messages on it.

        A message whose last dot has left may have been taken: uncertain. Before that it was not
        (RFC 5321 §4.1.1.4), and is tried again.
        """
        self.sessions.remove(session)
        session.is_open = False
        self.has_free = True  # the others may have waited for what it had
        self.selector.unregister(session.sock)
        session.sock.close()
        session.line.open -= 1
        session.line.error = f"{session.line.peer.name}: {why}"
        if not session.carried:
            session.line.barren += 1
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
            if stage in ENVELOPE and reply[:1] == b"2":
                pass  # it goes on as expected
            elif stage == "DATA" and reply[:3] == b"354" and session.envelope is not None:
                self.send_body(session, session.envelope)
            else:
                code, text = judged(reply)
                if code == 421 and stage != "END":
                    raise Lost(f"{code} {text}")
                self.answer(session, stage, code, text)
            if session.commands:
                octets = session.next_commands()
                if octets:
                    self.write(session, [octets], len(octets))

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
        self.follow(session, [], reset=True)

    def send_body(self, session: Session, message: Prepared) -> None:
        session.envelope, session.body, session.empty = None, message, session.failure
        pieces, size = ([], 0) if session.failure else (message.pieces, message.size)
        session.awaited.append("END")
        session.body_ends = session.written + session.left + size + len(END)
        self.follow(session, [*pieces, END], size + len(END))

    def follow(self, session: Session, pieces: list[bytes], octets: int = 0, *, reset: bool = False) -> None:
        """Write `pieces` (`octets` in all) and, right behind them, the next envelope if there is one."""
        if not self.ready and not self.is_down():
            self.ready.extend(self.source.take())
        message = self.next_for(session) if session.is_free else None
        if message is not None:
            pieces.append(session.begin(message, reset=reset))
            octets += len(pieces[-1])
        elif reset:
            session.awaited.append("RSET")
            pieces.append(b"RSET\r\n")
            octets += len(pieces[-1])
        self.has_free = self.has_free or message is None
        self.write(session, pieces, octets)

    def ended(self, session: Session, code: int, text: str) -> None:
        message, session.body = session.body, None
        if message is None:
            return
        self.has_free = self.has_free or not session.pipelining
        self.decide(
            session, session.empty or outcome_of(message.id, "END", code, text, via=session.line.peer.name)
        )
        if code == 421:
            raise Lost(f"{code} {text}")

    def decide(self, session: Session, outcome: Outcome) -> None:
        session.carried += 1
        session.line.barren = 0
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
