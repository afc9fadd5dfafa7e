"""Recorded answers of Log Analytics in place of the heartbeats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.model.reading import Source
from auditor.model.settings import Heartbeats, Sources
from tests.real.night import Night, give_subscription, spend
from tests.real.recordings import answer_of, body_of
from tests.real.replay import Answer, Replay
from tests.real.test_faults import assert_sentence

WORKSPACE = "cab864ad-d0c1-496b-bc5e-4418315621bf"
PATH = f"/v1/workspaces/{WORKSPACE}/query"
COLUMNS = [("_ResourceId", "string"), ("Version", "string"), ("Began", "datetime"), ("Ended", "datetime")]
ROWS = [
    ["/SUBSCRIPTIONS/A/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/VM1", "1.33.1",
     "2024-08-25T00:00:05.123Z", "2024-08-25T23:59:05Z"],
    ["/subscriptions/a/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm1", "1.34.0",
     "2024-08-26T00:00:05.1234567Z", "2024-08-26T12:00:00Z"],
]  # fmt: skip
TABLE = {
    "name": "PrimaryResult",
    "columns": [{"name": name, "type": kind} for name, kind in COLUMNS],
    "rows": ROWS,
}


def night_of(replay: Replay, answer: Answer) -> Night:
    give_subscription(replay)
    replay.give(PATH, answer)
    return spend(replay, sources=Sources(heartbeats=Heartbeats(workspaces=(WORKSPACE,))))


def gap(night: Night) -> tuple[int | None, int, str]:
    reading = night.reading(Source.HEARTBEATS, WORKSPACE)
    assert not reading.complete
    assert reading.reason is not None and reading.close is not None
    assert_sentence(reading.reason)
    assert_sentence(reading.close)
    return reading.status, reading.rows, reading.reason


def test_a_table_of_all_scalar_types_is_not_the_one_that_was_asked_for(replay: Replay) -> None:
    """It has rows, and none of them names a machine: read, but not an empty workspace."""
    status, rows, reason = gap(night_of(replay, answer_of("log-analytics/all-scalar-types", 0)))
    assert (status, rows) == (200, 0)
    assert "columns" in reason


@pytest.mark.parametrize("at", range(4))
def test_a_tables_schema_is_not_the_one_that_was_asked_for(replay: Replay, at: int) -> None:
    assert gap(night_of(replay, answer_of("log-analytics/heartbeat-getschema", at)))[:2] == (200, 0)


def test_a_semantic_error_is_told_by_its_innermost_message(replay: Replay) -> None:
    status, rows, reason = gap(night_of(replay, answer_of("log-analytics/errors-400-semantic-404-workspace", 0)))
    assert (status, rows) == (400, 0)
    assert "Failed to resolve table or column expression named 'AppInsights'" in reason
    assert "invalid properties" not in reason


def test_an_unknown_workspace(replay: Replay) -> None:
    night = night_of(replay, answer_of("log-analytics/errors-400-semantic-404-workspace", 1))
    status, rows, reason = gap(night)
    assert (status, rows) == (404, 0)
    assert "The requested path does not exist" in reason
    assert "workspace id" in str(night.reading(Source.HEARTBEATS).close)


def test_a_partial_answer_says_why_and_keeps_its_rows(replay: Replay) -> None:
    """The recorded error beside a table of ours: its own table is of another question."""
    body = body_of("log-analytics/partial-error-200", 0) | {"tables": [TABLE]}
    night = night_of(replay, Answer.json(body))
    status, rows, reason = gap(night)
    assert (status, rows) == (200, 2)
    assert "Percentiles aggregator has encountered an overflow" in reason
    assert len(night.rows("heartbeats", "version")) == 2


def test_a_partial_answer_as_recorded(replay: Replay) -> None:
    """Its one column is none of ours."""
    assert gap(night_of(replay, answer_of("log-analytics/partial-error-200", 0)))[:2] == (200, 0)


def test_rows_become_stays_of_one_machine_however_its_id_is_spelled(replay: Replay) -> None:
    night = night_of(replay, Answer.json({"tables": [TABLE]}))
    machine = "/subscriptions/a/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm1"
    assert night.rows("heartbeats", "machine_id", "version", "workspace") == [
        (machine, "1.33.1", WORKSPACE),
        (machine, "1.34.0", WORKSPACE),
    ]
    assert night.rows("heartbeats", "from", "to") == [
        (datetime(2024, 8, 25, 0, 0, 5, 123000, UTC), datetime(2024, 8, 25, 23, 59, 5, 0, UTC)),
        (datetime(2024, 8, 26, 0, 0, 5, 123456, UTC), datetime(2024, 8, 26, 12, 0, 0, 0, UTC)),
    ]
    reading = night.reading(Source.HEARTBEATS)
    assert (reading.complete, reading.rows) == (True, 2)


def test_a_workspace_without_a_heartbeat_was_read(replay: Replay) -> None:
    """An empty table still has its columns."""
    night = night_of(replay, Answer.json({"tables": [TABLE | {"rows": []}]}))
    reading = night.reading(Source.HEARTBEATS)
    assert (reading.complete, reading.rows) == (True, 0)
