"""No secret leaves the program: known ones go in by every way there is, and all that comes out is searched for them.

What comes out: stdout, stderr, and every file below the folder of the night, packed ones unpacked (tests/leaks.py).
Servers are as careless as they can be: they repeat what they were sent.
"""

from __future__ import annotations

import json
import logging
import zipfile
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
import trustme
import yaml
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from auditor.cli import main
from auditor.simulator import Fault, OperationSpec, PageSizes, Simulator
from auditor.simulator.parts import StatusSpec
from tests.leaks import leaks
from tests.mailbox import Authority, MailServer, serving
from tests.night.parts import (
    FIRST,
    NOW,
    OLD,
    SECOND,
    THIRD,
    WORKSPACE,
    Bench,
    Pauses,
    agent,
    estate,
    machine,
    subscription,
)

CLIENT = "99999999-1111-4111-a111-111111111111"
_CLAIMS = {"oid": "who-it-is", "tid": "tenant", "upn": "kept-quiet-claim"}
_PARTS = (b'{"typ":"JWT","alg":"none"}', json.dumps(_CLAIMS).encode(), b"kept-quiet-signature-of-a-token")
SIGNED = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in _PARTS)
"""A token in the usual form, which the directory gives."""
ENVIRONMENT = {
    "AUDITOR_ACCESS_TOKEN": "kept-quiet-access-token",
    "AUDITOR_CLIENT_SECRET": 'kept-quiet~client"secret<1>&',
    "AUDITOR_STORAGE_KEY": b64encode(b"kept-quiet-key-of-the-storage-account-of-sixty-four-bytes-in-all").decode(),
    "AUDITOR_MAIL_PASSWORD": "kept-quiet/mail+password='1'",
}
SECRETS = {
    **ENVIRONMENT,
    "signed token": SIGNED,
    "its signature": _PARTS[2].decode(),
    "shared access signature": "kept-quiet-shared-access-signature",
    "setting": "kept-quiet-setting",
    "protected setting": "kept-quiet-protected-setting",
    "request body": "kept-quiet-request-body",
    "claim": "kept-quiet-claim",
    "user data": "kept-quiet-user-data",
    "password of a proxy": "kept-quiet-proxy-password",
}
SAS = f"sv=2024-11-04&sig={SECRETS['shared access signature']}&se=2027-01-01"
ARCHIVE = {"archive": {"url": "file:./archive"}}


class Careless(MailServer):
    """Lets everybody in, and says in each refusal what was sent to it."""

    lets_in = True

    def sign_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        password = data.password.decode()
        told = f"535 5.7.8 {password} of {data.login.decode()} is wrong ({b64encode(data.password).decode()})"
        return AuthResult(success=self.lets_in, handled=False, message=None if self.lets_in else told)


class Forbidding(Careless):
    lets_in = False


@dataclass(frozen=True)
class Scene:
    """A folder, and a terminal; ``said`` is all that was told so far."""

    bench: Bench
    capfd: pytest.CaptureFixture[str]
    said: list[str]
    hurried: Callable[[], float] = field(default_factory=lambda: count(0, 600).__next__)
    """A stopwatch: each look at it is ten minutes later, which only a time budget minds."""

    @property
    def folder(self) -> Path:
        return self.bench.folder

    def start(self, *words: str) -> int:
        code = main(words, pause=Pauses(), stopwatch=self.hurried)
        self.said.extend(self.capfd.readouterr())
        return code

    def night(self, config: Path, log_format: str) -> int:
        """``run -v``; what it waits for is only asked for."""
        return self.start("run", "-v", "--config", str(config), "--output", "report", "--log-format", log_format)

    @property
    def leaks(self) -> list[str]:
        return leaks(SECRETS, self.folder, *self.said)


@pytest.fixture(params=["text", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scene(bench: Bench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(bench.folder)
    noisy = [logging.getLogger(name) for name in ("azure", "urllib3", "msal", "requests", "asyncio")]
    for logger in noisy:
        logger.setLevel(logging.DEBUG)
    yield Scene(bench, capfd, [])
    for logger in noisy:
        logger.setLevel(logging.NOTSET)


def echoing(path: str, status: int, code: str, **more: Any) -> Fault:
    """A refusal that repeats the request, as a proxy's page for developers does."""
    told = f"GET /x?{SAS} HTTP/1.1 Authorization: Bearer {ENVIRONMENT['AUDITOR_ACCESS_TOKEN']} is refused; not {SIGNED}"
    return Fault(path, status=status, body={"error": {"code": code, "message": told}}, **more)


def settings_of_an_extension(name: str) -> dict[str, Any]:
    """Azure never gives protected settings back; if it did, nobody would keep them."""
    told = {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent", "typeHandlerVersion": "1.0"}
    kept = {"settings": {"key": SECRETS["setting"]}, "protectedSettings": {"key": SECRETS["protected setting"]}}
    where = f"/subscriptions/{FIRST}/resourceGroups/rg-main/providers/Microsoft.Compute/virtualMachines/{name}"
    return {"id": f"{where}/extensions/odd", "name": "odd", "properties": {**told, **kept}}


def careless_cloud(bench: Bench, **more: Any) -> Simulator:
    """Settings with keys in them, a failure that quotes a signed address, and refusals that repeat the request."""
    failure = f"Failed to download https://scripts.blob.core.windows.net/x/a.sh?{SAS}: 403"
    failed = OperationSpec(
        NOW - timedelta(days=2), agent("Linux", OLD).name, outcome="Failed",
        error_code="VMExtensionProvisioningError", error_message=failure,
    )  # fmt: skip
    own = replace(
        agent("Linux", OLD, auto_upgrade=False),
        settings={"workspaceKey": SECRETS["setting"]},
        provisioning_state="Failed",
        statuses=(StatusSpec(code="ProvisioningState/failed/1", level="Error", display="failed", message=failure),),
    )
    inside = {
        "resources": [settings_of_an_extension("web-2")],
        "properties": {"userData": SECRETS["user data"], "osProfile": {"customData": SECRETS["user data"]}},
    }
    machines = (
        machine("web-1", own, operations=(failed,)),
        machine("web-2", override=inside),
        machine("web-3"),
        machine("web-4"),
    )
    of = estate(subscription(FIRST, *machines), subscription(SECOND, machine("a")), subscription(THIRD), beats=True)
    recorded = {"claims": {"upn": SECRETS["claim"]}, "httpRequest": {"uri": f"https://x/?{SAS}"}}
    return bench.simulate(
        of,
        echoing(f"/subscriptions/{SECOND}/", 403, "AuthorizationFailed"),
        echoing(f"/subscriptions/{THIRD}/", 401, "InvalidAuthenticationToken"),
        echoing("/virtualMachines/web-3", 500, "InternalServerError"),
        echoing("/virtualMachines/web-4", 429, "TooManyRequests", headers={"Retry-After": "1"}, times=1),
        echoing("/vmextension/types/", 400, "BadRequest"),
        echoing(f"/v1/workspaces/{WORKSPACE}/query", 403, "InsufficientAccessError"),
        Fault("/providers/microsoft.insights/eventtypes", amend={"nextLink": f"/next?{SAS}", **recorded}, times=1),
        Fault(r"/virtualMachines\?", amend={"nextLink": f"https://elsewhere.example/next?{SAS}"}, times=1),
        pages=PageSizes(virtual_machines=2),
        **more,
    )


def mail_to(server: MailServer, **more: Any) -> dict[str, Any]:
    way = {"host": "127.0.0.1", "port": server.port, "ca_bundle": "mail-ca.pem", "from": "a@example.com"}
    signing = {"username": "auditor", "password": "${AUDITOR_MAIL_PASSWORD}"}
    return {"smtp": {**way, **signing, "to": "b@example.com", **more}}


def test_careless_services_and_a_careless_mail_server(scene: Scene) -> None:
    """Two nights with archive and letters: refusals, retries, odd pages, a letter that is kept and sent later."""
    password = ENVIRONMENT["AUDITOR_MAIL_PASSWORD"]
    coded = b64encode(f"\0auditor\0{password}".encode()).decode()
    with serving(
        Careless(answers=[f"554 5.7.1 {password} {coded} refused"]), Authority(scene.folder).context, auth=True
    ) as server:
        config = scene.bench.config(careless_cloud(scene.bench), {**ARCHIVE, "deliver": [mail_to(server)]})
        assert scene.night(config, "text") == 4
        assert [*(scene.folder / "archive/outbox").glob("*.zip")], "the letter waits to be sent"
        first = scene.leaks
        assert scene.night(config, "json") == 5
        scene.said.append("".join(mail.as_string() for mail in server.mails))
        mails = [bytes(each.content or b"") for each in server.taken if isinstance(each.content, bytes)]
        for at, mail in enumerate(mails):
            (scene.folder / f"mail-{at}.eml").write_bytes(mail)

    assert len(mails) == 2
    said = " ".join(scene.said)
    assert "AuthorizationFailed" in said and "554 5.7.1" in said, "what was echoed was told"
    assert (first, scene.leaks) == ([], [])


def test_a_night_that_stops_half_way_leaves_no_secret_in_its_pieces(scene: Scene) -> None:
    """What was read lies in the archive until the next start goes on with it."""
    config = scene.bench.config(careless_cloud(scene.bench), {**ARCHIVE, "time_budget": "15m"})

    assert scene.night(config, "json") == 6
    assert (scene.folder / "archive/under-way/begun.json").is_file()
    assert scene.leaks == []
    assert scene.night(config, "text") == 6
    assert scene.leaks == []


def test_what_is_collected_and_judged_again(scene: Scene) -> None:
    config = scene.bench.config(careless_cloud(scene.bench), {"sources": {"inventory": "auto"}})

    assert scene.start("collect", "--config", str(config), "--output", "snapshot", "-v") == 5
    again = ("evaluate", "--snapshot", "snapshot", "--output", "report", "-v", "--log-format", "json")
    assert scene.start(*again) == 5
    assert scene.leaks == []


def test_the_commands_beside_the_night(scene: Scene) -> None:
    """doctor in both forms, history with a night to list, init in a folder of its own."""
    with serving(Forbidding(), Authority(scene.folder).context, auth=True) as server:
        config = scene.bench.config(careless_cloud(scene.bench), {**ARCHIVE, "deliver": [mail_to(server)]})
        assert scene.start("doctor", "--config", str(config), "-v") == 3
        assert scene.start("doctor", "--config", str(config), "--json", "--log-format", "json") == 3
        assert scene.start("run", "--config", str(config), "--no-deliver", "--format", "json", "-q") == 5
        assert scene.start("history", "--config", str(config)) == 0
        assert scene.start("history", "--config", str(config), "--json") == 0
        assert scene.start("init", "fresh", "--yes") == 0

    said = " ".join(scene.said)
    assert "535 5.7.8" in said and "InsufficientAccessError" in said
    assert scene.leaks == []


@pytest.mark.parametrize(
    "broken",
    [
        {"azure": {"credential": "token", "token": SECRETS["setting"]}},
        {"azure": {"credential": "client_secret", "client_id": "${AUDITOR_CLIENT_SECRET}", "tenant_id": "x"}},
        {"azure": {"credential": "${AUDITOR_CLIENT_SECRET}", "cloud": "${AUDITOR_CLIENT_SECRET}"}},
        {"azure": {"client_scret": "${AUDITOR_CLIENT_SECRET}", "password": SECRETS["setting"]}},
        {"archive": {"url": "${AUDITOR_STORAGE_KEY}", "account_key": SECRETS["setting"]}},
        {"archive": {"url": f"abfs://nights@acc.dfs.core.windows.net/x?{SAS}"}},
        {"deliver": [{"smtp": {"host": "${AUDITOR_MAIL_PASSWORD}", "password": SECRETS["setting"], "to": "x"}}]},
        {"report": {"title": 5, "link": f"http://x/?{SAS}", "time_zone": "${AUDITOR_CLIENT_SECRET}"}},
        {"sources": {"lookback": "${AUDITOR_MAIL_PASSWORD}"}, "exemptions": "${AUDITOR_ACCESS_TOKEN}"},
        {"rules": {"AMA-002": {"params": {"releases": "${AUDITOR_ACCESS_TOKEN}"}}}},
        {"scope": {"subscriptions": ["${AUDITOR_ACCESS_TOKEN}"], "management_groups": ["${AUDITOR_MAIL_PASSWORD}"]}},
    ],
    ids=str,
)
def test_a_configuration_that_is_refused(scene: Scene, broken: Mapping[str, Any], log_format: str) -> None:
    """The file itself lies elsewhere: what a person wrote into it is his, what is said of it is ours."""
    elsewhere = scene.folder.parent / f"{scene.folder.name}-{log_format}.yaml"
    elsewhere.write_text(yaml.safe_dump(dict(broken)))

    assert scene.start("run", "--config", str(elsewhere), "--log-format", log_format) == 2
    assert scene.start("doctor", "--config", str(elsewhere), "--log-format", log_format) == 2
    assert scene.leaks == []


def test_a_configuration_that_is_no_yaml(scene: Scene) -> None:
    elsewhere = scene.folder.parent / f"{scene.folder.name}-odd.yaml"
    elsewhere.write_text(f"azure:\n  token: {SECRETS['setting']}: [\n  {SECRETS['protected setting']}")

    assert scene.start("run", "--config", str(elsewhere)) == 2
    assert scene.leaks == []


def test_a_directory_that_repeats_the_secret(scene: Scene, log_format: str) -> None:
    secret = ENVIRONMENT["AUDITOR_CLIENT_SECRET"]
    description = f"AADSTS7000215: Invalid client secret provided: {secret} ({b64encode(secret.encode()).decode()})."
    refused = {"error": "invalid_client", "error_description": description, "error_codes": [7000215]}
    azure = scene.bench.simulate(
        estate(subscription(FIRST, machine("web-1"))), Fault("/oauth2/v2.0/token", status=401, body=refused)
    )
    config = scene.bench.config(azure, {"azure": signing_in()})

    assert scene.night(config, log_format) == 3
    assert scene.start("doctor", "--config", str(config), "-v") == 3
    assert "AADSTS7000215" in " ".join(scene.said)
    assert scene.leaks == []


def signing_in() -> dict[str, Any]:
    secret = {"client_secret": "${AUDITOR_CLIENT_SECRET}", "client_id": CLIENT, "tenant_id": "tenant-of-nobody"}
    return {"credential": "client_secret", "token": None, **secret}


def test_a_token_that_the_directory_gave(scene: Scene) -> None:
    """Nobody told us that one beforehand: it is known by its form, and by the request that a server repeats."""
    given = {"token_type": "Bearer", "expires_in": 3599, "access_token": SIGNED}
    azure = careless_cloud(scene.bench)
    azure.weather.add(Fault("/oauth2/v2.0/token", status=200, body=given))
    config = scene.bench.config(azure, {"azure": signing_in()})

    assert scene.night(config, "json") == 5
    assert json.loads((scene.folder / "report/run.json").read_bytes())["identity"]["object_id"] == "who-it-is"
    assert scene.leaks == []


def test_tls_that_is_not_trusted_and_a_proxy_with_a_password(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    config = scene.bench.config(careless_cloud(scene.bench), {"deliver": []})
    trustme.CA().cert_pem.write_to_path(str(scene.folder / "ca.pem"))

    assert scene.night(config, "text") == 3
    assert "certificate verify failed" in " ".join(scene.said)
    monkeypatch.setenv("HTTPS_PROXY", f"http://auditor:{SECRETS['password of a proxy']}@127.0.0.1:9")
    assert scene.night(config, "json") == 3
    assert scene.start("doctor", "--config", str(config)) == 3
    assert scene.leaks == []


@pytest.mark.parametrize("key", [True, False], ids=["account key", "token"])
def test_an_archive_that_refuses_and_repeats_the_request(scene: Scene, log_format: str, key: bool) -> None:
    told = f"The MAC signature of {ENVIRONMENT['AUDITOR_STORAGE_KEY']} or Bearer {ENVIRONMENT['AUDITOR_ACCESS_TOKEN']}"
    xml = f"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code><Message>{told}</Message></Error>"
    azure = scene.bench.simulate(
        estate(subscription(FIRST, machine("web-1"))),
        Fault("/nights", status=403, body=xml, content_type="application/xml", headers={"x-ms-error-code": "Bad"}),
    )
    place = {"url": "abfs://nights@kept.dfs.core.windows.net/x", "endpoint": azure.url}
    archive = {**place, **({"account_key": "${AUDITOR_STORAGE_KEY}"} if key else {})}
    config = scene.bench.config(azure, {"archive": archive})

    assert scene.night(config, log_format) == 2
    assert scene.start("history", "--config", str(config)) == 2
    assert "could not be" in " ".join(scene.said)
    assert scene.leaks == []


@pytest.mark.parametrize("way", ["token", "client_secret"])
def test_a_bug_that_quotes_what_was_sent(
    scene: Scene, log_format: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that falls over a request, and says so with all that is in it."""
    azure = careless_cloud(scene.bench)
    azure.weather.add(Fault("/oauth2/v2.0/token", status=200, body={"expires_in": 3599, "access_token": SIGNED}))
    config = scene.bench.config(azure, {"azure": signing_in()} if way == "client_secret" else {})
    own = ENVIRONMENT["AUDITOR_ACCESS_TOKEN" if way == "token" else "AUDITOR_CLIENT_SECRET"]
    send = requests.Session.send

    def falls_over(session: Any, request: Any, **options: Any) -> Any:
        if "/subscriptions" in request.url:
            raise RuntimeError(f"{request.url}?{SAS} {request.headers} {own!r}")
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", falls_over)
    assert scene.night(config, log_format) == 1
    assert "RuntimeError" in " ".join(scene.said) and "falls_over" in " ".join(scene.said)
    assert scene.leaks == []


# --- the search itself ---


def plant(name: str, secret: str) -> bytes:
    """A file of that kind with the secret in it."""
    match name:
        case "plain.txt":
            return secret.encode()
        case "escaped.html":
            return secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
        case "log.json":
            return json.dumps({"message": secret}).encode()
        case "sign-in.txt":
            return b64encode(f"\0auditor\0{secret}".encode())
        case "page.html":
            return b"<script>" + b64encode(zlib.compress(json.dumps([secret]).encode(), 9)) + b"</script>"
        case "letter.eml":
            head = b"From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(b"hello " + secret.encode())
    raise AssertionError(name)


@pytest.mark.parametrize("name", ["plain.txt", "escaped.html", "log.json", "sign-in.txt", "page.html", "letter.eml"])
@pytest.mark.parametrize("secret", [name for name in SECRETS if name != "signed token"])
def test_the_search_finds_what_is_planted(tmp_path: Path, name: str, secret: str) -> None:
    (tmp_path / name).write_bytes(plant(name, SECRETS[secret]))
    assert leaks(SECRETS, tmp_path, "nothing here") == [f"{secret} in {name}"]


def test_the_search_looks_into_tables_workbooks_names_and_streams(tmp_path: Path) -> None:
    secret = {"setting": SECRETS["setting"]}
    pq.write_table(pa.table({"reason": ["fine", secret["setting"]]}), tmp_path / "a.parquet")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<t>{secret['setting']}</t>")
    (tmp_path / f"c-{secret['setting']}").write_text("")

    assert leaks(secret, tmp_path, "", f"Bearer {secret['setting']}") == [
        "setting in a.parquet", "setting in b.xlsx", f"setting in c-{secret['setting']}", "setting in stream 1",
    ]  # fmt: skip
