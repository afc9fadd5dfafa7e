"""Folds the activity log's events into operations.

As recorded, one operation is several events: BeginRequest/Started, EndRequest/Accepted, perhaps more Accepted, and
perhaps one Succeeded or Failed, mostly with an operation id of its own. Correlation id and resource tie them
together, cut at each BeginRequest: one correlation can hold several tries on one resource, and folding them into one
would hide the failure or the healing. The result does not depend on the order, on duplicates or on pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from auditor.collect.events import Event, Moment, action_of, moment_of
from auditor.model.reading import Row
from auditor.model.resource_id import holder_in


class Folding:
    """Takes events as they come, keeps of each what folding needs, and folds them at the end.

    Whole events, with the tokens' claims and the requests' bodies, would take as much memory again as the machines.
    """

    def __init__(self) -> None:
        self._moments: dict[str, Moment] = {}
        self._texts: dict[str, str] = {}
        self.timeless = 0
        """How many events of ours had no time: when they happened, and what came after them, is not known."""

    def add(self, events: Iterable[Event]) -> None:
        """Take in a page. An event that was told before changes nothing; the order of events does not matter."""
        for event in events:
            action = action_of(event)
            if action is None:
                continue
            moment = moment_of(event, action, self._texts)
            if moment is None:
                self.timeless += 1
                continue
            held = self._moments.setdefault(moment.identity, moment)
            if held is not moment:
                self._moments[moment.identity] = max(held, moment, key=Moment.rank)

    def rows(self, subscription_id: str) -> list[Row]:
        """Rows of the frame ``operations``, sorted by id."""
        threads: dict[tuple[str, str, str], list[Moment]] = {}
        for moment in self._moments.values():
            threads.setdefault(moment.thread, []).append(moment)
        tries = (each for thread in threads.values() for each in _tries(sorted(thread, key=Moment.order)))
        rows = [_operation(each, subscription_id) for each in tries if _is_ours(each)]
        return sorted(rows, key=lambda row: str(row["id"]))


def fold(events: Iterable[Event], subscription_id: str) -> list[Row]:
    """Rows of the frame ``operations``, of events that are all there; those without a time are passed over."""
    folding = Folding()
    folding.add(events)
    return folding.rows(subscription_id)


def _tries(moments: Iterable[Moment]) -> Iterator[list[Moment]]:
    """Cut a thread at each beginning, and after an end that another, different end follows."""
    current: list[Moment] = []
    for moment in moments:
        if current and (_begins_anew(current, moment) or _ended_otherwise(current, moment)):
            yield current
            current = []
        current.append(moment)
    if current:
        yield current


def _begins_anew(current: list[Moment], moment: Moment) -> bool:
    """Two beginnings at one instant are one, told twice."""
    again = current[-1].begins and current[-1].at == moment.at
    return moment.begins and not again


def _ended_otherwise(current: list[Moment], moment: Moment) -> bool:
    ends = {earlier.end for earlier in current} - {None}
    return moment.end is not None and bool(ends) and moment.end not in ends


def _operation(tries: list[Moment], subscription_id: str) -> Row:
    first = tries[0]
    holder = holder_in(first.resource)  # an event names the extension's resource and nothing else
    last = next((moment for moment in reversed(tries) if moment.end), None)
    failed = last is not None and last.end == "failed"
    caller = next((moment.caller for moment in tries if moment.caller), None)
    return {
        "id": f"{first.tie}|{first.resource.lower()}|{first.action}|{first.at.isoformat()}",
        "subscription_id": subscription_id,
        "machine_id": holder or first.resource,
        "extension_id": first.resource if holder else None,
        "action": first.action,
        "started": first.at if first.begins else None,
        "ended": _ended_at(last),
        "outcome": (last.end if last is not None else None) or "running",
        "initiator": _initiator(tries, caller),
        "caller": caller or "unknown",
        "error_code": last.error_code if last is not None and failed else None,
        "error_message": last.error_message if last is not None and failed else None,
        "sub_status": next((moment.sub_status for moment in reversed(tries) if moment.sub_status), None),
    }


def _ended_at(last: Moment | None) -> datetime | None:
    return last.at if last is not None else None


def _initiator(tries: list[Moment], caller: str | None) -> str:
    """Who began it. What an automatic upgrade of a virtual machine says is not documented: the default is unknown."""
    if any(moment.by_policy for moment in tries):
        return "policy"
    if (caller or "").lower() == "azure regional service manager":
        return "platform"
    named = any(moment.by_person for moment in tries)
    return "person" if named or (caller is not None and "@" in caller) else "unknown"


def _is_ours(tries: list[Moment]) -> bool:
    """A write of a scale set that failed is ours only where its error speaks of an extension: a scale-out is not."""
    failed = tries[0].action == "scale_set_write" and any(moment.end == "failed" for moment in tries)
    return not failed or any(moment.of_extension for moment in tries)
