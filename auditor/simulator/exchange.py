"""One request and its answer, as the routes see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from auditor.simulator.bodies import errors
from auditor.simulator.changes import Changes
from auditor.simulator.estate import Estate

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class PageSizes:
    """Rows on one page. The service's own sizes are not documented; clients must follow ``nextLink`` anyhow."""

    virtual_machines: int = 100
    scale_sets: int = 100
    instances: int = 100
    arc_machines: int = 100
    resource_groups: int = 1000
    descendants: int = 1000
    events: int = 200
    rules: int = 100
    """Data collection rules, and associations with them."""
    graph_rows: int = 1000
    """The most rows that Resource Graph gives at once, and how many it gives unasked (documented)."""
    graph_bytes: int = 16 * 1024 * 1024
    """The longest answer of Resource Graph (as its refusals say)."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request: ``query`` has its names in lower case and without ``$``, ``parts`` what the route's pattern caught."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_query: str
    body: bytes
    parts: Mapping[str, str]
    estate: Estate
    now: datetime
    url: str
    pages: PageSizes
    gone: set[str]
    """Ids, in lower case, of machines that were deleted since the start."""
    changes: Changes
    """What was written since the start; ``estate`` shows it already, unless the route lags."""

    def link(self, **added: str) -> str:
        """The address of this request with parameters added, as in a ``nextLink``."""
        kept = [part for part in self.raw_query.split("&") if part and not part.lower().startswith(_SKIP_TOKENS)]
        return f"{self.url}{quote(self.path)}?" + "&".join(
            [*kept, *(f"${name}={value}" for name, value in added.items())]
        )

    @property
    def skip_token(self) -> str:
        return self.query.get("skiptoken", "")


_SKIP_TOKENS = ("$skiptoken", "%24skiptoken")


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is written as JSON unless it is bytes already."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


class Refused(Exception):
    """The service answers with something else than what was asked for: ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of request.

    ``action`` is the permission that it asks for, ``quota`` the compute provider's policies that count it; a ``slow``
    one runs off the event loop. ``handle`` may raise Refused.
    """

    name: str
    method: str
    pattern: re.Pattern[str]
    handle: Callable[[Call], Answer]
    action: str = ""
    collection: bool = False
    """It lists what its path ends with; permission is asked for at the scope above that."""
    quota: tuple[str, ...] = ()
    slow: bool = False
    lags: bool = False
    """It tells the estate as it was at the start, and nothing of what was written since."""
    guarded: bool = True
    """Asks for a bearer token."""
    warm: Callable[[Estate], None] | None = None
    """Makes ready what the first request would otherwise wait for."""

    def answer(self, call: Call) -> Answer:
        """What ``handle`` says, or why it does not."""
        try:
            return self.handle(call)
        except Refused as refused:
            return refused.answer


def pattern(path: str) -> re.Pattern[str]:
    """A path with ``{name}`` for what may stand there; the service does not mind letter case."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)) + "/?", re.IGNORECASE)


def absent(resource: str, group: str) -> Answer:
    """The gateway's 404 for a resource, named by its type and name, that is not in the group."""
    return Answer(errors.resource_not_found(resource, group), 404, {"x-ms-failure-cause": "gateway"})


def not_found(code: str, message: str) -> Answer:
    return Answer(errors.resource_manager(code, message), 404, {"x-ms-failure-cause": "gateway"})
