"""Log Analytics queries: the KQL is executed."""

from __future__ import annotations

from threading import Lock
from typing import Any
from uuid import uuid4

import orjson

from auditor.simulator.bodies import errors
from auditor.simulator.estate import Estate
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.permissions import may_query

_HEADERS = {
    "Access-Control-Expose-Headers": "Retry-After,Age,WWW-Authenticate,x-resource-identities,x-ms-status-location",
    "Via": "1.1 draft-oms-7f9bc6678d-2vd7r",
}
_QUERY = "/v1/workspaces/{workspace}/query"
_TABLE = "Heartbeat"
"""The one table that the workspaces have."""
_NOT_ALLOWED = "The provided credentials have insufficient access to perform the requested operation"


class LogAnalytics:
    """Opens the tables when the first query arrives: what runs the queries is slow to import."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._estate: Estate | None = None
        self._tables: Any = None

    def warm(self, estate: Estate) -> None:
        """Open the tables now."""
        self._opened(estate)

    def answer(self, call: Call) -> Answer:
        wanted = call.parts["workspace"].lower()
        workspace = next((each for each in call.estate.workspaces() if each.id.lower() == wanted), None)
        if workspace is None:
            return _error("PathNotFoundError", "The requested path does not exist", 404)
        if not may_query(workspace, _TABLE):
            return _error("InsufficientAccessError", _NOT_ALLOWED, 403)
        try:
            asked = orjson.loads(call.body)
            query, timespan = asked["query"], asked.get("timespan")
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _error("BadArgumentError", "The request had some invalid properties", 400)
        return self._run(call, wanted, query, timespan)

    def _run(self, call: Call, workspace: str, query: str, timespan: str | None) -> Answer:
        from auditor.simulator.heartbeats import QueryError

        try:
            table = self._opened(call.estate).run(workspace, query, timespan, call.now)
        except QueryError as refused:
            return _error("BadArgumentError", "The request had some invalid properties", 400, refused.inner)
        return Answer({"tables": [table]}, headers=_HEADERS)

    def _opened(self, estate: Estate) -> Any:
        from auditor.simulator.heartbeats import Heartbeats

        with self._lock:
            if self._estate is not estate:
                self._estate, self._tables = estate, Heartbeats(estate)
        return self._tables


def _error(code: str, message: str, status: int, inner: dict[str, Any] | None = None) -> Answer:
    return Answer(errors.log_analytics(code, message, str(uuid4()), inner), status, _HEADERS)


def routes() -> tuple[Route, ...]:
    logs = LogAnalytics()
    return (Route("log_analytics", "POST", pattern(_QUERY), logs.answer, slow=True, lags=True, warm=logs.warm),)
