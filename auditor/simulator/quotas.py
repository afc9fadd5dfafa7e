"""The quotas of Resource Manager and the compute provider, as token buckets with the real headers.

The numbers are Microsoft's published ones (pages "Compute throttling" and "Understand how Azure Resource Manager
throttles requests"). Off by default; the headers are always there, as if nobody else were asking.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final
from uuid import uuid4

import orjson

from auditor.simulator.bodies import errors
from auditor.simulator.exchange import Answer, Route
from auditor.simulator.forms import utc_time


@dataclass(frozen=True, slots=True)
class Quota:
    """``bucket`` requests at once, refilled at ``per_minute``; counted for each of ``scope``."""

    bucket: int
    per_minute: float
    scope: str = "region"


READS = Quota(bucket=250, per_minute=25 * 60, scope="subscription")
"""Resource Manager's reads, per subscription and principal."""

WRITES = Quota(bucket=200, per_minute=10 * 60, scope="subscription")
"""Resource Manager's writes, likewise."""

COMPUTE: Mapping[str, Quota] = {
    "HighCostGetSubscriptionMaximum": Quota(900, 300),
    "LowCostGetSubscriptionMaximum": Quota(24_000, 8_000),
    "LowCostGetResource": Quota(36, 12, scope="resource"),
    "GetVMScaleSetSubscriptionMaximum": Quota(2_400, 800),
    "GetVMScaleSetResource": Quota(36, 12, scope="resource"),
    "HighCostGetVMScaleSetSubscriptionMaximum": Quota(1_080, 360),
    "HighCostGetVMScaleSetResource": Quota(30, 10, scope="resource"),
    "GetVMScaleSetVMSubscriptionMaximum": Quota(6_000, 2_000),
    "GetVMScaleSetVMResource": Quota(36, 12, scope="resource"),
    "VMScaleSetVMViewsSubscriptionMaximum": Quota(30_000, 10_000),
    "ListVMExtensionTypes3Min": Quota(18_000, 6_000),
    "ListVMExtensionTypes30Min": Quota(22_500, 750),
    "ListVMExtensions3Min": Quota(10_000, 10_000 / 3),
    "ListVMExtensions30Min": Quota(22_000, 22_000 / 30),
}

QUERIES = Quota(bucket=200, per_minute=400, scope="principal")
"""Log Analytics queries: 200 in 30 seconds."""

GRAPH_QUERIES: Final = 15
GRAPH_WINDOW_S: Final = 5.0
"""Resource Graph: so many queries of one principal in a window, which begins with its first (page "Guidance for
throttled requests in Azure Resource Graph")."""

_LOCATION = re.compile(r"/locations/([^/]+)/", re.IGNORECASE)


class Quotas:
    """The buckets. ``clock`` gives seconds."""

    def __init__(self, enforced: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._enforced = enforced
        self._clock = clock
        self._lock = Lock()
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}
        self._windows: dict[str, tuple[float, int]] = {}

    def take(
        self, route: Route, subscription: str, path: str, principal: str
    ) -> tuple[Mapping[str, str], Answer | None]:
        """Headers for the answer, and the 429 that stands in its place where a bucket is empty."""
        if route.name == "log_analytics":
            left, wait = self._draw("queries", principal, QUERIES)
            return ({}, None) if left >= 0 else ({}, _too_many_queries(wait))
        if route.name == "resource_graph":
            return self._of_graph(principal)
        if not subscription:
            return {"x-ms-ratelimit-remaining-tenant-reads": "11999"}, None
        if route.method != "GET":
            left, wait = self._draw("writes", f"{subscription}:{principal}", WRITES)
            written = {"x-ms-ratelimit-remaining-subscription-writes": str(max(left, 0))}
            return written, _throttled_by_manager(subscription, path, wait) if left < 0 else None
        left, wait = self._draw("reads", f"{subscription}:{principal}", READS)
        headers = {"x-ms-ratelimit-remaining-subscription-global-reads": str(max(left, 0))}
        if left < 0:
            return headers, _throttled_by_manager(subscription, path, wait)
        return self._of_provider(route, subscription, path, headers)

    def _of_provider(
        self, route: Route, subscription: str, path: str, headers: dict[str, str]
    ) -> tuple[Mapping[str, str], Answer | None]:
        remaining = []
        for name in route.quota:
            quota = COMPUTE[name]
            left, wait = self._draw(name, path if quota.scope == "resource" else _region(subscription, path), quota)
            if left < 0:
                return headers, _throttled_by_provider(name, wait)
            remaining.append(f"Microsoft.Compute/{name};{left}")
        if remaining:
            headers["x-ms-ratelimit-remaining-resource"] = ",".join(remaining)
        return headers, None

    def _of_graph(self, principal: str) -> tuple[Mapping[str, str], Answer | None]:
        """Headers that are true whether or not the quota is enforced."""
        now = self._clock()
        with self._lock:
            began, queries = self._windows.get(principal, (now, 0))
            began, queries = (began, queries) if now < began + GRAPH_WINDOW_S else (now, 0)
            self._windows[principal] = (began, queries + 1)
        wait, left = began + GRAPH_WINDOW_S - now, max(0, GRAPH_QUERIES - queries - 1)
        headers = {
            "x-ms-ratelimit-remaining-tenant-resource-requests": str(left),
            "x-ms-user-quota-remaining": str(left),
            "x-ms-user-quota-resets-after": f"00:00:{math.ceil(wait):02d}",
        }
        refused = self._enforced and queries >= GRAPH_QUERIES
        return headers, _too_many_graph_queries(wait) if refused else None

    def _draw(self, name: str, scope: str, quota: Quota) -> tuple[int, float]:
        """What is left after one request (below zero: refused), and the seconds until there is one more."""
        if not self._enforced:
            return quota.bucket - 1, 0.0
        now, per_second = self._clock(), quota.per_minute / 60
        with self._lock:
            level, then = self._levels.get((name, scope), (float(quota.bucket), now))
            level = min(quota.bucket, level + (now - then) * per_second)
            granted = level >= 1
            self._levels[name, scope] = (level - granted, now)
        return (int(level - 1), 0.0) if granted else (-1, (1 - level) / per_second)


def _region(subscription: str, path: str) -> str:
    """Regions count apart where the path names one; a list or a GET by id counts for the subscription."""
    found = _LOCATION.search(path)
    return f"{subscription}:{found[1].lower() if found else ''}"


def _seconds(wait: float) -> str:
    return str(max(1, math.ceil(wait)))


def _throttled_by_manager(subscription: str, path: str, wait: float) -> Answer:
    operation = (
        "GET/" + "/".join(re.findall(r"/(subscriptions|resourceGroups|providers)/", path, re.IGNORECASE)).upper()
    )
    message = (
        f"Number of requests for subscription '{subscription}' and operation '{operation}' exceeded the backend "
        f"storage limit. Please try again after '{_seconds(wait)}' seconds."
    )
    headers = {"Retry-After": _seconds(wait), "x-ms-failure-cause": "gateway"}
    return Answer(errors.resource_manager("SubscriptionRequestsThrottled", message), 429, headers)


def _throttled_by_provider(policy: str, wait: float) -> Answer:
    message = "The server rejected the request because too many requests have been received for this subscription."
    measured = orjson.dumps({"operationGroup": policy, "retryAfterSeconds": _seconds(wait)}).decode()
    details = [{"code": "TooManyRequests", "target": policy, "message": measured}]
    body = errors.resource_manager("OperationNotAllowed", message, details=details)
    return Answer(body, 429, {"Retry-After": _seconds(wait), "x-ms-failure-cause": "service"})


def _too_many_queries(wait: float) -> Answer:
    body = {"error": {"message": "The request was throttled. Please try again later.", "code": "ThrottledError"}}
    return Answer(body, 429, {"Retry-After": _seconds(wait)})


def _too_many_graph_queries(wait: float) -> Answer:
    """As users of the live service published it."""
    message = (
        "Client application has been throttled and should not attempt to repeat the request until an amount of time "
        "has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
    )
    details = [{"code": "RateLimiting", "message": message}]
    asking = "Please provide below info when asking for support: timestamp = {}, correlationId = {}."
    at = utc_time(datetime.now(UTC))
    body = errors.resource_manager("RateLimiting", asking.format(at, uuid4()), details=details)
    return Answer(body, 429, {"Retry-After": _seconds(wait)})
