"""The ``timespan`` of a Log Analytics request: a duration, or a start and an end, of which one may be a duration."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?:(?P<weeks>[\d.]+)W)?(?:(?P<days>[\d.]+)D)?"
    r"(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
)


class TimespanError(ValueError):
    """The text is no timespan."""


def window(text: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Start and end; (None, None) where nothing was said. Raises TimespanError."""
    if not text:
        return None, None
    first, _, second = text.partition("/")
    if not second:
        return now - _duration(first), now
    if first.startswith("P"):
        end = _time(second)
        return end - _duration(first), end
    start = _time(first)
    return start, start + _duration(second) if second.startswith("P") else _time(second)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or text in ("P", "PT"):
        raise TimespanError(f"Failed to parse '{text}' as a timespan")
    return timedelta(**{unit: float(number) for unit, number in found.groupdict().items() if number})


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TimespanError(f"Failed to parse '{text}' as a timespan") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
