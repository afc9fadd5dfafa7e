"""What a source is: it takes a question, asks through the session, and brings rows and readings. It never raises for
a fault of the service: the fault becomes a reading that is not complete, and what was read before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from auditor.collect import clocks, faults
from auditor.collect.faults import Fault
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Reading, Row, Service, Source


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` up to and with ``end``, aware UTC."""

    start: datetime
    end: datetime


class ResourceSource(Protocol):
    """A source that is asked of one machine or scale set by itself; ``resource`` is its row as it was listed."""

    def __call__(self, session: Session, resource: Row, /) -> Harvest: ...


def answered(
    session: Session,
    source: Source,
    scope: str,
    rows: int,
    window: Window | None = None,
    by: Service = Service.RESOURCE_MANAGER,
) -> Reading:
    """The reading of an answer that covers its whole scope; ``rows`` may be 0."""
    start, end = (window.start, window.end) if window else (None, None)
    return Reading(source, scope, True, rows, session.clock(), start, end, 200, by=by)


def gap(
    session: Session,
    source: Source,
    scope: str,
    fault: Fault,
    rows: int = 0,
    window: Window | None = None,
    by: Service = Service.RESOURCE_MANAGER,
) -> Reading:
    """The reading of an answer that does not; ``rows`` were read before the fault."""
    start, end = (window.start, window.end) if window else (None, None)
    told = (fault.status, fault.reason, fault.close)
    return Reading(source, scope, False, rows, session.clock(), start, end, *told, by=by)


def ended(
    session: Session,
    source: Source,
    scope: str,
    rows: int,
    fault: Fault | None,
    window: Window | None = None,
    by: Service = Service.RESOURCE_MANAGER,
) -> Reading:
    """The reading of what was asked in several steps: of a gap where there was a fault on the way."""
    if fault is None:
        return answered(session, source, scope, rows, window, by)
    return gap(session, source, scope, fault, rows, window, by)


def by_this_clock(session: Session, source: Source) -> Fault | None:
    """What is wrong with a window that ends by this machine's clock, where that is not Azure's.

    It is a gap for failures, too, not for what passes alone: what healed a failure that was seen may lie in the very
    minutes that were not read, and no verdict may turn from fail to pass by reading more.

    Nothing is judged by first pages: a checkup tells of the clock by itself.
    """
    complaint = session.clocks.complaint if session.clocks and not session.first_page_only else None
    return faults.partial(source, complaint, clocks.SET) if complaint else None


def told_one_by_one(reading: Reading) -> Reading:
    """A bulk answer's gap of which nothing is left: everything in its scope answered Resource Manager by itself."""
    return replace(reading, complete=True, status=200, reason=None, close=None, by=Service.RESOURCE_MANAGER)
