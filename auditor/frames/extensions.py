"""What extensions gain: their machine's or scale set's columns, the model's setting, how far they are behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from auditor.frames.build import typed
from auditor.frames.cells import looked_up, lower, values
from auditor.frames.coverage import OFFERS, Coverage, Subjects
from auditor.frames.offers import Lag, Offers, places
from auditor.model.dataset import EXTENSIONS, machine_column_in_extensions
from auditor.model.reading import Source
from auditor.model.scopes import Subject

# --- the columns of what it stands on ---


def with_holders(extensions: pd.DataFrame, machines: pd.DataFrame, scale_sets: pd.DataFrame) -> pd.DataFrame:
    """Extensions with the columns of their machine, or of the scale set whose model holds them, beside them.

    The time at which that was read is among them.
    """
    holders = pd.concat([machines, _as_machines(scale_sets, machines)], ignore_index=True)
    beside = holders.drop(columns="id").rename(columns=machine_column_in_extensions)
    joined = looked_up(beside.set_axis(pd.Index(lower(holders["id"]))), lower(extensions["machine_id"]))
    return pd.concat([extensions, joined], axis="columns")


def _as_machines(scale_sets: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Scale sets in the columns of machines: what only a machine has (whether it runs, its agents) is missing."""
    shared = scale_sets[[name for name in machines if name in scale_sets]]
    own = shared.assign(kind="scale_set", scale_set_id=shared["id"], follows_model="none")
    return own.reindex(columns=machines.columns).astype(machines.dtypes)


# --- the scale set's model ---


def with_model_auto_upgrade(
    view: pd.DataFrame, scale_sets: pd.DataFrame, subjects: Subjects, coverage: Coverage
) -> pd.DataFrame:
    """The same setting in the model of the scale set that the extension's machine belongs to."""
    models = _Models(view[view["on"].eq("model")], scale_sets)
    of_instances = view["scale_set_id"].ne("none") & view["scale_set_id"].notna() & subjects.about.ne(Subject.SCALE_SET)
    asked = view[of_instances & coverage.over((Source.SCALE_SETS,), subjects)]
    columns = (values(lower(asked[name])) for name in ("scale_set_id", "publisher", "type", "name"))
    told = [models.setting(*row) for row in zip(*columns, strict=True)]
    setting = view["auto_upgrade"].where(subjects.about.eq(Subject.SCALE_SET))
    setting = setting.mask(view["scale_set_id"].eq("none"), "none")
    setting.loc[asked.index] = pd.Series(told, index=asked.index, dtype="str")
    return view.assign(model_auto_upgrade=setting)


class _Models:
    """The settings in the models of scale sets, by scale set, publisher and type."""

    def __init__(self, extensions: pd.DataFrame, scale_sets: pd.DataFrame) -> None:
        self._read = set(lower(scale_sets["id"]))
        self._settings: dict[tuple[str, str | None, str | None], dict[str | None, str | None]] = defaultdict(dict)
        keys = (values(lower(extensions[name])) for name in ("machine_id", "publisher", "type", "name"))
        for scale_set, publisher, kind, name, setting in zip(*keys, values(extensions["auto_upgrade"]), strict=True):
            self._settings[scale_set, publisher, kind][name] = setting
        self._unclear = {scale_set for scale_set, *agent in self._settings if None in agent}

    def setting(self, scale_set: str, publisher: str | None, kind: str | None, name: str | None) -> str | None:
        """The setting of the extension of that publisher and type; none where the model that was read has none.

        Where several of them differ, or of some it is not known what they are, that of the same name counts. None: not
        known.
        """
        if scale_set not in self._read or publisher is None or kind is None:
            return None
        found = self._settings.get((scale_set, publisher, kind), {})
        settings = set(found.values())
        if scale_set in self._unclear or len(settings) > 1:
            return found.get(name)
        return settings.pop() if settings else "none"


# --- how far they are behind ---


def with_lag(
    view: pd.DataFrame, offers: Offers, subjects: Subjects, coverage: Coverage, rollout: Mapping[str, timedelta]
) -> pd.DataFrame:
    """How far each installed version is behind its region, where the region's list was completely read."""
    seen: dict[tuple[Any, ...], Lag | None] = {}
    kinds = subjects.about.eq(Subject.ARC).map({True: "arc", False: "vm"})
    known = coverage.over(OFFERS, subjects) & view["installed_version"].notna().to_numpy(dtype=bool)
    rows = view[known]
    told: list[Lag | None] = []
    for row in zip(places(kinds[known], rows), rows["installed_version"].tolist(), strict=True):
        if row not in seen:
            seen[row] = offers.lag(*row, rollout[row[0][0]])
        told.append(seen[row])
    derived: dict[str, list[Any]] = {
        "latest_version": [each and each.latest for each in told],
        "newer_major": [each and each.newer_major for each in told],
        "releases_behind": [each and each.behind for each in told],
        "releases_overdue": [each and each.overdue for each in told],
        "overdue_basis": [each and each.basis for each in told],
    }
    types = {column.name: column for column in EXTENSIONS}
    columns = {name: typed(found, types[name]).set_axis(rows.index) for name, found in derived.items()}
    return view.assign(**{name: column.reindex(view.index) for name, column in columns.items()})
