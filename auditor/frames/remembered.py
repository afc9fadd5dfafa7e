"""Operations of earlier nights that open failures rest on: Azure keeps 90 days, and a look-back is shorter.

A failure leaves with evidence only, however long ago it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import pandas as pd

from auditor.frames.build import Frames, typed
from auditor.frames.cells import lower, moment
from auditor.model.dataset import OPERATIONS
from auditor.model.memory import KeptOperation

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def with_remembered(frames: Frames, remembered: Sequence[KeptOperation]) -> pd.DataFrame:
    """The operations with those that were remembered of the machines and scale sets of these frames.

    What tonight's log tells of the same operation stands in place of what was remembered of it; an operation that
    began before the look-back is told by its last events alone.
    """
    operations = frames["operations"]
    here = set(lower(frames["machines"]["id"])) | set(lower(frames["scale_sets"]["id"]))
    ours = [each for each in remembered if each.machine_id.lower() in here]
    if not ours:
        return operations
    told = _last_told(operations)
    old = [each for each in ours if told.get(_of(each.id), _LONG_AGO) < (each.ended or each.started or _LONG_AGO)]
    if not old:
        return operations
    return pd.concat([_frame(old), operations], ignore_index=True)


def _last_told(operations: pd.DataFrame) -> dict[str, datetime]:
    """The last moment of each operation by what names it."""
    last: dict[str, datetime] = {}
    moments = operations["ended"].fillna(operations["started"])
    for identifier, at in zip(operations["id"].tolist(), moments, strict=True):
        key, ended = _of(identifier), moment(at) or _LONG_AGO
        last[key] = max(last.get(key, ended), ended)
    return last


def _of(identifier: str) -> str:
    """Correlation, resource and action: behind them stands the time of the first event that was seen."""
    return identifier.rpartition("|")[0]


def _frame(rows: Iterable[KeptOperation]) -> pd.DataFrame:
    told = [asdict(each) for each in rows]
    return pd.DataFrame({each.name: typed([row[each.name] for row in told], each) for each in OPERATIONS})
