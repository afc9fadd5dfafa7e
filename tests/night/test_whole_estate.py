"""All kinds of machines in one night: what each rule says of each, and a coverage that adds up."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from auditor.errors import ExitCode
from auditor.simulator import (
    ArcMachineSpec,
    Caller,
    CallerKind,
    Fault,
    HandMadeEstate,
    InstanceSpec,
    OperationSpec,
    ResourceGroupSpec,
    ScaleSetSpec,
    StaySpec,
    SubscriptionSpec,
    arc_monitor_agent,
)
from tests.night.parts import (
    FIRST,
    IN_BULK,
    LATEST,
    NOW,
    OLD,
    ON_INSTANCES,
    ON_MACHINES,
    SECOND,
    SHIPPED,
    THIRD,
    Audited,
    Bench,
    agent,
    bare,
    estate,
    machine,
    refusal,
    subscription,
)

DAY = timedelta(days=1)
ON = agent("Linux", LATEST)
OFF = agent("Linux", LATEST, auto_upgrade=False)
AKS = "/subscriptions/{0}/resourceGroups/rg-main/providers/Microsoft.ContainerService/managedClusters/aks-1"


def instance(number: str, extension: object, **more: object) -> InstanceSpec:
    return InstanceSpec(number, extensions=(extension,), **more)  # type: ignore[arg-type]


def server(name: str, status: str | None, *, auto_upgrade: bool | None = True, **more: object) -> ArcMachineSpec:
    own = arc_monitor_agent("Windows", LATEST, auto_upgrade=auto_upgrade)
    return ArcMachineSpec(name, status=status, extensions=(own,), **more)  # type: ignore[arg-type]


def kinds(**more: object) -> HandMadeEstate:
    """Virtual machines, a flexible and four uniform sets, servers in all states, a cluster's machines.

    An instance of the flexible set follows no model: it is judged like any virtual machine.
    """
    model_on, model_off = agent("Linux", None), agent("Linux", None, auto_upgrade=False)
    return estate(
        SubscriptionSpec(
            FIRST,
            "First",
            machines=(
                machine("vm-on", stays=(StaySpec(LATEST, NOW - 9 * DAY),)),
                machine("vm-off", OFF),
                bare("vm-bare"),
                bare("vm-new", created=NOW - DAY / 2),
                machine("flex-off", OFF, scale_set="flex"),
                machine("flex-on", ON, scale_set="flex"),
                machine("aks-vm", OFF, resource_group="mc-nodes"),
            ),
            scale_sets=(
                ScaleSetSpec("flex", orchestration="Flexible", extensions=(model_on,)),
                ScaleSetSpec(
                    "manual",
                    extensions=(model_on,),
                    instances=(
                        instance("0", ON),
                        instance("1", OFF, latest_model_applied=False),
                    ),
                ),
                ScaleSetSpec(
                    "automatic", upgrade_mode="Automatic", extensions=(model_on,), instances=(instance("0", ON),)
                ),
                ScaleSetSpec("off", upgrade_mode="Rolling", extensions=(model_off,), instances=(instance("0", OFF),)),
                ScaleSetSpec(
                    "nodes", resource_group="mc-nodes", extensions=(model_off,), instances=(instance("0", OFF),)
                ),
            ),
            resource_groups=(ResourceGroupSpec("mc-nodes", managed_by=AKS.format(FIRST)),),
        ),
        SubscriptionSpec(
            SECOND,
            "Second",
            arc_machines=(
                server("arc-on", "Connected"),
                server("arc-off", "Connected", auto_upgrade=False),
                server("arc-unsaid", "Connected", auto_upgrade=None),
                server("arc-away", "Disconnected", last_status_change=NOW - 5 * DAY),
                server("arc-hour", "Disconnected", last_status_change=NOW - DAY / 24),
                server("arc-gone", "Expired", last_status_change=NOW - 60 * DAY),
                server("arc-silent", None),
                ArcMachineSpec("arc-bare", bare=True),
                ArcMachineSpec("arc-empty"),
            ),
        ),
        beats=True,
        **more,
    )


SETTINGS = {
    "vm-on": ("pass", "as_expected"),
    "vm-off": ("fail", "disabled"),
    "flex-off": ("fail", "disabled"),
    "flex-on": ("pass", "as_expected"),
    "aks-vm": ("not_applicable", "managed"),
    "flex": ("pass", "as_expected"),
    "manual": ("pass", "as_expected"),
    "manual_0": ("pass", "as_expected"),
    "manual_1": ("fail", "behind_model"),
    "automatic": ("pass", "as_expected"),
    "automatic_0": ("pass", "as_expected"),
    "off": ("fail", "disabled"),
    "off_0": ("not_applicable", "judged_on_model"),
    "nodes": ("not_applicable", "managed"),
    "nodes_0": ("not_applicable", "managed"),
    "arc-on": ("pass", "as_expected"),
    "arc-off": ("fail", "disabled"),
    "arc-unsaid": ("unanswered", "not_known"),
    "arc-away": ("pass", "as_expected"),
    "arc-hour": ("pass", "as_expected"),
    "arc-gone": ("not_applicable", "expired"),
    "arc-silent": ("unanswered", "not_known"),
}
"""AMA-001 by machine, or by scale set for its model."""
INSTALLED = {"arc-bare": "unanswered", "arc-empty": "fail", "vm-bare": "fail", "vm-new": "pending"}
"""AMA-004 of those that have no agent."""


@pytest.fixture(scope="module", params=["resource_graph", "compute"])
def audited(request: pytest.FixtureRequest, shared_bench: Bench) -> Audited:
    """The same estate read in bulk, and thing by thing."""
    return shared_bench.audit(kinds(), config={"sources": {"inventory": request.param}})


def by_machine(audited: Audited, rule: str) -> dict[str, tuple[str, str]]:
    found = {name: (status, code) for name, status, code in audited.verdicts(rule)}
    assert len(found) == len(audited.verdicts(rule)), "one verdict each"
    return found


def test_automatic_upgrade_of_every_kind(audited: Audited) -> None:
    assert by_machine(audited, "AMA-001") == SETTINGS


def test_every_machine_has_one_verdict_on_its_agent(audited: Audited) -> None:
    """The managed and the expired are named too; models are no machines."""
    told = {name: status for name, (status, _code) in by_machine(audited, "AMA-004").items()}

    machines = {name for name in SETTINGS if name not in ("flex", "manual", "automatic", "off", "nodes")}
    assert set(told) == machines | set(INSTALLED)
    assert {name: status for name, status in told.items() if name in INSTALLED} == INSTALLED
    assert {told[name] for name in ("aks-vm", "nodes_0", "arc-gone")} == {"not_applicable"}


def test_what_an_agent_needs_to_report_and_whether_it_does(audited: Audited) -> None:
    """In bulk and one by one alike: its identity, its rule, and silence where that sends to the queried workspace."""
    found = {rule: by_machine(audited, rule) for rule in ON_MACHINES}
    machines = set(found["AMA-004"])
    apart = {
        **dict.fromkeys(("aks-vm", "nodes_0"), ("not_applicable", "managed")),
        **dict.fromkeys(("vm-bare", "vm-new", "arc-bare", "arc-empty"), ("not_applicable", "no_agent")),
        "arc-silent": ("unanswered", "not_known"),
        "arc-gone": ("not_applicable", "expired"),
    }
    passes = dict.fromkeys(machines, ("pass", "as_expected")) | apart
    silent = dict.fromkeys(machines, ("fail", "never_heard")) | apart
    away = dict.fromkeys(("arc-away", "arc-hour"), ("not_applicable", "disconnected"))

    assert found["AMA-010"] == found["AMA-011"] == passes
    assert found["AMA-008"] == silent | away | {"vm-on": ("pass", "as_expected")}


def test_a_server_that_is_away_for_days_is_judged_by_its_settings_alone(audited: Audited) -> None:
    versions = by_machine(audited, "AMA-002")

    assert versions["arc-away"][0] == "unanswered"
    assert versions["arc-hour"][0] == "pass"
    [away] = [each for each in audited.findings if each["rule_id"] == "AMA-002" and each["machine_name"] == "arc-away"]
    assert away["installed_version"] is None
    shown = {item["name"]: item["value"] for item in away["evidence"]}
    assert shown["last_known_version"] == LATEST


def test_only_instances_of_uniform_sets_follow_a_model(audited: Audited) -> None:
    told = by_machine(audited, ON_INSTANCES)

    assert told == {
        "manual_0": ("pass", "as_expected"),
        "manual_1": ("fail", "behind_model"),
        "automatic_0": ("pass", "as_expected"),
        "off_0": ("pass", "as_expected"),
        "nodes_0": ("not_applicable", "managed"),
    }


def test_models_are_judged_by_their_setting_and_not_by_a_version(audited: Audited) -> None:
    assert not {"flex", "manual", "automatic", "off"} & set(by_machine(audited, "AMA-002"))
    models = [each for each in audited.findings if each["machine_kind"] == "scale_set"]
    assert {each["machine_name"] for each in models} == {"flex", "manual", "automatic", "off", "nodes"}
    assert all(
        each["machine_id"].lower().endswith(f"/virtualmachinescalesets/{each['machine_name']}") for each in models
    )


def test_machines_are_counted_by_kind_and_models_are_none(audited: Audited) -> None:
    assert audited.run["machines"] == {"arc": 9, "scale_set_instance": 7, "vm": 5}


def test_the_cheapest_source_tells_the_version(audited: Audited) -> None:
    told = {
        each["machine_name"]: each["installed_version_source"]
        for each in audited.findings
        if each["rule_id"] == "AMA-002" and each["status"] == "pass"
    }

    assert told["arc-on"] == "arc"
    assert told["manual_0"] == "instance_view"
    assert told["vm-on"] in ("heartbeats", "instance_view")


def test_in_bulk_only_what_is_left_open_is_asked_one_by_one(bench: Bench) -> None:
    """A machine that heartbeats speak of and that nothing makes doubtful needs no question of its own."""
    heard = (machine(f"web-{at}", stays=(StaySpec(LATEST, NOW - 9 * DAY),)) for at in range(5))

    audited = bench.audit(
        estate(subscription(FIRST, *heard, machine("silent")), beats=True),
        config={"sources": {"inventory": "resource_graph"}},
    )

    assert audited.code == ExitCode.DELIVERED, audited.gaps()
    assert audited.run["requests"]["instance_view"]["sent"] == 1
    assert audited.statuses("AMA-002") == {"pass": 6}


def test_an_instance_list_that_is_refused_leaves_an_unanswered_verdict_on_its_scale_set(bench: Bench) -> None:
    refused = Fault(r"virtualMachineScaleSets/manual/virtualMachines", **refusal())

    audited = bench.audit(kinds(), refused, config={"sources": {"inventory": "resource_graph"}})

    found = [each for each in audited.findings if each["reason_code"] == "instances_not_read"]
    assert Counter(each["rule_id"] for each in found) == dict.fromkeys(SHIPPED, 1)
    assert {(each["machine_name"], each["status"]) for each in found} == {("manual", "unanswered")}
    assert by_machine_of_models(audited)["manual"] == "pass"
    assert audited.code == ExitCode.INCOMPLETE


def by_machine_of_models(audited: Audited) -> dict[str, str]:
    rows = (
        each
        for each in audited.findings
        if each["rule_id"] == "AMA-001" and each["reason_code"] != "instances_not_read"
    )
    return {each["machine_name"]: each["status"] for each in rows if each["machine_kind"] == "scale_set"}


@pytest.mark.parametrize(
    ("table", "subjects"),
    [
        ("virtualMachineScaleSets", {"scale_sets"}),
        ("HybridCompute/machines'", {"arc_machines"}),
    ],
)
def test_without_the_bulk_inventory_the_lists_of_resource_manager_are_asked(
    bench: Bench, table: str, subjects: set[str]
) -> None:
    """Resource Graph fails altogether: nothing is lost but time."""
    audited = bench.audit(kinds(), Fault("/Microsoft.ResourceGraph/", status=503), config=IN_BULK)

    assert by_machine(audited, "AMA-001") == SETTINGS
    assert audited.code in (ExitCode.DELIVERED, ExitCode.INCOMPLETE)


def test_a_reader_of_one_resource_group_has_not_read_the_subscription(bench: Bench) -> None:
    """Resource Graph shows what it may, as if that were all: the gap comes from asking what the identity may do."""
    partly = subscription(
        FIRST, machine("seen"), machine("unseen", resource_group="rg-other"), only_groups=("rg-main",)
    )

    audited = bench.audit(estate(partly, subscription(SECOND, machine("web-1"))), config=IN_BULK)

    assert "virtual_machines" in {gap["source"] for gap in audited.gaps() if gap["scope"].lower() == FIRST}
    assert audited.code == ExitCode.INCOMPLETE


def test_machines_managed_by_a_service_can_be_judged_like_all_others(bench: Bench) -> None:
    audited = bench.audit(
        kinds(), config={"scope": {"managed_machines": "judged"}, "sources": {"inventory": "resource_graph"}}
    )

    settings = by_machine(audited, "AMA-001")
    assert settings["aks-vm"] == ("fail", "disabled")
    assert settings["nodes"] == ("fail", "disabled")
    assert settings["arc-gone"] == ("not_applicable", "expired")


def test_a_failed_upgrade_of_a_servers_extensions_is_found_on_the_extension(bench: Bench) -> None:
    failed = OperationSpec(
        NOW - 2 * DAY,
        action="upgradeExtensions/action",
        outcome="Failed",
        error_code="Boom",
        error_message="It did not work",
        caller=Caller(CallerKind.SERVICE, "Azure Regional Service Manager"),
    )
    own = arc_monitor_agent("Windows", OLD, auto_upgrade=True, provisioning_state="Failed")
    azure = estate(
        SubscriptionSpec(
            FIRST,
            "First",
            arc_machines=(
                ArcMachineSpec("arc-1", extensions=(own,), operations=(failed,)),
                ArcMachineSpec("arc-2", extensions=(arc_monitor_agent("Windows", LATEST, auto_upgrade=True),)),
            ),
        )
    )

    audited = bench.audit(azure)

    assert by_machine(audited, "AMA-003") == {"arc-1": ("fail", "broken"), "arc-2": ("pass", "as_expected")}
    [finding] = [each for each in audited.findings if each["rule_id"] == "AMA-003" and each["status"] == "fail"]
    operations = [item["value"] for item in finding["evidence"] if item["name"] == "operation"]
    assert [(each["outcome"], each["initiator"]) for each in operations] == [("failed", "platform")]


def test_management_groups_bring_what_lies_below_them(bench: Bench) -> None:
    nested = (
        SubscriptionSpec(
            FIRST, "First", machines=(machine("a"),), management_groups=(("mg-prod", "Production"), ("root", "Root"))
        ),
        SubscriptionSpec(
            SECOND, "Second", machines=(machine("b"),), management_groups=(("mg-test", "Test"), ("root", "Root"))
        ),
        SubscriptionSpec(THIRD, "Third", machines=(machine("c"),), management_groups=(("root", "Root"),)),
    )

    only = bench.audit(estate(*nested), config={"scope": {"management_groups": ["mg-prod"]}})
    above = bench.audit(
        estate(*nested), config={"scope": {"management_groups": ["root"], "exclude_subscriptions": [SECOND]}}
    )

    assert {each["machine_name"] for each in only.findings} == {"a"}
    assert {each["machine_name"] for each in above.findings} == {"a", "c"}
    assert only.code == above.code == ExitCode.DELIVERED


def test_a_management_group_that_cannot_be_read_is_a_gap(bench: Bench) -> None:
    audited = bench.audit(
        estate(subscription(FIRST, machine("a"))), config={"scope": {"management_groups": ["nowhere"]}}
    )

    assert [(gap["source"], gap["scope"]) for gap in audited.gaps() if gap["source"] == "management_groups"] == [
        ("management_groups", "nowhere")
    ]
    assert audited.code == ExitCode.NOTHING_COLLECTED
