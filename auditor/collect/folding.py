"""Folds the activity log's events into operations.

As recorded, one operation is several events: BeginRequest/Started, EndRequest/Accepted, perhaps more Accepted, and
perhaps one Succeeded or Failed, mostly with an operation id of its own. Correlation id and resource tie them
together, cut at each BeginRequest: one correlation can hold several tries on one resource, and folding them into one
would hide the failure or the healing. The result does not depend on the order, on duplicates or on pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson

from auditor.collect import values
from auditor.collect.error_body import lowered, read_error, readable
from auditor.model.reading import Row

ACTIONS = {
    "microsoft.compute/virtualmachines/extensions/write": "write",
    "microsoft.compute/virtualmachines/extensions/delete": "delete",
    "microsoft.compute/virtualmachines/start/action": "start",
    "microsoft.compute/virtualmachines/poweroff/action": "power_off",
    "microsoft.compute/virtualmachines/deallocate/action": "deallocate",
}
"""The operations that matter, by their name in lower case: an event spells it in any case."""

_ENDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed", "cancelled": "failed"}
_POLICY = "/providers/microsoft.authorization/policyassignments/"
_MOST_NESTED = 5
_EARLIEST = datetime.min.replace(tzinfo=UTC)

Event = dict[str, Any]


def matters(event: Event) -> bool:
    """Whether the event belongs to one of ``ACTIONS``."""
    return _action(event) in ACTIONS


def fold(events: Iterable[Event], subscription_id: str) -> list[Row]:
    """Rows of the frame ``operations``, sorted by id."""
    unique: dict[str, Event] = {}
    for event in events:
        key = _identity(event)
        held = unique.setdefault(key, event)
        if held is not event:
            unique[key] = max(held, event, key=_spelled)
    ordered = sorted(unique.values(), key=lambda event: (_thread(event), _order(event)))
    rows = [
        _operation(tries, subscription_id)
        for _thread_key, of_thread in groupby(ordered, key=_thread)
        for tries in _tries(of_thread)
    ]
    return sorted(rows, key=lambda row: str(row["id"]))


def _value(event: Event, field: str) -> str:
    """The machine-readable half of ``{"value": ..., "localizedValue": ...}``, or a bare word; either may be null."""
    told = event.get(field)
    return values.text(values.mapping(told).get("value")) or values.text(told) or ""


def _action(event: Event) -> str:
    """The operation's name in lower case; every event names it twice."""
    own = values.text(values.mapping(event.get("authorization")).get("action"))
    return (_value(event, "operationName") or own or "").lower()


def _spelled(event: Event) -> bytes:
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def _identity(event: Event) -> str:
    named = values.text(event.get("eventDataId")) or values.text(event.get("id"))
    return named.lower() if named else _spelled(event).decode()


def resource_of(event: Event) -> str:
    """The resource's id; some events name it elsewhere, and all carry it in their own id."""
    own = (values.text(event.get("id")) or "").partition("/events/")[0]
    scope = values.text(values.mapping(event.get("authorization")).get("scope"))
    return values.text(event.get("resourceId")) or values.text(event.get("resourceUri")) or scope or own


def _thread(event: Event) -> tuple[str, str, str]:
    tie = values.text(event.get("correlationId")) or values.text(event.get("operationId")) or _identity(event)
    return tie.lower(), resource_of(event).lower(), _action(event)


def _begins(event: Event) -> bool:
    return _value(event, "eventName").lower() == "beginrequest" or _value(event, "status").lower() == "started"


def _order(event: Event) -> tuple[datetime, bool, str]:
    """By time; at the same instant the beginning comes first."""
    return values.time(event.get("eventTimestamp")) or _EARLIEST, not _begins(event), _identity(event)


def _tries(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Cut a thread at each beginning, and after an end that another, different end follows."""
    current: list[Event] = []
    for event in events:
        if current and (_begins_anew(current, event) or _ended_otherwise(current, event)):
            yield current
            current = []
        current.append(event)
    if current:
        yield current


def _begins_anew(current: list[Event], event: Event) -> bool:
    """Two beginnings at one instant are one, told twice."""
    again = _begins(current[-1]) and current[-1].get("eventTimestamp") == event.get("eventTimestamp")
    return _begins(event) and not again


def _ended_otherwise(current: list[Event], event: Event) -> bool:
    ends = {_end(earlier) for earlier in current} - {None}
    return _end(event) is not None and bool(ends) and _end(event) not in ends


def _end(event: Event) -> str | None:
    return _ENDS.get(_value(event, "status").lower())


def _operation(tries: list[Event], subscription_id: str) -> Row:
    first = tries[0]
    last = next((event for event in reversed(tries) if _end(event)), None)
    resource = resource_of(first)
    tie, _resource, operation = _thread(first)
    started = values.time(first.get("eventTimestamp"))
    caller = next((told for told in (values.text(event.get("caller")) for event in tries) if told), None)
    code, message = _error(last) if last is not None and _end(last) == "failed" else (None, None)
    return {
        "id": f"{tie}|{resource.lower()}|{ACTIONS.get(operation)}|{started.isoformat() if started else ''}",
        "subscription_id": subscription_id,
        "machine_id": _machine(resource),
        "extension_id": resource if "/extensions/" in resource.lower() else None,
        "action": ACTIONS.get(operation),
        "started": started if _begins(first) else None,
        "ended": values.time(last.get("eventTimestamp")) if last is not None else None,
        "outcome": (_end(last) if last is not None else None) or "running",
        "initiator": _initiator(tries, caller),
        "caller": caller or "unknown",
        "error_code": code,
        "error_message": message,
        "sub_status": next((code for code in (_value(event, "subStatus") for event in reversed(tries)) if code), None),
    }


def _machine(resource: str) -> str:
    """An event names the extension's resource and nothing else: here the machine can only be cut from its id."""
    at = resource.lower().find("/extensions/")
    return resource[:at] if at >= 0 else resource


def _initiator(tries: list[Event], caller: str | None) -> str:
    """Who began it. What an automatic upgrade of a virtual machine says is not documented: the default is unknown."""
    claims = {key: value for event in tries for key, value in values.mapping(event.get("claims")).items()}
    if _POLICY in str(claims.get("xms_mirid", "")).lower():
        return "policy"
    if caller == "Azure Regional Service Manager":
        return "platform"
    named = any(key.rsplit("/", 1)[-1] == "upn" for key in claims)
    return "person" if named or (caller is not None and "@" in caller) else "unknown"


def _error(event: Event) -> tuple[str | None, str | None]:
    """Code and message of a failure: ``statusMessage`` is JSON text, sometimes within JSON text, sometimes plain."""
    told: object = lowered(values.mapping(event.get("properties"))).get("statusmessage")
    status = _value(event, "subStatus") or None
    for _nesting in range(_MOST_NESTED):
        if not isinstance(told, str):
            break
        try:
            told = orjson.loads(told)
        except orjson.JSONDecodeError:
            return status, read_error(str(told).encode()).message or None
    outer = lowered(values.mapping(told))
    error = _innermost(lowered(values.mapping(outer.get("error"))) or outer)
    return values.text(error.get("code")) or status, readable(error.get("message")) or None


def _innermost(error: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The outer code of a failed operation only says that it failed; the first of its details says why."""
    details = lowered(next(values.entries(error.get("details")), {}))
    return _innermost(details, depth + 1) if values.text(details.get("code")) and depth < _MOST_NESTED else error
