"""A real Azurite on loopback, over TLS, with an account and a key of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.peers.parts import node_package
from tests.real_parts import require

ACCOUNT = "auditortest"
CONTAINER = "nights"


@dataclass(frozen=True)
class Azurite:
    """``key`` is of the account, made for this run; ``ca`` is a file with the authority that its certificate is of.

    ``stop`` ends it in the midst of whatever its clients do; they find nobody at its address. What it kept is there
    when it is started again in the same folder.
    """

    endpoint: str
    key: str
    ca: Path
    stop: Callable[[], None] = lambda: None

    def config(self, path: str, *, key: bool) -> dict[str, object]:
        """An archive in it, with the account's key or with the token of ``azure``."""
        url = f"abfs://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/{path}"
        return {"url": url, "endpoint": self.endpoint, **({"account_key": "${STORAGE_KEY}"} if key else {})}


@contextmanager
def azurite(folder: Path, before: Azurite | None = None) -> Iterator[Azurite]:
    """Serves until the end; its container is there. ``before`` is one that was killed, at whose address it comes again
    with all that it kept.
    """
    program = node_package("azurite") / "dist/src/blob/main.js"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    key = before.key if before else base64.b64encode(secrets.token_bytes(64)).decode()
    port = urlsplit(before.endpoint).port or 0 if before else _free_port()
    options = {"--blobHost": "127.0.0.1", "--blobPort": str(port), "--cert": str(folder / "cert.pem")}
    options |= {"--key": str(folder / "key.pem"), "--oauth": "basic"}
    flags = ["--skipApiVersionCheck", "--disableTelemetry", "--silent", "--location", str(folder / "kept")]
    command = [str(require("node")), str(program), *flags, *(part for pair in options.items() for part in pair)]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            served = Azurite(f"https://127.0.0.1:{port}/{ACCOUNT}", key, folder / "ca.pem", partial(_stop, process))
            _wait(port, process)
            if not before:
                _make_container(served)
            yield served
        finally:
            process.terminate()


def token(seconds: int = 3600, audience: str = "https://storage.azure.com") -> str:
    """A token as Azurite reads one: it checks audience, issuer and times, and no signature."""
    now = int(time.time())
    claims = {"aud": audience, "iss": "https://sts.windows.net/11111111-1111-4111-a111-111111111111/"}
    times = {"iat": now - 60, "nbf": now - 60, "exp": now + seconds}
    parts = ({"alg": "RS256", "typ": "JWT"}, {**claims, **times}, {"no": "signature"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # killed, it would lose what it wrote in its last seconds, as no real storage does
    process.wait(timeout=60)


def _make_container(served: Azurite) -> None:
    from azure.storage.blob import ContainerClient

    credential = {"account_name": ACCOUNT, "account_key": served.key}
    ContainerClient(
        served.endpoint, CONTAINER, credential=credential, connection_verify=str(served.ca)
    ).create_container()  # type: ignore[arg-type]  # the named tuple that it wants is a mapping too


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(600):
        assert process.poll() is None, "Azurite ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Azurite did not answer")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
