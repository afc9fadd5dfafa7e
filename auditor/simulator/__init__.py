"""The simulated Azure: a TLS server on loopback that the real SDK clients talk to.

It imports nothing of the rest of the auditor and knows nothing of what the auditor expects: it produces Azure's
phenomena as they were recorded from the live service, and no judgement of them. Start at
:class:`~auditor.simulator.server.Simulator`; what is on offer comes from an estate, seeded or made by hand.
"""

from auditor.simulator.estate import Estate, HandMadeEstate
from auditor.simulator.parts import (
    ENDPOINT_ONLY,
    REMOVED,
    AgentView,
    ArcExtensionSpec,
    AssociationSpec,
    Caller,
    CallerKind,
    ExtensionSpec,
    Lag,
    OperationSpec,
    StatusSpec,
    StaySpec,
    arc_monitor_agent,
    azure_monitor_agent,
)
from auditor.simulator.role import Role, read_role
from auditor.simulator.seeded import SeededEstate
from auditor.simulator.server import PageSizes, Simulator, serve
from auditor.simulator.specs import (
    ArcMachineSpec,
    DataCollectionRuleSpec,
    InstanceSpec,
    MachineSpec,
    ResourceGroupSpec,
    ScaleSetSpec,
    SubscriptionSpec,
    WorkspaceSpec,
)
from auditor.simulator.weather import PRESETS, Fault, Weather

__all__ = [
    "ENDPOINT_ONLY",
    "PRESETS",
    "REMOVED",
    "AgentView",
    "ArcExtensionSpec",
    "ArcMachineSpec",
    "AssociationSpec",
    "Caller",
    "CallerKind",
    "DataCollectionRuleSpec",
    "Estate",
    "ExtensionSpec",
    "Fault",
    "HandMadeEstate",
    "InstanceSpec",
    "Lag",
    "MachineSpec",
    "OperationSpec",
    "PageSizes",
    "ResourceGroupSpec",
    "Role",
    "ScaleSetSpec",
    "SeededEstate",
    "Simulator",
    "StatusSpec",
    "StaySpec",
    "SubscriptionSpec",
    "Weather",
    "WorkspaceSpec",
    "arc_monitor_agent",
    "azure_monitor_agent",
    "read_role",
    "serve",
]
