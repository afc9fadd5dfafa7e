"""Resource Graph queries: the KQL is executed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any
from uuid import uuid4

import orjson

from auditor.simulator.estate import Estate
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.graph import refusals
from auditor.simulator.graph.paging import Page, page_body
from auditor.simulator.graph.scope import scope_of

_FIRST_WITH_OBJECTS = "2021-03-01"
"""Before it rows came as a table unless objects were asked for."""


class ResourceGraph:
    """Makes the tables when the first query of an estate arrives: what runs the queries is slow to import."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._estate: Estate | None = None
        self._tables: Any = None

    def warm(self, estate: Estate) -> None:
        """Make the tables now."""
        self._opened(estate)

    def answer(self, call: Call) -> Answer:
        began = time.monotonic()
        version = call.query.get("api-version", "")
        try:
            body = self._page(call, _asked(call.body), version)
        except refusals.QueryRefused as refused:
            return Answer(refusals.body(refused.details, call.now, str(uuid4()), version), 400)
        return Answer(body, headers={"x-ms-resource-graph-request-duration": _duration(time.monotonic() - began)})

    def _page(self, call: Call, asked: Mapping[str, Any], version: str) -> bytes:
        options = asked.get("options") or {}
        page = Page.asked(options, call.pages.graph_rows)
        usual = "objectArray" if version >= _FIRST_WITH_OBJECTS else "table"
        as_table = (options.get("resultFormat") or usual).lower() == "table"
        scope = scope_of(asked, call.estate.subscriptions())
        result = self._opened(call.estate).run(asked["query"], scope, as_table=as_table, now=call.now)
        return page_body(result, page, call.pages.graph_bytes)

    def _opened(self, estate: Estate) -> Any:
        from auditor.simulator.graph.tables import Tables

        with self._lock:
            if self._estate is not estate:
                self._estate, self._tables = estate, Tables(estate)
        return self._tables


def _asked(body: bytes) -> Mapping[str, Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise refusals.bad_request("The request body is not valid JSON.") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise refusals.bad_request("The request has no query.")
    return asked


def _duration(seconds: float) -> str:
    """``d:hh:mm:ss.fffffff``, as recorded: ``0:00:00:00.0971728``."""
    minutes, rest = divmod(seconds, 60)
    return f"0:00:{int(minutes):02d}:{rest:010.7f}"


def routes() -> tuple[Route, ...]:
    graph = ResourceGraph()
    path = pattern("/providers/Microsoft.ResourceGraph/resources")
    return (Route("resource_graph", "POST", path, graph.answer, slow=True, lags=True, warm=graph.warm),)
