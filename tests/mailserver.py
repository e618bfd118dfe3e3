"""A mail server on loopback that takes what it is told (RFC 5321), or answers as a broken one does."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """What it took, and how it behaves."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    pause: float = 0.0  # seconds before it takes a message, while it runs
    refuse: str = ""  # what it answers to every recipient instead of 250

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.taken]


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"RCPT") and self.server.mail.refuse:
                self._say(self.server.mail.refuse)
            elif line == b"DATA":
                self._say("354 go on")
                self._take()
            elif line == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.over.wait(self.server.mail.pause)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.mail.taken.append(message)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mail: MailServer) -> None:
        super().__init__(("127.0.0.1", mail.port), _Session)
        self.mail = mail
        self.over = threading.Event()
        mail.port = self.server_address[1]


@contextmanager
def running(mail: MailServer) -> Iterator[MailServer]:
    """The server, until the block ends; started again it listens on the port that it had."""
    server = _Server(mail)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield mail
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
