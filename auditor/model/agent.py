"""How the Azure Monitor Agent is recognised: by publisher and type, never by the resource's name, which is free text.

https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage
"""

from __future__ import annotations

from datetime import timedelta

FRESH = timedelta(days=1)
"""A version or a heartbeat that was told so lately is what a running machine runs."""
MONITOR_PUBLISHER = "microsoft.azure.monitor"
MONITOR_TYPES = frozenset({"azuremonitorwindowsagent", "azuremonitorlinuxagent"})


def is_monitor_agent(publisher: object, kind: object) -> bool:
    """Whether publisher and type (in any letter case) are the agent's."""
    return str(publisher).lower() == MONITOR_PUBLISHER and str(kind).lower() in MONITOR_TYPES
