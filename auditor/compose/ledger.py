"""The night's frames, shard by shard, as compose reads them; what spans shards is counted on one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from auditor.compose.answers import Answers
from auditor.compose.operations import Operations
from auditor.compose.rows import View
from auditor.compose.tally import Tally
from auditor.compose.targets import Targets
from auditor.model.dataset import VIEWS
from auditor.model.reading import Reading
from auditor.model.verdict import Status

Frames = Mapping[str, pd.DataFrame]
Load = Callable[[], Frames]

MACHINES_HELD = 20_000
"""Shards stay in memory up to so many machines together, as many as one full shard has; the rest is loaded anew."""


@dataclass(frozen=True)
class Shard:
    """One shard's frames, and what is looked up in them often."""

    frames: Frames

    @cached_property
    def views(self) -> Mapping[str, View]:
        """What rules speak of, by name: each rule, whatever its verdict, is told from the same columns."""
        return {name: View(self.frames[name], name) for name in VIEWS}

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

    def shards_with(self, rule_id: str, status: Status) -> Iterator[Shard]:
        """The shards that have such a verdict; the others are not loaded for it."""
        present = enumerate(self.tally.verdicts_of_shard)
        return (self._shard(at) for at, verdicts in present if (rule_id, status) in verdicts)

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
        held = self._held.get(at)
        if held is None:
            held = Shard(self.loads[at]())
            machines = sum(len(each.frames["machines"]) for each in (held, *self._held.values()))
            if machines <= MACHINES_HELD:
                self._held[at] = held
        return held

    @cached_property
    def subscriptions(self) -> Mapping[str, Mapping[str, object]]:
        """The rows of the subscriptions by id in lower case."""
        return {str(row["id"]).lower(): row for row in self.subscription_rows}

    def subscription_name(self, subscription_id: str) -> str | None:
        name = self.subscriptions.get(subscription_id.lower(), {}).get("name")
        return None if name is None else str(name)
