"""What a column means, its unit, and who told it: as the data set declares it, else as the catalogue says."""

from __future__ import annotations

from auditor.compose.wording import Wording
from auditor.model.dataset import FRAMES, Column
from auditor.model.table import CellKind

Meaning = tuple[str, str, str]
"""Meaning, unit and source."""

_DECLARED = {
    "subscription": "subscriptions.name",
    "subscription_id": "subscriptions.id",
    "management_group": "subscriptions.management_group",
    "delegated": "subscriptions.delegated",
    "state": "subscriptions.state",
    "machine": "machines.name",
    "machine_id": "machines.id",
    "kind": "machines.kind",
    "availability": "machines.availability",
    "power_state": "machines.power_state",
    "resource_group": "machines.resource_group",
    "region": "machines.location",
    "os": "machines.os",
    "managed_by": "machines.managed_by",
    "follows_model": "machines.follows_model",
    "identity_kind": "machines.identity_kind",
    "agent_state": "machines.agent_state",
    "extensions_read": "machines.extensions_read",
    "monitor_agents": "machines.monitor_agents",
    "data_collection_rules": "machines.data_collection_rules",
    "last_heartbeat": "machines.last_heartbeat",
    "created_at": "machines.created_at",
    "read_at": "machines.read_at",
    "scale_set": "machines.scale_set_id",
    "type": "extensions.type",
    "version": "extensions.installed_version",
    "latest": "extensions.latest_version",
    "behind": "extensions.releases_behind",
    "auto_upgrade": "extensions.auto_upgrade",
    "outcome": "operations.outcome",
    "started": "operations.started",
    "extension_id": "operations.extension_id",
    "initiator": "operations.initiator",
    "caller": "operations.caller",
    "error_code": "operations.error_code",
    "error_message": "operations.error_message",
}
"""The declared column that a heading shows as it is."""


def meaning_of(wording: Wording, table: str, key: str, kind: CellKind) -> Meaning:
    """Of the column ``key`` of a table. The catalogue may say it for one table (``TABLE.KEY``) or for all (``KEY``).

    Raises KeyError for a column of which nobody says what it means.
    """
    told = wording.meaning(f"{table}.{key}") or wording.meaning(key)
    if told:
        return told, _unit(wording, kind), wording.say("texts", "told_by_audit")
    frame, _dot, name = _DECLARED[key].partition(".")
    declared = FRAMES[frame].column(name)
    assert declared is not None, f"{key} is declared nowhere"  # noqa: S101 - a mistake in the table above
    return declared_meaning(wording, declared, kind)


def declared_meaning(wording: Wording, column: Column, kind: CellKind) -> Meaning:
    """Of a column of the data set."""
    meaning = column.meaning[:1].upper() + column.meaning[1:]
    words = f" ({', '.join(column.words)})" if column.words else ""
    meaning = wording.declared(meaning)
    sources = dict.fromkeys(wording.say("sources", source) for need in column.rests_on for source in need)
    parts = (column.property, wording.listed(sources))
    return (
        wording.say("texts", "declared", meaning=meaning, words=words),
        _unit(wording, kind),
        "\n".join(part for part in parts if part),
    )


def _unit(wording: Wording, kind: CellKind) -> str:
    return wording.say("units", kind, zone=wording.zone)
