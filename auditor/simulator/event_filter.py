"""The ``$filter`` of the activity log, read as the service reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_CLAUSE = re.compile(r"\s*(\w+)\s+(ge|gt|le|lt|eq)\s+('(?:[^']|'')*'|[^\s']+)\s*(?:and\b|$)", re.IGNORECASE)
_NARROWED_BY = ("resourcegroupname", "resourceuri", "resourceprovider", "correlationid")


class FilterError(ValueError):
    """The filter is answered with 400; the text is the message."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A window of time and at most one of resource group, resource, provider or correlation."""

    start: datetime
    end: datetime
    end_included: bool
    field: str = ""
    value: str = ""

    @classmethod
    def parse(cls, text: str, now: datetime) -> EventFilter:
        """Read ``text``; raises FilterError where it is missing, without a start, or says what is not understood."""
        if not text.strip():
            raise FilterError("The $filter query parameter is missing.")
        start, end, end_included, narrowed = None, now, True, []
        for field, operator, value in _clauses(text):
            if field == "eventtimestamp" and operator in ("ge", "gt"):
                start = _time(value)
            elif field == "eventtimestamp" and operator in ("le", "lt"):
                end, end_included = _time(value), operator == "le"
            elif field in _NARROWED_BY and operator == "eq":
                narrowed.append((field, value.lower()))
            elif field != "eventchannels":
                raise _invalid()
        if start is None or len(narrowed) > 1:
            raise _invalid()
        return cls(start, end, end_included, *(narrowed[0] if narrowed else ("", "")))

    def matches(self, at: datetime, resource: str, correlation: str) -> bool:
        within = self.start <= at and (at <= self.end if self.end_included else at < self.end)
        return within and (not self.field or self._narrows(resource.lower(), correlation.lower()))

    def _narrows(self, resource: str, correlation: str) -> bool:
        match self.field:
            case "correlationid":
                return correlation == self.value
            case "resourceuri":
                return resource == self.value
            case "resourcegroupname":
                return f"/resourcegroups/{self.value}/" in f"{resource}/"
            case _:
                return f"/providers/{self.value}/" in resource


def _invalid() -> FilterError:
    return FilterError("The $filter query parameter value is invalid.")


def _clauses(text: str) -> list[tuple[str, str, str]]:
    clauses, position = [], 0
    while position < len(text):
        found = _CLAUSE.match(text, position)
        if found is None:
            raise _invalid()
        field, operator, value = found.groups()
        quoted = value.startswith("'")
        clauses.append((field.lower(), operator.lower(), value[1:-1].replace("''", "'") if quoted else value))
        position = found.end()
    return clauses


def _time(text: str) -> datetime:
    """ISO 8601 with up to seven digits of a second; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid() from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
