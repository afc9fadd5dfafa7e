"""What the stages hand over as a whole: the survey, a shard's scope, a shard's result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from auditor.model.reading import Reading, Requests, Row, Source
from auditor.model.scopes import Cut


@dataclass(frozen=True)
class Survey:
    """What spans the estate and is read once.

    ``rows`` by frame: subscriptions, resource groups that a service manages, machines as the lists tell them (virtual
    machines, flexible instances among them, and Arc-enabled servers), scale sets, the extensions of their models,
    versions, heartbeats. ``readable`` are the ids of the subscriptions to audit, as Azure gave them, sorted.
    """

    rows: Mapping[str, list[Row]]
    readings: tuple[Reading, ...]
    readable: tuple[str, ...]

    def of(self, frame: str, subscriptions: Collection[str]) -> list[Row]:
        """The rows of ``frame`` whose ``subscription_id`` is among ``subscriptions``, in their order."""
        found = self._by_subscription.get(frame, {})
        return [row for each in subscriptions for row in found.get(each.lower(), [])]

    def size(self, subscription: str) -> int:
        """About how many machines the subscription has, the instances of its uniform scale sets included."""
        capacities = (row.get("capacity") for row in self.of("scale_sets", (subscription,)))
        return len(self.of("machines", (subscription,))) + sum(each for each in capacities if isinstance(each, int))

    def after_audit(self) -> Survey:
        """What is still told of it once the shards have taken what is theirs: the subscriptions, and the readings."""
        return replace(self, rows={"subscriptions": self.rows.get("subscriptions", [])})

    @cached_property
    def heartbeats(self) -> Mapping[str, list[Row]]:
        """The stays by machine id in lower case."""
        found: dict[str, list[Row]] = {}
        for row in self.rows.get("heartbeats", []):
            found.setdefault(str(row["machine_id"]).lower(), []).append(row)
        return found

    @cached_property
    def _by_subscription(self) -> dict[str, dict[str, list[Row]]]:
        found: dict[str, dict[str, list[Row]]] = {}
        for frame, rows in self.rows.items():
            for row in rows:
                held = found.setdefault(frame, {})
                held.setdefault(str(row.get("subscription_id", "")).lower(), []).append(row)
        return found


@dataclass(frozen=True, slots=True)
class ShardScope:
    """A batch of subscriptions that are audited together. ``name`` names its folder."""

    name: str
    subscriptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Verdicts that were judged again on what Resource Manager itself said: on how many machines, how many changed.

    ``machines`` were read again, ``left`` were not because a night reads only so many again; ``changed`` counts the
    verdicts that came out otherwise; ``silent`` machines were asked again and did not answer.
    """

    machines: int = 0
    verdicts: int = 0
    changed: int = 0
    left: int = 0
    silent: int = 0

    def __add__(self, other: Confirmation) -> Confirmation:
        return Confirmation(
            self.machines + other.machines,
            self.verdicts + other.verdicts,
            self.changed + other.changed,
            self.left + other.left,
            self.silent + other.silent,
        )


NOTHING_CONFIRMED = Confirmation()


@dataclass(frozen=True)
class ShardResult:
    """One shard in two folders, each of Parquet frames and a manifest with their hashes.

    ``folder`` holds what was collected, and can be judged again; ``judged`` the verdicts, and the frames that deriving
    has changed. ``again``: the ids, in lower case, of what was read again from Resource Manager itself.
    """

    folder: Path
    judged: Path
    machines: int
    traffic: Requests = field(default_factory=dict)
    confirmed: Confirmation = NOTHING_CONFIRMED
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is read again tonight: ids by shard, in the order of the shards; ``left`` are not, as a night reads only so
    many again."""

    again: tuple[tuple[str, ...], ...]
    left: int


def subscriptions_asked(rows: Iterable[Row], readings: Iterable[Reading]) -> list[Row]:
    """The subscriptions that were asked for, seen (``rows``) or not: of one that was not seen only its id is known."""
    seen = {str(row["id"]).lower(): row for row in rows}
    asked = {each.scope.lower() for each in readings if each.source is Source.SUBSCRIPTIONS} - {Cut.TENANT}
    return [seen.get(each, {"id": each}) for each in sorted({*seen, *asked})]
