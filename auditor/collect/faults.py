"""Foreign errors end here: whatever the service or the SDK says becomes one Fault with its story.

Error bodies come in many forms (recorded: ``error``, ``odata.error``, bare and PascalCase keys, plain text, HTML,
empty); a 401 may be a quota message and a 429 a lock conflict, so the code decides, not the status alone.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from auditor.model.reading import Source


class FaultKind(StrEnum):
    REFUSED = "refused"
    EXPIRED = "expired"
    MISSING = "missing"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    PARTIAL = "partial"
    SIGN_IN = "sign_in"


class Fault(Exception):
    """Why one question was not (fully) answered. ``close`` says which permission or setting would close the gap."""

    def __init__(self, kind: FaultKind, reason: str, close: str, status: int | None = None, code: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.close = close
        self.status = status
        self.code = code


class WouldWrite(AzureError):
    """The SDK tried something other than reading: by itself it registers a resource provider that is missing."""


_REGISTER = "Exclude the subscription if it is to hold no machines; else register Microsoft.Compute in it."

ROLES = {
    Source.SUBSCRIPTIONS: ("Microsoft.Resources/subscriptions/read", "Reader"),
    Source.VIRTUAL_MACHINES: ("Microsoft.Compute/virtualMachines/read", "Reader"),
    Source.INSTANCE_VIEW: ("Microsoft.Compute/virtualMachines/read", "Reader"),
    Source.EXTENSION_VERSIONS: ("Microsoft.Compute/locations/publishers/artifacttypes/types/versions/read", "Reader"),
    Source.ACTIVITY_LOG: ("Microsoft.Insights/eventtypes/values/read", "Monitoring Reader (or Reader)"),
    Source.HEARTBEATS: ("Microsoft.OperationalInsights/workspaces/query/Heartbeat/read", "Log Analytics Reader"),
}
"""The action that each source needs, and the built-in role that brings it."""

_ACTION = re.compile(r"perform action '([^']+)'")
_SCOPE = re.compile(r"over scope '([^']+)'")
_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_EXPIRED = {"expiredauthenticationtoken", "invalidauthenticationtoken", "invalidauthenticationtokentenant"}
_LONGEST = 200
_NOISE = re.compile(r"\s*(Diagnostic information:|If access was recently granted|Please file a support ticket).*", re.DOTALL)
"""Where an error message stops telling what happened."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    code: str
    message: str


def read_error(body: bytes, content_type: str = "") -> ErrorBody:
    """Code and message of an error body in any of the recorded forms; both may be empty."""
    text = body.decode("utf-8", "replace").strip()
    try:
        parsed = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return ErrorBody("", _plain(text, content_type))
    if isinstance(parsed, str):
        return ErrorBody("", parsed)
    return _from_json(parsed) if isinstance(parsed, dict) else ErrorBody("", "")


def _from_json(parsed: dict[str, Any]) -> ErrorBody:
    low = {str(key).lower(): value for key, value in parsed.items()}
    inner = low.get("error", low.get("odata.error"))
    if isinstance(inner, str):
        return ErrorBody(inner, _text(low.get("error_description") or low.get("message")))
    if isinstance(inner, dict):
        low = {str(key).lower(): value for key, value in inner.items()}
    code = _text(low.get("code") or low.get("errorcode"))
    return ErrorBody(code, _deepest(low) or _text(low.get("message")))


def _deepest(error: dict[str, Any]) -> str:
    """The message that names the cause: the last inner error, or the details that only some services fill."""
    inner = error.get("innererror")
    message = _text(error.get("message"))
    while isinstance(inner, dict):
        message = _text(inner.get("message")) or message
        inner = inner.get("innererror")
    details = error.get("details")
    if isinstance(details, list):
        told = [_text(entry.get("message")) for entry in details if isinstance(entry, dict)]
        message = " ".join(part for part in dict.fromkeys([message, *told]) if part)
    return message


def _text(value: object) -> str:
    if isinstance(value, dict):  # {"lang": "en", "value": "..."}, {"Language": ..., "Value": ...}
        value = value.get("value", value.get("Value", ""))
    return "" if value is None else str(value).strip()


def _plain(text: str, content_type: str) -> str:
    if "<html" in text[:500].lower() or "html" in content_type:
        title = _TITLE.search(text)
        return html.unescape(title[1]).strip() if title else ""
    return text


def from_response(source: Source, status: int, body: bytes, headers: Any) -> Fault:
    """The fault that an answer other than 2xx tells."""
    error = read_error(body, str(headers.get("Content-Type", "")))
    told = f": {_cut(_NOISE.sub('', error.message)).rstrip('.')}" if error.message else ""
    answer = f"HTTP {status}{f' {error.code}' if error.code else ''}{told}"
    challenge = str(headers.get("WWW-Authenticate", "")).lower()
    if error.code.lower() in _EXPIRED or (status == 401 and "invalid_token" in challenge):
        return Fault(FaultKind.EXPIRED, f"The access token was refused ({answer})", _SIGN_IN, status, error.code)
    if status in (401, 403):
        return Fault(FaultKind.REFUSED, _refusal(error, status, answer), _permission(source, error), status, error.code)
    if status in (404, 410):
        return Fault(FaultKind.MISSING, f"Azure does not know it ({answer})", _look(source), status, error.code)
    if status == 429:
        close = "Run at a quieter hour, or share the identity with fewer programs: its quota was used up."
        reason = f"Azure asked to come back later until the tries were used up ({answer})"
        return Fault(FaultKind.THROTTLED, reason, close, status, error.code)
    if status >= 500 or status == 408:
        close = "Nothing to change: the service failed. The next night asks again."
        return Fault(FaultKind.UNAVAILABLE, f"The service failed ({answer})", close, status, error.code)
    return Fault(FaultKind.UNREADABLE, f"The question was not accepted ({answer})", _look(source), status, error.code)


def _body(response: Any) -> bytes:
    """azure-core's older responses have a method where the newer ones have a property."""
    return bytes(response.body() if hasattr(response, "body") else response.content)


_SIGN_IN = "Sign in again, or bring a fresh token: an expired or foreign token reads nothing."


def _refusal(error: ErrorBody, status: int, answer: str) -> str:
    """The usual refusal names a client by its ids and a long scope; what matters is the action that is not allowed."""
    action = _ACTION.search(error.message)
    if action is None:
        return f"Azure refused to answer ({answer})"
    return f"Azure refused to answer (HTTP {status} {error.code}): the identity may not perform {action[1]}"


def _permission(source: Source, error: ErrorBody) -> str:
    action, role = ROLES[source]
    named = _ACTION.search(error.message)
    scope = _SCOPE.search(error.message)
    where = f" on {scope[1]}" if scope else ""
    return f"Grant the action {named[1] if named else action} (role {role}){where}."


def _look(source: Source) -> str:
    if source is Source.HEARTBEATS:
        return "Check the workspace id in sources.heartbeats.workspaces, and that agents send heartbeats to it."
    if source is Source.SUBSCRIPTIONS:
        return "Check the subscription id, and that the identity has a role on it."
    return "Nothing to change if it was deleted; else check that the identity can see it in the portal."


def from_exception(source: Source, error: Exception) -> Fault:
    """The fault that an exception of the SDK tells; raises it again where it is none of the SDK's."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, WouldWrite):
        return Fault(FaultKind.UNREADABLE, str(error), _REGISTER)
    response = error.response if isinstance(error, HttpResponseError) else None
    if response is not None and (response.status_code or 0) >= 400:
        return from_response(source, response.status_code or 0, _body(response), getattr(response, "headers", {}))
    if isinstance(error, (DecodeError, orjson.JSONDecodeError)):
        return unreadable(source, "the answer is not JSON")
    if isinstance(error, ClientAuthenticationError):
        reason = f"Nobody could be signed in ({_cut(str(error.message))})"
        close = "Check azure.credential in the configuration, and that this machine may use that identity."
        return Fault(FaultKind.SIGN_IN, reason, close)
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        reason = f"The service could not be reached ({_cut(str(error.message))})"
        close = "Check the network, the proxy, azure.endpoints and azure.ca_bundle."
        return Fault(FaultKind.UNREACHABLE, reason, close)
    if isinstance(error, AzureError):
        return unreadable(source, _cut(str(error)))
    raise error


def unreadable(source: Source, what: str, status: int | None = 200) -> Fault:
    """An answer came, and it is not what the service promises."""
    reason = f"The answer could not be read: {what}"
    close = "If it stays so, report it with the time of the reading: Azure may have changed the shape of its answer."
    return Fault(FaultKind.UNREADABLE, reason, close, status)


def partial(source: Source, what: str) -> Fault:
    """An answer came with less than the whole."""
    return Fault(FaultKind.PARTIAL, f"Only a part was answered: {_cut(what)}", _look(source), 200)


def _cut(message: str) -> str:
    flat = " ".join(message.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
