"""AMA-001, automatic upgrade is on: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import ExtensionSpec, Fault, MachineSpec, ResourceGroupSpec
from tests.rules.answers import (
    LINUX,
    PUBLISHER,
    SUBSCRIPTION,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    instance,
    judge_estate,
    power,
    scale_set,
)

RULE = "AMA-001"
PASS, DISABLED, UNSET = ("pass", "as_expected"), ("fail", "disabled"), ("fail", "unset")
NOT_KNOWN, NOT_READ = ("unanswered", "not_known"), ("unanswered", "extensions_not_read")
BEHIND, ON_MODEL = ("fail", "behind_model"), ("not_applicable", "judged_on_model")
MANAGED, EXPIRED = ("not_applicable", "managed"), ("not_applicable", "expired")
ON, OFF, UNSAID = (agent(auto_upgrade=setting) for setting in (True, False, None))
AKS_GROUP = ResourceGroupSpec(
    "mc_rg_cluster",
    managed_by=f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/c",
)


def resource(**properties: Any) -> dict[str, Any]:
    """An override for a machine's answer: its one extension, with these properties."""
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-main/providers/Microsoft.Compute/virtualMachines/x"
    body = {
        "name": LINUX,
        "id": f"{path}/extensions/{properties.pop('id', LINUX)}",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "properties": {"publisher": PUBLISHER, "type": LINUX, "provisioningState": "Succeeded", **properties},
    }
    return {"resources": [body]}


CASES = (
    case("on", PASS, agent()),
    case("off", DISABLED, agent(auto_upgrade=False)),
    case("not set", UNSET, agent(auto_upgrade=None)),
    case("null", UNSET, agent(), override=resource(id="null", enableAutomaticUpgrade=None)),
    case("a text instead of true", NOT_KNOWN, agent(), override=resource(id="text", enableAutomaticUpgrade="true")),
    case("off and minor on", DISABLED, agent(auto_upgrade=False, auto_upgrade_minor=True)),
    case("off and minor off", DISABLED, agent(auto_upgrade=False, auto_upgrade_minor=False)),
    case("not set and minor off", UNSET, agent(auto_upgrade=None, auto_upgrade_minor=False)),
    case("on and minor off", PASS, agent(auto_upgrade_minor=False)),
    case("on and minor not told", PASS, agent(auto_upgrade_minor=None)),
    case("on and nothing installed", PASS, agent(None)),
    case("on windows", PASS, agent(os="Windows"), os="Windows"),
    case("off on a stopped machine", DISABLED, agent(auto_upgrade=False), power="deallocated"),
    case(
        "off on a machine stopped yesterday",
        DISABLED,
        agent(auto_upgrade=False),
        power="deallocated",
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case("off while it is being made", DISABLED, agent(None, auto_upgrade=False, provisioning_state="Creating")),
    case("of another name", DISABLED, agent(auto_upgrade=False, name="ama_prod.1")),
    case("of another case", DISABLED, ExtensionSpec("ama", PUBLISHER.upper(), LINUX.lower(), auto_upgrade=False)),
    case("two of them", (PASS, DISABLED), agent(name="a"), agent(name="b", auto_upgrade=False)),
    case("without extensions", None),
    case("with another extension only", None, ExtensionSpec("Script", "Microsoft.Azure.Extensions", "CustomScript")),
    case("another extension of that name", None, ExtensionSpec(LINUX, "Microsoft.Azure.Extensions", "CustomScript")),
    case("the old agent", None, ExtensionSpec("MMA", "Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux")),
    case("beside another extension", PASS, ExtensionSpec("a", "Contoso", "Thing", auto_upgrade=False), agent()),
    # Uniform scale sets: the verdict on the model, then those on the instances.
    scale_set("set on", (PASS, PASS, PASS), ON, instance(ON), instance(ON, follows=False)),
    scale_set("set off", (DISABLED, ON_MODEL, ON_MODEL), OFF, instance(OFF), instance(UNSAID, follows=False)),
    scale_set("set not set", (UNSET, ON_MODEL, PASS), UNSAID, instance(OFF), instance(ON, follows=False)),
    scale_set("set on and one behind", (PASS, PASS, BEHIND), ON, instance(ON), instance(OFF, follows=False)),
    scale_set("set on and one behind unsaid", (PASS, BEHIND), ON, instance(UNSAID, follows=False)),
    scale_set("set on and one without it yet", (PASS, PASS), ON, instance(ON), instance(follows=False)),
    scale_set("set without it and one of its own", (DISABLED,), None, instance(OFF), instance()),
    scale_set("set without it", None, None, instance()),
    scale_set("set of nobody", DISABLED, OFF),
    scale_set("set old without a mode", (DISABLED, ON_MODEL), OFF, instance(OFF), orchestration=None),
    scale_set("set whose model names it otherwise", (PASS, BEHIND), agent(name="ama"), instance(OFF, follows=False)),
    scale_set("set off and stopped", (DISABLED, ON_MODEL), OFF, instance(OFF, power="deallocated")),
    # Flexible instances are virtual machines of their own.
    scale_set("flexible set", DISABLED, OFF, orchestration="Flexible"),
    case("flexible on", PASS, agent(), scale_set="flexible-set"),
    case("flexible off", DISABLED, agent(auto_upgrade=False), scale_set="flexible-set"),
    # Arc-enabled servers, where an absent flag is not known.
    arc("arc on", PASS, arc_agent()),
    arc("arc off", DISABLED, arc_agent(auto_upgrade=False)),
    arc("arc unsaid", NOT_KNOWN, arc_agent(auto_upgrade=None)),
    arc("arc without extensions", None),
    arc("arc off for days", DISABLED, arc_agent(auto_upgrade=False), status="Disconnected"),
    arc("arc expired", EXPIRED, arc_agent(auto_upgrade=False), status="Expired"),
    arc("arc of which nobody knows whether it expired", NOT_KNOWN, arc_agent(), status=None),
    # Managed by a service.
    case("node", MANAGED, agent(auto_upgrade=False), resource_group="MC_rg_cluster"),
    scale_set("pool", (MANAGED, MANAGED), OFF, instance(OFF), resource_group="MC_rg_cluster"),
    scale_set("tagged pool", (MANAGED, MANAGED), OFF, instance(OFF), tags={"aks-managed-poolName": "p"}),
    case("cluster", MANAGED, agent(auto_upgrade=False), tags={"Vendor": "Databricks"}),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, way=request.param, groups=(AKS_GROUP,))


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_agent(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == sum(len(each.expected) for each in CASES)


REFUSED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}


def test_what_was_not_read_has_one_verdict(tmp_path: Path) -> None:
    cases = (
        case("refused", NOT_READ, agent()),
        case("refused without extensions", NOT_READ),
        scale_set("set whose instances are refused", (("unanswered", "instances_not_read"), PASS), ON, instance(ON)),
        case("refused node", MANAGED, agent(), resource_group="MC_rg_cluster"),
        scale_set(
            "refused pool", (MANAGED, MANAGED), OFF, instance(OFF), instance(OFF), resource_group="MC_rg_cluster"
        ),
    )
    faults = (
        Fault(r"/refused[^/]*\?.*expand=instanceView", **REFUSED),
        Fault(r"/(set-whose|refused-pool)[^/]*/virtualMachines\?", **REFUSED),
    )

    judged = judge_estate(tmp_path, cases, *faults, way="compute", groups=(AKS_GROUP,))

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_managed_machines_can_be_judged_like_all_others(tmp_path: Path) -> None:
    cases = (
        case("node", DISABLED, agent(auto_upgrade=False), resource_group="MC_rg_cluster"),
        arc("arc expired", EXPIRED, arc_agent(auto_upgrade=False), status="Expired"),
    )
    config = {"scope": {"managed_machines": "judged"}}

    judged = judge_estate(tmp_path, cases, config=config, groups=(AKS_GROUP,))

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_without_the_machine_list_there_is_no_verdict_and_no_crash(tmp_path: Path) -> None:
    machines = [each for each in CASES if isinstance(each.machine, MachineSpec)]

    judged = judge_estate(tmp_path, machines, Fault(r"/virtualMachines\?", status=403, body="no"), way="compute")

    assert len(judged.frames["verdicts"]) == 0
    assert set(judged.frames["readings"].query("source == 'virtual_machines'")["complete"]) == {"no"}
