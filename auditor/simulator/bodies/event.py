"""Events of the activity log as the REST interface writes them (api-version 2015-04-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from auditor.simulator.forms import guid, ticks, utc_time
from auditor.simulator.parts import Caller, CallerKind

Body = dict[str, Any]

_HTTP = {
    "OK": 200, "Created": 201, "Accepted": 202, "BadRequest": 400, "Conflict": 409, "429": 429,
    "InternalServerError": 500, "ServiceUnavailable": 503,
}  # fmt: skip
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_IDENTITY = "http://schemas.microsoft.com/identity/claims/"
_METHODS = {"write": "PUT", "delete": "DELETE", "action": "POST"}


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event before it is written: who, what, on which resource, and when it could first be seen."""

    at: datetime
    submitted: datetime
    resource: str
    scope: str
    resource_type: str
    operation: str
    localized: str
    begins: bool
    status: str
    operation_id: str
    correlation: str
    caller: Caller
    sub_status: str = ""
    category: str = "Administrative"
    channels: str = "Operation"
    by_request: bool = False
    """The service answered a request with it, so that it tells of the request."""
    properties: Mapping[str, Any] | None = field(default_factory=dict)
    """None for an event without properties; else what it has beside those that all have."""


def event_body(event: LoggedEvent, subscription_id: str, tenant_id: str, *, with_claims: bool = True) -> Body:
    """The event with the keys in the order in which the service writes them.

    ``with_claims`` is False where nobody asked for the claims, which are the better part of an event.
    """
    identifier = guid("event", event.correlation, event.resource, event.at, event.status, event.operation)
    body: Body = {"authorization": {"action": event.operation, "scope": event.scope}}
    if event.caller.kind is not CallerKind.NOBODY:
        body["caller"] = event.caller.name
    body["channels"] = event.channels
    if with_claims:
        body["claims"] = _claims(event.caller, event.at, tenant_id)
    body |= {
        "correlationId": event.correlation,
        "description": "",
        "eventDataId": identifier,
        "eventName": _begin_request() if event.begins else _named("EndRequest", "End request"),
        "category": _named(event.category),
    }
    if event.by_request:
        body["httpRequest"] = _request(event)
    body |= _about(event, identifier)
    if event.properties is not None:
        body["properties"] = dict(event.properties) | _common(event, subscription_id, tenant_id)
    return body | {
        "status": _named(event.status),
        "subStatus": _sub_status(event.sub_status),
        "eventTimestamp": utc_time(event.at),
        "submissionTimestamp": utc_time(event.submitted),
        "subscriptionId": subscription_id,
        "tenantId": tenant_id,
    }


def _about(event: LoggedEvent, identifier: str) -> Body:
    """What happened to which resource."""
    return {
        "id": f"{event.resource}/events/{identifier}/ticks/{ticks(event.at)}",
        "level": "Error" if event.status == "Failed" else "Informational",
        "resourceGroupName": _group(event.resource),
        "resourceProviderName": _named(_provider(event.resource_type)),
        "resourceId": event.resource,
        "resourceType": _named(event.resource_type),
        "operationId": event.operation_id,
        "operationName": _named(event.operation, event.localized),
    }


def _named(value: str, localized: str | None = None) -> Body:
    return {"value": value, "localizedValue": value if localized is None else localized}


def _begin_request() -> Body:
    return _named("BeginRequest", "Begin request")


def _sub_status(word: str) -> Body:
    return _named(word, f"{word} (HTTP Status Code: {_HTTP[word]})" if word in _HTTP else word)


def _provider(resource_type: str) -> str:
    return resource_type.partition("/")[0]


def _group(resource: str) -> str:
    """The group as the id spells it; empty for a resource that is in none."""
    parts = resource.split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def _request(event: LoggedEvent) -> Body:
    method = _METHODS.get(event.operation.rpartition("/")[2], "POST")
    return {
        "clientRequestId": guid("client request", event.correlation, event.operation_id),
        "clientIpAddress": "192.0.2.17",
        "method": method,
    }


def _common(event: LoggedEvent, subscription_id: str, tenant_id: str) -> Body:
    return {
        "eventCategory": event.category,
        "entity": event.scope,
        "message": event.operation,
        "hierarchy": f"{tenant_id}/{subscription_id}",
    }


def _claims(caller: Caller, at: datetime, tenant_id: str) -> Body:
    issuer = f"https://sts.windows.net/{tenant_id}/"
    issued = int((at - timedelta(minutes=11)).timestamp())
    times = {"iat": str(issued), "nbf": str(issued), "exp": str(issued + 3900)}
    claims: Body = {"aud": "https://management.core.windows.net/", "iss": issuer} | times
    identity = guid("object", caller.name)
    if caller.kind is CallerKind.PERSON:
        return claims | _person(caller, identity, tenant_id)
    return claims | {
        "aio": "REDACTED",
        "appid": caller.application,
        "appidacr": "2",
        f"{_IDENTITY}identityprovider": issuer,
        f"{_IDENTITY}objectidentifier": caller.name if caller.kind is CallerKind.SERVICE else identity,
        f"{_CLAIMS}nameidentifier": identity,
        f"{_IDENTITY}tenantid": tenant_id,
        "uti": "REDACTED",
        "ver": "1.0",
    }


def _person(caller: Caller, identity: str, tenant_id: str) -> Body:
    return {
        "http://schemas.microsoft.com/claims/authnclassreference": "1",
        "aio": "REDACTED",
        "http://schemas.microsoft.com/claims/authnmethodsreferences": "pwd,mfa",
        "appid": caller.application,
        "appidacr": "0",
        "ipaddr": "192.0.2.17",
        "name": caller.name.partition("@")[0],
        f"{_IDENTITY}objectidentifier": identity,
        "puid": "REDACTED",
        f"{_IDENTITY}scope": "user_impersonation",
        f"{_CLAIMS}nameidentifier": identity,
        f"{_IDENTITY}tenantid": tenant_id,
        f"{_CLAIMS}name": caller.name,
        f"{_CLAIMS}upn": caller.name,
        "uti": "REDACTED",
        "ver": "1.0",
    }
