"""Whose an operation is: of one extension, of all on a machine, of a scale set's model, or of nobody that is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    EXTENSION,
    INSTANCE,
    MACHINE,
    NOW,
    SCALE_SET,
    SERVER,
    Estate,
    ago,
    extension,
    in_bulk,
    in_model,
    machine,
    on,
    only,
    operation,
    reading,
    server,
    stay,
    the_machine,
    versions,
    with_arc,
    with_flexible,
    with_uniform,
)

OLD = "1.35.9"
MODEL = f"{SCALE_SET}/extensions/AMA"


def words(estate: Estate) -> list[str | None]:
    """``last_failure`` of each extension in turn."""
    rows = estate.frames()["extensions"]
    return [only(rows, at)["last_failure"] for at in range(len(rows))]


# --- instances of scale sets ---


def test_an_instances_extension_is_found_by_its_machine_and_name() -> None:
    """The answer that holds the instances spells ids of machines that are nowhere, as recorded."""
    spelled = f"{SCALE_SET.replace('virtualMachineScaleSets/pool', 'virtualMachines/pool_0')}/extensions/AMA"
    failed = operation(ago(days=5), "failed", machine_id=INSTANCE, extension_id=f"{INSTANCE.upper()}/extensions/ama")

    assert words(with_uniform(extensions=(on(INSTANCE, id=spelled),), operations=(failed,))) == ["unresolved"]


def test_a_write_that_is_found_by_id_and_by_name_is_one() -> None:
    failed = operation(ago(days=5), "failed")

    frames = Estate(operations=(failed,)).frames()

    assert only(frames["extensions"])["last_failure"] == "unresolved"


def test_flexible_instances_have_operations_as_virtual_machines_do() -> None:
    assert words(with_flexible(operations=(operation(ago(days=5), "failed"),))) == ["unresolved", "none"]


# --- the model of a scale set ---


def on_model(at: Any, outcome: str = "succeeded", action: str = "write", **changes: Any) -> Row:
    own = {"machine_id": SCALE_SET, "extension_id": MODEL, "initiator": "platform"}
    return operation(at, outcome, action, **{**own, **changes})


def on_set(at: Any, outcome: str = "succeeded", code: str | None = None, message: str | None = None) -> Row:
    """A write of the scale set itself, made by anybody."""
    told = {"error_code": code, "error_message": message}
    return on_model(at, outcome, "scale_set_write", extension_id=None, **told)


def model(*operations: Row, **changes: Any) -> dict[str, Any]:
    return only(with_uniform(operations=operations, **changes).frames()["extensions"], -1)


FAILED = on_model(ago(days=5), "failed")


@pytest.mark.parametrize("initiator", ["platform", "unknown", "person"])
def test_any_later_success_heals_a_model_and_nothing_else_does(initiator: str) -> None:
    assert model(FAILED)["last_failure"] == "unresolved"
    assert model(FAILED, on_model(ago(days=4), initiator=initiator))["last_failure"] == "healed"
    assert model(on_model(ago(days=6)), FAILED)["last_failure"] == "unresolved"


def test_a_later_success_of_the_sets_own_write_heals_its_model() -> None:
    assert model(FAILED, on_set(ago(days=4)))["last_failure"] == "healed"
    assert model(on_set(ago(days=6)), FAILED)["last_failure"] == "unresolved"
    assert model(FAILED, on_set(ago(days=4), "running"))["last_failure"] == "unresolved"


def test_a_model_is_not_broken_by_a_state_nor_rolled_back_by_an_instance() -> None:
    shown = in_model(provisioning_state="Failed", installed_version=OLD, installed_version_at=NOW)

    found = model(FAILED, extensions=(on(INSTANCE), shown), heartbeats=(stay(OLD, ago(days=9), machine_id=INSTANCE),))

    assert found["last_failure"] == "unresolved"


def test_a_model_whose_extension_was_deleted_since_is_superseded() -> None:
    assert model(FAILED, on_model(ago(days=4), action="delete"))["last_failure"] == "superseded"


def test_an_operation_on_a_model_without_an_end_is_ended_by_a_later_success() -> None:
    begun = on_model(ago(hours=5), "running")

    assert model(begun)["unfinished_operation"] == "recent"
    found = model(begun, on_model(ago(hours=2)))
    assert (found["last_failure"], found["unfinished_operation"]) == ("none", "none")


def test_an_operation_on_the_model_is_none_on_the_instances() -> None:
    assert words(with_uniform(operations=(FAILED,))) == ["none", "unresolved"]


AMA_FAILED = "VM has reported a failure when processing extension 'AMA' (publisher 'Microsoft.Azure.Monitor')."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("VMExtensionProvisioningError", "Multiple VM extensions failed to be provisioned on the VM."),
        ("VMExtensionHandlerNonTransientError", None),
        ("VMExtensionProvisioningError", AMA_FAILED),
        ("Conflict", AMA_FAILED),
        ("InternalError", "The extension ama did not start."),
        ("InternalError", "Extension of type AzureMonitorLinuxAgent did not start"),
        ("InternalError", "Extension Microsoft.Azure.Monitor.AzureMonitorLinuxAgent."),
        (None, "A VMExtensionProvisioningError occurred"),
    ],
)
def test_a_failed_write_of_the_set_counts_where_its_error_is_an_extensions(code: str | None, message: str) -> None:
    found = model(on_set(ago(days=5), "failed", code, message))

    assert found["last_failure"] == "unresolved"
    assert found["last_failure_error"] == ": ".join(filter(None, (code, message)))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AllocationFailed", "There is no capacity for AMA."),
        ("OperationNotAllowed", "The quota of cores is used up."),
        ("InvalidParameter", "The name of extension 'AMA-2' is taken."),
        ("InvalidParameter", "Extension Contoso.AMA is not known; AMAZON is."),
        ("InternalError", "An extension did not start."),
        (None, None),
    ],
)
def test_a_failed_scale_out_is_not_ours(code: str | None, message: str | None) -> None:
    assert model(on_set(ago(days=5), "failed", code, message))["last_failure"] == "none"


def test_a_failed_write_of_the_set_counts_for_those_that_its_error_names() -> None:
    script = in_model(id=f"{SCALE_SET}/extensions/script", name="script", publisher="Contoso", type="CustomScript")
    agents = (on(INSTANCE), script, in_model())

    def told(message: str) -> list[str | None]:
        failed = on_set(ago(days=5), "failed", "VMExtensionProvisioningError", message)
        return words(with_uniform(extensions=agents, operations=(failed,)))

    assert told("extension 'script' failed") == ["none", "unresolved", "none"]
    assert told("extensions 'script', 'AMA' failed") == ["none", "unresolved", "unresolved"]
    assert told("one of them failed") == ["none", "unresolved", "unresolved"]


def test_another_sets_write_is_not_ours() -> None:
    elsewhere = {**on_set(ago(days=5), "failed", "VMExtensionProvisioningError"), "machine_id": f"{SCALE_SET}-2"}

    assert model(elsewhere)["last_failure"] == "none"


def test_a_models_failures_are_known_only_with_the_log() -> None:
    estate = with_uniform(operations=(FAILED,)).without(Source.ACTIVITY_LOG)

    assert words(estate) == [None, None]


# --- Arc: upgrades stand on the machine ---

SCRIPT = on(SERVER, id=f"{SERVER}/extensions/script", name="script", publisher="Contoso", type="CustomScript")


def upgrade(at: Any, outcome: str = "failed", message: str | None = None, **changes: Any) -> Row:
    own = {"machine_id": SERVER, "extension_id": None, "initiator": "platform", "error_message": message}
    return operation(at, outcome, "upgrade", **{**own, "error_code": None, **changes})


def arc(*operations: Row, agents: Iterable[Row] = (), **state: Any) -> Estate:
    agents = tuple(agents) or (on(SERVER, installed_version=OLD), SCRIPT)
    return with_arc(machines=(server(**state),), extensions=agents, operations=operations)


def test_an_upgrade_counts_for_the_extensions_that_its_error_names() -> None:
    assert words(arc(upgrade(ago(days=5), message="Extension ama: timeout"))) == ["rolled_back", "none"]
    assert words(arc(upgrade(ago(days=5), message="Contoso.CustomScript failed"))) == ["none", "rolled_back"]


def test_an_upgrade_that_names_none_counts_for_all_that_may_be_upgraded() -> None:
    assert words(arc(upgrade(ago(days=5), message="it failed"))) == ["unresolved", "unresolved"]
    off = on(SERVER, installed_version=OLD, auto_upgrade="disabled")
    open_flag = {**SCRIPT, "auto_upgrade": None}
    assert words(arc(upgrade(ago(days=5)), agents=(off, open_flag))) == ["none", "rolled_back"]


def test_an_upgrade_that_names_one_that_is_off_counts_for_it() -> None:
    off = on(SERVER, installed_version=OLD, auto_upgrade="disabled")

    assert words(arc(upgrade(ago(days=5), message="'AMA' failed"), agents=(off, SCRIPT))) == ["rolled_back", "none"]


def word(*operations: Row, state: dict[str, Any] | None = None, **agent: Any) -> str | None:
    """Of the one extension of a server."""
    shown = on(SERVER, **{"installed_version": OLD, **agent})
    return words(arc(*operations, agents=(shown,), **(state or {})))[0]


UPGRADE = upgrade(ago(days=5))


def test_an_upgrade_that_was_rolled_back_shows_succeeded_and_one_that_was_not_shows_failed() -> None:
    assert word(UPGRADE) == "rolled_back"
    assert word(UPGRADE, provisioning_state="Failed") == "broken"
    assert word(UPGRADE, provisioning_state="Updating") == "unresolved"


def test_succeeded_says_nothing_of_a_server_that_is_not_connected() -> None:
    gone = {"availability": "disconnected", "status_changed_at": ago(hours=3)}

    assert word(UPGRADE, state=gone) == "unresolved"


def test_succeeded_that_was_read_before_the_failure_says_nothing() -> None:
    assert word(UPGRADE, state={"read_at": ago(days=6)}) == "unresolved"


def test_a_server_that_has_the_latest_was_not_rolled_back() -> None:
    """Nor is it healed: no later success is logged, and nobody knows what it ran before."""
    assert word(UPGRADE, installed_version="1.36.1") == "unresolved"


def test_a_failed_write_by_hand_is_no_upgrade_that_was_rolled_back() -> None:
    by_hand = operation(ago(days=5), "failed", machine_id=SERVER, extension_id=f"{SERVER}/extensions/AMA")

    assert word(by_hand) == "unresolved"


def test_a_later_upgrade_heals_only_with_the_latest_installed() -> None:
    later = upgrade(ago(days=4), "succeeded")

    assert word(UPGRADE, later) == "retried"
    assert word(UPGRADE, later, installed_version="1.36.1") == "healed"


def test_an_upgrade_without_an_end_is_on_its_way_for_a_day() -> None:
    begun = upgrade(ago(hours=5), "running")
    found = arc(begun, agents=(on(SERVER, provisioning_state="Updating"),)).frames()["extensions"]

    assert only(found)["unfinished_operation"] == "recent"
    assert word(begun) == "none"


def test_on_a_virtual_machine_succeeded_does_not_show_a_rollback() -> None:
    failed = operation(ago(days=5), "failed", initiator="platform")

    assert words(Estate(extensions=(extension(installed_version=OLD),), operations=(failed,))) == ["unresolved"]


# --- failures of what is not there ---


def orphaned(*operations: Row, estate: Estate | None = None, **changes: Any) -> str | None:
    whole = estate or Estate(operations=operations, **changes)
    found: str | None = the_machine(whole)["orphaned_failure"]
    return found


GONE = operation(ago(days=5), "failed", extension_id=f"{MACHINE}/extensions/Gone")


def test_the_failure_of_an_extension_that_is_not_there_is_told_with_name_time_and_error() -> None:
    when = f"{ago(days=5):%Y-%m-%dT%H:%M:%SZ}"

    assert orphaned(GONE) == f"Gone, {when}: VMExtensionProvisioningError: it did not start"
    assert orphaned({**GONE, "error_code": None, "error_message": None}) == f"Gone, {when}"


def test_the_last_one_is_told_whatever_the_order_of_the_rows() -> None:
    later = operation(ago(days=4), "failed", extension_id=f"{MACHINE}/extensions/Later")

    for order in ((GONE, later), (later, GONE)):
        assert (orphaned(*order) or "").startswith("Later, ")


def test_there_is_none_where_the_extension_is_there_or_nothing_failed() -> None:
    assert orphaned() == "none"
    assert orphaned(operation(ago(days=5), "failed", extension_id=EXTENSION.upper())) == "none"
    assert orphaned({**GONE, "outcome": "succeeded"}) == "none"
    assert orphaned({**GONE, "outcome": "running", "ended": None}) == "none"
    assert orphaned({**GONE, "action": "delete"}) == "none"
    assert orphaned({**GONE, "machine_id": f"{MACHINE}0", "extension_id": f"{MACHINE}0/extensions/Gone"}) == "none"


def test_a_machine_without_any_extension_has_orphans_too() -> None:
    assert (orphaned(operation(ago(days=5), "failed"), extensions=()) or "").startswith("AMA, ")


def test_orphans_are_known_only_with_the_log_and_the_extensions() -> None:
    assert orphaned(estate=Estate(operations=(GONE,)).without(Source.ACTIVITY_LOG)) is None
    assert orphaned(estate=Estate(operations=(GONE,)).without(Source.INSTANCE_VIEW)) is None
    assert orphaned(GONE, machines=(machine(extensions_read="no"),)) is None
    assert orphaned(estate=in_bulk(operations=(GONE,)).without(Source.EXTENSIONS)) is None
    assert (orphaned(estate=in_bulk(operations=(GONE,))) or "").startswith("Gone, ")


def test_instances_and_servers_have_orphans_as_machines_do() -> None:
    for machine_id, estate in ((INSTANCE, with_uniform), (SERVER, with_arc)):
        theirs = operation(ago(days=5), "failed", machine_id=machine_id, extension_id=f"{machine_id}/extensions/Gone")
        assert (orphaned(estate=estate(operations=(theirs,))) or "").startswith("Gone, ")


def test_an_instances_extension_is_there_though_its_answer_spells_another_id() -> None:
    there = on(INSTANCE, id=f"{MACHINE}_0/extensions/AMA")
    failed = operation(ago(days=5), "failed", machine_id=INSTANCE, extension_id=f"{INSTANCE}/extensions/AMA")

    assert orphaned(estate=with_uniform(extensions=(there,), operations=(failed,))) == "none"


def test_arc_and_its_log_are_beside_the_virtual_machines_log() -> None:
    """The Compute log says nothing of Arc."""
    unread = arc(UPGRADE).without(Source.ARC_ACTIVITY_LOG)
    compute = reading(Source.ACTIVITY_LOG, str(server()["subscription_id"]), start=NOW - timedelta(days=14))

    frames = unread.frames(compute)

    assert frames["extensions"]["last_failure"].isna().all()


def test_versions_of_arc_judge_what_is_the_latest_of_arc() -> None:
    """1.35.9 is the newest that Arc offers, whatever virtual machines are offered."""
    agents = (on(SERVER, installed_version=OLD),)
    offered = (*versions(OLD, machine_kind="arc"), *versions("1.36.1"))
    told = with_arc(extensions=agents, operations=(UPGRADE, upgrade(ago(days=4), "succeeded")), versions=offered)

    assert words(told) == ["healed"]
