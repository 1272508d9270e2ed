"""A scripted SMTP server: says what a test wants at each stage, or hangs up there.

`script` maps a stage (CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, END) to a function of the address that is
being written to (the first four get "") returning a reply, None for the usual one, or DROP. `offers` are further
EHLO lines, `tls` the context of STARTTLS, `crumbs` sends replies octet by octet, `sip` (seconds per line) reads
bodies slowly, with a small buffer.
"""

import re
import socket
import threading
import time
from contextlib import suppress

DROP = "drop"
USUAL = {
    "CONNECT": "220 test", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on",
    "END": "250 2.0.0 taken", "RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye", "EHLO": "", "STARTTLS": "220 2.0.0 go on",
    "AUTH": "235 2.7.0 ok",
}  # fmt: skip


class Server:
    """Listens on a free port of this machine; `taken` lists (sender, recipient, octets) that it accepted."""

    def __init__(self, *, pipelining=True, delay=0.0, port=0, offers=("SIZE 50000000",), tls=None, crumbs=False,
                 sip=None, **script):  # fmt: skip
        self.script, self.pipelining, self.delay = script, pipelining, delay
        self.offers, self.tls, self.crumbs, self.sip = offers, tls, crumbs, sip
        self.taken, self.connections, self.stages = [], 0, []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self):
        """Stop listening and hang up on everybody."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self.listener.close()
        for connection in self.open:
            connection.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.sip:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        try:
            _Dialogue(self, connection).run()
        except (OSError, EOFError):
            pass
        finally:
            connection.close()


class _Dialogue:
    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.stream = connection.makefile("rb")
        self.sender = self.recipient = ""
        self.accepted = False

    def run(self):
        self.say("CONNECT", "")
        while True:
            line = self.stream.readline()
            if not line:
                return
            verb = line[:4].decode().upper().strip()
            if verb in ("EHLO", "HELO"):
                self.ehlo()
            elif line[:8].upper() == b"STARTTLS":
                if self.say("STARTTLS", ""):
                    self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
                    self.stream = self.connection.makefile("rb")
            elif verb == "AUTH":
                self.say("AUTH", line.decode().strip())
            elif verb == "QUIT":
                self.say("QUIT", "")
                return
            elif verb == "DATA":
                self.data()
            elif verb == "RSET":
                self.sender = self.recipient = ""
                self.say("RSET", "")
            else:
                self.envelope(verb, re.search(r"<(.*?)>", line.decode())[1])

    def ehlo(self):
        lines = ["test", *(["PIPELINING"] if self.server.pipelining else []), *self.server.offers]
        usual = "\r\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{x}" for i, x in enumerate(lines))
        self.say("EHLO", "", usual)

    def envelope(self, verb, address):
        if verb == "MAIL":
            if self.sender:
                raise EOFError("nested MAIL")
            # the recipient is not known yet: scripts for MAIL see the sender
            if self.say("MAIL", address):
                self.sender, self.recipient = address, ""
        elif not self.sender:
            self.say("RCPT", address, "503 5.5.1 MAIL first")
        elif self.say("RCPT", address):
            self.recipient = address

    def data(self):
        if not self.recipient:
            self.say("DATA", "", "503 5.5.1 no valid recipients")
            return
        reply = self.say("DATA", self.recipient)
        if not reply:
            return
        lines = []
        while (line := self.stream.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line[1:] if line.startswith(b".") else line)
            if self.server.sip:
                time.sleep(self.server.sip)
        recipient, sender = self.recipient, self.sender
        self.sender = self.recipient = ""
        self.say("END", recipient, before=lambda: self.keep(sender, recipient, lines))

    def keep(self, sender, recipient, lines):
        self.server.taken.append((sender, recipient, b"".join(lines)))

    def say(self, stage, address, usual=None, before=None):
        """Answer; True when the answer was positive."""
        if self.server.delay:
            time.sleep(self.server.delay)
        self.server.stages.append((stage, address))
        rule = self.server.script.get(stage)
        reply = (rule(address) if rule else None) or usual or USUAL[stage]
        if reply is DROP:
            # Also what is read but not answered is thrown away, as when a process dies.
            self.connection.shutdown(socket.SHUT_RDWR)
            raise EOFError
        good = reply[0] in "23"
        if good and before:
            before()
        octets = reply.encode() + b"\r\n"
        for crumb in [octets[i : i + 1] for i in range(len(octets))] if self.server.crumbs else [octets]:
            self.connection.sendall(crumb)
        if reply.startswith("421"):
            raise EOFError
        return good
