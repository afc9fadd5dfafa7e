"""A real mail server on loopback (aiosmtpd), whose answers a test chooses."""

from __future__ import annotations

import asyncio
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "auditor", "not-a-real-password"
DROP = "drop"
"""An answer to DATA: the connection is closed instead."""


@dataclass
class MailServer:
    """Takes mail for anybody. ``answers`` to whole letters and ``to`` recipients are given once each, in their order;
    afterwards everything is taken."""

    answers: list[str] = field(default_factory=list)
    to: dict[str, list[str]] = field(default_factory=dict)
    most: int | None = None
    taken: list[Envelope] = field(default_factory=list)
    handed_over: list[Envelope] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    port: int = 0
    """0 takes a free one; one that was served before is served again."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if said := self.to.get(address):
            return said.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.handed_over.append(envelope)
        assert isinstance(envelope.content, bytes)
        if self.most and len(envelope.content) > self.most:
            return "552 5.3.4 Message size exceeds fixed maximum message size"
        said = self.answers.pop(0) if self.answers else "250 2.0.0 queued as 4711"
        if said == DROP:
            server.transport.close()
        elif said.startswith("2"):
            self.taken.append(envelope)
        return said

    def sign_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.signed_in.append(data.login.decode())
        return AuthResult(success=right, handled=False)

    @property
    def mails(self) -> list[EmailMessage]:
        return [parsed(each) for each in self.taken]


def parsed(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


class Authority:
    """A certificate authority of the test's own, and a leaf for 127.0.0.1 and localhost."""

    def __init__(self, folder: Path) -> None:
        made = trustme.CA()
        self.bundle = folder / "mail-ca.pem"
        made.cert_pem.write_to_path(str(self.bundle))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)


@contextmanager
def serving(
    server: MailServer, context: ssl.SSLContext | None = None, *, implicit: bool = False, auth: bool = False
) -> Iterator[MailServer]:
    """Serve with STARTTLS demanded (or TLS from the first byte) where there is a ``context``; ``auth``: who does not
    sign in may send nothing."""
    make: Callable[..., SMTP] = lambda: SMTP(  # noqa: E731 - what aiosmtpd calls for each connection
        server,
        tls_context=None if implicit else context,
        require_starttls=bool(context) and not implicit,
        auth_required=auth,
        auth_require_tls=bool(context) and not implicit,
        authenticator=server.sign_in if auth else None,
        hostname="mail.test",
    )

    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(make, "127.0.0.1", server.port, ssl=context if implicit else None)
    )
    server.port = listening.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@contextmanager
def saying(answers: dict[str, str]) -> Iterator[MailServer]:
    """Serve with one fixed answer to each command, ``banner`` the first of all; ``.`` is the end of the letter."""
    good = {"banner": "220 mail.test", "DATA": "354 Go on", "QUIT": "221 Bye", **answers}

    class Dialogue(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("banner")
            while line := self.rfile.readline():
                command = line.split()[0].decode("ascii").upper()
                self._say(command)
                if command == "DATA" and good[command].startswith("354"):
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    self._say(".")

        def _say(self, command: str) -> None:
            self.wfile.write(good.get(command, "250 OK").encode() + b"\r\n")

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, _request: Any, _address: Any) -> None:
            """Who hung up while he was spoken to has heard enough."""

    with Listening(("127.0.0.1", 0), Dialogue) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield MailServer(port=listening.server_address[1])
        listening.shutdown()
        thread.join()
