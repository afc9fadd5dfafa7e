"""The way to Azure: connections that sessions share, the environment's proxy and authorities, and no one's password."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
import trustme
from urllib3 import PoolManager

from auditor.cloud import Cloud
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.session import CONNECTIONS, Session
from auditor.collect.web import Web
from auditor.model.narration import Silent
from auditor.model.reading import Source
from tests.real.night import azure, open_session
from tests.real.replay import Answer, Replay

PATH = "/subscriptions/00/things"
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


class _Tunnel(BaseHTTPRequestHandler):
    """Lets everything through that is asked for with CONNECT, and remembers where it went, and with which password."""

    went: list[tuple[str, str]]

    def do_CONNECT(self) -> None:
        self.went.append((self.path, self.headers.get("Proxy-Authorization", "")))
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while _carried(ends):
                pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Nothing: a test's output is its own."""


def _carried(ends: dict[socket.socket, socket.socket]) -> bool:
    """Carry what comes next to the other end; whether anything came."""
    [ready, *_], _, _ = select.select(list(ends), [], [])
    data = ready.recv(65536)
    ends[ready].sendall(data)
    return bool(data)


@contextmanager
def tunnel(context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The address of a proxy on loopback, spoken to over TLS where there is a context, and where it was asked to go."""
    handler = type("Tunnel", (_Tunnel,), {"went": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", handler.went
        server.shutdown()


def ask(session: Session, replay: Replay) -> object:
    replay.give(PATH, Answer.json({"told": True}))
    return session.get(Source.VIRTUAL_MACHINES, PATH)


def asked_once(replay: Replay) -> object:
    with closing(open_session(replay)) as session:
        return ask(session, replay)


def test_the_proxy_of_the_environment_is_taken_with_its_password(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tunnel() as (proxy, went):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@{proxy}")
        assert asked_once(replay) == {"told": True}
    assert went == [(replay.origin.removeprefix("https://"), "Basic dXNlcjp3b3Jk")]


def test_a_proxy_may_be_spoken_to_over_tls(replay: Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    both = tmp_path / "ca.pem"
    both.write_bytes(replay.authority.read_bytes() + authority.cert_pem.bytes())
    with tunnel(context) as (proxy, went):
        monkeypatch.setenv("HTTPS_PROXY", f"https://{proxy}")
        with pytest.raises(Fault, match="certificate verify failed"):
            asked_once(replay)
        assert asked_once(Replay(replay.origin, both)) == {"told": True}
    assert [where for where, _password in went] == [replay.origin.removeprefix("https://")]


def test_the_environment_may_except_a_host_from_its_proxy(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel() as (proxy, went):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert asked_once(replay) == {"told": True}
    assert went == []


def test_the_way_may_lead_through_socks(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """What urllib3 makes of it needs a package that is not ours, and is one of its pool managers: none takes an option
    that it does not know."""
    went = []

    def manager(proxy: str, *, username: str, password: str, **options: Any) -> PoolManager:
        went.append((proxy, username, password))
        return PoolManager(**options)

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", manager)
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.example:1080")
    assert asked_once(replay) == {"told": True}
    assert went == [("socks5h://proxy.example:1080", "", "")]


def test_each_host_has_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", ".loganalytics.io")
    with closing(Web(True, 1)) as web:
        assert web.to("https://management.azure.com").proxies["https"] == "http://proxy.example:8080"
        assert "https" not in web.to("https://api.loganalytics.io").proxies


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_companys_authority_may_stand_in_the_environment(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(replay.authority))
    cloud = Cloud(azure(replay).model_copy(update={"ca_bundle": None}))
    with closing(Session(cloud, Silent(), pause=lambda _seconds: None)) as session:
        assert ask(session, replay) == {"told": True}


def test_the_configurations_authority_counts_before_the_environments(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert asked_once(replay) == {"told": True}


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none_is_told_as_what_cannot_be_reached(
    replay: Replay, tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "ca.pem"
    if content:
        bundle.write_text(content)
    with pytest.raises(Fault) as caught:
        asked_once(Replay(replay.origin, bundle))
    assert caught.value.kind is FaultKind.UNREACHABLE and "azure.ca_bundle" in caught.value.close
    assert str(bundle) in str(caught.value), "the environment may name it, and then azure.ca_bundle leads nowhere"


def test_a_password_in_netrc_does_not_take_the_tokens_place(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """requests would send it instead, to every host where the file has a ``default``."""
    file = tmp_path / "netrc"
    file.write_text("default login somebody password word\n")
    monkeypatch.setenv("NETRC", str(file))
    asked_once(replay)
    assert [each.authorization for each in replay.asked] == ["Bearer none"]


def test_sessions_share_connections_and_leave_them_open(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = counted_handshakes(monkeypatch)
    with closing(Web(str(replay.authority), CONNECTIONS)) as web:
        for _ in range(3):
            with closing(Session(Cloud(azure(replay)), Silent(), web=web)) as session:
                ask(session, replay)
    assert len(opened) == 1


def test_a_session_without_them_has_its_own(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = counted_handshakes(monkeypatch)
    for _ in range(2):
        asked_once(replay)
    assert len(opened) == 2


def counted_handshakes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    opened: list[None] = []
    shake = ssl.SSLSocket.do_handshake

    def counted(self: ssl.SSLSocket, block: bool = False) -> None:
        if not self.server_side:
            opened.append(None)
        shake(self, block)

    monkeypatch.setattr(ssl.SSLSocket, "do_handshake", counted)
    return opened
