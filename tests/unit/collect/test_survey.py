"""What spans the estate, over the simulated Azure: both services tell the same, and neither hides what it left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cloud import Cloud
from auditor.collect import graph
from auditor.collect.session import Session
from auditor.collect.sources.extensions import read_extensions
from auditor.collect.survey import survey
from auditor.model.narration import Silent
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Reading, Service, Source
from auditor.settle import settle
from auditor.simulator import (
    REMOVED,
    ArcExtensionSpec,
    ArcMachineSpec,
    DataCollectionRuleSpec,
    ExtensionSpec,
    Fault,
    HandMadeEstate,
    InstanceSpec,
    Lag,
    MachineSpec,
    PageSizes,
    ResourceGroupSpec,
    ScaleSetSpec,
    Simulator,
    SubscriptionSpec,
    WorkspaceSpec,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.unit.simulator.parts import FIRST, NOW, SECOND, WORKSPACE

THIRD = "99999999-1111-4111-a111-111111111111"
TYPES = ("AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent")
OFFERS = {"*": {("Microsoft.Azure.Monitor", kind): ("1.30.3", "1.38.1") for kind in TYPES}}
TABLES = (Source.RESOURCE_GROUPS, Source.VIRTUAL_MACHINES, Source.SCALE_SETS, Source.ARC_MACHINES)
WITH_RULES = (*TABLES, Source.DATA_COLLECTION_RULES)
"""A workspace is queried, so that it matters where machines may report."""
GRAPH = "Microsoft.ResourceGraph"
MANAGED = "/subscriptions/x/providers/Microsoft.ContainerService/managedClusters/aks"


def agent(**more: Any) -> Any:
    return azure_monitor_agent("Linux", "1.38.1", **more)


def whole(identifier: str = FIRST, name: str = "First", **more: Any) -> SubscriptionSpec:
    """One of everything; resource groups in the letter case that people give them."""
    told: dict[str, Any] = {
        "machines": (
            MachineSpec("vm-1", "RG-Main", extensions=(agent(), agent(name="other")), tags={"env": "prod"}),
            MachineSpec("vm-2", location="westus", os="Windows", power="deallocated", identity=None),
            MachineSpec("flex_1", scale_set="flex", power="starting"),
        ),
        "scale_sets": (
            ScaleSetSpec("uniform", orchestration=None, extensions=(agent(),), instances=(InstanceSpec("0"),)),
            ScaleSetSpec(
                "flex", orchestration="Flexible", upgrade_mode="Rolling", extensions=(agent(), agent(name="b"))
            ),
            ScaleSetSpec("bare", upgrade_mode=None, location="eastus"),
        ),
        "arc_machines": (
            ArcMachineSpec("arc-1", extensions=(arc_monitor_agent("Windows", "1.38.1"),), last_status_change=NOW),
            ArcMachineSpec("arc-2", status=None, os="Linux"),
            ArcMachineSpec("arc-3", bare=True),
        ),
        "resource_groups": (ResourceGroupSpec("MC_aks", managed_by=MANAGED),),
        "management_groups": (("production", "Production"), ("root", "Tenant Root Group")),
    }
    return SubscriptionSpec(identifier, name, **{**told, **more})


class Desk:
    """Opens simulated Azures and surveys them."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder, self._opened = folder, opened

    def simulate(self, *subscriptions: SubscriptionSpec, weather: tuple[Fault, ...] = (), **more: Any) -> Simulator:
        given = {"offers": OFFERS, "workspaces": (WorkspaceSpec(WORKSPACE),), **more}
        estate = HandMadeEstate(subscriptions, now=NOW, **given)
        return self._opened.enter_context(Simulator(estate, weather=weather, pages=PageSizes(virtual_machines=2)))

    def session(
        self, azure: Simulator, inventory: str = "auto", *, rules: Sequence[str] = (), **scope: Any
    ) -> tuple[Session, Callable[[], Survey]]:
        """``rules`` are switched on."""
        config = azure.write_config(self._folder / "config.yaml")
        if rules:
            enabled = "".join(f"  {each}: {{enabled: true}}\n" for each in rules)
            config.write_text(f"{config.read_text('utf-8')}\nrules:\n{enabled}", encoding="utf-8")
        settled = settle(config, environ={"AUDITOR_ACCESS_TOKEN": "anything"})
        settings = settled.settings.model_copy(
            update={
                "scope": settled.settings.scope.model_copy(update=scope),
                "sources": settled.settings.sources.model_copy(update={"inventory": inventory}),
            }
        )
        session = Session(Cloud(settings.azure), Silent(), clock=lambda: NOW, pause=lambda _seconds: None)
        self._opened.callback(session.close)
        return session, lambda: survey(session, settings, settled.rulebook, NOW)

    def survey(
        self, *subscriptions: SubscriptionSpec, inventory: str = "auto", rules: Sequence[str] = (), **more: Any
    ) -> Survey:
        return self.session(self.simulate(*subscriptions, **more), inventory, rules=rules)[1]()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Bulk answers come in pages of two rows."""
    monkeypatch.setattr(graph, "MOST_ROWS", 2)
    with ExitStack() as opened:
        yield Desk(tmp_path, opened)


def readings(found: Survey | Harvest, source: Source, scope: str | None = None) -> list[Reading]:
    return [each for each in found.readings if each.source is source and scope in (None, each.scope)]


def reading(found: Survey | Harvest, source: Source, scope: str = FIRST) -> Reading:
    [told] = readings(found, source, scope)
    assert told.complete or (told.reason and told.close)
    return told


def gaps(found: Survey | Harvest) -> set[tuple[Source, str]]:
    return {(each.source, each.scope) for each in found.readings if not each.complete}


def names(found: Survey, frame: str = "machines", subscription: str = FIRST) -> list[str]:
    return [str(row["name"]) for row in found.of(frame, [subscription])]


def told_by(found: Survey, service: Service) -> set[tuple[Source, str]]:
    return {(each.source, each.scope) for each in found.readings if each.by is service and each.source in WITH_RULES}


# --- both services tell the same ---


def comparable(found: Survey, frame: str) -> list[dict[str, Any]]:
    """What both services tell: a list has no power state."""
    left = ("read_at", "power_state", "availability")
    rows = [{key: each for key, each in row.items() if key not in left} for row in found.rows[frame]]
    return sorted(rows, key=lambda row: (row["subscription_id"], str(row.get("id")).lower()))


@pytest.mark.parametrize("frame", ["machines", "scale_sets", "extensions", "resource_groups"])
def test_lists_and_bulk_answers_make_the_same_rows(desk: Desk, frame: str) -> None:
    estate = whole(), whole(SECOND, "Second")
    bulk = desk.survey(*estate, inventory="resource_graph")
    lists = desk.survey(*estate, inventory="compute")
    assert gaps(bulk) == gaps(lists) == set()
    assert comparable(bulk, frame) == comparable(lists, frame)
    everything = {(source, each) for source in WITH_RULES for each in (FIRST, SECOND)}
    assert told_by(bulk, Service.RESOURCE_GRAPH) == told_by(lists, Service.RESOURCE_MANAGER) == everything


def test_what_bulk_answers_tell(desk: Desk) -> None:
    found = desk.survey(whole())
    rows = {str(row["name"]): row for row in found.rows["machines"]}
    told = {name: (row["kind"], row["os"], row["availability"], row["power_state"]) for name, row in rows.items()}
    assert told == {
        "vm-1": ("vm", "linux", "running", "running"),
        "vm-2": ("vm", "windows", "stopped", "deallocated"),
        "flex_1": ("scale_set_instance", "linux", None, "starting"),
        "arc-1": ("arc", "windows", "running", "Connected"),
        "arc-2": ("arc", "linux", None, None),
        "arc-3": ("arc", None, None, None),
    }
    assert rows["vm-1"]["resource_group"] == "RG-Main"
    assert rows["vm-1"]["tags"] == '{"env":"prod"}'
    assert (rows["vm-1"]["identity_kind"], rows["vm-2"]["identity_kind"]) == ("SystemAssigned", "none")
    assert str(rows["flex_1"]["scale_set_id"]).endswith("/virtualMachineScaleSets/flex")
    assert rows["arc-1"]["status_changed_at"] == NOW
    assert {row["follows_model"] for row in rows.values()} == {"none"}


def test_scale_sets_come_with_the_extensions_of_their_models(desk: Desk) -> None:
    found = desk.survey(whole())
    sets = [(row["name"], row["orchestration_mode"], row["upgrade_mode"]) for row in found.rows["scale_sets"]]
    assert sorted(sets) == [
        ("bare", "uniform", "none"),
        ("flex", "flexible", "rolling"),
        ("uniform", "uniform", "manual"),
    ]
    models = [
        (str(row["machine_id"]).rpartition("/")[2], row["on"], row["auto_upgrade"]) for row in found.rows["extensions"]
    ]
    assert sorted(models) == [
        ("flex", "model", "enabled"),
        ("flex", "model", "enabled"),
        ("uniform", "model", "enabled"),
    ]


def test_groups_that_a_service_manages_and_groups_above(desk: Desk) -> None:
    found = desk.survey(whole(), whole(SECOND, management_groups=()))
    assert [(row["name"], row["managed_by"]) for row in found.of("resource_groups", [FIRST])] == [("MC_aks", MANAGED)]
    above = {row["id"]: row["management_group"] for row in found.rows["subscriptions"]}
    assert above[FIRST] == "Production < Tenant Root Group"
    assert above[SECOND] in ("none", None)


def test_without_bulk_answers_the_groups_above_are_not_known(desk: Desk) -> None:
    found = desk.survey(whole(), inventory="compute")
    assert [row["management_group"] for row in found.rows["subscriptions"]] == [None]


def test_a_scope_by_management_group(desk: Desk) -> None:
    azure = desk.simulate(whole(), whole(SECOND, management_groups=(("root", "Tenant Root Group"),)))
    _session, ask = desk.session(azure, management_groups=("production",))
    assert ask().readable == (FIRST,)
    _session, ask = desk.session(azure, management_groups=("root",))
    assert ask().readable == (FIRST, SECOND)


# --- what the identity may not read ---


def test_a_table_that_may_not_be_read_is_a_gap_and_no_empty_table(desk: Desk) -> None:
    found = desk.survey(whole(not_actions=("Microsoft.HybridCompute/*",)), whole(SECOND), inventory="resource_graph")
    assert gaps(found) == {(Source.ARC_MACHINES, FIRST)}
    told = reading(found, Source.ARC_MACHINES)
    assert (told.status, told.by, told.rows) == (403, Service.RESOURCE_GRAPH, 0)
    assert str(told.close).startswith("Grant the action Microsoft.HybridCompute/machines/read")
    assert sorted(names(found)) == ["flex_1", "vm-1", "vm-2"]


def test_a_single_group_that_may_be_read_is_not_the_subscription(desk: Desk) -> None:
    found = desk.survey(whole(only_groups=("rg-main",)), inventory="resource_graph")
    assert gaps(found) >= {(source, FIRST) for source in TABLES}
    assert "vm-1" in names(found), "what was told stays"


@pytest.mark.parametrize("inventory", ["auto", "compute"])
def test_of_a_list_of_groups_that_is_cut_to_what_may_be_read_nothing_is_concluded(desk: Desk, inventory: str) -> None:
    """Resource Manager refuses the other lists, but leaves groups out of this one."""
    providers = ("Compute/*", "HybridCompute/*", "Authorization/*", "Resources/subscriptions")
    actions = tuple(f"Microsoft.{each}/read" for each in providers)
    found = desk.survey(whole(actions=actions), inventory=inventory)
    assert (Source.RESOURCE_GROUPS, FIRST) in gaps(found)
    assert (Source.VIRTUAL_MACHINES, FIRST) not in gaps(found)


def test_a_subscription_that_bulk_answers_do_not_show_is_no_empty_one(desk: Desk) -> None:
    found = desk.survey(whole(), SubscriptionSpec(SECOND, "Second", refused=True), inventory="resource_graph")
    assert gaps(found) == {(source, SECOND) for source in WITH_RULES}
    assert {reading(found, source, SECOND).by for source in WITH_RULES} == {Service.RESOURCE_GRAPH}


def test_a_subscription_that_bulk_answers_do_not_show_is_listed_instead(desk: Desk) -> None:
    found = desk.survey(whole(), SubscriptionSpec(SECOND, "Second", refused=True))
    assert told_by(found, Service.RESOURCE_MANAGER) == gaps(found) == {(source, SECOND) for source in WITH_RULES}
    assert "403" in str(reading(found, Source.VIRTUAL_MACHINES, SECOND).reason)


@pytest.mark.parametrize("inventory", ["auto", "resource_graph", "compute"])
def test_an_empty_subscription_is_read(desk: Desk, inventory: str) -> None:
    found = desk.survey(SubscriptionSpec(FIRST, "First"), inventory=inventory)
    assert gaps(found) == set()
    assert all(reading(found, source).rows == 0 for source in WITH_RULES)


def test_refusals_are_kept_for_what_is_read_later(desk: Desk) -> None:
    azure = desk.simulate(whole(not_actions=("*/extensions/read",)), whole(SECOND))
    session, ask = desk.session(azure)
    found = ask()
    assert gaps(found) == set()
    refusals = found.of("refusals", [FIRST, SECOND])
    harvest = read_extensions(session, [FIRST, SECOND], refusals)
    assert gaps(harvest) == {(Source.EXTENSIONS, FIRST), (Source.ARC_EXTENSIONS, FIRST)}
    assert {str(row["machine_id"]).split("/")[2] for row in harvest.rows["extensions"]} == {SECOND}


# --- services that fail ---


def test_where_bulk_answers_fail_the_lists_are_asked(desk: Desk) -> None:
    found = desk.survey(whole(), whole(SECOND), weather=(Fault(GRAPH, status=500),))
    assert gaps(found) == set()
    assert told_by(found, Service.RESOURCE_GRAPH) == set()
    assert sorted(names(found)) == ["arc-1", "arc-2", "arc-3", "flex_1", "vm-1", "vm-2"]


def test_where_nothing_else_may_be_asked_bulk_answers_that_fail_are_gaps(desk: Desk) -> None:
    found = desk.survey(whole(), inventory="resource_graph", weather=(Fault(GRAPH, status=500),))
    assert gaps(found) == {(source, FIRST) for source in WITH_RULES}
    assert reading(found, Source.SCALE_SETS).status == 500


def test_where_both_fail_what_either_told_stays(desk: Desk) -> None:
    """Bulk answers are cut short after a page, and the list breaks off after its first."""
    cut = Fault(GRAPH, amend={"resultTruncated": "true", "$skipToken": None})
    broken = Fault("virtualMachines.*skiptoken", status=404)
    found = desk.survey(whole(), weather=(cut, broken))
    told = reading(found, Source.VIRTUAL_MACHINES)
    assert (told.complete, told.by, told.status) == (False, Service.RESOURCE_MANAGER, 404)
    machines = Counter(str(row["name"]) for row in found.rows["machines"] if row["kind"] != "arc")
    assert set(machines.values()) == {1} and len(machines) >= 2


def test_a_witness_that_is_not_there_leaves_the_lists_to_tell(desk: Desk) -> None:
    """Of the groups' list a part may be left out as well: it tells nothing. Rules are not tried by a list."""
    found = desk.survey(whole(), inventory="resource_graph", weather=(Fault("Microsoft.Authorization", status=404),))
    assert gaps(found) == {(Source.RESOURCE_GROUPS, FIRST), (Source.DATA_COLLECTION_RULES, FIRST)}


# --- regional versions and heartbeats ---


def test_versions_are_asked_for_once_for_each_kind_and_region_that_occurs(desk: Desk) -> None:
    """Regions of uniform scale sets count too: their instances are not listed yet."""
    found = desk.survey(whole(), whole(SECOND))
    vm = [each.scope for each in readings(found, Source.EXTENSION_VERSIONS)]
    arc = [each.scope for each in readings(found, Source.ARC_EXTENSION_VERSIONS)]
    of = [f"microsoft.azure.monitor/{kind.lower()}" for kind in TYPES]
    assert vm == [f"{region}/{each}" for region in ("eastus", "japaneast", "westus") for each in of]
    assert arc == [f"japaneast/{each}" for each in of]
    assert {row["machine_kind"] for row in found.rows["versions"]} == {"vm", "arc"}


VAULT, SCRIPT = ("Microsoft.Azure.KeyVault", "KeyVaultForLinux"), ("Microsoft.Azure.Extensions", "CustomScript")
OTHERS = {"*": {**OFFERS["*"], VAULT: ("3.1", "3.2"), SCRIPT: ("2.1",)}}


def with_others() -> SubscriptionSpec:
    """A vault's extension in two regions, a script in one, and a script that somebody switched it on for."""
    vault, script = (ExtensionSpec(kind, publisher, kind) for publisher, kind in (VAULT, SCRIPT))
    own = ExtensionSpec("own", "Contoso", "Thing", auto_upgrade=True)
    return whole(
        machines=(
            MachineSpec("a", extensions=(agent(), vault, script)),
            MachineSpec("b", location="westus", extensions=(script, replace(vault, publisher=VAULT[0].upper()))),
            MachineSpec("c", location="westus", extensions=(own,)),
        ),
        scale_sets=(ScaleSetSpec("uniform", location="eastus", extensions=(vault,), instances=(InstanceSpec("0"),)),),
        arc_machines=(
            ArcMachineSpec("arc", extensions=(ArcExtensionSpec("v", *VAULT), ArcExtensionSpec("s", *SCRIPT))),
        ),
    )


def asked_for(found: Survey, source: Source) -> set[str]:
    return {each.scope for each in readings(found, source) if "microsoft.azure.monitor" not in each.scope}


def test_with_ext_002_those_are_asked_for_that_occur_in_a_region_and_can_be_upgraded(desk: Desk) -> None:
    found = desk.survey(with_others(), rules=["EXT-002"], offers=OTHERS)

    vault = "microsoft.azure.keyvault/keyvaultforlinux"
    assert asked_for(found, Source.EXTENSION_VERSIONS) == {
        f"japaneast/{vault}",
        f"westus/{vault}",
        f"eastus/{vault}",
        "westus/contoso/thing",
    }
    assert asked_for(found, Source.ARC_EXTENSION_VERSIONS) == {f"japaneast/{vault}"}
    assert {row["version"] for row in found.rows["versions"] if row["type"] == "keyvaultforlinux"} == {"3.1", "3.2"}


def test_two_subscriptions_with_the_same_extension_ask_once(desk: Desk) -> None:
    found = desk.survey(with_others(), replace(with_others(), id=SECOND), rules=["EXT-002"], offers=OTHERS)

    scopes = [each.scope for each in readings(found, Source.EXTENSION_VERSIONS)]
    assert len(scopes) == len(set(scopes))


@pytest.mark.parametrize("rules", [(), ("EXT-001", "EXT-003")])
def test_without_ext_002_neither_is_asked(desk: Desk, rules: tuple[str, ...]) -> None:
    azure = desk.simulate(with_others(), offers=OTHERS)
    session, run = desk.session(azure, rules=rules)
    found = run()

    assert asked_for(found, Source.EXTENSION_VERSIONS) == set()
    assert session.traffic[Source.EXTENSIONS].sent == 0, "which extensions there are is no question of the survey's"


def test_without_bulk_answers_only_what_stands_in_models_is_known_yet(desk: Desk) -> None:
    """The others are asked for when the machines have been read."""
    of_models = {"eastus/microsoft.azure.keyvault/keyvaultforlinux"}
    refused = (Fault(GRAPH, status=403),)

    by_lists = desk.survey(with_others(), inventory="compute", rules=["EXT-002"], offers=OTHERS)
    without = desk.survey(with_others(), rules=["EXT-002"], offers=OTHERS, weather=refused)

    assert asked_for(by_lists, Source.EXTENSION_VERSIONS) == of_models
    assert asked_for(without, Source.EXTENSION_VERSIONS) == of_models


def test_regions_are_one_however_they_are_spelled(desk: Desk) -> None:
    machines = MachineSpec("a", location="Japan East"), MachineSpec("b", location="japaneast")
    found = desk.survey(SubscriptionSpec(FIRST, "First", machines=machines))
    assert len(readings(found, Source.EXTENSION_VERSIONS)) == len(TYPES)


def test_heartbeats_are_asked_for_of_each_workspace(desk: Desk) -> None:
    told = reading(desk.survey(whole()), Source.HEARTBEATS, WORKSPACE)
    assert (told.complete, told.window_end, told.by) == (True, NOW, Service.LOG_ANALYTICS)
    assert told.window_start == NOW - timedelta(days=30)


# --- the whole ---


def test_no_question_is_asked_twice(desk: Desk) -> None:
    azure = desk.simulate(whole(), whole(SECOND))
    _session, ask = desk.session(azure)
    ask()
    sent = azure.requests.snapshot()
    # Pages of two rows: 4 machines' pages of 6, 3 of scale sets, 3 of models, 3 of servers, one of each of the others.
    assert sent["resource_graph"] == 3 + 3 + 3 + 3 + 1 + 1 + 1
    assert sent["permissions"] == 2
    assert not [route for route in sent if route in ("list_machines", "scale_sets", "arc_machines") and sent[route]]


def test_data_collection_rules_are_read_with_the_workspaces_that_they_send_to(desk: Desk) -> None:
    rules = (
        DataCollectionRuleSpec("one", workspaces=("B0000000", "a0000000")),
        DataCollectionRuleSpec("metrics", workspaces=()),
        DataCollectionRuleSpec("untold", override={"properties": {"destinations": {"logAnalytics": [{"name": "x"}]}}}),
        DataCollectionRuleSpec("bare", override={"properties": REMOVED}),
    )
    for inventory in ("resource_graph", "compute"):
        found = desk.survey(whole(data_collection_rules=rules), inventory=inventory)
        told = {str(row["id"]).rpartition("/")[2]: row["workspaces"] for row in found.rows["data_collection_rules"]}
        assert told == {"one": "a0000000,b0000000", "metrics": "none", "untold": None, "bare": "none"}


def test_rules_are_asked_for_only_where_silence_is_judged(desk: Desk) -> None:
    found = desk.survey(whole(), workspaces=())
    assert "data_collection_rules" not in found.rows, "no workspace is queried"
    assert not [each for each in found.readings if each.source is Source.DATA_COLLECTION_RULES]


def test_the_order_of_answers_does_not_matter(desk: Desk) -> None:
    estate = tuple(whole(each) for each in (THIRD, FIRST, SECOND))
    calm = desk.survey(*estate)
    windy = desk.survey(
        *estate, weather=(Fault(GRAPH, delay_s=0.2, times=2), Fault(f"{FIRST}.*permissions", delay_s=0.1))
    )
    assert calm.rows == windy.rows
    assert calm.readings == windy.readings


def test_rows_that_are_hours_old_are_told_as_they_were(desk: Desk) -> None:
    machines = MachineSpec("new", in_graph=Lag.UNSEEN), MachineSpec("gone", in_graph=Lag.DELETED)
    found = desk.survey(SubscriptionSpec(FIRST, "First", machines=machines))
    assert names(found) == ["gone"]


# --- extensions in bulk ---


def test_extensions_in_bulk_name_their_machine(desk: Desk) -> None:
    session, ask = desk.session(desk.simulate(whole()))
    machines = {str(row["id"]).lower() for row in ask().rows["machines"]}
    harvest = read_extensions(session, [FIRST])
    assert gaps(harvest) == set()
    assert {str(row["machine_id"]).lower() for row in harvest.rows["extensions"]} <= machines
    told = {
        (str(row["machine_id"]).rpartition("/")[2], row["name"], row["auto_upgrade"], row.get("installed_version"))
        for row in harvest.rows["extensions"]
    }
    assert len(told) == 3
    assert {each[0] for each in told} == {"vm-1", "arc-1"}
    [arc] = [each for each in told if each[0] == "arc-1"]
    assert arc[3] == "1.38.1", "Arc tells what runs"
    assert {each[3] for each in told if each[0] == "vm-1"} == {None}, "of a virtual machine that is not told here"


@pytest.mark.parametrize(
    ("flag", "on_machine", "on_arc"),
    [(True, "enabled", "enabled"), (False, "disabled", "disabled"), (None, "unset", None)],
)
def test_a_setting_that_is_absent(desk: Desk, flag: bool | None, on_machine: str, on_arc: str | None) -> None:
    """On Arc extensions are opted in by default: there an absent setting is not known."""
    machine = MachineSpec("a", extensions=(agent(auto_upgrade=flag),))
    server = ArcMachineSpec("b", extensions=(arc_monitor_agent("Linux", "1.38.1", auto_upgrade=flag),))
    estate = SubscriptionSpec(FIRST, "First", machines=(machine,), arc_machines=(server,))
    session, _ask = desk.session(desk.simulate(estate))
    rows = read_extensions(session, [FIRST]).rows["extensions"]
    assert [row["auto_upgrade"] for row in rows] == [on_machine, on_arc]
