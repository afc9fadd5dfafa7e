"""Verdicts on their way into the files: each is made once, and what several formats need of it is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby, islice
from operator import attrgetter

import pyarrow as pa

from auditor.model.contract import SCHEMA, column, piece_json
from auditor.model.report import LEFT_TO_PARQUET, Evidence, Finding, Portion

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
            text = piece_json(item.name, item.value, item.source, item.read_at)
            found = self._written[id(item)] = item, text
        return found[1]


@dataclass(frozen=True)
class Batch:
    """Some verdicts in their order: ``findings``, or where ``left`` to the tables those among them that are news."""

    findings: Sequence[Finding]
    pieces: Pieces
    left: pa.RecordBatch | None = None

    @cached_property
    def columns(self) -> pa.RecordBatch:
        """Every verdict by the keys of the contract: times in UTC, the evidence as JSON text."""
        if self.left is not None:
            return self.left
        arrays = [self._evidence if key == "evidence" else self._column(key) for key in SCHEMA.names]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    @cached_property
    def listed(self) -> Batch:
        """Those that a list holds where there are too many for it."""
        kept = tuple(finding for finding in self.findings if finding.status not in LEFT_TO_PARQUET)
        return self if self.left is None and len(kept) == len(self.findings) else Batch(kept, self.pieces)

    def _column(self, key: str) -> pa.Array:
        return column(key, list(map(attrgetter(key), self.findings)))

    @property
    def _evidence(self) -> pa.Array:
        json = self.pieces.json
        return pa.array([f"[{','.join(map(json, finding.evidence))}]" for finding in self.findings])


Take = Callable[[Batch], object]
"""What a format does with each batch."""


def batches(verdicts: Iterable[Portion]) -> Iterator[Batch]:
    """The verdicts in their order; findings so many at once, however they were portioned out."""
    pieces = Pieces()
    for left, portions in groupby(verdicts, lambda portion: portion.columns is not None):
        if left:
            yield from (Batch(each.findings, pieces, each.columns) for each in portions)
            continue
        rest = chain.from_iterable(portion.findings for portion in portions)
        while some := tuple(islice(rest, AT_ONCE)):
            yield Batch(some, pieces)
            del some  # before the next are made
