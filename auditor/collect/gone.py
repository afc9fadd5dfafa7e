"""What was deleted while it was read: it answers 404, and its list, read again, has lost it. That is no gap."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from auditor.collect.pool import Job, run_all
from auditor.collect.session import Session
from auditor.collect.sources.arc_machines import list_arc_machines
from auditor.collect.sources.scale_sets import list_scale_sets
from auditor.collect.sources.virtual_machines import list_machines
from auditor.model.reading import GONE, Harvest, Reading, Row, Source

_LISTS: dict[Source, tuple[str, Callable[[Session, str], Harvest]]] = {
    Source.INSTANCE_VIEW: ("machines", list_machines),
    Source.ARC_EXTENSIONS: ("machines", list_arc_machines),
    Source.SCALE_SET_INSTANCES: ("scale_sets", list_scale_sets),
    Source.SCALE_SETS: ("scale_sets", list_scale_sets),
}
"""By what was asked of a thing by itself: the frame that holds it, and Resource Manager's list of a subscription."""
_HELD = ("machines", "scale_sets", "extensions", "associations")
"""The frames that lose what is gone; its operations stay."""


def without_gone(session: Session, harvest: Harvest) -> Harvest:
    """Read the lists again where something answered 404, and let go of what is no longer listed."""
    gone = {each for source in _LISTS for each in _gone_of(session, harvest, source)}
    return _let_go(harvest, gone)


def _missing(reading: Reading) -> bool:
    return not reading.complete and reading.status == 404


def _gone_of(session: Session, harvest: Harvest, source: Source) -> set[str]:
    frame, list_again = _LISTS[source]
    missing = {each.scope.lower() for each in harvest.readings if each.source is source and _missing(each)}
    rows = [row for row in harvest.rows.get(frame, []) if _key(row) in missing]
    subscriptions = sorted({str(row["subscription_id"]) for row in rows})
    still: set[str] = set()
    for subscription, again in zip(subscriptions, _lists(session, list_again, subscriptions), strict=True):
        whole = all(reading.complete for reading in again.readings)
        listed = {_key(row) for row in again.rows.get(frame, [])}
        own = [row for row in rows if row["subscription_id"] == subscription]
        still |= {_key(row) for row in own if not whole or _key(row) in listed}
    return {_key(row) for row in rows} - still


def _lists(session: Session, list_again: Callable[[Session, str], Harvest], subscriptions: list[str]) -> list[Harvest]:
    jobs = [[Job(each, partial(list_again, session, each))] for each in subscriptions]
    return run_all(session, "lists read again", *jobs)


def _let_go(harvest: Harvest, gone: Collection[str]) -> Harvest:
    if not gone:
        return harvest
    rows = {
        frame: found if frame not in _HELD else [row for row in found if not {_key(row), _held(row)} & set(gone)]
        for frame, found in harvest.rows.items()
    }
    readings = [_told_gone(each) if each.scope.lower() in gone else each for each in harvest.readings]
    return Harvest(rows, readings)


def _told_gone(reading: Reading) -> Reading:
    return replace(reading, complete=True, rows=0, reason=GONE, close=None)


def _key(row: Row) -> str:
    return str(row["id"]).lower()


def _held(row: Row) -> str:
    """What an extension or an association stands on."""
    return str(row.get("machine_id")).lower()
