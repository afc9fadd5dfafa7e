"""The operations that failed or have no end, each fact in a column of its own: for those who sort and filter."""

from __future__ import annotations

from dataclasses import replace

from auditor.compose.counted import Unsettled
from auditor.compose.coverage import Coverage
from auditor.compose.tables import Rows, cell, table
from auditor.model.table import CellKind, Table


def operation_list(coverage: Coverage) -> Table:
    """One row for each, in the order of the page's table."""

    def rows() -> Rows:
        return (_row(each, coverage) for each in coverage.ledger.tally.latest_first())

    columns = (
        cell("ended", CellKind.TIME, 18),
        cell("started", CellKind.TIME, 18),
        cell("outcome", width=14),
        cell("action", width=20),
        cell("machine", width=26),
        cell("kind", width=20),
        cell("extension", width=28),
        cell("subscription", width=26),
        cell("became", CellKind.LONG, 18),
        cell("error_code", width=32),
        cell("error_message", CellKind.LONG, 72),
        cell("initiator", width=16),
        cell("caller", width=30),
        cell("machine_id", width=60),
    )
    told = table(coverage.wording, "failed_operations", columns, rows)
    if coverage.ledger.tally.log_read:
        return told
    return replace(told, empty=coverage.wording.table("operations", "unread"))


def _row(unsettled: Unsettled, coverage: Coverage) -> tuple[object, ...]:
    say, operation, place = coverage.wording.say, unsettled.operation, unsettled.place
    extension = operation["extension_id"]
    became = [say("failures", word) if word else say("texts", "unknown") for word in unsettled.became]
    return (
        operation["ended"],
        operation["started"],
        say("outcomes", operation["outcome"]),
        say("actions", operation["action"]),
        place.name if place else operation["machine_id"].rsplit("/", 1)[-1],
        say("kinds", place.kind) if place else None,
        extension.rsplit("/", 1)[-1] if extension else None,
        coverage.places.subscription(str(operation["subscription_id"])),
        ", ".join(became) or say("texts", "no_such_extension"),
        operation["error_code"],
        operation["error_message"],
        say("initiators", operation["initiator"]),
        operation["caller"],
        operation["machine_id"],
    )
