"""Operations on extensions, and machines' starts and stops, from a subscription's activity log.

There is no server-side filter on the operation, so the whole of Microsoft.Compute is read and the rest passed over.
https://learn.microsoft.com/rest/api/monitor/activity-logs/list
"""

from __future__ import annotations

from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.folding import fold, matters
from auditor.collect.interface import Window, ended
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Source

SOURCE = Source.ACTIVITY_LOG
_API = "2015-04-01"
_FIELDS = (
    "authorization,caller,claims,correlationId,eventDataId,eventName,eventTimestamp,operationId,operationName,"
    "properties,resourceId,status,subStatus"
)


def read_operations(session: Session, subscription_id: str, window: Window) -> Harvest:
    """Rows of the frame ``operations``, folded from the events of ``window``."""
    events: list[dict[str, Any]] = []
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Insights/eventtypes/management/values"
    parameters = {
        "api-version": _API,
        "$filter": (
            f"eventTimestamp ge '{_written(window.start)}' and eventTimestamp le '{_written(window.end)}'"
            " and resourceProvider eq 'Microsoft.Compute'"
        ),
        "$select": _FIELDS,
    }
    fault: Fault | None = None
    try:
        for page in session.pages(session.activity_log, SOURCE, url, parameters):
            events.extend(event for event in page if matters(event))
    except Fault as caught:
        fault = caught
    timed = [event for event in events if values.time(event.get("eventTimestamp")) is not None]
    if fault is None and len(timed) < len(events):
        fault = faults.partial(SOURCE, f"events without a time: {len(events) - len(timed)}")
    operations = fold(timed, subscription_id)
    harvest = Harvest({"operations": operations} if operations else {})
    harvest.readings.append(ended(session, SOURCE, subscription_id, len(operations), fault, window))
    return harvest


def _written(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
