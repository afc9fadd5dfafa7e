"""Stays below the Resource Manager's published quota, so that a quiet tenant never answers 429.

Reads: a bucket of 250 that refills by 25 a second, per subscription and principal
(https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BUCKET = 240.0
"""A little under the published 250: others use the same identity too."""
REFILL_PER_SECOND = 24.0


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
