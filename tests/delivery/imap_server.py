"""A small IMAP server (RFC 3501, with MOVE and UIDPLUS when asked) with one mailbox, over a real socket.

`messages` lists dicts with uid, octets, flags and folder. `fails` names commands answered with NO;
`drops` commands at which it hangs up. `log` keeps the commands that came.
"""

import re
import socket
import ssl
import threading
from contextlib import suppress

SET = re.compile(r"[0-9]+")


class ImapServer:
    """Listens on a free port of this machine until closed."""

    def __init__(
        self, *messages, certificate=None, implicit=True, capabilities="UIDPLUS", fails=(), drops=()
    ):
        self.messages = [
            {"uid": n, "octets": octets, "flags": set(), "folder": "INBOX"}
            for n, octets in enumerate(messages, 1)
        ]
        self.folders, self.log = ["INBOX"], []
        self.fails, self.drops, self.capabilities = set(fails), set(drops), capabilities
        self.context, self.implicit = None, implicit
        if certificate:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self):
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        session = None
        try:
            if self.context and self.implicit:
                connection = self.context.wrap_socket(connection, server_side=True)
            session = _Session(self, connection)
            session.run()
        except (OSError, EOFError):
            pass  # the client hung up, or a script told us to
        finally:
            if session is not None:
                session.stream.close()
                session.connection.close()
            connection.close()


class _Session:
    def __init__(self, server, connection):
        self.server, self.connection, self.stream = server, connection, connection.makefile("rb")
        self.folder, self.secure = "INBOX", bool(server.context and server.implicit)

    def say(self, text):
        self.connection.sendall(text.encode() if isinstance(text, str) else text)

    def run(self):
        self.say(f"* OK [CAPABILITY {self.capability()}] ready\r\n")
        while line := self.stream.readline():
            tag, _, command = line.decode().rstrip("\r\n").partition(" ")
            name = command.split(" ")[1 if command.upper().startswith("UID ") else 0].upper()
            self.server.log.append(re.sub(r"LOGIN .*", "LOGIN", command))
            if name in self.server.drops:
                return
            if name in self.server.fails:
                self.say(f"{tag} NO {name} refused\r\n")
                continue
            getattr(self, f"do_{name.lower()}")(command)
            self.say(f"{tag} OK {name} done\r\n")
            if name == "STARTTLS":
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.stream, self.secure = self.connection.makefile("rb"), True
            if name == "LOGOUT":
                return

    def capability(self):
        tls = "STARTTLS " if self.server.context and not self.server.implicit else ""
        return f"IMAP4rev1 {tls}{self.server.capabilities}"

    def here(self):
        return [m for m in self.server.messages if m["folder"] == self.folder]

    def chosen(self, command):
        wanted = {int(n) for n in SET.findall(command.split(" ")[2])}
        return [m for m in self.here() if m["uid"] in wanted]

    def do_capability(self, _command):
        self.say(f"* CAPABILITY {self.capability()}\r\n")

    def do_starttls(self, _command):
        pass

    def do_login(self, command):
        if '"wrong"' in command:
            self.say("* BYE no\r\n")
            raise EOFError

    def do_logout(self, _command):
        self.say("* BYE\r\n")

    def do_select(self, _command):
        self.say(f"* {len(self.here())} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n")

    def do_status(self, _command):
        self.say('* STATUS "INBOX" (UIDVALIDITY 7)\r\n')

    def do_list(self, command):
        for name in self.server.folders:
            if f'"{name}"' in command:
                self.say(f'* LIST (\\HasNoChildren) "/" "{name}"\r\n')

    def do_create(self, command):
        self.server.folders.append(command.split('"')[1])

    def do_search(self, _command):
        found = [m for m in self.here() if not m["flags"] & {"\\Seen", "\\Deleted"}]
        self.say("* SEARCH " + " ".join(str(m["uid"]) for m in found) + "\r\n")

    def do_fetch(self, command):
        for m in self.chosen(command):
            if "RFC822.SIZE" in command:
                self.say(f"* {m['uid']} FETCH (UID {m['uid']} RFC822.SIZE {len(m['octets'])})\r\n")
            else:
                assert "BODY.PEEK[]" in command
                self.say(f"* {m['uid']} FETCH (UID {m['uid']} BODY[] {{{len(m['octets'])}}}\r\n")
                self.say(m["octets"] + b")\r\n")

    def do_store(self, command):
        for m in self.chosen(command):
            m["flags"].add(command.split("(")[1].rstrip(")"))

    def do_copy(self, command):
        for m in self.chosen(command):
            self.server.messages.append({**m, "folder": command.split('"')[1]})

    def do_move(self, command):
        for m in self.chosen(command):
            m["folder"] = command.split('"')[1]

    def do_expunge(self, command):
        gone = self.chosen(command) if command.upper().startswith("UID") else self.here()
        for m in [m for m in gone if "\\Deleted" in m["flags"]]:
            self.server.messages.remove(m)
