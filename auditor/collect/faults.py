"""Foreign errors end here: whatever the service or the SDK says becomes one Fault with its story.

A 401 may be a quota message and a 429 a lock conflict, so the code decides, not the status alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from auditor.collect.error_body import ErrorBody, from_json, read_error
from auditor.model.reading import Source
from auditor.model.rights import RIGHTS
from auditor.model.veil import Veil, veiled


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
    """Why one question was not (fully) answered. ``close`` says which permission or setting would close the gap.

    ``code`` is the service's own word for it, ``details`` those that it adds.
    """

    def __init__(
        self,
        kind: FaultKind,
        reason: str,
        close: str,
        status: int | None = None,
        code: str = "",
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.close = close
        self.status = status
        self.code = code
        self.details = details


class WouldWrite(AzureError):
    """Something other than reading was tried, and not sent."""


_UNREGISTERED = "MissingSubscriptionRegistration"
_REGISTER = "Exclude the subscription if it is to hold none; else register the resource provider that is named in it."

_ACTION = re.compile(r"perform action '([^']+)'")
_SCOPE = re.compile(r"over scope '([^']+)'")
_NOTHING_SHOWN = "NoValidSubscriptionsInQueryRequest"
"""What the Resource Graph answers with a 400 where it may show none of the subscriptions that it was asked for."""
_EXPIRED = {"expiredauthenticationtoken", "invalidauthenticationtoken", "invalidauthenticationtokentenant"}
_LONGEST = 200
_DEEPEST = 8
_OBJECT = re.compile(r"<[^<>]*>[:,]?\s*")
"""How Python writes an object, with an address that means nothing and is another one each night."""
_NOISE = re.compile(
    r"\s*(Diagnostic information:|If access was recently granted|Please file a support ticket|Trace ID:).*", re.DOTALL
)
"""Where an error message stops telling what happened."""


def from_response(source: Source, status: int, body: bytes, headers: Any) -> Fault:
    """The fault that an answer other than 200 tells."""
    error = read_error(body, str(headers.get("Content-Type", "")))
    told = f": {_cut(_NOISE.sub('', error.message)).rstrip('.')}" if error.message else ""
    code = error.code.removeprefix(str(status)).strip()  # some services write the status again
    answer = f"HTTP {status}{f' {code}' if code else ''}{told}"
    challenge = str(headers.get("WWW-Authenticate", "")).lower()
    if error.code.lower() in _EXPIRED or (status == 401 and "invalid_token" in challenge):
        return Fault(FaultKind.EXPIRED, f"The access token was refused ({answer})", _SIGN_IN, status, error.code)
    if status in (401, 403):
        return Fault(
            FaultKind.REFUSED, _refusal(error, status, answer), _allow(source, status, error), status, error.code
        )
    if _NOTHING_SHOWN in (error.code, *error.details):
        return refused(source, "the identity may read nothing in any subscription that was asked for", status)
    kind, sentence, close = _story(source, status)
    close = _REGISTER if error.code == _UNREGISTERED else close
    return Fault(kind, f"{sentence} ({answer})", close, status, error.code, error.details)


def _story(source: Source, status: int) -> tuple[FaultKind, str, str]:
    """What a status means where the code says no more."""
    if status in (404, 410):
        return FaultKind.MISSING, "Azure does not know it", _look(source)
    if status == 429:
        close = "Run at a quieter hour, or share the identity with fewer programs."
        return FaultKind.THROTTLED, "Azure asked to come back later until the tries were used up", close
    if status >= 500 or status == 408:
        return FaultKind.UNAVAILABLE, "The service failed", "Nothing to change: the next night asks again."
    close = _look(source) if source is Source.HEARTBEATS else _ASKED
    return FaultKind.UNREADABLE, "The question was not accepted", close


def refused(source: Source, what: str, status: int = 403, scope: str = "") -> Fault:
    """The identity may not read a subject (in the whole of ``scope``), however that became known."""
    return Fault(FaultKind.REFUSED, f"Azure refused to answer: {what}", _grant(source, scope), status)


def _body(response: Any) -> bytes:
    """azure-core's older responses have a method where the newer ones have a property."""
    return bytes(response.body() if hasattr(response, "body") else response.content)


_SIGN_IN = "Sign in again, or bring a fresh token: an expired or foreign token reads nothing."
_CREDENTIAL = "Check azure.credential in the configuration, and that this machine may use that identity."
_ASKED = "Check what is set for this source; if it stays so, report it: Azure may want the question put otherwise."
_CHANGED = "If it stays so, report it with the time of the reading: Azure may have changed the shape of its answers."


def _allow(source: Source, status: int, error: ErrorBody) -> str:
    """A 401 tells no missing permission: it is a foreign credential, and sometimes a quota."""
    grant = _permission(source, error)
    return grant if status == 403 else f"Do as the answer says; else sign in again. {grant}"


def _refusal(error: ErrorBody, status: int, answer: str) -> str:
    """The usual refusal names a client by its ids and a long scope; what matters is the action that is not allowed."""
    action = _ACTION.search(error.message)
    if action is None:
        return f"Azure refused to answer ({answer})"
    return f"Azure refused to answer (HTTP {status} {error.code}): the identity may not perform {action[1]}"


def _permission(source: Source, error: ErrorBody) -> str:
    named = _ACTION.search(error.message)
    scope = _SCOPE.search(error.message)
    # A role is assigned on a subscription or a group, not on the provider below it that the message names.
    assignable = scope[1].split("/providers/")[0] if scope else ""
    return _grant(source, assignable, named[1] if named else "")


def _grant(source: Source, scope: str, action: str = "") -> str:
    right = RIGHTS[source]
    return grant((action,) if action else right.all, right.role, scope)


def grant(actions: Sequence[str], role: str, scope: str = "") -> str:
    """What to do where ``actions`` are missing; ``role`` is the built-in role that brings them."""
    named = f"action{'s' if len(actions) > 1 else ''} {' and '.join(actions)}"
    return f"Grant the {named} (role {role}){f' on {scope}' if scope else ''}."


def _look(source: Source) -> str:
    if source is Source.HEARTBEATS:
        return "Check the workspace id in sources.heartbeats.workspaces, and that agents send heartbeats to it."
    if source is Source.SUBSCRIPTIONS:
        return "Check the subscription id, and that the identity has a role on it."
    if source is Source.MANAGEMENT_GROUPS:
        return "Check scope.management_groups: ids are meant, not display names; and that the identity can see them."
    return "Nothing to change if it was deleted; else check that the identity can see it in the portal."


def from_exception(source: Source, error: Exception, veil: Veil) -> Fault:
    """The fault that an exception of the SDK tells; raises it again where it is none of the SDK's.

    ``veil`` hides the secrets that the identity signs in with, which a directory may repeat.
    """
    if isinstance(error, Fault):
        return error
    response = error.response if isinstance(error, HttpResponseError) else None
    if isinstance(error, ClientAuthenticationError):  # of whoever signs in: what a service answers is read past the SDK
        return Fault(FaultKind.SIGN_IN, f"Nobody could be signed in ({veil.over(bottom_of(error))})", _CREDENTIAL)
    if response is not None and (response.status_code or 0) >= 400:
        return from_response(source, response.status_code or 0, _body(response), getattr(response, "headers", {}))
    if response is not None or isinstance(error, DecodeError):
        return unreadable(source, "the answer is not JSON")
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        close = "Check the network, the proxy, azure.endpoints and azure.ca_bundle."
        return Fault(FaultKind.UNREACHABLE, f"The service could not be reached ({bottom_of(error)})", close)
    if isinstance(error, AzureError):
        return unreadable(source, bottom_of(error))
    raise error


def bottom_of(error: Exception) -> str:
    """What happened, from the exception at the bottom: those above it repeat it with addresses of objects around it."""
    bottom: BaseException = error
    for _depth in range(_DEEPEST):
        below = (getattr(bottom, "inner_exception", None), getattr(bottom, "reason", None), *bottom.args)
        inner = next((each for each in below if isinstance(each, BaseException) and each is not bottom), None)
        if inner is None:
            break
        bottom = inner
    return _cut(_NOISE.sub("", _OBJECT.sub("", str(bottom)))).rstrip(".") or type(bottom).__name__


def unreadable(source: Source, what: str, status: int | None = 200) -> Fault:
    """An answer came, and it is not what the service promises."""
    return Fault(FaultKind.UNREADABLE, f"The answer could not be read: {what}", _CHANGED, status)


def told_instead(source: Source, answer: object, what: str) -> Fault:
    """A 200 that holds something else than ``what``; a failed asynchronous operation says there why it failed."""
    error = from_json(answer)
    said = f": {_cut(': '.join(part for part in (error.code, error.message) if part))}"
    return unreadable(source, f"{what}{said if error.code or error.message else ''}".rstrip("."))


def partial(source: Source, what: str, close: str = "Nothing to change: the next night asks again.") -> Fault:
    """An answer came with less than the whole."""
    return Fault(FaultKind.PARTIAL, f"Only a part was answered: {_cut(what)}", close, 200)


def _cut(message: str) -> str:
    flat = veiled(" ".join(message.split()))
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
