"""How one operation becomes several events of the activity log, in the ways that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson

from auditor.simulator.bodies.event import LoggedEvent
from auditor.simulator.carriers import ARC_MACHINE, INSTANCE, MACHINE, SCALE_SET, Carrier
from auditor.simulator.forms import guid
from auditor.simulator.parts import OperationSpec

_NAMES = {
    MACHINE: "Virtual Machine",
    f"{MACHINE}/extensions": "Virtual Machine Extension",
    SCALE_SET: "Virtual Machine Scale Set",
    f"{SCALE_SET}/extensions": "Virtual Machine Scale Set Extension",
    INSTANCE: "Virtual Machine in a Virtual Machine Scale Set",
    f"{INSTANCE}/extensions": "Virtual Machine Scale Set VM Extension",
    ARC_MACHINE: "Azure Arc machines",
    f"{ARC_MACHINE}/extensions": "Azure Arc machines extensions",
}
_VERBS = {
    "write": "Create or Update",
    "delete": "Delete",
    "start/action": "Start",
    "restart/action": "Restart",
    "powerOff/action": "Power Off",
    "deallocate/action": "Deallocate",
    "upgradeExtensions/action": "Upgrade Extensions on",
}
_AUDIT = "Microsoft.Authorization/policies/auditIfNotExists/action"
_REFUSED_AT_ONCE = frozenset({"429", "Conflict", "BadRequest"})
"""Of these the service tells in the answer to the request: no Accepted comes between."""

_SECOND = timedelta(seconds=1)


def events_of(carrier: Carrier) -> Iterator[LoggedEvent]:
    """All events of a machine's or a scale set's history, in no order."""
    for operation in carrier.operations:
        yield from operation_events(operation, carrier)


def operation_events(operation: OperationSpec, carrier: Carrier) -> Iterator[LoggedEvent]:
    """BeginRequest, a policy's audit, EndRequest Accepted once or more, and the end, as far as they were logged."""
    writer = _Writer.of(operation, carrier)
    if operation.begin_logged:
        yield writer.event(timedelta(), "Started", begins=True, by_request=True)
    if operation.audited:
        yield replace(
            writer.event(0.9 * _SECOND, "Started", begins=True),
            operation=_AUDIT,
            localized=_AUDIT,
            category="Policy",
            properties=None,
        )
    if not writer.refused_at_once:
        yield from writer.accepted()
    if operation.outcome is not None:
        yield writer.end(operation.outcome)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the events of one operation; they have most of their parts in common."""

    operation: OperationSpec
    base: LoggedEvent
    group: str

    @classmethod
    def of(cls, operation: OperationSpec, carrier: Carrier) -> _Writer:
        resource, kind = carrier.id, carrier.kind
        if operation.extension is not None:
            resource, kind = f"{resource}/extensions/{operation.extension}", f"{kind}/extensions"
        action = f"{kind}/{operation.action}"
        correlation = operation.correlation or guid("correlation", resource, operation.started, action)
        base = LoggedEvent(
            at=operation.started,
            submitted=operation.started + operation.submitted_after,
            resource=resource,
            scope=resource,
            resource_type=kind,
            operation=action,
            localized=f"{_VERBS.get(operation.action, operation.action)} {_NAMES[kind]}",
            begins=False,
            status="Started",
            operation_id=guid("operation", correlation, resource, operation.started),
            correlation=correlation,
            caller=operation.caller,
        )
        return cls(operation, base, carrier.resource_group)

    @property
    def refused_at_once(self) -> bool:
        return self.operation.outcome == "Failed" and self.operation.sub_status in _REFUSED_AT_ONCE

    def event(self, after: timedelta, status: str, *, begins: bool = False, by_request: bool = False) -> LoggedEvent:
        at = self.operation.started + after
        submitted = at + self.operation.submitted_after
        return replace(self.base, at=at, submitted=submitted, status=status, begins=begins, by_request=by_request)

    def accepted(self) -> Iterator[LoggedEvent]:
        """The request's own Accepted under the operation's id, then progress under ids of its own."""
        word = "Created" if self.operation.action == "write" else "Accepted"
        for number in range(self.operation.accepted):
            event = self.event(_SECOND + number * 11 * _SECOND, "Accepted", by_request=not number)
            if not number:
                answer = {"statusCode": word, "serviceRequestId": guid("service", self.base.operation_id)}
                yield replace(event, sub_status=word, properties=answer)
            else:
                progress = {"statusCode": "Accepted", "statusMessage": '"Resource provisioning is in progress."'}
                operation_id = guid("progress", self.base.operation_id, number)
                yield replace(event, channels="Debug", operation_id=operation_id, properties=progress)

    def end(self, outcome: str) -> LoggedEvent:
        """The last event; its resource id is mostly spelled otherwise than the first one's."""
        event = self.event(self.operation.lasts, outcome, by_request=self.refused_at_once)
        own_id = not (self.operation.shared_end or self.refused_at_once)
        resource = self._respelled(event.resource)
        return replace(
            event,
            resource=resource,
            operation_id=guid("end", self.base.operation_id) if own_id else self.base.operation_id,
            sub_status=self.operation.sub_status,
            properties=self._failure() if outcome == "Failed" else {},
        )

    def _respelled(self, resource: str) -> str:
        if self.operation.upper_cased:
            return resource.replace(f"/{self.group}/", f"/{self.group.upper()}/", 1)
        return resource.replace("/resourceGroups/", "/resourcegroups/", 1)

    def _failure(self) -> dict[str, str]:
        error = {"code": self.operation.error_code, "message": self.operation.error_message}
        if self.refused_at_once:
            told: dict[str, object] = {"error": error}
        else:
            ended = "The resource operation completed with terminal provisioning state 'Failed'."
            told = {
                "status": "Failed",
                "error": {"code": "ResourceOperationFailure", "message": ended, "details": [error]},
            }
        return {
            "statusCode": self.operation.sub_status or "Conflict",
            "serviceRequestId": guid("service", self.base.operation_id),
            "statusMessage": orjson.dumps(told).decode(),
        }
