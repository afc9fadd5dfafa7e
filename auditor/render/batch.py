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


@dataclass(frozen=True)
class Batch:
    """Some findings in their order."""

    findings: Sequence[Finding]

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """The values by key of the contract: times in UTC, texts that can be encoded, the evidence as JSON text."""
        return {key: self._evidence if key == "evidence" else self._column(key) for key in FINDING_KEYS}

    @cached_property
    def listed(self) -> Batch:
        """Those that a list holds where there are too many for it."""
        kept = tuple(finding for finding in self.findings if finding.status not in LEFT_TO_PARQUET)
        return self if len(kept) == len(self.findings) else Batch(kept)

    def _column(self, key: str) -> list[Any]:
        """A night has few different values: each is looked at once."""
        values = list(map(attrgetter(key), self.findings))
        fit = {value: writable(value) for value in set(values)}
        return [fit[value] for value in values]

    @cached_property
    def _evidence(self) -> list[str]:
        """Findings share their pieces of evidence, so each is written once."""
        written: dict[int, str] = {}
        for finding in self.findings:
            for item in finding.evidence:
                if id(item) not in written:
                    written[id(item)] = json_bytes(_piece(item)).decode()
        return [f"[{','.join([written[id(item)] for item in finding.evidence])}]" for finding in self.findings]


Take = Callable[[Batch], object]
"""What a format does with each batch."""


def batches(findings: Iterable[Finding]) -> Iterator[Batch]:
    """The findings in batches, in their order."""
    rest = iter(findings)
    while some := tuple(islice(rest, AT_ONCE)):
        yield Batch(some)


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
