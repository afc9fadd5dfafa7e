"""Every recorded GET of a machine with ``$expand=instanceView``: the row of the machine, the rows of its extensions.

The expectations were read off the recordings, not off the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.model.reading import Source
from tests.real.night import AS_OF, SUBSCRIPTION, Night, give_machines, give_subscription, give_versions, spend
from tests.real.recordings import answer_of, body_of, how_many, listed
from tests.real.replay import Answer, Replay

VIEWS = "compute-vm-instanceview/variants-by-feature"
A_RUN_COMMAND = 36
"""This one recording of the file is no machine: it is the GET of a run command below one."""

Extension = tuple[
    str, str | None, str | None, str, str | None, bool | None, str | None, str | None, str | None, str | None
]
"""Name, publisher, type, and: automatic upgrade, requested version, minor, installed version, who told it, its status,
provisioning state."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """What a recording says of a machine; an agent's state and time are those of its guest agent."""

    name: str
    location: str
    system: str
    availability: str
    power: str
    agent: str | None = None
    agent_at: datetime | None = None
    created: datetime | None = None
    identity: str = "none"
    tags: str = "{}"
    extensions: tuple[Extension, ...] = ()


def running(name: str, location: str, agent: str | None, agent_at: str | None, **more: Any) -> Told:
    system = more.pop("system", "linux")
    moment = at(agent_at) if agent_at else None
    return Told(name, location, system, "running", "running", agent, moment, **more)


def stopped(name: str, location: str, agent_at: str, **more: Any) -> Told:
    agent = more.pop("agent", "Ready")
    return Told(name, location, "linux", "stopped", "stopped", agent, at(agent_at), **more)


def deallocated(name: str, location: str, **more: Any) -> Told:
    return Told(name, location, "linux", "stopped", "deallocated", **more)


BACKUP_TAGS = '{"AutoShutdown":"No","DeleteBy":"12-2099","MabUsed":"Yes","Owner":"sisi","Purpose":"CLITest"}'
STATE_TAGS = '{"firsttag":"1","secondtag":"2","thirdtag":""}'
SQL: Extension = (
    "SqlIaasExtension", "Microsoft.SqlServer.Management", "SqlIaaSAgent",
    "enabled", "2.0", True, "2.0.212.0", "instance_view", "succeeded", "Succeeded",
)  # fmt: skip
DIAGNOSTIC: Extension = (
    "LinuxDiagnostic", "Microsoft.OSTCExtensions", "LinuxDiagnostic",
    "unset", "2.3", True, "2.3.9029", "instance_view", "succeeded", "Succeeded",
)  # fmt: skip
ACCESS: Extension = (
    "enablevmaccess", "Microsoft.OSTCExtensions", "VMAccessForLinux",
    "unset", "1.5", False, "1.5.11", "instance_view", "succeeded", "Succeeded",
)  # fmt: skip
ACCESS_UNSEEN: Extension = (
    "enablevmaccess", "Microsoft.OSTCExtensions", "VMAccessForLinux",
    "unset", "1.5", False, None, None, None, "Succeeded",
)  # fmt: skip
ENCRYPTION: Extension = (
    "AzureDiskEncryption", "Microsoft.Azure.Security", "AzureDiskEncryption",
    "unset", "2.2", True, "2.4.0.2", "instance_view", "transitioning", "Succeeded",
)  # fmt: skip
ATTESTATION: Extension = (
    "GuestAttestation", "Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation",
    "enabled", "1.0", True, "1.0.1.32", "instance_view", "succeeded", "Succeeded",
)  # fmt: skip

TOLD = {
    0: running("cli-proxy-vm", "westus2", "Not Ready", "2024-08-26T05:52:39", created=at("2024-08-26T05:52:20.883183")),
    1: running(
        "clitest-vm000003", "eastus2euap", "Ready", "2024-04-28T06:36:35.172", system="windows",
        created=at("2024-04-28T06:35:55.767262"), tags=BACKUP_TAGS,
    ),
    2: running(
        "clitest-vm000003", "centraluseuap", "Ready", "2024-04-28T06:38:39.573", system="windows",
        created=at("2024-04-28T06:35:59.363227"), tags=BACKUP_TAGS,
    ),
    3: running(
        "clitest-vm000004", "centraluseuap", "Not Ready", "2024-04-28T06:41:44", system="windows",
        created=at("2024-04-28T06:39:30.456512"), tags=BACKUP_TAGS,
    ),
    4: running("vm3", "eastus", "Ready", "2024-08-26T05:58:11", created=at("2024-08-26T05:57:48.978986")),
    5: running("conveniencevm1", "eastus", "Not Ready", "2023-03-15T03:38:59"),
    6: running("conveniencevm1", "eastus", "Ready", "2023-03-01T08:36:59"),
    7: running("cli-test-vm000002", "southcentralus", "Ready", "2021-07-07T08:48:11", tags='{"cli-test-tag000003":""}'),
    8: stopped("cli-test-vm000002", "westus", "2024-08-26T06:05:32", created=at("2024-08-26T06:04:23.885279")),
    9: running(
        "clisqlvm000003", "westus", "Ready", "2024-08-26T06:14:37.286", system="windows",
        created=at("2024-08-26T06:08:27.030181"), extensions=(SQL,),
    ),
    10: running("test-run-command-vm", "westus", "Ready", "2022-06-23T15:07:12"),
    11: running("test-run-command-vm2", "westus", "Ready", "2022-06-23T15:41:01"),
    12: deallocated("vm-unmanaged-disk", "westus"),
    13: running("testdiagvm", "westus", "Ready", "2022-06-23T14:40:59", extensions=(DIAGNOSTIC,)),
    14: running("myvm", "westus", "Ready", "2023-11-27T07:46:56"),
    15: running("vrfvm", "westus", "Ready", "2023-03-03T02:46:25"),
    16: deallocated("multinicvm1", "westus"),
    17: running("vmnowait2", "westus", None, None),
    18: running("vm-state-mod", "eastus", "Ready", "2022-06-23T14:32:49", tags=STATE_TAGS, extensions=(ACCESS,)),
    19: deallocated("vm-state-mod", "eastus", tags=STATE_TAGS, extensions=(ACCESS_UNSEEN,)),
    20: stopped("vm-generalize", "westus", "2023-07-21T02:47:50"),
    21: running("vm1", "westus", "Ready", "2023-07-25T08:51:48.639", system="windows", extensions=(ENCRYPTION,)),
    22: running("testdiagvm", "westus", "Ready", "2022-06-23T11:24:46", extensions=(DIAGNOSTIC,)),
    23: running("myvm", "westus", "Ready", "2023-11-27T07:15:04"),
    24: running("vrfvm", "westus", "Ready", "2023-07-25T08:36:30"),
    25: deallocated("vm1", "westus"),
    26: running("ded-host-vm", "westeurope", "Ready", "2023-03-24T07:38:42"),
    27: running("vm2", "eastus", "Ready", "2023-03-24T07:45:26"),
    28: running("vm1", "westus", "Ready", "2023-12-06T08:32:17"),
    29: deallocated("ded-host-vm", "westus2", tags='{"tagName":"tagValue"}'),
    30: running("vrfvm", "westus", "Ready", "2023-12-06T08:27:14"),
    31: running("vm-name", "westus", "Ready", "2020-09-28T20:27:21"),
    32: stopped("vm-generalize", "westus", "2023-12-06T08:24:32", agent="Not Ready"),
    33: running(
        "vm000002", "westus", "Ready", "2024-08-26T09:51:42", created=at("2024-08-26T09:50:40.718487"),
        identity="SystemAssigned, UserAssigned", extensions=(ATTESTATION,),
    ),
    34: running("testvm", "westus", "Ready", "2024-05-14T08:33:57", created=at("2024-05-14T08:33:07.914980")),
    35: running("vm1", "westus", "Ready", "2024-08-26T09:28:58", created=at("2024-08-26T09:28:20.773039")),
    37: running("vm2", "westus", "Not Ready", "2024-08-26T09:33:11", created=at("2024-08-26T09:32:48.980875")),
    38: running("myvm", "westus", "Ready", "2024-08-26T08:19:50", created=at("2024-08-26T08:18:49.184155")),
    39: running("vmnowait2", "westus", None, None, created=at("2024-08-26T08:01:55.322434")),
}  # fmt: skip

SCENARIOS = {
    ("compute-vm-scenarios/c7n-virtual_machine_instance", 1): running(
        "cctestvm", "southcentralus", "Ready", "2021-05-24T14:41:43",
        tags='{"schedule":"on=(M-U,8);off=(M-U,18);tz=pt","testtag":"testvalue"}',
        extensions=((
            "script1", "Microsoft.Azure.Extensions", "CustomScript",
            "unset", "2.1", True, "2.1.3", "instance_view", "succeeded", "Succeeded",
        ),),
    ),
    ("compute-vm-scenarios/cli-extension-failed-agent-unresponsive", 2): running(
        "vm-000003", "westus", "Not Ready", "2023-10-31T10:02:09", created=at("2023-10-31T09:36:00.216212"),
        extensions=((  # instanceView.extensions[] is {"name": "GuestAttestation"} and nothing else
            "GuestAttestation", "Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation",
            "enabled", "1.0", True, None, None, None, "Failed",
        ),),
    ),
    ("compute-vm-scenarios/cli-vm-extension-instance-name", 6): running(
        "myvm", "westus", "Ready", "2024-08-26T09:45:37", created=at("2024-08-26T09:44:59.837482")
    ),
    ("compute-vmss/flexible-simple-orchestration", 1): running(
        "vm1", "westus", "Ready", "2024-08-26T09:46:02", created=at("2024-08-26T09:44:46.321612")
    ),
}  # fmt: skip


def night_of(replay: Replay, *recorded: tuple[str, int]) -> Night:
    """One subscription with these machines, each listed and answered as recorded; no region offers a version."""
    machines = [(body_of(*each), answer_of(*each)) for each in recorded]
    subscription = machines[0][0]["id"].split("/")[2]
    give_subscription(replay, subscription)
    give_machines(replay, [(listed(machine), answer) for machine, answer in machines], subscription)
    for location in {machine["location"] for machine, _answer in machines}:
        give_versions(replay, location, Answer.json([]), subscription)
    return spend(replay)


def machine_of(night: Night, machine: str) -> Told:
    """The machine's and its extensions' rows, in the words of an expectation."""
    columns = ("name", "location", "os", "availability", "power_state", "agent_state", "agent_at", "created_at")
    [row] = night.rows("machines", *columns, "identity_kind", "tags", machine=machine)
    extensions = night.rows(
        "extensions", "name", "publisher", "type", "auto_upgrade", "requested_version", "auto_upgrade_minor",
        "installed_version", "installed_version_source", "instance_status", "provisioning_state", machine=machine,
    )  # fmt: skip
    return Told(*row, extensions=tuple(extensions))


def without_agent(told: Told) -> tuple[str, str]:
    """What is said of a machine without the agent: a day is given, and older answers tell no time of creation."""
    if told.created is None:
        return "unanswered", "not_known"
    young = AS_OF - told.created <= timedelta(days=1)
    return ("pending", "new_machine") if young else ("fail", "not_installed")


def apart(indices: Iterable[int]) -> list[list[int]]:
    """In as few groups as possible, so that no machine is twice in one: many recordings bear the same id."""
    groups: list[dict[str, int]] = []
    for index in indices:
        machine = body_of(VIEWS, index)["id"].lower()
        free = next((group for group in groups if machine not in group), None)
        if free is None:
            groups.append(free := {})
        free[machine] = index
    return [list(group.values()) for group in groups]


@pytest.fixture(scope="module")
def nights(replay_once: Replay) -> dict[int, Night]:
    """The night in which each recorded machine was read."""
    told: dict[int, Night] = {}
    for group in apart(TOLD):
        replay_once.clear()
        night = night_of(replay_once, *((VIEWS, index) for index in group))
        told |= dict.fromkeys(group, night)
    return told


@pytest.mark.usefixtures("replay")
def test_every_recorded_machine_has_its_expectation() -> None:
    assert {*TOLD, A_RUN_COMMAND} == set(range(how_many(VIEWS)))


@pytest.mark.parametrize("index", TOLD)
def test_a_recorded_machine(nights: dict[int, Night], index: int) -> None:
    night, machine = nights[index], body_of(VIEWS, index)["id"]
    assert machine_of(night, machine) == TOLD[index]
    columns = ("kind", "scale_set_id", "extensions_read", "monitor_agents")
    assert night.rows("machines", *columns, machine=machine) == [("vm", "none", "yes", 0)]
    judged = {"AMA-004": [without_agent(TOLD[index])], "AMA-010": [("not_applicable", "no_agent")]}
    assert night.judged(machine) == judged, "it does not have the agent"
    assert night.reading(Source.INSTANCE_VIEW, machine).complete


def test_an_estate_of_recorded_machines_leaves_no_gap(nights: dict[int, Night]) -> None:
    assert all(reading.complete for night in nights.values() for reading in night.readings)


@pytest.mark.parametrize(("file", "index"), SCENARIOS)
def test_a_machine_of_a_recorded_scenario(replay: Replay, file: str, index: int) -> None:
    assert machine_of(night_of(replay, (file, index)), body_of(file, index)["id"]) == SCENARIOS[file, index]


def test_one_machine_is_one_request_that_asks_for_the_instance_view(replay: Replay) -> None:
    night_of(replay, (VIEWS, 33))
    [asked] = replay.asked_for(body_of(VIEWS, 33)["id"])
    assert asked.method == "GET"
    assert "$expand=instanceView" in asked.query or "%24expand=instanceView" in asked.query


def test_an_instance_of_a_flexible_scale_set_knows_its_scale_set_and_no_setting_of_its_model(replay: Replay) -> None:
    night = night_of(replay, ("compute-vmss/flexible-simple-orchestration", 1))
    scale_set = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/cli_test_vmss_orchestration_mode_000001"
        "/providers/Microsoft.Compute/virtualMachineScaleSets/vmss1"
    )
    assert night.rows("machines", "kind", "scale_set_id") == [("scale_set_instance", scale_set)]


@pytest.mark.parametrize(
    ("file", "index", "extensions"),
    [
        ("compute-vm-scenarios/cli-extension-failed-agent-unresponsive", 3, 1),
        ("compute-vm-scenarios/cli-siterecovery-many-extensions-one-failed", 0, 5),
        ("compute-vm-scenarios/cli-siterecovery-many-extensions-one-failed", 1, 0),
        ("compute-vmss/flexible-simple-orchestration", 2, 0),
    ],
)
def test_an_answer_without_the_instance_view_is_a_gap_that_keeps_its_extensions(
    replay: Replay, file: str, index: int, extensions: int
) -> None:
    """These were recorded without ``$expand``: what the machine runs, and whether it runs, is not known then."""
    night = night_of(replay, (file, index))
    reading = night.reading(Source.INSTANCE_VIEW)
    assert not reading.complete
    assert reading.reason is not None and "instance view" in reading.reason
    assert night.rows("machines", "availability", "power_state", "extensions_read") == [(None, None, "yes")]
    assert [row[0] for row in night.rows("extensions", "installed_version")] == [None] * extensions


def test_many_extensions_of_which_one_failed_and_one_bears_its_publisher_in_its_name(replay: Replay) -> None:
    night = night_of(replay, ("compute-vm-scenarios/cli-siterecovery-many-extensions-one-failed", 0))
    columns = ("name", "publisher", "type", "auto_upgrade", "auto_upgrade_minor", "requested_version")
    assert night.rows("extensions", *columns, "provisioning_state") == [
        ("DependencyAgentWindows", "Microsoft.Azure.Monitoring.DependencyAgent", "DependencyAgentWindows",
         "unset", True, "9.10", "Succeeded"),
        ("Microsoft.Azure.Geneva.GenevaMonitoring", "Microsoft.Azure.Geneva", "GenevaMonitoring",
         "enabled", True, "2.0", "Succeeded"),
        ("Microsoft.Azure.Security.AntimalwareSignature.AntimalwareConfiguration",
         "Microsoft.Azure.Security.AntimalwareSignature", "AntimalwareConfiguration",
         "enabled", True, "2.0", "Succeeded"),
        ("MicrosoftMonitoringAgent", "Microsoft.EnterpriseCloud.Monitoring", "MicrosoftMonitoringAgent",
         "disabled", True, "1.0", "Succeeded"),
        ("SiteRecovery-Windows", "Microsoft.Azure.RecoveryServices.SiteRecovery", "Windows",
         "unset", False, "1.0", "Failed"),
    ]  # fmt: skip
