"""Reads a list of Resource Manager: of one subscription, page by page, whatever is listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.collect import faults
from auditor.collect.faults import Fault
from auditor.collect.interface import ended
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source


def list_resources(
    session: Session,
    source: Source,
    frame: str,
    url: str,
    api: str,
    read: Callable[[dict[str, Any], str], Row | None],
) -> Harvest:
    """Rows of ``frame`` with ``read_at``, and one reading; a page that fails leaves what was read.

    ``url`` is the list's path, which names the subscription: ``/subscriptions/{id}/...``. ``read`` makes a row of an
    entry and the subscription's id, None of an entry without an id.
    """
    subscription = url.split("/")[2]
    found: dict[str, Row] = {}  # a list that moves while it is read shows an entry on two pages
    nameless = 0
    fault: Fault | None = None
    try:
        for page in session.pages(source, url, {"api-version": api}):
            read_at = session.clock()
            rows = [row for row in (read(entry, subscription) for entry in page) if row is not None]
            found |= {str(row["id"]).lower(): {**row, "read_at": read_at} for row in rows}
            nameless += len(page) - len(rows)
    except Fault as caught:
        fault = caught
    if fault is None and nameless:
        fault = faults.partial(source, f"{frame.replace('_', ' ')} without an id: {nameless}")
    harvest = Harvest({frame: list(found.values())} if found else {})
    harvest.readings.append(ended(session, source, subscription, len(found), fault))
    return harvest
