"""Reads one event of the activity log: what of it folding needs, in a few short words.

Events are told in several shapes: words bare or as ``{"value": ...}``, the resource in one of four places, the error as
JSON text within JSON text. https://learn.microsoft.com/rest/api/monitor/activity-logs/list
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from auditor.collect import values
from auditor.collect.error_body import lowered, read_error, readable

_COMPUTE = "microsoft.compute/virtualmachines"
_SETS = "microsoft.compute/virtualmachinescalesets"
_ARC = "microsoft.hybridcompute/machines"
_POWER = {"start": "start", "poweroff": "power_off", "deallocate": "deallocate"}

ACTIONS = {
    **{
        f"{holder}/extensions/{verb}": verb
        for holder in (_COMPUTE, _SETS, f"{_SETS}/virtualmachines", _ARC)
        for verb in ("write", "delete")
    },
    **{
        f"{holder}/{verb}/action": word
        for holder in (_COMPUTE, _SETS, f"{_SETS}/virtualmachines")
        for verb, word in _POWER.items()
    },
    f"{_SETS}/write": "scale_set_write",
    f"{_ARC}/upgradeextensions/action": "upgrade",
}
"""The operations that matter, by their name in lower case: an event spells it in any case.

A scale set is started and stopped as a whole, or instance by instance. Automatic upgrades on Arc are logged on the
server.
"""

_ENDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed", "cancelled": "failed"}
_POLICY = "/providers/microsoft.authorization/policyassignments/"
_MOST_NESTED = 5

Event = dict[str, Any]


class Moment(NamedTuple):
    """One event: ``tie`` is the correlation id (else what takes its place), in lower case; ``end`` its outcome if it
    ends an operation; ``error_*`` and ``of_extension`` (whether the error speaks of an extension anywhere) are read of
    failures only; ``by_*`` what the token's claims tell."""

    identity: str
    tie: str
    resource: str
    action: str
    at: datetime
    begins: bool
    end: str | None
    caller: str | None
    by_policy: bool
    by_person: bool
    sub_status: str | None
    error_code: str | None
    error_message: str | None
    of_extension: bool

    @property
    def thread(self) -> tuple[str, str, str]:
        """What ties the events of an operation together; one thread may hold several tries."""
        return self.tie, self.resource.lower(), self.action

    def order(self) -> tuple[datetime, bool, str, str]:
        """By time; at the same instant the beginning comes first, and what ended alike stands together."""
        return self.at, not self.begins, self.end or "", self.identity

    def rank(self) -> tuple[str, ...]:
        """Chooses between two tellings of one event that differ, whichever came first."""
        return tuple(map(str, self))


def action_of(event: Event) -> str | None:
    """The word of ``ACTIONS`` for what the event tells of; None where it does not matter."""
    own = _value(event, "operationName") or values.text(values.mapping(event.get("authorization")).get("action"))
    return ACTIONS.get((own or "").lower())  # every event names it twice


def moment_of(event: Event, action: str, texts: dict[str, str]) -> Moment | None:
    """The event, which matters, in short; None where it has no time.

    ``texts`` holds each text once: the events of one operation tell the same again and again.
    """
    at = values.time(event.get("eventTimestamp"))
    if at is None:
        return None
    identity = _identity(event)
    tie = (values.text(event.get("correlationId")) or values.text(event.get("operationId")) or identity).lower()
    resource = resource_of(event)
    claims = values.mapping(event.get("claims"))
    status = _value(event, "status").lower()
    failed = _ENDS.get(status) == "failed"
    code, message = _error(event) if failed else (None, None)
    caller = values.text(event.get("caller"))
    return Moment(
        identity=identity,
        tie=texts.setdefault(tie, tie),
        resource=texts.setdefault(resource, resource),
        action=action,
        at=at,
        begins=status == "started" or _value(event, "eventName").lower() == "beginrequest",
        end=_ENDS.get(status),
        caller=texts.setdefault(caller, caller) if caller else None,
        by_policy=_POLICY in str(claims.get("xms_mirid", "")).lower(),
        by_person=any(key == "upn" or key.endswith("/upn") for key in claims),
        sub_status=_value(event, "subStatus") or None,
        error_code=code,
        error_message=message,
        of_extension=failed and "extension" in str(_status_message(event)).lower(),
    )


def resource_of(event: Event) -> str:
    """The resource's id; some events name it elsewhere, and all carry it in their own id.

    An id is written into an address by whoever asks for the operation, and may end with a slash there.
    """
    named = values.text(event.get("resourceId")) or values.text(event.get("resourceUri")) or _resource_within(event)
    return named.rstrip("/")


def _resource_within(event: Event) -> str:
    scope = values.text(values.mapping(event.get("authorization")).get("scope"))
    own = values.text(event.get("id")) or ""
    return scope or own.rpartition("/events/")[0] or own  # the last: a group may be called so


def _value(event: Event, field: str) -> str:
    """The machine-readable half of ``{"value": ..., "localizedValue": ...}``, or a bare word; either may be null."""
    told = event.get(field)
    return values.text(told.get("value") if isinstance(told, dict) else told) or ""


def _identity(event: Event) -> str:
    named = values.text(event.get("eventDataId")) or values.text(event.get("id"))
    return named.lower() if named else orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()


def _error(event: Event) -> tuple[str | None, str | None]:
    """Code and message of a failure: ``statusMessage`` is JSON text, sometimes within JSON text, sometimes plain."""
    told = _status_message(event)
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


def _status_message(event: Event) -> object:
    """The key was seen spelled in two ways."""
    return lowered(values.mapping(event.get("properties"))).get("statusmessage")


def _innermost(error: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The outer code of a failed operation only says that it failed; of its details the first that speaks of an
    extension says why, else the first."""
    told = list(values.entries(error.get("details")))
    details = lowered(next((each for each in told if "extension" in str(each).lower()), told[0] if told else {}))
    return _innermost(details, depth + 1) if values.text(details.get("code")) and depth < _MOST_NESTED else error
