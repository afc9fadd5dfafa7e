"""What the seeded estate draws from: names, tags, people, and the extensions that stand beside the monitor agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auditor.simulator.forms import guid
from auditor.simulator.parts import ArcExtensionSpec, Caller, CallerKind, ExtensionSpec, StatusSpec

SUBSCRIPTION_NAMES: Final = (
    "Contoso Production", "Contoso 開発", "Contoso Shared & <Ops>", "Contoso Sandbox", "=Contoso Finance", "Contoso EU",
)  # fmt: skip

NAME_STEMS: Final = ("web", "sql", "app-jp", "AVD_host", "build.agent", "DC", "null", "1.38.1", "ml-gpu", "TRUE")
"""All of these are legal in the name of a virtual machine; each is followed by its number."""

ARC_STEMS: Final = ("branch", "HQ-FILE", "edge_linux", "null", "oracle.db")

MANAGEMENT_GROUPS: Final = (
    (("mg-production", "Production"), ("mg-contoso", "Contoso")),
    (("mg-development", "開発 & <Test>"), ("mg-contoso", "Contoso")),
    (("mg-contoso", "Contoso"),),
)
"""What stands above a subscription, nearest first, below the tenant's root."""

GROUPS: Final = ("rg-prod-web", "RG-PROD-SQL", "rg_(shared)_東京", "rg.avd.hosts", "rg-dev")

AGENT_NAMES: Final = ("{type}", "{type}", "{type}", "Microsoft.Azure.Monitor.{type}", "ama_prod.1", "AMA")
"""What people call the monitor agent's resource."""

TAGS: Final[tuple[dict[str, str], ...]] = (
    {"env": "prod", "owner": "web-team@contoso.example"},
    {"env": "prod", "owner": "データベース担当", "cost-center": "0042"},
    {"env": "dev", "schedule": "on=(M-F,8);off=(M-F,19);tz=jst"},
    {},
    {"note": '<script>alert("x")</script>', "env": "dev"},
    {"formula": '=HYPERLINK("https://contoso.example","click")', "sum": "+SUM(A1:A9)", "at": "@now", "minus": "-1"},
    {"部署": "情報システム部", "emoji": "🖥️", "env": "prod"},
    {"env": "prod", "line": "first\nsecond\tthird"},
)

PEOPLE: Final = tuple(
    Caller(CallerKind.PERSON, f"{name}@contoso.example")
    for name in ("yuki.tanaka", "o'brien", "operations", "anna.svensson")
)
PLATFORM: Final = Caller(CallerKind.SERVICE, guid("platform"), guid("platform application"))
REGIONAL_SERVICE_MANAGER: Final = Caller(CallerKind.SERVICE, "Azure Regional Service Manager", guid("arc application"))
"""Who upgrades extensions on Arc-enabled servers."""
PIPELINE: Final = Caller(CallerKind.SERVICE, guid("pipeline"), guid("pipeline application"))
POLICY: Final = Caller(CallerKind.SERVICE, guid("policy identity"), guid("policy application"))


@dataclass(frozen=True, slots=True)
class Product:
    """An extension other than the monitor agent, as it is commonly found; ``older`` versions are on offer too."""

    os: str
    publisher: str
    type: str
    requested: str
    installed: str
    older: tuple[str, ...]
    auto_upgrade: bool | None = None
    name: str = ""

    def extension(self, installed: str | None = None) -> ExtensionSpec:
        """The extension on a virtual machine, in its usual version unless told otherwise."""
        return ExtensionSpec(
            name=self.name or self.type,
            publisher=self.publisher,
            type=self.type,
            requested=self.requested,
            installed=installed or self.installed,
            auto_upgrade=self.auto_upgrade,
        )

    def arc_extension(self, installed: str | None = None) -> ArcExtensionSpec:
        """The same on an Arc-enabled server."""
        version = installed or self.installed
        named = (self.name or self.type, self.publisher, self.type)
        return ArcExtensionSpec(*named, version=version, installed=version, auto_upgrade=self.auto_upgrade)


_GUEST_CONFIGURATION = "Microsoft.GuestConfiguration"

PRODUCTS: Final = (
    Product("Linux", "Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation", "1.0", "1.0.1.32",
            ("1.0.1.10", "1.0.1.9"), auto_upgrade=True),
    Product("Linux", "Microsoft.Azure.Extensions", "CustomScript", "2.1", "2.1.13", ("2.0.7", "2.1.10", "2.1.9"),
            name="config-app"),
    Product("Linux", "Microsoft.OSTCExtensions", "VMAccessForLinux", "1.5", "1.5.21", ("1.4.0.0", "1.5.11"),
            name="enablevmaccess"),
    Product("Linux", _GUEST_CONFIGURATION, "ConfigurationforLinux", "1.0", "1.26.88",
            ("1.22.7", "1.23.4", "1.24.11", "1.25.5", "1.26.79", "1.9.1"),
            auto_upgrade=True, name="AzurePolicyforLinux"),
    Product("Linux", "Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentLinux", "1.4", "1.4.3320.3",
            ("1.4.905.2", "1.4.905.3")),
    Product("Windows", "Microsoft.Compute", "CustomScriptExtension", "1.10", "1.10.18", ("1.10.9", "1.9.5")),
    Product("Windows", "Microsoft.Azure.Security", "IaaSAntimalware", "1.3", "1.5.5.9", ("1.3.0.0",)),
    Product("Windows", _GUEST_CONFIGURATION, "ConfigurationforWindows", "1.1", "1.29.98",
            ("1.1.12", "1.25.3", "1.26.19", "1.27.4", "1.28.40", "1.29.9"),
            auto_upgrade=True, name="AzurePolicyforWindows"),
    Product("Windows", "Microsoft.Azure.Monitoring.DependencyAgent", "DependencyAgentWindows", "9.10", "9.10.18.4770",
            ("9.10.9",), auto_upgrade=False),
    Product("Windows", "Microsoft.SqlServer.Management", "SqlIaaSAgent", "2.0", "2.0.212.0", ("2.0.9.0",),
            auto_upgrade=True, name="SqlIaasExtension"),
)  # fmt: skip

ARC_PRODUCTS: Final = (
    Product("Linux", "Microsoft.Azure.Monitoring.DependencyAgent", "DependencyAgentLinux", "9.10", "9.10.18.4770",
            ("9.10.9",), auto_upgrade=True),
    Product("Linux", "Microsoft.SoftwareUpdateManagement", "LinuxOsUpdateExtension", "1.0", "1.0.35.0",
            ("1.0.29.0", "1.0.7.0")),
    Product("Windows", "Microsoft.Azure.Automation.HybridWorker", "HybridWorkerForWindows", "1.1", "1.3.66",
            ("1.1.13", "1.2.9", "1.3.4"), auto_upgrade=False),
    Product("Windows", "Microsoft.SoftwareUpdateManagement", "WindowsOsUpdateExtension", "1.0", "1.0.31.0",
            ("1.0.24.0",), auto_upgrade=True),
)  # fmt: skip
"""What Arc-enabled servers have beside the monitor agent."""

OLD_AGENT: Final = Product(
    "Windows", "Microsoft.EnterpriseCloud.Monitoring", "MicrosoftMonitoringAgent", "1.0", "1.0.18069.0",
    ("1.0.18067.0",), auto_upgrade=False,
)  # fmt: skip
"""The agent before the monitor agent; it sends heartbeats of another category."""

FAILED_STATUS: Final = StatusSpec(
    "ProvisioningState/failed/51",
    "Provisioning failed",
    "Enable failed with exit code 51: [ExtensionOperationError] this OS is not supported, or the agent did not start.",
    "Error",
)
NOT_READY: Final = StatusSpec("ProvisioningState/NotReady/21", "Not Ready", "Plugin did not report.", "Warning")

_TROUBLESHOOT = "https://aka.ms/vmextension{os}troubleshoot"


def no_status(machine: str, os: str) -> tuple[str, str]:
    """Error code and message (recorded) of a machine whose agent was silent during an operation."""
    message = (
        f"VM '{machine}' has not reported status for VM agent or extensions. Verify that the OS is up and healthy, the "
        "VM has a running VM agent, and that it can establish outbound connections to Azure storage. Please refer to "
        f"{_TROUBLESHOOT.format(os=os.lower())} for additional VM agent troubleshooting information."
    )
    return "VMAgentStatusCommunicationError", message


def handler_failed(extension: ExtensionSpec, os: str) -> tuple[str, str]:
    """Error code and message of an extension that reported a failure."""
    message = (
        f"VM has reported a failure when processing extension '{extension.name}' (publisher '{extension.publisher}' "
        f"and type '{extension.type}'). Error message: 'Enable failed with exit code 51'. More information on "
        f"troubleshooting is available at {_TROUBLESHOOT.format(os=os.lower())}."
    )
    return "VMExtensionProvisioningError", message


THROTTLED: Final = (
    "OperationNotAllowed",
    "The server rejected the request because too many requests have been received for this subscription.",
)
