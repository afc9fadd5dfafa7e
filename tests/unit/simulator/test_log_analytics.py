"""KQL is executed over heartbeats that stand once a minute, and refused in the service's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult

from auditor.simulator import (
    PRESETS,
    ArcMachineSpec,
    InstanceSpec,
    MachineSpec,
    ScaleSetSpec,
    Simulator,
    StaySpec,
)
from tests.unit.simulator.conftest import AnyToken
from tests.unit.simulator.parts import FIRST, NOW, WORKSPACE, estate_of, hours, recorded

START = NOW - hours(3)
MACHINE = MachineSpec(
    "Web-1",
    "RG-Main",
    stays=(
        StaySpec("1.38.1", START, START + hours(1)),
        StaySpec("1.39.0", START + hours(1) + timedelta(minutes=5)),
        StaySpec("10.20.1", START, START + timedelta(minutes=9), category="Direct Agent"),
        StaySpec("9.9", START, workspace="55555555-5555-4555-a555-555555555555"),
    ),
)
RESOURCE = f"/subscriptions/{FIRST}/resourcegroups/rg-main/providers/microsoft.compute/virtualmachines/web-1"

Ask = Callable[..., requests.Response]
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(estate_of(MACHINE)) as serving:
        yield serving


@pytest.fixture
def run(simulator: Simulator, ask: Ask) -> Run:
    """``run(query, timespan)``: the primary table."""

    def send(query: str, timespan: str | None = None) -> dict[str, Any]:
        body = {"query": query} | ({"timespan": timespan} if timespan else {})
        answer = ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json=body)
        assert answer.status_code == 200, answer.text
        table: dict[str, Any] = answer.json()["tables"][0]
        return table

    return send


def test_a_heartbeat_stands_for_every_minute(run: Run) -> None:
    by_version = run("Heartbeat | summarize n = count() by Version | order by Version asc")
    assert by_version["rows"] == [["1.38.1", 61], ["1.39.0", 116], ["10.20.1", 10]]
    assert by_version["columns"] == [{"name": "Version", "type": "string"}, {"name": "n", "type": "long"}]


def test_versions_by_resource_and_day(run: Run) -> None:
    """The query that a caller needs for stays: first and last heartbeat by resource, version and day."""
    query = """Heartbeat
        | where TimeGenerated between (datetime(2026-10-23T00:00:00Z) .. datetime(2026-11-22T23:00:00Z))
        | where Category == "Azure Monitor Agent"
        | where isnotempty(_ResourceId)
        | summarize since = min(TimeGenerated), until = max(TimeGenerated)
            by _ResourceId, Version, day = bin(TimeGenerated, 1d)
        | order by Version asc"""
    assert run(query)["rows"] == [
        [RESOURCE, "1.38.1", "2026-11-22T00:00:00Z", "2026-11-22T00:00:17.25Z", "2026-11-22T01:00:17.25Z"],
        [RESOURCE, "1.39.0", "2026-11-22T00:00:00Z", "2026-11-22T01:05:17.25Z", "2026-11-22T03:00:17.25Z"],
    ]


def test_heartbeats_of_instances_and_servers_name_their_own_resources(ask: Ask) -> None:
    stays = (StaySpec("1.39.0", START),)
    owner = ScaleSetSpec("Web", "RG-Sets", instances=(InstanceSpec("7", stays=stays),))
    estate = estate_of(
        MachineSpec("flex_1", scale_set="flex", stays=stays),
        scale_sets=(owner,),
        arc_machines=(ArcMachineSpec("HQ", stays=stays),),
    )
    columns = "_ResourceId, ResourceProvider, ResourceType, ComputerEnvironment"
    query = f"Heartbeat | distinct {columns} | order by _ResourceId asc"
    with Simulator(estate) as simulator:
        answer = ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json={"query": query}).json()
    prefix = f"/subscriptions/{FIRST}/resourcegroups/"
    rows = [[row[0].removeprefix(prefix), *row[1:]] for row in answer["tables"][0]["rows"]]
    assert rows == [
        ["rg-main/providers/microsoft.compute/virtualmachines/flex_1", "Microsoft.Compute", "virtualMachines", "Azure"],
        ["rg-main/providers/microsoft.hybridcompute/machines/hq", "Microsoft.HybridCompute", "machines", "Non-Azure"],
        ["rg-sets/providers/microsoft.compute/virtualmachinescalesets/web/virtualmachines/7", "Microsoft.Compute",
         "virtualMachineScaleSets", "Azure"],
    ]  # fmt: skip


def test_the_columns_are_the_recorded_ones(run: Run) -> None:
    newest = list(recorded("log-analytics/heartbeat-getschema.json"))[-1]["response"]["body"]["tables"][0]
    assert run("Heartbeat | getschema") == newest


def test_every_scalar_type_is_written_as_recorded(run: Run) -> None:
    """The recorded query but for ``make_datetime`` of a text, which the stand-in for Kusto does not know."""
    exchange = next(recorded("log-analytics/all-scalar-types.json"))
    query = exchange["request"]["body"]["query"].replace(
        'make_datetime("2000-01-02 03:04:05Z")', "datetime(2000-01-02 03:04:05Z)"
    )
    assert run(query) == exchange["response"]["body"]["tables"][0]


@pytest.mark.parametrize(
    ("timespan", "beats"),
    [
        (None, 61 + 116 + 10),
        ("PT600.0S", 11),
        ("PT10M", 11),
        ("P1D", 61 + 116 + 10),
        ("2026-11-22T00:00:00Z/2026-11-22T00:05:00Z", 10),
        ("2026-11-22T00:00:00.0000000Z/PT5M", 10),
        ("PT5M/2026-11-22T00:05:00Z", 10),
    ],
)
def test_the_timespan_is_kept(timespan: str | None, beats: int, run: Run) -> None:
    assert run("Heartbeat | count", timespan)["rows"] == [[beats]]


def test_the_clock_of_queries_is_the_estates(run: Run) -> None:
    assert run("Heartbeat | where TimeGenerated > ago(10m) | count")["rows"] == [[10]]
    assert run("print now()")["rows"] == [["2026-11-22T03:00:17.25Z"]]


def test_rows_can_be_taken_projected_and_ordered(run: Run) -> None:
    query = 'Heartbeat | where Category == "Azure Monitor Agent" | order by TimeGenerated desc | take 2'
    rows = run(f"{query} | project Computer, TimeGenerated, IsGatewayInstalled, age = now() - TimeGenerated")
    assert rows["rows"] == [
        ["Web-1", "2026-11-22T03:00:17.25Z", False, "00:00:00"],
        ["Web-1", "2026-11-22T02:59:17.25Z", False, "00:01:00"],
    ]
    assert [each["type"] for each in rows["columns"]] == ["string", "datetime", "bool", "timespan"]


@pytest.mark.parametrize(
    ("query", "inner", "code", "said"),
    [
        ("Nothing", "SemanticError", "SEM0100", "Failed to resolve table or column expression named 'Nothing'"),
        ("Heartbeat | where Nope == 1", "SemanticError", "SEM0100", "'Nope'"),
        ("Heartbeat | wherex", "SyntaxError", "SYN0002", "could not be parsed"),
        (".drop table Heartbeat", "SimulatedWorkspaceError", "SIM0001", "cannot run this query"),
    ],
)
def test_a_query_that_cannot_be_run(
    simulator: Simulator, ask: Ask, query: str, inner: str, code: str, said: str
) -> None:
    answer = ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json={"query": query})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["innererror"]["code"]) == ("BadArgumentError", inner)
    assert error["innererror"]["innererror"]["code"] == code
    assert said in error["innererror"]["innererror"]["message"]


@pytest.fixture
def client(simulator: Simulator, folder: Any) -> Iterator[LogsQueryClient]:
    ca = str(simulator.write_ca(folder / "logs.pem"))
    with LogsQueryClient(AnyToken(), endpoint=simulator.url, connection_verify=ca, retry_total=0) as opened:
        yield opened


def test_the_sdk_reads_a_table(client: LogsQueryClient) -> None:
    query = "Heartbeat | summarize until = max(TimeGenerated) by Version | order by Version asc | take 1"
    answer = client.query_workspace(WORKSPACE, query, timespan=(START, NOW))
    row = answer.tables[0].rows[0]
    assert row[0] == "1.38.1"
    assert row[1].astimezone(UTC) == datetime(2026, 11, 22, 1, 0, 17, 250_000, tzinfo=UTC)


def test_the_sdk_meets_an_unknown_workspace_and_an_unknown_table(client: LogsQueryClient) -> None:
    with pytest.raises(HttpResponseError, match="The requested path does not exist") as unknown:
        client.query_workspace("no", "Heartbeat", timespan=None)
    assert unknown.value.status_code == 404
    with pytest.raises(HttpResponseError, match="BadArgumentError"):
        client.query_workspace(WORKSPACE, "Nothing | take 1", timespan=None)


def test_a_partial_answer_has_tables_and_an_error(simulator: Simulator, client: LogsQueryClient) -> None:
    theirs = next(recorded("log-analytics/partial-error-200.json"))["response"]["body"]["error"]
    simulator.weather.set(PRESETS["partial_logs"])
    try:
        answer = client.query_workspace(WORKSPACE, "Heartbeat | count", timespan=None)
    finally:
        simulator.weather.set(())
    assert isinstance(answer, LogsQueryPartialResult)
    assert answer.partial_data[0].rows[0][0] == 187
    assert answer.partial_error.code == theirs["code"]
    assert answer.partial_error.message == theirs["message"]


def test_thinned_heartbeats_keep_the_last_one(ask: Ask) -> None:
    """Large estates send less often; first and last of a stay are still what they were."""
    estate = estate_of(MACHINE, heartbeat_every=timedelta(minutes=50))
    query = (
        "Heartbeat | summarize n = count(), a = min(TimeGenerated), b = max(TimeGenerated) by Version "
        "| order by Version asc"
    )
    with Simulator(estate) as simulator:
        rows = ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json={"query": query}).json()["tables"][0][
            "rows"
        ]
    assert rows[0] == ["1.38.1", 3, "2026-11-22T00:00:17.25Z", "2026-11-22T01:00:17.25Z"]
