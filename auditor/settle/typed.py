"""Written values -> the type of the column that they are compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auditor.model.dataset import Column, Kind
from auditor.model.duration import parse_duration
from auditor.model.rule import Value
from auditor.model.version import Version
from auditor.settle.complaints import did_you_mean

_MEANT = {
    Kind.TEXT: "is no text to YAML: write it in quotes",
    Kind.WORD: "is no word to YAML: write it in quotes",
    Kind.VERSION: 'is no version: write two to four numbers with dots between, in quotes, such as "1.30"',
    Kind.NUMBER: "is no whole number: write it without quotes and without a point",
    Kind.FLAG: "is neither true nor false: write one of these, without quotes",
    Kind.DURATION: "is no duration: write a whole number and d, h, m or s, such as 7d",
    Kind.TIME: "is no time: write it with its offset, such as 2026-01-31T03:00:00Z",
    Kind.TAGS: "is not given as a whole: write tags.NAME, a line for each tag",
}


def typed(column: Column, written: object) -> Value:
    """``written`` as a value of ``column``; raises ValueError with a sentence that continues the value."""
    kind = column.kind
    if kind is Kind.FLAG and isinstance(written, bool):
        return written
    if kind is Kind.NUMBER and isinstance(written, int) and not isinstance(written, bool):
        return written
    if isinstance(written, str):
        if kind is Kind.TEXT:
            return written
        if kind is Kind.WORD:
            return _word(column, written)
        if kind in (Kind.VERSION, Kind.DURATION):
            return _parsed(kind, written)
    raise ValueError(_MEANT[kind])


def example_value(column: Column, written: object) -> object:
    """The same for a row of an example, where a time (aware UTC) may stand too."""
    if column.kind is not Kind.TIME:
        return typed(column, written)
    try:
        time = datetime.fromisoformat(written if isinstance(written, str) else "")
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError(_MEANT[Kind.TIME])
    return time.astimezone(UTC)


def _word(column: Column, written: str) -> str:
    if written not in column.words:
        raise ValueError(
            f"is none of the words of {column.name} ({', '.join(column.words)}){_near(written, column.words)}"
        )
    return written


def _near(written: str, words: tuple[str, ...]) -> str:
    hint = did_you_mean(written, words)
    return hint if "did you mean" in hint else ""


def _parsed(kind: Kind, written: str) -> Version | timedelta:
    try:
        return Version.parse(written) if kind is Kind.VERSION else parse_duration(written)
    except (ValueError, OverflowError):
        raise ValueError(_MEANT[kind]) from None
