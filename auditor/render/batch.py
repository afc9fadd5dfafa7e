"""Findings on their way into the files: each is made once, and what several formats need of it is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import Any

import orjson

from auditor.model.report import FINDING_KEYS, LEFT_TO_PARQUET, Evidence, Finding
from auditor.render.text import encodable

AT_ONCE = 1_000
PIECES_HELD = 20_000
"""Pieces of evidence whose JSON is kept: as many as a full shard has, and shards share none."""


class Pieces:
    """The JSON of pieces of evidence: findings share them, so each is written once."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[Evidence, str]] = {}  # with the piece itself: another must not get its number

    def json(self, item: Evidence) -> str:
        found = self._written.get(id(item))
        if found is None:
            if len(self._written) >= PIECES_HELD:
                self._written.clear()
            found = self._written[id(item)] = item, json_bytes(_piece(item)).decode()
        return found[1]


@dataclass(frozen=True)
class Batch:
    """Some findings in their order."""

    findings: Sequence[Finding]
    pieces: Pieces

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """The values by key of the contract: times in UTC, texts that can be encoded, the evidence as JSON text."""
        return {key: self._evidence if key == "evidence" else self._column(key) for key in FINDING_KEYS}

    @cached_property
    def listed(self) -> Batch:
        """Those that a list holds where there are too many for it."""
        kept = tuple(finding for finding in self.findings if finding.status not in LEFT_TO_PARQUET)
        return self if len(kept) == len(self.findings) else Batch(kept, self.pieces)

    def _column(self, key: str) -> list[Any]:
        """A night has few different values: each is looked at once."""
        values = list(map(attrgetter(key), self.findings))
        fit = {value: writable(value) for value in set(values)}
        return [fit[value] for value in values]

    @cached_property
    def _evidence(self) -> list[str]:
        json = self.pieces.json
        return [f"[{','.join(map(json, finding.evidence))}]" for finding in self.findings]


Take = Callable[[Batch], object]
"""What a format does with each batch."""


def batches(findings: Iterable[Finding]) -> Iterator[Batch]:
    """The findings in batches, in their order."""
    rest, pieces = iter(findings), Pieces()
    while some := tuple(islice(rest, AT_ONCE)):
        yield Batch(some, pieces)


def json_bytes(value: object, option: int = 0) -> bytes:
    """``value`` as JSON, made writable first."""
    return orjson.dumps(writable(value), option=option | orjson.OPT_UTC_Z)


def writable(value: object) -> object:
    """``value`` in JSON's own types, times in UTC; a half of a surrogate pair, which no file can hold, is U+FFFD."""
    if isinstance(value, str):
        return encodable(str(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {encodable(str(key)): writable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [writable(part) for part in value]
    return value


def _piece(item: Evidence) -> dict[str, object]:
    return {"name": item.name, "value": item.value, "source": item.source, "read_at": item.read_at}
