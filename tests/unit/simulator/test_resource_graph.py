"""Resource Graph through the real SDK client, over TLS: pages, totals, forms, errors, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from auditor.simulator import (
    ArcMachineSpec,
    HandMadeEstate,
    InstanceSpec,
    Lag,
    MachineSpec,
    PageSizes,
    ResourceGroupSpec,
    ScaleSetSpec,
    Simulator,
    SubscriptionSpec,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.unit.simulator.conftest import Clients
from tests.unit.simulator.parts import FIRST, NOW, SECOND

THIRD = "33333333-aaaa-4333-a333-333333333333"
AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
IDS = "resources | project id | order by id asc"

Ask = Any


@pytest.fixture
def graph(sdk: Clients) -> Ask:
    """``graph(simulator, query, subscriptions=, top=, ...)``: the answer of one request."""

    def ask(simulator: Simulator, query: str, **more: Any) -> Any:
        scope = {name: more.pop(name) for name in ("subscriptions", "management_groups") if name in more}
        options = QueryRequestOptions(**more)
        return sdk(simulator, ResourceGraphClient).resources(QueryRequest(query=query, options=options, **scope))

    return ask


def estate(*subscriptions: SubscriptionSpec) -> HandMadeEstate:
    """Without data collection rules, which have tests of their own."""
    return HandMadeEstate([replace(each, data_collection_rules=()) for each in subscriptions], now=NOW)


def of_machines(*machines: MachineSpec, **more: Any) -> HandMadeEstate:
    return estate(SubscriptionSpec(FIRST, "First", machines=machines, **more))


def names(answer: Any) -> list[str]:
    return [row["id"].rpartition("/")[2] for row in answer.data]


def pages(graph: Ask, simulator: Simulator, query: str, **more: Any) -> Iterator[Any]:
    token = None
    while True:
        answer = graph(simulator, query, skip_token=token, **more)
        yield answer
        token = answer.skip_token
        if token is None:
            return


def details(refused: pytest.ExceptionInfo[HttpResponseError]) -> list[Mapping[str, Any]]:
    body: Any = refused.value.response
    found: list[Mapping[str, Any]] = body.json()["error"]["details"]
    return found


def test_every_row_comes_once_over_all_pages_and_the_total_is_told_on_each(graph: Ask) -> None:
    machines = [MachineSpec(f"m{number:02d}") for number in range(23)]
    with Simulator(of_machines(*machines), pages=PageSizes(graph_rows=5)) as simulator:
        answers = list(pages(graph, simulator, IDS))
        assert [name for each in answers for name in names(each)] == [each.name for each in machines]
        assert [(each.total_records, each.count) for each in answers] == [(23, 5)] * 4 + [(23, 3)]
        assert {each.result_truncated for each in answers} == {"false"}
        assert simulator.requests["resource_graph"] == 5


def test_the_size_of_a_page_is_asked_for_and_kept_by_the_token(graph: Ask) -> None:
    machines = [MachineSpec(f"m{number}") for number in range(9)]
    with Simulator(of_machines(*machines)) as simulator:
        first = graph(simulator, IDS, top=2, skip=3)
        assert names(first) == ["m3", "m4"]
        assert names(graph(simulator, IDS, skip_token=first.skip_token)) == ["m5", "m6"]
        assert names(graph(simulator, IDS, skip_token=first.skip_token, top=3)) == ["m5", "m6", "m7"]
        assert names(graph(simulator, IDS, skip_token=first.skip_token, skip=8)) == ["m8"]


def test_a_thousand_rows_are_the_most_and_the_default(graph: Ask) -> None:
    many = tuple(replace(AGENT, name=f"e{number:04d}") for number in range(1003))
    with Simulator(of_machines(MachineSpec("m", extensions=many))) as simulator:
        answers = list(pages(graph, simulator, IDS))
        assert [each.count for each in answers] == [1000, 4]


@pytest.mark.parametrize(
    "query",
    [
        "resources | project id | order by id asc | limit 3",
        "resources | order by id asc | take 3 | project id",
        "resources | project properties, tags",
    ],
)
def test_rows_are_lost_without_a_token_where_a_result_has_no_pages(query: str, graph: Ask) -> None:
    """As documented: with limit or take, or of dynamic columns alone."""
    with Simulator(of_machines(MachineSpec("a"), MachineSpec("b"), MachineSpec("c"))) as simulator:
        cut, whole = graph(simulator, query, top=2), graph(simulator, query)
        assert (cut.total_records, cut.count, cut.result_truncated, cut.skip_token) == (3, 2, "true", None)
        assert (whole.total_records, whole.count, whole.result_truncated) == (3, 3, "false")


def test_rows_as_a_table(graph: Ask) -> None:
    query = "resources | project name, tags, size = array_length(properties.storageProfile.dataDisks), on = true"
    with Simulator(of_machines(MachineSpec("a", tags={"x": "y"}))) as simulator:
        answer = graph(simulator, query, result_format="table")
        kinds = {"name": "string", "tags": "object", "size": "integer", "on": "boolean"}
        assert {each["name"]: each["type"] for each in answer.data["columns"]} == kinds
        assert answer.data["rows"] == [["a", {"x": "y"}, 0, True]]


def test_texts_are_never_null_and_the_rest_is(graph: Ask) -> None:
    query = """resources
    | extend text = tostring(properties.none), value = properties.none, flag = tobool(properties.none)
    | project text, value, flag, managedBy, plan"""
    with Simulator(of_machines(MachineSpec("a"))) as simulator:
        (row,) = graph(simulator, query).data
        assert row == {"text": "", "value": None, "flag": None, "managedBy": "", "plan": None}


def test_names_with_quotes_and_other_scripts_come_back_as_they_are(graph: Ask) -> None:
    tags = {'it\'s "quoted"': "<b>&\\", "部署": "東京\n2"}
    with Simulator(of_machines(MachineSpec("a", tags=tags))) as simulator:
        (row,) = graph(simulator, "resources | project ['its \"name\"'] = tags, name").data
        assert row == {'its "name"': tags, "name": "a"}


def test_times_and_spans_are_written_as_texts(graph: Ask) -> None:
    query = """resources
    | project at = todatetime(properties.timeCreated), now = now(), span = now() - todatetime('2026-11-21')"""
    with Simulator(of_machines(MachineSpec("a", created=NOW))) as simulator:
        (row,) = graph(simulator, query).data
        assert row["at"] == row["now"] == "2026-11-22T03:00:17.2500000Z"
        assert isinstance(row["span"], str)


def test_what_kql_computes_is_computed(graph: Ask) -> None:
    """Texts that were never seen before: nothing is recognised."""
    machines = [MachineSpec(f"m{number}", os=("Linux", "Windows")[number % 2]) for number in range(5)]
    with Simulator(of_machines(*machines)) as simulator:
        query = "Resources | summarize machines = count() by os = tostring(properties.storageProfile.osDisk.osType)"
        found = graph(simulator, f"{query} | order by machines desc").data
        assert found == [{"os": "Linux", "machines": 3}, {"os": "Windows", "machines": 2}]
        query = "resources | where name in~ ('M1', 'm4') and properties.storageProfile.osDisk.osType !~ 'LINUX'"
        assert names(graph(simulator, query)) == ["m1"]
        assert graph(simulator, "where name endswith '3' | project-rename n = name | project n").data == [{"n": "m3"}]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("resources | where ==", "ParserFailure", "ParserFailure"),
        ("where where", "ParserFailure", "ParserFailure"),
        ("resources | project nonsense", "InvalidColumnNames", "Invalid column names: [nonsense]."),
        ("resources | where nonsense == 1", "InvalidColumnNames", "Invalid column names: [nonsense]."),
        (
            "nosuchresources | count",
            "DisallowedLogicalTableName",
            "Table nosuchresources is invalid, unsupported or disallowed.",
        ),
        (
            "resources | join kind=inner (nosuchresources) on id",
            "DisallowedLogicalTableName",
            "Table nosuchresources is invalid, unsupported or disallowed.",
        ),
    ],
)
def test_the_reason_of_a_refusal_stands_in_its_details(query: str, code: str, message: str, graph: Ask) -> None:
    with Simulator(of_machines(MachineSpec("a"))) as simulator:
        with pytest.raises(HttpResponseError, match="Please provide below info when asking for support") as refused:
            graph(simulator, query)
        assert refused.value.status_code == 400
        assert (details(refused)[-1]["code"], details(refused)[-1]["message"]) == (code, message)


@pytest.mark.parametrize(
    "query", ["resources | evaluate bag_unpack(tags)", ".drop table resources", "resources; resources"]
)
def test_what_only_the_simulator_cannot_run_says_so(query: str, graph: Ask) -> None:
    with Simulator(of_machines(MachineSpec("a"))) as simulator:
        with pytest.raises(HttpResponseError) as refused:
            graph(simulator, query)
        assert details(refused)[0]["code"] == "SimulatedResourceGraphError"
        assert graph(simulator, "resources | count").data == [{"Count": 1}]


@pytest.mark.parametrize("options", [{"top": 1001}, {"top": 0}, {"skip_token": "nonsense"}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], sdk: Clients) -> None:
    with Simulator(of_machines(MachineSpec("a"))) as simulator:
        request = QueryRequest(query=IDS, options=QueryRequestOptions(**options))
        client = sdk(simulator, ResourceGraphClient)
        client._serialize.client_side_validation = False
        with pytest.raises(HttpResponseError) as refused:
            client.resources(request)
        assert refused.value.status_code == 400


def test_a_page_that_is_too_long_is_refused_and_smaller_ones_are_not(graph: Ask) -> None:
    machines = [MachineSpec(f"m{number}", tags={"long": "x" * 1000}) for number in range(9)]
    with Simulator(of_machines(*machines), pages=PageSizes(graph_bytes=8000)) as simulator:
        query = "resources | project id, tags | order by id asc"
        with pytest.raises(HttpResponseError) as refused:
            graph(simulator, query)
        (reason,) = details(refused)
        assert reason["code"] == "ResponsePayloadTooLarge"
        assert "has exceeded the limit of 8000" in reason["message"]
        assert [each.count for each in pages(graph, simulator, query, top=4)] == [4, 4, 1]


def test_only_what_was_asked_for_and_may_be_read(graph: Ask) -> None:
    machine = MachineSpec("a")
    subscriptions = (
        SubscriptionSpec(FIRST, "First", machines=(machine,)),
        SubscriptionSpec(SECOND, "Second", refused=True, machines=(machine,)),
        SubscriptionSpec(THIRD, "Third", machines=(replace(machine, name="b"),)),
    )
    with Simulator(estate(*subscriptions)) as simulator:
        assert names(graph(simulator, IDS)) == ["a", "b"]
        assert names(graph(simulator, IDS, subscriptions=[THIRD.upper()])) == ["b"]
        assert names(graph(simulator, IDS, subscriptions=[FIRST, SECOND])) == ["a"]
        assert names(graph(simulator, "resourcecontainers | where id has 'subscriptions' | order by id asc")) == [
            FIRST, "rg-main", THIRD, "rg-main",
        ]  # fmt: skip
        with pytest.raises(HttpResponseError) as refused:
            graph(simulator, IDS, subscriptions=[SECOND])
        (reason,) = details(refused)
        assert reason["code"] == "NoValidSubscriptionsInQueryRequest"
        assert f"Given: '{SECOND}'" in reason["message"]


@pytest.mark.parametrize(
    "query",
    ["main.resources", "database('main').resources", "database('estate').resources", "union *", "search 'm'"],
)
def test_no_query_reaches_beyond_its_scope(query: str, graph: Ask) -> None:
    subscriptions = (SubscriptionSpec(FIRST, "First"), SubscriptionSpec(SECOND, "Second", machines=(MachineSpec("m"),)))
    with Simulator(estate(*subscriptions)) as simulator:
        assert names(graph(simulator, IDS, subscriptions=[FIRST])) == []
        try:
            shown = graph(simulator, f"{query} | where name == 'm'", subscriptions=[FIRST]).data
        except HttpResponseError as refused:
            assert refused.status_code == 400
        else:
            assert shown == []


def test_tables_can_be_joined(graph: Ask) -> None:
    groups = "resourcecontainers | where type endswith '/resourcegroups' | project resourceGroup, group = name"
    query = f"resources | join kind=inner ({groups}) on resourceGroup | project name, group"
    with Simulator(of_machines(MachineSpec("a", "RG-Upper"))) as simulator:
        assert graph(simulator, query).data == [{"name": "a", "group": "RG-Upper"}]


@pytest.mark.parametrize(
    ("subscriptions", "code"),
    [
        (["no-guid"], "SubscriptionsContainInvalidGuids"),
        ([f"00000000-0000-4000-a000-{number:012d}" for number in range(1001)], "TooManySubscriptions"),
    ],
)
def test_subscriptions_that_cannot_be_asked_for(subscriptions: list[str], code: str, graph: Ask) -> None:
    with Simulator(of_machines(MachineSpec("a"))) as simulator, pytest.raises(HttpResponseError) as refused:
        graph(simulator, IDS, subscriptions=subscriptions)
    assert details(refused)[0]["code"] == code


def test_of_a_subscription_that_is_readable_in_part_that_part_is_shown(graph: Ask) -> None:
    machines = (MachineSpec("a", "rg-shown", extensions=(AGENT,)), MachineSpec("b", "rg-hidden"))
    with Simulator(of_machines(*machines, only_groups=("RG-Shown",))) as simulator:
        assert names(graph(simulator, IDS)) == ["a", "AMA"]
        assert names(graph(simulator, "resourcecontainers | project id | order by id asc")) == [FIRST, "rg-shown"]


def test_types_that_the_identity_may_not_read_have_no_rows(graph: Ask) -> None:
    denied = ("Microsoft.Compute/virtualMachines/extensions/*",)
    with Simulator(of_machines(MachineSpec("a", extensions=(AGENT,)), not_actions=denied)) as simulator:
        assert names(graph(simulator, IDS)) == ["a"]


def test_management_groups_and_what_is_under_them(graph: Ask) -> None:
    root = ("root", "Tenant Root Group")
    subscriptions = (
        SubscriptionSpec(FIRST, "First", management_groups=(("prod", "Production"), root)),
        SubscriptionSpec(SECOND, "Second", management_groups=(root,)),
    )
    query = "resourcecontainers | project name, type, tenantId | order by name asc"
    with Simulator(estate(*subscriptions)) as simulator:
        asked = {group: graph(simulator, query, management_groups=[group]).data for group in ("Prod", "root")}
        assert [row["name"] for row in asked["Prod"]] == ["First", "prod"]
        assert [row["name"] for row in asked["root"]] == ["First", "Second", "prod", "root"]
        assert [row["name"] for row in graph(simulator, query, subscriptions=[FIRST]).data] == ["First"]
        query = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' and name == 'First'"
        (row,) = graph(simulator, query).data
        assert row["properties"]["managementGroupAncestorsChain"] == [
            {"displayName": "Production", "name": "prod"},
            {"displayName": "Tenant Root Group", "name": "root"},
        ]
        assert row["properties"]["state"] == "Enabled"


def test_all_kinds_stand_in_their_tables(graph: Ask) -> None:
    parts: dict[str, Any] = {
        "scale_sets": (
            ScaleSetSpec("uniform", extensions=(AGENT,), instances=(InstanceSpec("4", power="stopped"),)),
            ScaleSetSpec("flexible", orchestration="Flexible"),
        ),
        "arc_machines": (ArcMachineSpec("server", extensions=(arc_monitor_agent("Windows", "1.30.0.0"),)),),
        "resource_groups": (ResourceGroupSpec("MC_aks", managed_by="/subscriptions/x/managedClusters/aks"),),
    }
    machine = MachineSpec("member", "RG-Main", scale_set="flexible", extensions=(AGENT,))
    query = (
        " | project type = replace_string(type, 'microsoft.', ''), name, resourceGroup | order by type asc, name asc"
    )
    with Simulator(of_machines(machine, **parts)) as simulator:
        rows = {table: graph(simulator, table + query).data for table in ("resources", "computeresources")}
        assert [(row["type"], row["name"]) for row in rows["resources"]] == [
            ("compute/virtualmachines", "member"),
            ("compute/virtualmachines/extensions", "AMA"),
            ("compute/virtualmachinescalesets", "flexible"),
            ("compute/virtualmachinescalesets", "uniform"),
            ("hybridcompute/machines", "server"),
            ("hybridcompute/machines/extensions", "AzureMonitorWindowsAgent"),
        ]
        assert {row["resourceGroup"] for row in rows["resources"]} == {"rg-main"}
        assert [(row["type"], row["name"]) for row in rows["computeresources"]] == [
            ("compute/virtualmachinescalesets/virtualmachines", "uniform_4")
        ]
        managed = graph(simulator, "resourcecontainers | where isnotempty(managedBy) | project name, managedBy").data
        assert managed == [{"name": "MC_aks", "managedBy": "/subscriptions/x/managedClusters/aks"}]


def test_the_properties_that_are_asked_for_by_their_paths(graph: Ask) -> None:
    scale_set = ScaleSetSpec("s", upgrade_mode="Automatic", extensions=(AGENT,), instances=(InstanceSpec("0"),))
    server = ArcMachineSpec("server", extensions=(arc_monitor_agent("Windows", "1.30.0.0"),))
    machine = MachineSpec("m", power="deallocated", scale_set="s", extensions=(AGENT,), created=NOW)
    parts: dict[str, Any] = {"scale_sets": (scale_set,), "arc_machines": (server,)}
    asked: dict[str, dict[str, Any]] = {
        "resources | where type endswith '/virtualmachines'": {
            "extended.instanceView.powerState.code": "PowerState/deallocated",
            "extended.instanceView.powerState.displayStatus": "VM deallocated",
            "storageProfile.osDisk.osType": "Linux",
            "timeCreated": "2026-11-22T03:00:17.25+00:00",
            "virtualMachineScaleSet.id": f"/subscriptions/{FIRST}/resourceGroups/rg-main"
            "/providers/Microsoft.Compute/virtualMachineScaleSets/s",
        },
        "resources | where type endswith '/virtualmachines/extensions'": {
            "publisher": "Microsoft.Azure.Monitor",
            "typeHandlerVersion": "1.0",
            "enableAutomaticUpgrade": True,
            "instanceView": None,
        },
        "resources | where type endswith '/virtualmachinescalesets'": {
            "upgradePolicy.mode": "Automatic",
            "orchestrationMode": "Uniform",
            "virtualMachineProfile.extensionProfile.extensions[0].properties.type": "AzureMonitorLinuxAgent",
        },
        "computeresources": {"latestModelApplied": True, "extended.instanceView.powerState.level": "Info"},
        "resources | where type endswith '/machines'": {"status": "Connected"},
        "resources | where type endswith '/machines/extensions'": {"instanceView.typeHandlerVersion": "1.30.0.0"},
    }
    with Simulator(of_machines(machine, **parts)) as simulator:
        for rows, expected in asked.items():
            columns = ", ".join(f"c{number} = properties.{path}" for number, path in enumerate(expected))
            (row,) = graph(simulator, f"{rows} | project {columns}").data
            assert dict(zip(expected, row.values(), strict=True)) == expected


def test_rows_lag_behind_as_their_things_say(graph: Ask) -> None:
    """An earlier state, what is not shown yet, and what is shown still; a machine's extensions lag by themselves."""
    off = azure_monitor_agent("Linux", "1.38.1", name="AMA", auto_upgrade=False)
    machine = MachineSpec(
        "m",
        extensions=(
            replace(AGENT, in_graph=off),
            replace(AGENT, name="new", in_graph=Lag.UNSEEN),
            replace(AGENT, name="old", in_graph=Lag.DELETED),
        ),
    )
    earlier = replace(machine, power="running")
    machines = (
        replace(machine, power="deallocated", in_graph=earlier),
        MachineSpec("unseen", in_graph=Lag.UNSEEN),
        MachineSpec("deleted", in_graph=Lag.DELETED),
    )
    model = ScaleSetSpec("s", extensions=(replace(AGENT, in_graph=off), replace(AGENT, name="x", in_graph=Lag.UNSEEN)))
    with Simulator(of_machines(*machines, scale_sets=(model,))) as simulator:
        assert names(graph(simulator, IDS)) == ["s", "deleted", "m", "AMA", "old"]
        rows = graph(simulator, "resources | project name, properties").data
        shown = {row["name"]: row["properties"] for row in rows}
        assert shown["AMA"]["enableAutomaticUpgrade"] is False
        assert shown["m"]["extended"]["instanceView"]["powerState"]["code"] == "PowerState/running"
        inlined = shown["s"]["virtualMachineProfile"]["extensionProfile"]["extensions"]
        assert [(each["name"], each["properties"]["enableAutomaticUpgrade"]) for each in inlined] == [("AMA", False)]


def test_a_delegated_subscription_names_its_own_tenant(graph: Ask) -> None:
    tenant = "99999999-9999-4999-a999-999999999999"
    with Simulator(of_machines(MachineSpec("a"), tenant=tenant)) as simulator:
        assert graph(simulator, "resources | project tenantId").data == [{"tenantId": tenant}]
