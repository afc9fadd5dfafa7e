"""What the SDK raises becomes a story with a reason and a way out; what is none of the SDK's stays what it is."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.rest import HttpRequest
from pydantic import SecretStr

from auditor.cloud import Cloud
from auditor.collect import faults
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.session import Session
from auditor.model.narration import Silent
from auditor.model.reading import Source
from auditor.model.rights import RIGHTS
from auditor.model.veil import Veil
from tests.real.night import azure
from tests.real.replay import Answer, Replay

VIEW = Source.INSTANCE_VIEW


def response(status: int, body: object = "", **headers: str) -> Fault:
    written = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return faults.from_response(VIEW, status, written, {name.replace("_", "-"): text for name, text in headers.items()})


KINDS = {
    401: FaultKind.REFUSED,
    403: FaultKind.REFUSED,
    404: FaultKind.MISSING,
    410: FaultKind.MISSING,
    429: FaultKind.THROTTLED,
    408: FaultKind.UNAVAILABLE,
    500: FaultKind.UNAVAILABLE,
    504: FaultKind.UNAVAILABLE,
    400: FaultKind.UNREADABLE,
    409: FaultKind.UNREADABLE,
    204: FaultKind.UNREADABLE,
}


@pytest.mark.parametrize("status", KINDS)
def test_a_status_without_a_word(status: int) -> None:
    told = response(status)
    assert (told.kind, told.status, told.code) == (KINDS[status], status, "")
    assert f"(HTTP {status})" in told.reason and told.close


@pytest.mark.parametrize("source", Source)
def test_every_source_names_the_action_and_the_role_that_it_needs(source: Source) -> None:
    told = faults.from_response(source, 403, b"", {})
    assert told.close.startswith("Grant the action") and "(role " in told.close
    assert all(action in told.close for action in RIGHTS[source].all)


def test_a_challenge_tells_an_expired_token_where_the_body_does_not() -> None:
    challenge = 'Bearer error="invalid_token", error_description="The access token has expired."'
    assert response(401, WWW_Authenticate=challenge).kind is FaultKind.EXPIRED
    assert response(401, WWW_Authenticate="Bearer").kind is FaultKind.REFUSED


def test_a_token_of_another_tenant_is_a_foreign_one() -> None:
    body = {
        "error": {"code": "InvalidAuthenticationTokenTenant", "message": "The access token is from the wrong issuer."}
    }
    assert response(401, body).kind is FaultKind.EXPIRED


def test_the_directorys_refusal_is_about_signing_in(replay: Replay) -> None:
    """The real credential asks the real way; what refuses is the token endpoint, not the service."""
    told = sign_in(replay, Answer.json({"error": "invalid_client", "error_description": INVALID_SECRET}, 401))
    assert told.kind is FaultKind.SIGN_IN
    assert "AADSTS7000215: Invalid client secret provided" in told.reason and "Trace ID" not in told.reason
    assert "azure.credential" in told.close


@pytest.mark.parametrize("answer", [Answer(400, b"{}"), Answer(200, b"<html>"), Answer(404)])
def test_a_directory_that_answers_nonsense(replay: Replay, answer: Answer) -> None:
    told = sign_in(replay, answer)
    assert told.kind in (FaultKind.SIGN_IN, FaultKind.UNREACHABLE, FaultKind.UNREADABLE)
    assert "<" not in told.reason


INVALID_SECRET = "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2 Timestamp: 2026-01-01"
TENANT = "44444444-0000-0000-0000-000000000000"


def sign_in(replay: Replay, token: Answer) -> Fault:
    """The fault of one request by a client whose token endpoint answers with ``token``."""
    directory = f"{replay.origin}/{TENANT}/oauth2/v2.0"
    found = {"issuer": replay.origin, "token_endpoint": f"{directory}/token", "authorization_endpoint": directory}
    replay.give(f"/{TENANT}/v2.0/.well-known/openid-configuration", Answer.json(found))
    replay.give(f"/{TENANT}/oauth2/v2.0/token", token)
    client = {"credential": "client_secret", "tenant_id": TENANT, "client_id": TENANT, "client_secret": SecretStr("no")}
    settings = azure(replay).model_copy(update={**client, "token": None})
    session = Session(Cloud(settings), Silent(), pause=lambda _seconds: None)
    with pytest.raises(Fault) as caught:
        session.get(VIEW, "/anything")
    session.close()
    return caught.value


def test_a_long_message_is_cut() -> None:
    told = response(500, {"code": "A", "message": "word " * 500})
    assert len(told.reason) < 300 and "…" in told.reason


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServiceRequestError("no route"), FaultKind.UNREACHABLE),
        (ServiceResponseError("cut off"), FaultKind.UNREACHABLE),
        (DecodeError("not JSON"), FaultKind.UNREADABLE),
        (ClientAuthenticationError("no credential"), FaultKind.SIGN_IN),
        (AzureError("anything"), FaultKind.UNREADABLE),
        (faults.WouldWrite("not sent"), FaultKind.UNREADABLE),
    ],
)
def test_an_exception_of_the_sdk(error: AzureError, kind: FaultKind) -> None:
    told = faults.from_exception(VIEW, error, Veil())
    assert told.kind is kind
    assert told.reason and told.close


def test_whoever_gives_no_token_is_not_the_service_wherever_it_was_asked_for() -> None:
    request = HttpRequest("POST", "https://dev.azure.com/somebody/oidctoken")
    answer: Any = SimpleNamespace(status_code=401, reason="Unauthorized", request=request)
    told = faults.from_exception(VIEW, ClientAuthenticationError("none", response=answer), Veil())
    assert told.kind is FaultKind.SIGN_IN and "azure.credential" in told.close


def test_a_fault_stays_the_fault_that_it_is() -> None:
    fault = faults.partial(VIEW, "a half")
    assert faults.from_exception(VIEW, fault, Veil()) is fault


def test_a_mistake_of_our_own_is_no_fault_of_the_service() -> None:
    with pytest.raises(ZeroDivisionError):
        faults.from_exception(VIEW, ZeroDivisionError(), Veil())


def test_something_else_than_was_promised_says_what_it_says() -> None:
    told = faults.told_instead(VIEW, {"status": "Failed", "error": {"code": "A", "message": "It broke."}}, "no machine")
    assert told.reason == "The answer could not be read: no machine: A: It broke"
    assert faults.told_instead(VIEW, [], "no machine").reason == "The answer could not be read: no machine"
