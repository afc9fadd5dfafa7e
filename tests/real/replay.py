"""A TLS server on loopback that answers with what it was given, path by path: it knows nothing of Azure.

It looks at the path alone, in any letter case. A query ($filter, $select, $expand, api-version) chooses nothing, so
what a recording holds comes back as a whole, even where the live service would have narrowed it. Several answers for
one path come one after the other, and the last one stays. A path that was not given is answered as the Resource Manager
does.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import orjson
import trustme

_OWN = {"content-length", "content-encoding", "transfer-encoding", "connection", "date", "server"}
"""Headers that belong to a connection, not to an answer: this server writes its own."""
NOT_GIVEN = b'{"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}}'


@dataclass(frozen=True)
class Answer:
    """What a path is answered with."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: object, status: int = 200, **headers: str) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, orjson.dumps(body), {"Content-Type": "application/json; charset=utf-8", **told})

    @classmethod
    def recorded(cls, response: Mapping[str, Any]) -> Answer:
        """Status, headers and body as they were recorded; a body that is text goes out as it stands."""
        body = response["body"]
        written = body.encode() if isinstance(body, str) else orjson.dumps(body)
        headers = {name: value for name, value in response["headers"].items() if name.lower() not in _OWN}
        return cls(response["status"], written, headers)


@dataclass(frozen=True)
class Asked:
    """A request that came in; ``path`` in lower case, ``query`` as it was written."""

    method: str
    path: str
    query: str
    authorization: str


class Replay:
    """The answers, and what was asked of them. Safe to share between threads."""

    def __init__(self, origin: str, authority: Path) -> None:
        self.origin = origin
        self.authority = authority
        self._lock = threading.Lock()
        self._answers: dict[str, list[Answer]] = {}
        self._asked: list[Asked] = []

    def clear(self) -> None:
        with self._lock:
            self._answers, self._asked = {}, []

    def give(self, path: str, *answers: Answer) -> None:
        """From now on ``path`` (without a query) is answered so."""
        with self._lock:
            self._answers[path.lower()] = list(answers)

    @property
    def asked(self) -> list[Asked]:
        with self._lock:
            return list(self._asked)

    def asked_for(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path.lower()]

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self._asked.append(asked)
            waiting = self._answers.get(asked.path)
            if not waiting:
                return Answer(404, NOT_GIVEN, {"Content-Type": "application/json; charset=utf-8"})
            return waiting[0] if len(waiting) == 1 else waiting.pop(0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    wbufsize: ClassVar[int] = -1  # head and body in one packet: a second small one would wait for the first's receipt
    replay: ClassVar[Replay]

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        path = unquote(parts.path).lower()
        answer = self.replay.answer(Asked(self.command, path, parts.query, self.headers.get("Authorization", "")))
        self.send_response_only(answer.status)
        for name, value in {"Date": self.date_time_string(), **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Nothing: a test's output is its own."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that hangs up is no news."""


@contextmanager
def replaying() -> Iterator[Replay]:
    """A running server; its certificate authority lies in a file for as long as it runs."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        handler = type("Handler", (_Handler,), {})
        server = _Server(("127.0.0.1", 0), handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        handler.replay = Replay(f"https://127.0.0.1:{server.server_address[1]}", bundle)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield handler.replay
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
