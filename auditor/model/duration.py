"""Durations as people write them in rules and configuration: ``14d``, ``36h``, ``90m``, ``30s``."""

from __future__ import annotations

import re
from datetime import timedelta

_PATTERN = re.compile(r"([0-9]{1,6})\s*([dhms])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_duration(text: str) -> timedelta:
    """Read ``text``; raises ValueError with a sentence where it is not a whole number and a unit."""
    match = _PATTERN.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a duration: write a whole number and d, h, m or s, such as 14d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def write_duration(duration: timedelta) -> str:
    """The shortest exact way to write ``duration``: whole days, else hours, minutes, seconds."""
    seconds = round(duration.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s" if seconds else "0d"
