"""Faults on request: answers that take the place of the real ones, lost connections, delays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.exchange import JSON, Answer


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that befalls requests whose method and path (with the query, decoded) fit, and whose body holds
    ``asks`` where that is given.

    The first ``after`` of them pass, the next ``times`` are met (None: all). A fault with ``status`` answers in place
    of the service, with ``body`` as JSON, text or bytes; without one, ``headers`` and the keys of ``amend`` are laid
    over the service's own answer; ``drop`` closes the connection; ``delay_s`` alone only delays.
    """

    path: str
    method: str | None = None
    asks: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    amend: Mapping[str, Any] | None = None
    drop: bool = False
    delay_s: float = 0.0
    times: int | None = None
    after: int = 0

    def fits(self, method: str, target: str, body: str = "") -> bool:
        wanted = (self.method is None or self.method.upper() == method) and self.asks.lower() in body.lower()
        return wanted and re.search(self.path, target, re.IGNORECASE) is not None

    def answer(self) -> Answer | None:
        """What is answered in the service's place, or None."""
        if self.status is None:
            return None
        body = self.body.encode() if isinstance(self.body, str) else self.body
        kind = "text/html" if isinstance(body, bytes) else JSON
        return Answer(b"" if body is None else body, self.status, self.headers, self.content_type or kind)


class Weather:
    """The faults in force, and how often each was met; safe to change while the simulator runs."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = Lock()
        self._counts: list[tuple[Fault, list[int]]] = []
        self.set(faults)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace all faults."""
        with self._lock:
            self._counts = [(fault, [0]) for fault in faults]

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._counts += [(fault, [0]) for fault in faults]

    def meet(self, method: str, target: str, body: str = "") -> Fault | None:
        """The first fault that befalls this request."""
        if not self._counts:
            return None
        with self._lock:
            for fault, count in self._counts:
                if fault.fits(method, target, body):
                    count[0] += 1
                    if fault.after < count[0] <= fault.after + (fault.times or count[0]):
                        return fault
        return None


_HTML = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    "<HTML><HEAD><TITLE>Service Unavailable</TITLE>\r\n"
    '<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    "<BODY><h2>Service Unavailable</h2>\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n</BODY></HTML>\r\n"
)
_INTERNAL = errors.resource_manager(
    "InternalServerError",
    "Encountered internal server error. Diagnostic information: timestamp '20261122T030017Z', "
    "subscription id '<null>', tracking id '00000000-0000-0000-0000-000000000000', request correlation id '<null>'.",
)
_THROTTLED = errors.resource_manager(
    "SubscriptionRequestsThrottled",
    "Number of requests for operation 'GET/SUBSCRIPTIONS/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/' exceeded "
    " the backend storage limit. Please try again after '1' seconds.",
)
PARTIAL_ERROR: Mapping[str, Any] = {
    "code": "PartialError",
    "message": "There were some errors when processing your query.",
    "details": [
        {
            "code": "EngineError",
            "message": "Something went wrong processing your query on the server.",
            "innererror": {
                "code": "-2133196797",
                "message": "Query result set has exceeded the internal record count limit 500000 "
                "(E_QUERY_RESULT_SET_TOO_LARGE; see https://aka.ms/kustoquerylimits).",
                "severity": 2,
                "severityName": "Error",
            },
        }
    ],
}
"""The ``error`` beside ``tables`` in an answer that is not whole (recorded form)."""

EXPIRED = (
    "The access token expiry UTC time '11/22/2026 1:41:05 AM' is earlier than current UTC time '11/22/2026 3:00:17 AM'."
)
EXPIRED_HEADERS: Mapping[str, str] = {
    "WWW-Authenticate": 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
    'error_description="The access token has expired."',
    "x-ms-failure-cause": "gateway",
}

_ONE_MACHINE = r"/virtualMachines/[^/?]+\?.*expand=instanceView"

PRESETS: Mapping[str, tuple[Fault, ...]] = {
    "clear": (),
    "storm": (
        Fault(_ONE_MACHINE, status=429, headers={"Retry-After": "1"}, body=_THROTTLED, after=4, times=3),
        Fault(_ONE_MACHINE, status=503, body=_HTML, content_type="text/html; charset=us-ascii", after=16, times=2),
        Fault("/eventtypes/management/values", status=503, headers={"Retry-After": "1"}, body=_HTML, times=1),
        Fault("/vmextension/types/", status=429, headers={"Retry-After": "1"}, body=_THROTTLED, after=1, times=1),
    ),
    "one_machine_500": (Fault(r"/virtualMachines/[^/?]*-0*1\?.*expand=instanceView", status=500, body=_INTERNAL),),
    "bad_page": (Fault(r"/virtualMachines\?.*skiptoken=", status=200, body=_HTML),),
    "partial_logs": (Fault(r"/v1/workspaces/[^/]+/query", amend={"error": PARTIAL_ERROR}),),
    "slow": (Fault(r"/virtualMachines/", delay_s=0.5),),
    "lost_connections": (Fault(_ONE_MACHINE, drop=True, after=2, times=2),),
    "expired_token": (
        Fault(
            "/subscriptions",
            status=401,
            headers=EXPIRED_HEADERS,
            body=errors.resource_manager("ExpiredAuthenticationToken", EXPIRED),
        ),
    ),
}
"""Weather by name, for the command line."""
