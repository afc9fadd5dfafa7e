"""Stays below the published quotas, so that a quiet tenant never answers 429.

Resource Manager's reads: a bucket of 250 that refills by 25 a second, per subscription and principal
(https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
Resource Graph's queries: 15 in any 5 seconds per principal, whatever they span, and every answer tells how many are
left (https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests).
"""

from __future__ import annotations

import heapq
import re
import threading
import time
from collections.abc import Callable, Mapping

BUCKET = 240.0
"""A little under the published 250: others use the same identity too."""
REFILL_PER_SECOND = 24.0
QUERIES = 15
QUERIES_WINDOW_S = 5.05
"""A little over the published 5: two clocks never agree to the last digit."""

_LEFT = "x-ms-user-quota-remaining"
_RESETS_AFTER = "x-ms-user-quota-resets-after"
_HMS = re.compile(r"([0-9]{1,3}):([0-9]{2}):([0-9]{2})")


class Pacer:
    """One token bucket a key; ``take`` blocks until a token is there. Safe to share between threads."""

    def __init__(
        self,
        *,
        bucket: float = BUCKET,
        refill_per_second: float = REFILL_PER_SECOND,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bucket = bucket
        self._refill = refill_per_second
        self._now = now
        self._pause = pause
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Take a token of ``key``; returns the seconds that were waited."""
        waited = self._reserve(key)
        if waited > 0:
            self._pause(waited)
        return waited

    def _reserve(self, key: str) -> float:
        """Book a token now, even one that is refilled only later; the wait keeps the bookings in order."""
        with self._lock:
            now = self._now()
            level, since = self._levels.get(key, (self._bucket, now))
            level = min(self._bucket, level + (now - since) * self._refill) - 1.0
            self._levels[key] = (level, now)
            return max(0.0, -level / self._refill)


class QueryPacer:
    """So many queries in any window of time, corrected by what each answer says of the quota. Thread-safe.

    A query holds a slot until a whole window after its answer, for the service counted it at some moment before that:
    whichever way windows are cut, no window then holds more. Where the service says that fewer are left, others use the
    identity too, and the other slots are held back until the quota is whole again; where it says that more are left,
    there are more slots.
    """

    def __init__(
        self,
        *,
        queries: int = QUERIES,
        window_s: float = QUERIES_WINDOW_S,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._window = window_s
        self._now = now
        self._pause = pause
        self._turn = threading.Condition()
        self._free_from = [now()] * queries  # a heap: when each slot that no query holds is free
        self._sent = 0
        self._answered = 0

    def take(self) -> int:
        """Block until there is a slot; returns a ticket, to be given back with the answer."""
        with self._turn:
            while not self._free_from:
                self._turn.wait()
            wait = heapq.heappop(self._free_from) - self._now()
            self._sent += 1
            ticket = self._answered
        if wait > 0:
            self._pause(wait)
        return ticket

    def give_back(self, ticket: int, headers: Mapping[str, str] | None = None) -> None:
        """The query of ``ticket`` was answered, with these headers; or it failed on the way, without any."""
        with self._turn:
            now = self._now()
            self._answered += 1
            heapq.heappush(self._free_from, now + self._window)
            left = str((headers or {}).get(_LEFT, ""))
            if left.isdecimal():
                self._correct(int(left), _seconds(str((headers or {}).get(_RESETS_AFTER, ""))), ticket, now)
            self._turn.notify_all()

    def _correct(self, left: int, resets_after_s: float | None, ticket: int, now: float) -> None:
        """Make as many slots free now as the service surely grants, and no more than it says.

        ``left`` leaves out those that were under way at the same time, perhaps: those sent since ``ticket`` was given
        and not answered before that.
        """
        free = sum(slot <= now for slot in self._free_from)
        granted = left - (self._sent - ticket - 1)
        slots = sorted(self._free_from)
        if free > left:
            # Told in whole seconds, so that it may be up to one later.
            until = now + (self._window if resets_after_s is None else resets_after_s + 1.0)
            slots = slots[:left] + [max(slot, until) for slot in slots[left:]]
        elif granted > free:
            slots = [now] * granted + slots[granted:]
        heapq.heapify(slots)
        self._free_from = slots


def _seconds(written: str) -> float | None:
    """``hh:mm:ss``; None where it is written otherwise."""
    parts = _HMS.fullmatch(written.strip())
    return None if parts is None else int(parts[1]) * 3600.0 + int(parts[2]) * 60.0 + int(parts[3])


class Pace:
    """The quotas of one principal: one for all sessions of a night."""

    def __init__(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.reads = Pacer(pause=pause)
        self.queries = QueryPacer(pause=pause)
