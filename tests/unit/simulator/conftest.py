"""A simulated Azure, and the real SDK clients for it, over TLS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken

from auditor.simulator import PageSizes, SeededEstate, Simulator
from tests.unit.simulator.parts import NOW

Clients = Callable[..., Any]


ANYTHING = "anything"


class AnyToken:
    """A credential with a token that never ends."""

    def __init__(self, text: str = ANYTHING) -> None:
        self._text = text

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self._text, int(time.time() + timedelta(hours=1).total_seconds()))


@pytest.fixture(scope="session")
def seeded() -> Iterator[Simulator]:
    """Sixty seeded machines in three subscriptions, and a fourth that refuses; small pages."""
    with Simulator(SeededEstate(60, now=NOW), pages=PageSizes(virtual_machines=8, events=50)) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulated")


@pytest.fixture
def sdk(folder: Path) -> Iterator[Clients]:
    """``sdk(simulator, ManagementClient, *arguments)``: a client of Resource Manager that never retries."""
    with ExitStack() as opened:

        def client(simulator: Simulator, kind: Any, *arguments: Any, token: str = ANYTHING) -> Any:
            made = kind(
                AnyToken(token),
                *arguments,
                base_url=simulator.url,
                credential_scopes=[f"{simulator.url}/.default"],
                connection_verify=str(simulator.write_ca(folder / f"{id(simulator)}.pem")),
                retry_total=0,
            )
            return opened.enter_context(made)

        yield client


@pytest.fixture
def ask(folder: Path) -> Iterator[Callable[..., requests.Response]]:
    """``ask(simulator, path)``: one request as it is, with a token unless another header is given."""
    with requests.Session() as session:

        def send(
            simulator: Simulator,
            path: str,
            method: str = "GET",
            token: str | None = ANYTHING,
            host: str = "127.0.0.1",
            **more: Any,
        ) -> requests.Response:
            ca = simulator.write_ca(folder / f"{id(simulator)}.pem")
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            url = simulator.url.replace("127.0.0.1", host)
            return session.request(method, f"{url}{path}", headers=headers, verify=str(ca), timeout=30, **more)

        yield send
