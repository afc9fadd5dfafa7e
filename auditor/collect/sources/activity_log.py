"""A subscription's operations on extensions and on machines' power, from the activity log.

There is no filter on the operation's name: what the provider logged is read page by page, and what matters is kept. One
question takes one provider, and Arc-enabled servers have their own.
https://learn.microsoft.com/rest/api/monitor/activity-logs/list
"""

from __future__ import annotations

from datetime import datetime

from auditor.collect import faults
from auditor.collect.faults import Fault
from auditor.collect.folding import Folding
from auditor.collect.interface import Window, by_this_clock, ended
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Source

_API = "2015-04-01"
_FIELDS = (
    "authorization,caller,claims,correlationId,eventDataId,eventName,eventTimestamp,operationId,operationName,"
    "properties,resourceId,status,subStatus"
)
_PROVIDERS = {Source.ACTIVITY_LOG: "Microsoft.Compute", Source.ARC_ACTIVITY_LOG: "Microsoft.HybridCompute"}


def read_operations(session: Session, subscription_id: str, window: Window) -> Harvest:
    """Rows of the frame ``operations``: of virtual machines and scale sets, folded from the events of ``window``."""
    return _read(session, Source.ACTIVITY_LOG, subscription_id, window)


def read_arc_operations(session: Session, subscription_id: str, window: Window) -> Harvest:
    """The same of Arc-enabled servers."""
    return _read(session, Source.ARC_ACTIVITY_LOG, subscription_id, window)


def _read(session: Session, source: Source, subscription_id: str, window: Window) -> Harvest:
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Insights/eventtypes/management/values"
    folding = Folding()
    fault: Fault | None = None
    try:
        for page in session.pages(source, url, _question(source, window)):
            folding.add(page)
    except Fault as caught:
        fault = caught
    if fault is None and folding.timeless:
        fault = faults.partial(source, f"events without a time: {folding.timeless}")
    fault = fault or by_this_clock(session, source)
    operations = folding.rows(subscription_id)
    harvest = Harvest({"operations": operations} if operations else {})
    harvest.readings.append(ended(session, source, subscription_id, len(operations), fault, window))
    return harvest


def _question(source: Source, window: Window) -> dict[str, str]:
    return {
        "api-version": _API,
        "$filter": (
            f"eventTimestamp ge '{_written(window.start)}' and eventTimestamp le '{_written(window.end)}'"
            f" and resourceProvider eq '{_PROVIDERS[source]}'"
        ),
        "$select": _FIELDS,
    }


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
