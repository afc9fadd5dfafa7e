"""Verdicts on what was not read have no row of their own: the machine, or the scale set, stands in for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from auditor.compose.rows import Rows, View
from auditor.model.dataset import machine_column_in_extensions


def rows_of(frames: Mapping[str, pd.DataFrame], view: View, verdicts: pd.DataFrame) -> Rows:
    """The row of each of ``verdicts``, which are on the view ``view``.

    Verdicts without a row of their own (-1) get one made of the machine's columns, or of the scale set's.
    """
    positions = verdicts["row"].to_numpy("int64")
    known = positions >= 0
    if known.all():
        return view.rows(positions)
    frame, machines = frames[view.name], _not_read(frames, view.name)
    at = {str(machine): known.sum() + index for index, machine in enumerate(machines["id"])}
    placed = np.empty(len(positions), dtype=np.int64)
    placed[known] = np.arange(known.sum())
    placed[~known] = [at[machine] for machine in verdicts["machine_id"][~known]]
    both = [frame.iloc[positions[known]], _as_rows(machines, view.name, frame)]
    return View(pd.concat(both, ignore_index=True), view.name).rows(placed)


def _not_read(frames: Mapping[str, pd.DataFrame], view: str) -> pd.DataFrame:
    """Scale sets whose instances were not read and, where it matters, machines whose extensions were not."""
    scale_sets = frames["scale_sets"].assign(kind="scale_set")
    unread = scale_sets[~scale_sets["instances_read"].isin(["yes", "none"])]
    if view != "extensions":
        return unread
    machines = frames["machines"]
    return pd.concat([machines[machines["extensions_read"].ne("yes")], unread], ignore_index=True)


def _as_rows(machines: pd.DataFrame, view: str, like: pd.DataFrame) -> pd.DataFrame:
    """Machines or scale sets in the words of ``view``; what only an extension has is missing."""
    seen = machines.rename(columns=machine_column_in_extensions) if view == "extensions" else machines
    return seen.reindex(columns=like.columns).astype(like.dtypes)
