"""A query's result and one page of it: where it starts, how many rows it has, the token for the next."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from auditor.simulator.graph import refusals

MOST_ROWS: Final = 1000
"""On one page, and the default (documented for api-version 2021-03-01)."""

_CLUSTER: Final = "https://arg-sim-one-sf.arg.core.windows.net"


@dataclass(frozen=True, slots=True)
class Result:
    """What a query brought: each row the text of a JSON object, or of an array where a table was asked for.

    ``columns`` are names and types. Only a ``pageable`` result is given page by page: that is documented of queries
    without ``limit``, ``take`` or ``sample`` of which not all columns are dynamic.
    """

    columns: tuple[tuple[str, str], ...]
    rows: list[str]
    pageable: bool
    as_table: bool


@dataclass(frozen=True, slots=True)
class Page:
    """``rows`` rows beginning with number ``start`` of the result."""

    start: int
    rows: int

    @classmethod
    def asked(cls, options: Mapping[str, Any], most_rows: int) -> Self:
        """What the request's options ask for: ``$top`` and ``$skip`` go before what the token says."""
        token = _read(options.get("$skipToken") or "")
        start = _number(options, "$skip", token.get("RowsToSkip", 0), range(2**31))
        return cls(start, _number(options, "$top", token.get("MaxRows", most_rows), range(1, most_rows + 1)))

    def following(self, total: int) -> str | None:
        """The token of the page after this one; None where there is none."""
        end = self.start + self.rows
        if end >= total:
            return None
        # Recorded with these line ends and this indentation.
        keys = {"$id": "1", "MaxRows": self.rows, "RowsToSkip": end, "KustoClusterUrl": _CLUSTER}
        text = orjson.dumps(keys, option=orjson.OPT_INDENT_2).replace(b"\n", b"\r\n")
        return b64encode(text).decode()


def page_body(result: Result, page: Page, most_bytes: int) -> bytes:
    """The answer. Raises QueryRefused where it is longer than the service sends."""
    rows = result.rows[page.start : page.start + page.rows]
    data = f"[{','.join(rows)}]"
    if result.as_table:
        columns = [{"name": name, "type": kind} for name, kind in result.columns]
        data = f'{{"columns":{orjson.dumps(columns).decode()},"rows":{data}}}'
    after: dict[str, Any] = {"facets": [], "resultTruncated": "false"}
    if (token := page.following(len(result.rows))) is not None:
        after |= {"$skipToken": token} if result.pageable else {"resultTruncated": "true"}
    counts = f'{{"totalRecords":{len(result.rows)},"count":{len(rows)},"data":'
    body = b"".join((counts.encode(), data.encode(), b",", orjson.dumps(after)[1:]))
    if len(body) > most_bytes:
        raise refusals.payload_too_large(len(body), most_bytes)
    return body


def _read(token: str) -> dict[str, Any]:
    try:
        return dict(orjson.loads(b64decode(token, validate=True))) if token else {}
    except ValueError:
        raise refusals.bad_request("The provided skip token is invalid.") from None


def _number(options: Mapping[str, Any], name: str, default: int, allowed: range) -> int:
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or value not in allowed:
        message = f"The value of option {name} must be between {allowed.start} and {allowed.stop - 1}."
        raise refusals.bad_request(message)
    return value
