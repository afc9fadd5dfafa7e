"""Views made by hand: rows of which a few values are known, and the rest is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from auditor.model.dataset import VIEWS, Kind

_DTYPES = {
    Kind.NUMBER: "Int64",
    Kind.FLAG: "boolean",
    Kind.TIME: "datetime64[us, UTC]",
    Kind.DURATION: "timedelta64[us]",
}


def view_of(frame: str, known: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """``frame`` as rules see it, with the values of ``known`` by stored column; all as long as one another."""
    rows = max(map(len, known.values()), default=0)
    nothing = [None] * rows
    return pd.DataFrame(
        {
            stored: pd.Series(known.get(stored, nothing), dtype=_DTYPES.get(column.kind, "str"))
            for column in VIEWS[frame]
            for stored in column.stored()
        },
        index=pd.RangeIndex(rows),
    )
