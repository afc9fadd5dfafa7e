"""What a finding says: of which machine, why, on what evidence, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model.reading import Source
from auditor.model.report import Evidence, Finding
from auditor.model.verdict import Status
from tests.unit.compose import parts
from tests.unit.compose.parts import NOW, agent_of


@pytest.fixture(scope="module")
def told() -> list[Finding]:
    return parts.findings()


def one(told: list[Finding], rule: str, resource: str) -> Finding:
    (found,) = [each for each in told if each.rule_id == rule and each.resource_id == resource]
    return found


def evidence(finding: Finding) -> dict[str, Evidence]:
    return {item.name: item for item in finding.evidence}


def test_every_verdict_becomes_a_finding_gravest_first(told: list[Finding]) -> None:
    order = [(list(Status).index(each.status), each.severity.rank, each.rule_id) for each in told]
    assert len(told) == len(parts.shop().verdicts) + len(parts.plant().verdicts)
    assert order == sorted(order)


def test_the_findings_do_not_depend_on_how_the_estate_was_cut_into_shards(told: list[Finding]) -> None:
    assert parts.findings(parts.whole()) == told


def test_a_model_row_is_a_finding_on_the_scale_set(told: list[Finding]) -> None:
    model = one(told, "AMA-003", agent_of(parts.SCALE_SET))
    assert (model.machine_kind, model.machine_name, model.machine_id) == ("scale_set", "pool", parts.SCALE_SET)
    assert (model.subscription_name, model.extension_name, model.availability) == ("Shop", "AMA", None)
    assert model.portal == f"https://portal.azure.com/#@/resource{parts.SCALE_SET}"


def test_every_kind_has_its_portal_link(told: list[Finding]) -> None:
    assert {each.portal for each in told} == {f"https://portal.azure.com/#@/resource{each.machine_id}" for each in told}
    assert one(told, "AMA-003", agent_of(parts.SERVER)).portal.endswith("Microsoft.HybridCompute/machines/plant-1")


def test_a_link_to_an_odd_name_is_still_one_link() -> None:
    odd = f"{parts.COMPUTE}/virtualMachines/ein Ärger"
    shard = parts.Shard([parts.machine(odd)], verdicts=[parts.verdict("AMA-004", Status.PASS, 0, odd, odd)])
    assert parts.findings(shard)[0].portal.endswith("/ein%20%C3%84rger")


def test_a_finding_on_a_machine_has_nothing_of_an_extension(told: list[Finding]) -> None:
    bare = one(told, "AMA-004", parts.BARE_VM)
    assert (bare.machine_name, bare.machine_kind, bare.owner) == ("web-3", "vm", "web-team")
    assert (bare.extension_name, bare.auto_upgrade, bare.installed_version) == (None, None, None)


@pytest.mark.parametrize(
    ("rule", "resource", "name", "source"),
    [
        ("AMA-001", agent_of(parts.VM), "auto_upgrade", "resource_graph"),
        ("AMA-001", agent_of(parts.INSTANCE), "auto_upgrade", "scale_set_instances"),
        ("AMA-001", agent_of(parts.SCALE_SET), "auto_upgrade", "resource_graph"),
        ("AMA-003", agent_of(parts.VM), "last_failure", "activity_log"),
        ("AMA-003", agent_of(parts.VM), "installed_version", "heartbeats"),
        ("AMA-003", agent_of(parts.SERVER), "last_failure", "arc_activity_log"),
        ("AMA-003", agent_of(parts.SERVER), "installed_version", "arc"),
    ],
)
def test_evidence_names_the_word_that_told_else_who_answered(
    told: list[Finding], rule: str, resource: str, name: str, source: str
) -> None:
    assert evidence(one(told, rule, resource))[name].source == source


def test_evidence_is_as_old_as_the_reading_that_lies_over_it(told: list[Finding]) -> None:
    machine, instance = (evidence(one(told, "AMA-001", agent_of(each))) for each in (parts.VM, parts.INSTANCE))
    assert machine["auto_upgrade"].read_at == NOW + timedelta(seconds=1)
    assert instance["auto_upgrade"].read_at == NOW + timedelta(seconds=2)
    assert evidence(one(told, "AMA-003", agent_of(parts.VM)))["installed_version"].read_at == NOW - timedelta(minutes=3)


def test_a_machine_that_answered_by_itself_is_told_by_its_own_answer() -> None:
    """It was read again later, although the list stands over it too."""
    shard = parts.shop()
    shard.readings.append(parts.reading(Source.INSTANCE_VIEW, parts.VM.lower(), read_at=NOW + timedelta(minutes=1)))
    told = evidence(one(parts.findings(shard), "AMA-001", agent_of(parts.VM)))["auto_upgrade"]
    assert (told.source, told.read_at) == ("instance_view", NOW + timedelta(minutes=1))


def test_at_one_and_the_same_time_the_single_answer_counts() -> None:
    """With the clock given every answer has one time."""
    shard = parts.shop()
    shard.readings = [replace(each, read_at=NOW) for each in shard.readings]
    shard.readings.append(parts.reading(Source.INSTANCE_VIEW, parts.VM.lower()))
    assert evidence(one(parts.findings(shard), "AMA-001", agent_of(parts.VM)))["auto_upgrade"].source == "instance_view"
    assert evidence(one(parts.findings(shard), "AMA-001", agent_of(parts.INSTANCE)))["auto_upgrade"].source == (
        "scale_set_instances"
    )


def test_what_only_explains_is_told_where_it_is_known(told: list[Finding]) -> None:
    healthy = evidence(one(told, "AMA-003", agent_of(parts.SERVER)))
    failed = evidence(one(told, "AMA-003", agent_of(parts.VM)))
    assert "last_failure_at" not in healthy
    assert failed["last_failure_at"].value == "2026-11-20T03:00:00Z"


def test_operations_are_evidence_with_their_times_initiator_and_error(told: list[Finding]) -> None:
    value = evidence(one(told, "AMA-003", agent_of(parts.VM)))["operation"].value
    assert value == {
        "action": "write",
        "outcome": "failed",
        "started": "2026-11-20T03:00:00Z",
        "ended": "2026-11-20T03:06:00Z",
        "initiator": "policy",
        "caller": "Azure Policy",
        "error_code": "VMExtensionProvisioningError",
        "error_message": "enable failed",
    }


def test_an_operation_is_found_by_the_id_that_the_log_makes_of_names() -> None:
    """The list of a uniform set's instances spells its extensions below a virtual machine that is nowhere."""
    spelled = f"{parts.COMPUTE}/virtualMachines/pool_0/extensions/AMA"
    instance = parts.machine(parts.INSTANCE, kind="scale_set_instance", scale_set_id=parts.SCALE_SET)
    shard = parts.Shard(
        [instance],
        extensions=[parts.agent(instance, id=spelled, last_failure="unresolved")],
        operations=[parts.operation(parts.INSTANCE)],
    )
    shard.judge("AMA-003", Status.FAIL, spelled, reason_code="bad", clause=0)
    shard.judge("AMA-004", Status.PASS, parts.INSTANCE)
    report = parts.report_of(shard)
    told = parts.findings_of(report)
    assert evidence(one(told, "AMA-003", spelled))["operation"].value["outcome"] == "failed"  # type: ignore[index]
    assert "operation" not in evidence(one(told, "AMA-004", parts.INSTANCE)), "it failed on an extension that is there"
    [row] = report.tables["operations"].rows()
    assert row[-1] == "unresolved"


@pytest.mark.parametrize(
    ("resource", "action", "source"),
    [
        (agent_of(parts.SCALE_SET), "scale_set_write", "activity_log"),
        (agent_of(parts.SERVER), "upgrade", "arc_activity_log"),
    ],
)
def test_operations_that_name_no_extension_are_evidence_of_what_they_were_on(
    told: list[Finding], resource: str, action: str, source: str
) -> None:
    operation = evidence(one(told, "AMA-003", resource))["operation"]
    assert isinstance(operation.value, dict)
    assert (operation.value["action"], operation.source) == (action, source)


def test_a_machine_without_an_agent_shows_its_failed_installs(told: list[Finding]) -> None:
    bare = one(told, "AMA-004", parts.BARE_VM)
    assert "enable failed" in evidence(bare)["operation"].shown
    assert "operation" not in evidence(one(told, "AMA-004", parts.VM)), "that one failed on an extension that is there"
    assert bare.remediation
    assert bare.remediation.startswith("Install the Azure Monitor Agent on this machine")


def test_what_to_do_suits_the_kind(told: list[Finding]) -> None:
    fixes = {one(told, "AMA-003", agent_of(each)).remediation for each in (parts.VM, parts.SCALE_SET)}
    assert len(fixes) == 2
    assert any(fix and fix.startswith("Switch automatic upgrade on in the scale set's model") for fix in fixes)


def test_a_standing_reason_has_its_own_sentence_and_evidence(told: list[Finding]) -> None:
    node, expired = one(told, "AMA-001", agent_of(parts.NODE)), one(told, "AMA-002", agent_of(parts.EXPIRED))
    assert (node.reason_code, node.reason) == ("managed", "Managed by AKS.")
    assert set(evidence(node)) == {"managed_by"}
    assert expired.reason == "Expired on 2026-11-13 03:00 UTC."
    assert set(evidence(expired)) == {"kind", "availability"}


def test_a_rules_own_reason_counts_behind_the_standing_ones() -> None:
    shard = parts.shop()
    shard.verdicts = []
    shard.judge("AMA-001", Status.NOT_APPLICABLE, agent_of(parts.VM), reason_code="stopped", clause=len(parts.STANDING))
    (found,) = parts.findings(shard)
    assert found.reason == "It stands still (VM running)."
    assert set(evidence(found)) == {"auto_upgrade"}


def test_a_machine_whose_extensions_were_not_read_says_why_and_what_would_close_it(told: list[Finding]) -> None:
    unread = one(told, "AMA-001", parts.UNREAD_VM)
    assert unread.reason == "The machine's extensions were not read: not allowed."
    assert unread.remediation == f"Grant it on {parts.UNREAD_VM.lower()}."
    assert (unread.machine_name, unread.machine_kind, unread.extension_name) == ("web-2", "vm", None)
    assert [(item.name, item.shown, item.source) for item in unread.evidence] == [
        ("machine", "not allowed.", "instance_view")
    ]


@pytest.mark.parametrize("rule", ["AMA-001", "AMA-004"])
def test_a_scale_set_whose_instances_were_not_read_is_one_unanswered_verdict(told: list[Finding], rule: str) -> None:
    unread = one(told, rule, parts.UNREAD_SET)
    assert "instances of this scale set were not read" in unread.reason
    assert unread.remediation == f"Grant it on {parts.UNREAD_SET.lower()}."
    assert (unread.machine_kind, unread.machine_name, unread.subscription_name) == ("scale_set", "dark", "Shop")
    assert [item.source for item in unread.evidence] == ["scale_set_instances"]


def test_an_unread_machine_that_is_left_out_anyway_has_its_standing_reason() -> None:
    shard = parts.Shard([parts.machine(parts.NODE, managed_by="AKS", extensions_read="no")])
    shard.judge("AMA-001", Status.NOT_APPLICABLE, parts.NODE, reason_code="managed", clause=0)
    (found,) = parts.findings(shard)
    assert (found.reason, found.machine_name, found.remediation) == ("Managed by AKS.", "aks-node-0", None)


def test_a_disconnected_server_is_unanswered_with_what_it_told_last(told: list[Finding]) -> None:
    away = one(told, "AMA-002", agent_of(parts.AWAY))
    assert away.reason == (
        "Not known: Installed version. The server is disconnected since 2026-11-13 03:00 UTC; what it told last "
        "(1.30.0) is too old to count."
    )
    assert away.remediation
    assert away.remediation.startswith("Bring the server back")
    assert evidence(away)["last_known_version"].value == "1.30.0"


def test_an_absent_flag_on_arc_is_explained_as_such() -> None:
    shard = parts.Shard([parts.machine(parts.SERVER)], readings=parts.plant().readings)
    shard.extensions = [parts.agent(shard.machines[0], auto_upgrade=None)]
    shard.judge("AMA-001", Status.UNANSWERED, agent_of(parts.SERVER), missing="auto_upgrade")
    assert "on an Arc-enabled server an absent flag does not say" in parts.findings(shard)[0].reason


def test_a_gap_explains_what_is_missing_before_anything_else_does() -> None:
    shard = parts.shop()
    shard.readings[-1] = parts.refused(Source.ACTIVITY_LOG, parts.SHOP)
    shard.verdicts = []
    shard.extensions[0]["last_failure"] = None
    shard.judge("AMA-003", Status.UNANSWERED, agent_of(parts.VM), missing="last_failure")
    (found,) = parts.findings(shard)
    assert found.reason == "Not known: Last failure. not allowed."
    assert found.remediation == f"Grant it on {parts.SHOP}."


def test_another_subscriptions_gap_explains_nothing() -> None:
    shard = parts.shop()
    shard.readings.append(parts.refused(Source.ACTIVITY_LOG, parts.PLANT))
    shard.verdicts = []
    shard.extensions[0]["last_failure"] = None
    shard.judge("AMA-003", Status.UNANSWERED, agent_of(parts.VM), missing="last_failure")
    assert "has no logged end" in parts.findings(shard)[0].reason
