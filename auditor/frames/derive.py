"""Adds the columns that carry the field's knowledge, so that rules stay short.

A derived column is missing unless complete readings cover what it counts or searches; one whose inputs are missing is
missing: never a default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from auditor.frames.ages import Ages, with_ages
from auditor.frames.build import Frames
from auditor.frames.coverage import Coverage, Subjects
from auditor.frames.extensions import with_holders, with_lag, with_model_auto_upgrade
from auditor.frames.health import with_health
from auditor.frames.installed import with_installed_versions
from auditor.frames.machines import with_machine_columns, with_scale_set_columns
from auditor.frames.offers import Offers, Place, places, product_of
from auditor.frames.outcomes import with_failures
from auditor.frames.releases import ReleaseTable
from auditor.frames.remembered import with_remembered
from auditor.frames.stays import Stays
from auditor.frames.support import with_support
from auditor.model.memory import Memory
from auditor.model.rule import ReleaseRow, Upgradable
from auditor.model.version import Version
from auditor.model.wanted import products


@dataclass(frozen=True)
class Context:
    """What deriving needs besides the frames: the release table, what earlier nights saw, the clock, and the table of
    automatic upgrade.

    ``rollout`` is by kind of machine: how long an automatic roll-out may take.
    """

    releases: tuple[ReleaseRow, ...]
    memory: Memory
    rollout: Mapping[str, timedelta]
    as_of: datetime
    upgradable: tuple[Upgradable, ...] = ()


def derive(frames: Frames, context: Context) -> Frames:
    """The frames with their derived columns; ``extensions`` becomes the view that rules see, with machine columns.

    Operations that earlier nights remember stand beside tonight's.
    """
    coverage, as_of = Coverage.of(frames["readings"]), context.as_of
    stays = Stays.of(frames["heartbeats"], frames["machines"], coverage)
    table = ReleaseTable.of(context.releases)
    versions = _with_knowledge(frames["versions"], table, context.memory)
    offers = Offers(_offered(versions), table, context.memory, as_of)
    scale_sets = with_scale_set_columns(frames, coverage)
    machines = with_machine_columns(frames, scale_sets, coverage, stays, as_of)
    extensions = with_installed_versions(frames["extensions"], machines, stays, as_of)
    view = with_holders(extensions, machines, scale_sets)
    subjects = Subjects(view)
    view = with_model_auto_upgrade(view, scale_sets, subjects, coverage)
    view = with_support(view, products(context.upgradable), subjects)
    view = with_lag(view, offers, subjects, coverage, context.rollout)
    view = with_ages(view, Ages(table, context.memory, as_of), subjects)
    view = with_health(view, subjects, coverage, as_of)
    operations = with_remembered(frames, context.memory.operations)
    view = with_failures(view, operations, subjects, coverage, stays, as_of)
    derived = {"versions": versions, "scale_sets": scale_sets, "machines": machines, "extensions": view}
    return {**frames, **derived, "operations": operations}


def _with_knowledge(versions: pd.DataFrame, table: ReleaseTable, memory: Memory) -> pd.DataFrame:
    """What the release table and earlier nights know of each version on offer."""
    known = versions.copy()
    withdrawn, low, high, first = [], [], [], []
    for place, text in _offer_rows(versions):
        version, product = Version.read(text), product_of(place)
        withdrawn.append(None if version is None else "yes" if table.is_withdrawn(product, version) else "no")
        bounds = (None, None) if version is None else table.published(product, version)
        low.append(bounds[0])
        high.append(bounds[1])
        first.append(memory.first_seen.get((*place, text.lower())))
    known["withdrawn"] = pd.Series(withdrawn, dtype="str")
    for name, values in (("published.low", low), ("published.high", high), ("first_seen", first)):
        known[name] = pd.Series(values, dtype="datetime64[us, UTC]")
    return known


def _offer_rows(versions: pd.DataFrame) -> Iterator[tuple[Place, str]]:
    return zip(places(versions["machine_kind"], versions), versions["version"].tolist(), strict=True)


def _offered(versions: pd.DataFrame) -> dict[Place, tuple[Version, ...]]:
    """The versions that each place offers, in order; names that are no versions are passed over."""
    offered: dict[Place, set[Version]] = defaultdict(set)
    for place, text in _offer_rows(versions):
        version = Version.read(text)
        if version is not None:
            offered[place].add(version)
    return {place: tuple(sorted(found)) for place, found in offered.items()}
