"""Which extensions there are, by region, in one question: for rules that need the versions of whatever occurs.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.session import Session
from auditor.model.reading import Row, Source
from auditor.model.wanted import Wanted

Kind = tuple[str, str, str, str]
"""(machine kind, location, publisher, type), in lower case."""
_ON_ARC = "microsoft.hybridcompute/"


def find_types(session: Session, subscriptions: Sequence[str]) -> list[Row]:
    """A row for each machine kind, location, publisher, type and setting that the Resource Graph shows.

    Whoever reads what of a subscription tells nothing of it here: there is no reading, and what is not told is asked
    for when the machines have been read.
    """
    told = graph.ask(session, Source.EXTENSIONS, queries.EXTENSION_TYPES, subscriptions, _row)
    return [row for rows in told.rows.values() for row in rows]


def wanted_types(wanted: Wanted, rows: Iterable[Row]) -> set[Kind]:
    """Of which versions are needed; ``rows`` are of extensions, with kind and location of what they stand on."""
    named = ((row, values.location(row.get("location"))) for row in rows)
    return {
        (machine_kind(row), where, str(row["publisher"]).lower(), str(row["type"]).lower())
        for row, where in named
        if where and row.get("publisher") and row.get("type") and _is_wanted(wanted, row)
    }


def _is_wanted(wanted: Wanted, row: Row) -> bool:
    return wanted.includes(machine_kind(row), row["publisher"], row["type"], row.get("auto_upgrade"))


def machine_kind(row: Mapping[str, object]) -> str:
    """Whose list of versions speaks of a row of machines or scale sets: ``arc`` or ``vm``."""
    return "arc" if row.get("kind") == "arc" else "vm"


def _row(entry: dict[str, Any], _subscription_id: str) -> Row:
    """An entry is named by what it counts: the flag is text there, empty where it is not set."""
    enabled = str(entry.get("automatic") or "").lower() == "true"
    return {
        "kind": "arc" if str(entry.get("type")).lower().startswith(_ON_ARC) else "vm",
        "location": values.text(entry.get("location")),
        "publisher": values.text(entry.get("publisher")),
        "type": values.text(entry.get("extensionType")),
        "auto_upgrade": "enabled" if enabled else None,
    }
