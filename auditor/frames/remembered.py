"""Operations of earlier nights that open failures rest on: Azure keeps 90 days, and a look-back is shorter.

A failure leaves with evidence only, however long ago it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import pandas as pd

from auditor.frames.build import Frames, typed
from auditor.frames.cells import lower, moment
from auditor.model.dataset import OPERATIONS
from auditor.model.memory import KeptOperation

_NEVER = datetime.max.replace(tzinfo=UTC)


def with_remembered(frames: Frames, remembered: Sequence[KeptOperation]) -> pd.DataFrame:
    """The operations with those that were remembered of the machines and scale sets of these frames.

    What tonight's log tells of the same operation stands in place of what was remembered of it; an operation that
    began before the look-back is told by its last events alone.
    """
    operations = frames["operations"]
    here = {each for name in ("machines", "scale_sets") for each in lower(frames[name]["id"]).tolist()}
    ours = [each for each in remembered if each.machine_id.lower() in here]
    if not ours:
        return operations
    told = _first_told(operations)
    old = [each for each in ours if not _is_told(each, told)]
    if not old:
        return operations
    return pd.concat([_frame(old), operations], ignore_index=True)


def _is_told(operation: KeptOperation, told: Mapping[str, datetime]) -> bool:
    """A later try under the same correlation is another operation, unless this one had not ended."""
    key, last = _of(operation.id), operation.ended or operation.started
    if operation.outcome == "running" or last is None:
        return key in told
    return told.get(key, _NEVER) <= last


def _first_told(operations: pd.DataFrame) -> dict[str, datetime]:
    """The first moment of which tonight's log tells, by what names the operation."""
    first: dict[str, datetime] = {}
    moments = operations["started"].fillna(operations["ended"])
    for identifier, at in zip(operations["id"].tolist(), moments, strict=True):
        key, began = _of(identifier), moment(at) or _NEVER
        first[key] = min(first.get(key, began), began)
    return first


def _of(identifier: str) -> str:
    """Correlation, resource and action: behind them stands the time of the first event that was seen."""
    return identifier.rpartition("|")[0]


def _frame(rows: Iterable[KeptOperation]) -> pd.DataFrame:
    told = [asdict(each) for each in rows]
    return pd.DataFrame({each.name: typed([row[each.name] for row in told], each) for each in OPERATIONS})
