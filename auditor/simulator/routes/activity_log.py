"""The activity log: filtered as asked, newest first, in pages, 90 days deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.event import LoggedEvent, event_body
from auditor.simulator.carriers import carriers
from auditor.simulator.estate import Estate
from auditor.simulator.event_filter import EventFilter, FilterError
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.operations import events_of

Body = dict[str, Any]

KEPT = timedelta(days=90)
_INDEXES_KEPT = 64
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
        self._found = lru_cache(_INDEXES_KEPT)(self._search)

    def warm(self, estate: Estate) -> None:
        """Put the events of all subscriptions in order now, as far as they are kept."""
        for each in estate.subscriptions()[:_INDEXES_KEPT]:
            self._entries(estate, each.id.lower())

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
        found = self._found(call.estate, subscription, wanted, call.now)
        start = _token_index(call.skip_token)
        end = start + call.pages.events
        selected = {name.strip().lower() for name in call.query.get("select", "").split(",") if name.strip()}
        rows = [_row(entry, subscription, call.estate, selected) for entry in found[start:end]]
        if end < len(found):
            return {"nextLink": call.link(skipToken=f"US1:{end:019d}:FFFFFFFF;EU1:-1:FFFFFFFF"), "value": rows}
        return {"value": rows}

    def _search(self, estate: Estate, subscription: str, wanted: EventFilter, now: datetime) -> list[_Entry]:
        """What the filter finds: the pages of one question are one after another, so it need not be sought anew."""
        return [
            entry
            for entry in self._entries(estate, subscription)
            # An event can be read only once it was submitted, which is a minute or so after it happened.
            if entry.submitted <= now and wanted.matches(entry.at, entry.resource, entry.correlation)
        ]


def _entries(estate: Estate, subscription_id: str) -> list[_Entry]:
    entries = [*_of_carriers(estate, subscription_id), *_others(estate, subscription_id)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _of_carriers(estate: Estate, subscription_id: str) -> Iterator[_Entry]:
    for carrier in carriers(estate, subscription_id):
        for event in events_of(carrier):
            yield _Entry(event.at, event.submitted, event.resource, event.correlation, event)


def _others(estate: Estate, subscription_id: str) -> Iterator[_Entry]:
    for event in estate.other_events(subscription_id):
        at = datetime.fromisoformat(event["eventTimestamp"])
        submitted = datetime.fromisoformat(event.get("submissionTimestamp", event["eventTimestamp"]))
        resource = event.get("resourceId") or event.get("resourceUri") or ""
        yield _Entry(at, submitted, resource, event.get("correlationId", ""), event)


def _row(entry: _Entry, subscription_id: str, estate: Estate, names: set[str]) -> Mapping[str, Any]:
    """The event, or of it what ``$select`` names; the id always comes."""
    if isinstance(entry.event, LoggedEvent):
        with_claims = not names or "claims" in names
        body: Mapping[str, Any] = event_body(entry.event, subscription_id, estate.tenant_id, with_claims=with_claims)
    else:
        body = entry.event
    return {key: body[key] for key in body if key == "id" or key.lower() in names} if names else body


def _token_index(token: str) -> int:
    return int(token.split(":")[1]) if token else 0


def routes() -> tuple[Route, ...]:
    log = ActivityLog()
    action = "microsoft.insights/eventtypes/values/read"
    path = pattern(_VALUES)
    return (
        Route("activity_log", "GET", path, log.answer, action, collection=True, slow=True, lags=True, warm=log.warm),
    )
