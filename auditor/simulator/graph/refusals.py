"""What Resource Graph answers when it does not run a query: 400, with the reason in ``details`` only.

The parser's failure and the words around it are recorded (2018-09-01-preview and 2019-04-01); the other codes are taken
from answers that users of the live service published.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from auditor.simulator.forms import utc_time

Detail = dict[str, Any]

PREVIEW = "2018-09-01-preview"

_INVALID = {
    "code": "InvalidQuery",
    "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
    "error before retrying.",
}

_PREVIEW_WORDS = {"ParserFailure": {"message": "Parser failure"}}


class QueryRefused(Exception):
    """The query is not run; ``details`` say why."""

    def __init__(self, *details: Detail) -> None:
        self.details = list(details)
        super().__init__(details[-1]["message"])


def body(details: list[Detail], now: datetime, correlation: str, version: str) -> dict[str, Any]:
    """The whole answer, in the form of the api-version that was asked for."""
    if version == PREVIEW:
        reasons = [each | _PREVIEW_WORDS.get(each["code"], {}) for each in details if each is not _INVALID]
        return {"error": {"code": "InvalidQuery", "message": "Query validation error", "details": reasons}}
    return {"error": {"code": "BadRequest", "message": support(now, correlation), "details": details}}


def support(now: datetime, correlation: str) -> str:
    return (
        f"Please provide below info when asking for support: timestamp = {utc_time(now)}, "
        f"correlationId = {correlation}."
    )


def parser_failure(line: int, position: int, token: str, expected: str) -> QueryRefused:
    """The text is no KQL."""
    place = {"line": line, "characterPositionInLine": position, "token": token, "expectedToken": expected}
    return QueryRefused(_INVALID, {"code": "ParserFailure", "message": "ParserFailure"} | place)


def unknown_table(name: str) -> QueryRefused:
    return _single("DisallowedLogicalTableName", f"Table {name} is invalid, unsupported or disallowed.")


def unknown_column(name: str) -> QueryRefused:
    """Not recorded for a query; these are the words that were recorded for a column of a facet."""
    return QueryRefused(_INVALID, {"code": "InvalidColumnNames", "message": f"Invalid column names: [{name}]."})


def beyond_the_simulator(reason: str) -> QueryRefused:
    """KQL that the live service might run."""
    message = f"The simulated Resource Graph cannot run this query: {reason}"
    return _single("SimulatedResourceGraphError", message)


def no_valid_subscription(asked: list[str]) -> QueryRefused:
    """The identity may read nothing in any of the subscriptions; where it may in one, the others are just absent."""
    given = ",".join(asked)
    message = f"There must be at least one subscription that is eligible to contain resources. Given: '{given}'."
    return _single("NoValidSubscriptionsInQueryRequest", message)


def not_guids(asked: list[str]) -> QueryRefused:
    message = f"The following subscriptions are not valid GUIDs: {', '.join(asked)}."
    return _single("SubscriptionsContainInvalidGuids", message)


def too_many_subscriptions(number: int, limit: int) -> QueryRefused:
    """Documented without its words."""
    message = f"The number of subscriptions in the request is {number}, and has exceeded the limit of {limit}."
    return _single("TooManySubscriptions", message)


def payload_too_large(size: int, limit: int) -> QueryRefused:
    message = (
        f"Response payload size is {size}, and has exceeded the limit of {limit}. "
        "Please consider querying less data at a time and make paginated call if needed."
    )
    return _single("ResponsePayloadTooLarge", message)


def bad_request(message: str) -> QueryRefused:
    return _single("InvalidRequest", message)


def _single(code: str, message: str) -> QueryRefused:
    return QueryRefused({"code": code, "message": message})
