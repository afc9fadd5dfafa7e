"""The night's frames, shard by shard, as compose reads them; what spans shards is counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from auditor.model.reading import Reading
from auditor.model.verdict import Status

Frames = Mapping[str, pd.DataFrame]
Load = Callable[[], Frames]


@dataclass(frozen=True)
class Ledger:
    """``shards`` load one shard's frames each, in order of their subscriptions; ``survey`` are the spanning readings.

    Nothing larger than a shard is held: what is needed of the whole is summed up on one pass.
    """

    shards: Sequence[Load]
    survey: tuple[Reading, ...]
    subscription_rows: tuple[Mapping[str, object], ...]

    def frames(self, name: str) -> Iterator[pd.DataFrame]:
        for load in self.shards:
            yield load()[name]

    @cached_property
    def counts(self) -> Mapping[tuple[str, Status], int]:
        """Verdicts by rule and verdict."""
        found: Counter[tuple[str, Status]] = Counter()
        for verdicts in self.frames("verdicts"):
            for rule, status in zip(verdicts["rule_id"], verdicts["status"], strict=True):
                found[str(rule), Status(str(status))] += 1
        return found

    @cached_property
    def machines(self) -> int:
        return sum(len(machines) for machines in self.frames("machines"))

    @cached_property
    def readings(self) -> pd.DataFrame:
        """Every reading of the night once: the spanning ones stand in each shard."""
        parts = [pd.DataFrame([reading.as_row() for reading in self.survey])] if self.survey else []
        parts.extend(self.frames("readings"))
        if not parts:
            return pd.DataFrame(columns=["source", "scope", "complete", "rows", "read_at", "status", "reason", "close"])
        return pd.concat(parts, ignore_index=True).drop_duplicates(["source", "scope"]).reset_index(drop=True)

    def subscription_name(self, subscription_id: str) -> str | None:
        wanted = subscription_id.lower()
        names = (row.get("name") for row in self.subscription_rows if str(row["id"]).lower() == wanted)
        name = next(names, None)
        return None if name is None else str(name)
