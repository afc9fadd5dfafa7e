"""All sources, to be read aloud: what is asked once for the estate, of each subscription, of each machine."""

from __future__ import annotations

from auditor.collect.interface import MachineSource, SubscriptionSource
from auditor.collect.sources.activity_log import read_operations
from auditor.collect.sources.extension_versions import read_versions
from auditor.collect.sources.heartbeats import read_heartbeats
from auditor.collect.sources.instance_view import read_machine
from auditor.collect.sources.subscriptions import survey_subscriptions
from auditor.collect.sources.virtual_machines import list_machines

PER_SUBSCRIPTION: tuple[SubscriptionSource, ...] = (read_operations,)
PER_MACHINE: tuple[MachineSource, ...] = (read_machine,)

__all__ = [
    "PER_MACHINE",
    "PER_SUBSCRIPTION",
    "list_machines",
    "read_heartbeats",
    "read_versions",
    "survey_subscriptions",
]
