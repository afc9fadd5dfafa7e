"""Reads a list of Resource Manager: of a subscription or of one resource, page by page, whatever is listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.collect import faults, values
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
    read: Callable[[dict[str, Any], str], Row],
    scope: str | None = None,
) -> Harvest:
    """Rows of ``frame`` with ``read_at``, and one reading; a page that fails leaves what was read.

    ``url`` is the list's path. ``scope`` is what it covers: where none is named, the subscription that the path names
    (``/subscriptions/{id}/...``). ``read`` makes a row of an entry, which has an id, and the scope.
    """
    covered = scope or url.split("/")[2]
    found: dict[str, Row] = {}  # a list that moves while it is read shows an entry on two pages
    nameless = 0
    fault: Fault | None = None
    try:
        for page in session.pages(source, url, {"api-version": api}):
            read_at = session.clock()
            rows = [read(entry, covered) for entry in page if values.text(entry.get("id"))]
            found |= {str(row["id"]).lower(): {**row, "read_at": read_at} for row in rows}
            nameless += len(page) - len(rows)
    except Fault as caught:
        fault = caught
    if fault is None and nameless:
        fault = faults.partial(source, f"{frame.replace('_', ' ')} without an id: {nameless}")
    harvest = Harvest({frame: list(found.values())} if found else {})
    harvest.readings.append(ended(session, source, covered, len(found), fault))
    return harvest
