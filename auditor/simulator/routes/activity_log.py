"""The activity log: filtered as asked, newest first, in pages, 90 days deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.event import LoggedEvent, event_body
from auditor.simulator.estate import Estate, machines
from auditor.simulator.event_filter import EventFilter, FilterError
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.operations import machine_events

Body = dict[str, Any]

KEPT = timedelta(days=90)
_INDEXES_KEPT = 32
_VALUES = "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event's place in the log; the body is made when a page shows it."""

    at: datetime
    submitted: datetime
    resource: str
    correlation: str
    event: LoggedEvent | Mapping[str, Any]


class ActivityLog:
    """Keeps the order of the events of the subscriptions that were asked for last."""

    def __init__(self) -> None:
        self._entries = lru_cache(_INDEXES_KEPT)(_entries)

    def answer(self, call: Call) -> Answer:
        try:
            wanted = EventFilter.parse(call.query.get("filter", ""), call.now)
        except FilterError as mistake:
            return Answer(errors.insights("BadRequest", str(mistake)), 400)
        if wanted.start < call.now - KEPT:
            text = "The start time cannot be more than 90 days in the past."
            return Answer(errors.insights("BadRequest", text), 400)
        return Answer(self._page(call, wanted))

    def _page(self, call: Call, wanted: EventFilter) -> Body:
        subscription = call.parts["subscription"].lower()
        found = [
            entry
            for entry in self._entries(call.estate, subscription)
            # An event can be read only once it was submitted, which is a minute or so after it happened.
            if entry.submitted <= call.now and wanted.matches(entry.at, entry.resource, entry.correlation)
        ]
        start = _token_index(call.skip_token)
        end = start + call.pages.events
        selected = {name.strip().lower() for name in call.query.get("select", "").split(",") if name.strip()}
        rows = [_selected(_body(entry, subscription, call.estate), selected) for entry in found[start:end]]
        if end < len(found):
            return {"nextLink": call.link(skipToken=f"US1:{end:019d}:FFFFFFFF;EU1:-1:FFFFFFFF"), "value": rows}
        return {"value": rows}


def _entries(estate: Estate, subscription_id: str) -> list[_Entry]:
    entries = [*_of_machines(estate, subscription_id), *_others(estate, subscription_id)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _of_machines(estate: Estate, subscription_id: str) -> Iterator[_Entry]:
    for machine in machines(estate, subscription_id):
        for event in machine_events(machine, subscription_id):
            yield _Entry(event.at, event.submitted, event.resource, event.correlation, event)


def _others(estate: Estate, subscription_id: str) -> Iterator[_Entry]:
    for event in estate.other_events(subscription_id):
        at = datetime.fromisoformat(event["eventTimestamp"])
        submitted = datetime.fromisoformat(event.get("submissionTimestamp", event["eventTimestamp"]))
        resource = event.get("resourceId") or event.get("resourceUri") or ""
        yield _Entry(at, submitted, resource, event.get("correlationId", ""), event)


def _body(entry: _Entry, subscription_id: str, estate: Estate) -> Mapping[str, Any]:
    if isinstance(entry.event, LoggedEvent):
        return event_body(entry.event, subscription_id, estate.tenant_id)
    return entry.event


def _selected(body: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    """What ``$select`` names; the id always comes."""
    return {key: body[key] for key in body if key == "id" or key.lower() in names} if names else body


def _token_index(token: str) -> int:
    return int(token.split(":")[1]) if token else 0


def routes() -> tuple[Route, ...]:
    log = ActivityLog()
    action = "microsoft.insights/eventtypes/values/read"
    return (Route("activity_log", "GET", pattern(_VALUES), log.answer, action, collection=True, slow=True),)
