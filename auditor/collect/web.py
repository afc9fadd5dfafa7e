"""The connections of a night: one pool to each host for all its sessions, and what the environment says of the way.

By itself requests would look that up again and again: for each question the proxy and a password in ``.netrc``, which
would take the token's place; for each connection the certificates of all authorities, longer than its handshake takes.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from threading import Lock
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from auditor.model.veil import Veil


class Web:
    """Safe to share between threads; ``close`` it at the end.

    ``verify`` is whom to trust: a bundle or folder of authorities, or True for what the environment names, else the
    usual ones. ``connections``: how many to a host at once.
    """

    def __init__(self, verify: str | bool, connections: int) -> None:
        self._verify = verify
        self._connections = connections
        self._ways: dict[str, requests.Session] = {}
        self._lock = Lock()

    def to(self, home: str) -> requests.Session:
        """The way to the host of an address, through its proxy if the environment names one."""
        with self._lock:
            if home not in self._ways:
                self._ways[home] = self._way(home)
            return self._ways[home]

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _way(self, home: str) -> requests.Session:
        way = requests.Session()
        told = way.merge_environment_settings(home, {}, None, self._verify, None)
        way.trust_env = False
        way.proxies = told["proxies"]
        way.hooks["response"] = [_veil_refusal]
        authorities = told["verify"]
        way.mount(
            "https://", _Adapter(DEFAULT_CA_BUNDLE_PATH if authorities is True else authorities, self._connections)
        )
        return way


class _Adapter(HTTPAdapter):
    """Loads the authorities once, at the first question: it is then that a bundle that is none must be told."""

    def __init__(self, authorities: str, connections: int) -> None:
        self._authorities = authorities
        self._trusting: ssl.SSLContext | None = None
        self._lock = Lock()
        super().__init__(pool_maxsize=connections)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        place, _authorities = super().build_connection_pool_key_attributes(request, True, cert)
        return place, {"ssl_context": self._context()}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Only a proxy that is itself spoken to over TLS has a context: what leads through SOCKS takes none."""
        own = {"proxy_ssl_context": self._context()} if proxy.lower().startswith("https:") else {}
        return super().proxy_manager_for(proxy, **own, **options)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context does; what is named here would be loaded again for each connection."""

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._trusting is None:
                self._trusting = _trusting(self._authorities)
            return self._trusting


def _trusting(authorities: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    try:
        context.load_verify_locations(**{"capath" if Path(authorities).is_dir() else "cafile": authorities})
    except OSError as error:
        raise requests.exceptions.SSLError(f"no authority could be read from {authorities}: {error}") from error
    return context


def _veil_refusal(response: requests.Response, **_options: Any) -> None:
    """A service or a proxy that refuses may repeat the request: the token that was sent must not get into a report."""
    if response.status_code == 200:
        return
    veil = Veil()
    veil.hide(str(response.request.headers.get("Authorization") or "").partition(" ")[2])
    response._content = veil.over(response.content.decode("latin-1")).encode("latin-1")
