"""The night's frames, shard by shard, as compose reads them; what spans shards is counted on one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import pandas as pd

from auditor.compose.answers import Answers
from auditor.compose.operations import Operations
from auditor.compose.rows import Numbers, View
from auditor.compose.tally import Tally
from auditor.compose.targets import Targets
from auditor.model.dataset import VIEWS
from auditor.model.reading import Reading

Frames = Mapping[str, pd.DataFrame]
Load = Callable[[], Frames]

MACHINES_HELD = 5_000
"""Shards stay in memory up to so many machines together, as many as one full shard has: those looked at last."""


@dataclass(frozen=True)
class Shard:
    """One shard's frames, which are read when they are asked for, and what is looked up in them often."""

    frames: Frames

    @cached_property
    def machines(self) -> int:
        return len(self.frames["machines"])

    @cached_property
    def views(self) -> Mapping[str, View]:
        """What rules speak of, by name: each rule, whatever its verdict, is told from the same columns."""
        return {name: View(self.frames[name], name) for name in VIEWS}

    @cached_property
    def verdicts(self) -> Mapping[tuple[str, str], Numbers]:
        """Where the verdicts of each rule and status stand in their frame."""
        return cast("Mapping[tuple[str, str], Numbers]", self.frames["verdicts"].groupby(["rule_id", "status"]).indices)

    @cached_property
    def answers(self) -> Answers:
        return Answers.of(self.frames["readings"])

    @cached_property
    def operations(self) -> Operations:
        return Operations.of(self.frames["operations"], self.frames["extensions"])

    @cached_property
    def targets(self) -> Targets:
        return Targets(self.frames)


@dataclass(frozen=True)
class Ledger:
    """``loads`` load one shard's frames each, in order of their subscriptions; ``survey`` are the spanning readings."""

    loads: Sequence[Load]
    survey: tuple[Reading, ...]
    subscription_rows: tuple[Mapping[str, object], ...]

    def shards(self) -> Iterator[Shard]:
        return map(self._shard, range(len(self.loads)))

    @property
    def fits(self) -> bool:
        """Whether all shards stay in memory together: then they may be gone through in any order."""
        return sum(self.tally.machines.values()) <= MACHINES_HELD

    @cached_property
    def tally(self) -> Tally:
        """What is counted over all shards."""
        tally = Tally(self.survey)
        for shard in self.shards():
            tally.add(shard.frames, shard.answers)
        return tally

    @cached_property
    def _held(self) -> dict[int, Shard]:
        return {}

    def _shard(self, at: int) -> Shard:
        self._held[at] = shard = self._held.pop(at, None) or Shard(self.loads[at]())
        while len(self._held) > 1 and sum(each.machines for each in self._held.values()) > MACHINES_HELD:
            del self._held[next(iter(self._held))]
        return shard

    def let_go(self) -> None:
        """Keep no shard in memory until one is asked for again."""
        self._held.clear()

    @cached_property
    def subscriptions(self) -> Mapping[str, Mapping[str, object]]:
        """The rows of the subscriptions by id in lower case."""
        return {str(row["id"]).lower(): row for row in self.subscription_rows}

    def subscription_name(self, subscription_id: str) -> str | None:
        name = self.subscriptions.get(subscription_id.lower(), {}).get("name")
        return None if name is None else str(name)
