"""The frame of verdicts: its columns and their types, whatever was found."""

from __future__ import annotations

import pandas as pd

VERDICT_COLUMNS = {
    "rule_id": "str",
    "status": "str",
    "reason_code": "str",
    "clause": "int64",
    "missing": "str",
    "exemption": "str",
    "named_by": "str",
    "perhaps_by": "str",
    "resource_id": "str",
    "machine_id": "str",
    "row": "int64",
}
"""``clause``: index of the reason among ``RuleBook.clauses`` of that verdict, -1 where there is none. ``missing``: the
columns, with commas between, that left a verdict unanswered. ``exemption``: the label of the one that excuses it.
``named_by`` and ``perhaps_by``: positions in ``RuleBook.exemptions``, with commas between, of those that name the row,
whatever its verdict, and of those of which that is not known. ``row``: the row's position in the view, -1 where the
verdict is on a machine whose extensions, or on a scale set whose instances, were not read."""


def verdict_frame(columns: dict[str, object]) -> pd.DataFrame:
    """The verdicts of ``columns`` in their types; one value stands for all rows."""
    return pd.DataFrame(columns, columns=list(VERDICT_COLUMNS)).astype(VERDICT_COLUMNS)


def no_verdicts() -> pd.DataFrame:
    return pd.DataFrame(columns=list(VERDICT_COLUMNS)).astype(VERDICT_COLUMNS)
