"""Every recorded GET of a single extension, wrapped into a machine of its own: requested beside installed version.

The program reads machines, never single extensions, so each answer is put where a machine's answer has it.
"""

from __future__ import annotations

from typing import Any

from tests.real.night import SUBSCRIPTION, Night, give_machines, give_subscription, list_path, spend
from tests.real.recordings import body_of, how_many, listed, wrapped
from tests.real.replay import Answer, Replay

VIEWED = "compute-vm-extensions/get-with-instanceview"
MODELS = "compute-vm-extensions/get-model-variants"

ENCRYPTION = ("AzureDiskEncryption", "Microsoft.Azure.Security", "AzureDiskEncryption", "unset", "2.2")
ACCESS = ("VMAccessForLinux", "Microsoft.OSTCExtensions", "VMAccessForLinux", "disabled", "1.2")
PASSWORD = ("Microsoft.Compute", "VMAccessAgent", "unset", "2.0")

VIEWED_TOLD = [
    (*ENCRYPTION, "2.4.0.2", "transitioning"),
    (*ENCRYPTION, "2.4.0.2", "succeeded"),
    (*ENCRYPTION, "2.4.0.2", "succeeded"),
    (*ENCRYPTION, "2.4.0.2", "succeeded"),
    (*ENCRYPTION, "2.2.0.33", "succeeded"),
    (*ENCRYPTION, "2.2.0.33", "succeeded"),
    (*ENCRYPTION, "2.4.0.23", "succeeded"),
    (*ENCRYPTION, "2.4.0.23", "succeeded"),
    (*ENCRYPTION, "2.4.0.21", "transitioning"),
    (*ENCRYPTION, "2.4.0.21", "succeeded"),
    (*ACCESS, "1.5.18", "succeeded"),
    (*ACCESS, "1.5.18", "succeeded"),
    ("testextension", *PASSWORD, "2.3", "succeeded"),
    ("vmext01", *PASSWORD, "2.3", "succeeded"),
    ("vmext01", *PASSWORD, "2.3", "succeeded"),
    (*ENCRYPTION, "2.2.0.6", "succeeded"),
    (*ENCRYPTION, "2.2.0.6", "succeeded"),
    (*ENCRYPTION, "2.2.0.8", "succeeded"),
    (*ENCRYPTION, "2.2.0.8", "succeeded"),
    (*ENCRYPTION, "2.2.0.10", "succeeded"),
    (*ENCRYPTION, "2.2.0.10", "succeeded"),
    (*ENCRYPTION, "2.2.0.35", "succeeded"),
    (*ENCRYPTION, "2.2.0.35", "succeeded"),
    (*ENCRYPTION, "2.2.0.35", "succeeded"),
    (*ENCRYPTION, "2.2.0.35", "succeeded"),
    (*ENCRYPTION, "2.2.0.36", "succeeded"),
    (*ENCRYPTION, "2.2.0.36", "succeeded"),
    (*ENCRYPTION, "2.2.0.43", "succeeded"),
    (*ENCRYPTION, "2.2.0.43", "succeeded"),
    (*ENCRYPTION, "2.2.0.43", "succeeded"),
    (*ENCRYPTION, "2.2.0.43", "succeeded"),
    (*ENCRYPTION, "2.3.0.0", "succeeded"),
    (*ENCRYPTION, "2.3.0.0", "succeeded"),
    (*ACCESS, "1.5.15", "succeeded"),
    (*ACCESS, "1.5.14", "succeeded"),
    (*ENCRYPTION[:4], "1.1", "1.1.0.4", "succeeded"),
    (*ENCRYPTION[:4], "1.1", "1.1.0.4", "succeeded"),
    (*ENCRYPTION[:4], "1.1", "1.1.0.4", "succeeded"),
    ("BGInfo", "Microsoft.Compute", "BGInfo", "unset", "2.1", "2.1", "succeeded"),
    ("VMAccessAgent", *PASSWORD, "2.3", "succeeded"),
]
"""Name, publisher, type, automatic upgrade, requested, installed, status; the minor version may move in all of them."""

LINUX_PATCH = "Microsoft.OSTCExtensions"
MODELS_TOLD = [
    ("NetworkWatcherAgentLinux", "Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentLinux",
     "unset", True, "1.4", "Succeeded"),
    ("LinuxDiagnostic", LINUX_PATCH, "LinuxDiagnostic", "unset", True, "2.3", "Succeeded"),
    ("LinuxDiagnostic", "Microsoft.Azure.Diagnostics", "LinuxDiagnostic", "unset", True, "3.0", "Succeeded"),
    ("enablevmaccess", LINUX_PATCH, "VMAccessForLinux", "unset", False, "1.5", "Succeeded"),
    ("AzureDiskEncryption", "Microsoft.Azure.Security", "AzureDiskEncryption", "unset", True, "2.2", "Succeeded"),
    ("VMAccessForLinux", LINUX_PATCH, "VMAccessForLinux", "unset", True, "1.2", "Succeeded"),
    ("GuestAttestation", "Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation",
     "enabled", True, "1.0", "Succeeded"),
    ("VMAccessForLinux", LINUX_PATCH, "VMAccessForLinux", "disabled", True, "1.2", "Creating"),
    ("VMAccessForLinux", LINUX_PATCH, "VMAccessForLinux", "disabled", True, "1.2", "Succeeded"),
    ("CodeIntegrityAgent", "Microsoft.Azure.Security.WindowsCodeIntegrity", "CodeIntegrityAgent",
     "enabled", True, "1.0", "Succeeded"),
    ("OmsAgentForLinux", "Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux", "unset", True, "1.0", "Succeeded"),
    ("MicrosoftMonitoringAgent", "Microsoft.EnterpriseCloud.Monitoring", "MicrosoftMonitoringAgent",
     "unset", True, "1.0", "Succeeded"),
    ("enablevmaccess", "Microsoft.Compute", "VMAccessAgent", "unset", False, "2.4", "Succeeded"),
    ("GuestAttestation", "Microsoft.Azure.Security.WindowsAttestation", "GuestAttestation",
     "enabled", True, "1.0", "Succeeded"),
    ("GuestAttestation", "Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation",
     "disabled", True, "1.0", "Succeeded"),
    ("pyvmextvm15a60f10AccessAgent", "Microsoft.Compute", "VMAccessAgent", "unset", True, "2.0", "Succeeded"),
    ("virtualmachineextensionname", "Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentWindows",
     "unset", True, "1.4", "Creating"),
    ("virtualmachineextensionname", "Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentWindows",
     "unset", True, "1.4", "Succeeded"),
    ("VMAccessForLinux", LINUX_PATCH, "VMAccessForLinux", "unset", False, "1.4", "Succeeded"),
    ("CustomScriptForLinux", LINUX_PATCH, "CustomScriptForLinux", "unset", True, "1.4", "Succeeded"),
]  # fmt: skip


def night_of(replay: Replay, extensions: list[Any]) -> Night:
    """Each in a machine of its own, named by its place in the recording."""
    machines = [wrapped(each, f"{list_path()}/recorded-{at:02}") for at, each in enumerate(extensions)]
    give_subscription(replay)
    give_machines(replay, [(listed(machine), Answer.json(machine)) for machine in machines], SUBSCRIPTION)
    return spend(replay)


def test_the_installed_version_is_told_beside_the_requested_one(replay: Replay) -> None:
    night = night_of(replay, [body_of(VIEWED, at) for at in range(how_many(VIEWED))])
    columns = ("name", "publisher", "type", "auto_upgrade", "requested_version", "installed_version", "instance_status")
    assert night.rows("extensions", *columns) == VIEWED_TOLD
    assert night.rows("extensions", "auto_upgrade_minor", "provisioning_state", "installed_version_source") == [
        (True, "Succeeded", "instance_view")
    ] * len(VIEWED_TOLD)


def test_without_an_instance_view_of_it_the_installed_version_is_not_known(replay: Replay) -> None:
    """The requested version never takes its place."""
    night = night_of(replay, [body_of(MODELS, at) for at in range(how_many(MODELS))])
    columns = (
        "name", "publisher", "type", "auto_upgrade", "auto_upgrade_minor", "requested_version", "provisioning_state",
    )  # fmt: skip
    assert night.rows("extensions", *columns) == MODELS_TOLD
    unknown = night.rows("extensions", "installed_version", "installed_version_source", "installed_version_at")
    assert unknown == [(None, None, None)] * len(MODELS_TOLD)


def test_extensions_that_are_being_made_are_told_so(replay: Replay) -> None:
    """The recorded list of a machine's extensions, one still Updating and one still Creating, as its resources."""
    extensions = body_of("compute-vm-extensions/list-endpoint", 0)["value"]
    night = night_of(replay, extensions)
    assert night.rows("extensions", "name", "auto_upgrade", "provisioning_state") == [
        ("Microsoft.Azure.Geneva.GenevaMonitoring", "enabled", "Updating"),
        ("virtualmachineextensionname", "unset", "Creating"),
    ]
