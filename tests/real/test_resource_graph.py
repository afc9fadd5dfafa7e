"""Recorded answers of the Resource Graph, in both of its formats, and its recorded refusals."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collect import graph
from auditor.collect.faults import Fault
from auditor.collect.graph import ask
from auditor.collect.queries import Query
from auditor.collect.session import GRAPH_PATH
from auditor.collect.sources.virtual_machines import find_machines
from auditor.model.reading import Row, Source
from tests.real.night import open_session
from tests.real.recordings import answer_of, body_of, how_many, request_of
from tests.real.replay import Replay

OWNER = "ea42f556-5106-4743-99b0-c129bfa71a47"
TABLE = "resource-graph/c7n-table-format-vm"
QUERIES = "resource-graph/all-queries"
REFUSALS = "resource-graph/errors-400"


def test_a_recorded_table_of_machines(replay: Replay) -> None:
    """It was recorded with all columns: the property bag is then a column of its own, in the same shape. Of its two
    rows one was left out of the recording, which is no whole answer then."""
    replay.give(GRAPH_PATH, answer_of(TABLE, 1))
    session = open_session(replay)
    harvest = find_machines(session, [OWNER])
    session.close()
    [reading] = harvest.readings
    assert (reading.complete, reading.rows, reading.scope) == (False, 1, OWNER)
    assert reading.reason == "Only a part was answered: 1 rows came, of 2"
    [row] = harvest.rows["machines"]
    assert (row["name"], row["resource_group"], row["location"], row["os"]) == (
        "cctestvm", "test_vm", "southcentralus", "linux",
    )  # fmt: skip
    assert row["subscription_id"] == OWNER
    assert row["identity_kind"] == "none"


def _of(entry: dict[str, Any], subscription: str) -> Row:
    return {"id": entry["id"], "subscription_id": subscription}


@pytest.mark.parametrize("at", range(16))
def test_every_recorded_answer_is_a_page_or_says_why_it_is_none(replay: Replay, at: int) -> None:
    """Whatever was asked: pages that were recorded without those that followed them end as a gap, not as a whole."""
    body = body_of(QUERIES, at)
    replay.give(GRAPH_PATH, answer_of(QUERIES, at))
    session = open_session(replay)
    told = ask(session, Source.VIRTUAL_MACHINES, Query("recorded"), [OWNER], _of)
    session.close()
    reason = told.faults[OWNER].reason if told.faults else ""
    data = body["data"]
    columns = (
        [column["name"] for column in data["columns"]]
        if isinstance(data, dict)
        else [name for name, value in data[0].items() if value]
    )
    if "$skipToken" in body:
        assert "circle" in reason, "the same page came again"
    elif {"id", "subscriptionId"} <= set(columns):
        assert not reason
    else:
        assert f"without an id or a subscription: {body['totalRecords']}" in reason


def test_all_of_them_were_looked_at() -> None:
    assert how_many(QUERIES) == 16
    assert how_many(REFUSALS) == 2


@pytest.mark.parametrize("at", range(16))
def test_no_recorded_page_is_larger_than_we_ask_for(at: int) -> None:
    asked = (request_of(QUERIES, at)["body"].get("options") or {}).get("$top", 0)
    assert max(asked, body_of(QUERIES, at)["count"]) <= graph.MOST_ROWS


@pytest.mark.parametrize(
    ("at", "code", "details", "said"),
    [
        (0, "BadRequest", ("InvalidQuery", "ParserFailure"), "Query is invalid. Please refer to the documentation"),
        (1, "InvalidQuery", ("ParserFailure",), "Query validation error Parser failure"),
    ],
)
def test_why_a_question_was_refused_is_told_without_the_support_desk(
    replay: Replay, at: int, code: str, details: tuple[str, ...], said: str
) -> None:
    replay.give(GRAPH_PATH, answer_of(REFUSALS, at))
    session = open_session(replay)
    with pytest.raises(Fault) as caught:
        session.query_graph(Source.EXTENSIONS, {"api-version": graph.API}, {"query": "where where"})
    session.close()
    assert (caught.value.status, caught.value.code, caught.value.details) == (400, code, details)
    assert said in caught.value.reason
    assert "support" not in caught.value.reason and "correlationId" not in caught.value.reason
