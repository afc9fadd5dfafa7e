"""What the fields of a finding mean: as the data set declares them, else as the catalogue says."""

from __future__ import annotations

from auditor.compose.desk import COLUMNS
from auditor.compose.meanings import Meaning, declared_meaning, meaning_of
from auditor.compose.wording import Wording
from auditor.model.dataset import rule_column
from auditor.model.report import FINDING_KEYS, OF_WORKBOOK
from auditor.model.table import CellKind, TableColumn

_KINDS = {
    "status": CellKind.STATUS,
    "severity": CellKind.SEVERITY,
    "portal": CellKind.LINK,
    **dict.fromkeys(("releases_behind", "nights"), CellKind.NUMBER),
    **dict.fromkeys(("first_seen", "installed_version_at"), CellKind.TIME),
    **dict.fromkeys(("requested_version", "installed_version", "latest_version"), CellKind.VERSION),
    **dict.fromkeys(("reason", "remediation", "evidence", "machine_id", "resource_id", "exemption"), CellKind.LONG),
}


def finding_columns(wording: Wording) -> tuple[TableColumn, ...]:
    """Every key of the contract with its title, its kind and its meaning, and what the workbook has beside them."""
    return tuple(
        TableColumn(key, wording.words[f"column_{key}"], kind, 16, *_meaning(wording, key, kind))
        for key in (*FINDING_KEYS, *OF_WORKBOOK)
        for kind in [_KINDS.get(key, CellKind.TEXT)]
    )


def _meaning(wording: Wording, key: str, kind: CellKind) -> Meaning:
    column = rule_column("extensions", COLUMNS["extensions"].get(key, ""))
    return declared_meaning(wording, column, kind) if column else meaning_of(wording, "findings", key, kind)
