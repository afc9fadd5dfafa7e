"""What one writes in an afternoon: SDK models, a GET a machine on ten threads, pandas, openpyxl.

It sees virtual machines, scale-set instances and Arc-enabled servers, and says of each agent what it is and whether its
automatic upgrade is on. It knows nothing of gaps.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

Row = dict[str, Any]


class Token:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("benchmark", int(time.time()) + 3600)


def main(config: str, output: str) -> None:
    path = Path(config)
    azure = yaml.safe_load(path.read_text("utf-8"))["azure"]
    base = azure["endpoints"]["resource_manager"]
    options = {
        "base_url": base,
        "credential_scopes": [f"{base}/.default"],
        "connection_verify": str(path.with_name(azure["ca_bundle"])),
    }
    subscriptions = [each.subscription_id for each in SubscriptionClient(Token(), **options).subscriptions.list()]
    with ThreadPoolExecutor(10) as pool:
        rows = list(chain.from_iterable(of_subscription(each, options, pool) for each in subscriptions))
    pd.DataFrame(rows).to_excel(output, index=False)
    print(len(rows))


def of_subscription(subscription: str, options: Row, pool: ThreadPoolExecutor) -> list[Row]:
    compute = ComputeManagementClient(Token(), subscription, **options)
    arc = HybridComputeManagementClient(Token(), subscription, **options)
    log = MonitorManagementClient(Token(), subscription, **options)
    try:
        machines = list(compute.virtual_machines.list_all())
        since = (pd.Timestamp.now("UTC") - pd.Timedelta(days=14)).strftime("%Y-%m-%dT%H:%M:%SZ")
        failed = [each for each in log.activity_logs.list(f"eventTimestamp ge '{since}'") if each.level == "Error"]
        sets = list(compute.virtual_machine_scale_sets.list_all())
        servers = list(arc.machines.list_by_subscription())
    except AzureError as error:
        print(f"{subscription}: {error}", file=sys.stderr)
        return []
    virtual = pool.map(lambda each: of_machine(compute, each), machines)
    uniform = pool.map(lambda each: of_set(compute, each), sets)
    hybrid = pool.map(lambda each: of_server(arc, each), servers)
    return [{**row, "failed": len(failed)} for row in chain.from_iterable(chain(virtual, uniform, hybrid))]


def of_machine(compute: ComputeManagementClient, machine: Any) -> list[Row]:
    group, name = machine.id.split("/")[4], machine.name
    told = compute.virtual_machines.get(group, name, expand="instanceView")
    return [row(machine.id, machine.location, each) for each in told.resources or []]


def of_set(compute: ComputeManagementClient, scale_set: Any) -> list[Row]:
    if scale_set.properties.orchestration_mode == "Flexible":
        return []
    group = scale_set.id.split("/")[4]
    listed = compute.virtual_machine_scale_set_vms.list(group, scale_set.name, expand="instanceView")
    return [row(each.id, each.location, extension) for each in listed for extension in each.resources or []]


def of_server(arc: HybridComputeManagementClient, server: Any) -> list[Row]:
    group = server.id.split("/")[4]
    return [row(server.id, server.location, each) for each in arc.machine_extensions.list(group, server.name)]


def row(machine: str, location: str, extension: Any) -> Row:
    told = extension.properties
    return {
        "machine": machine,
        "location": location,
        "extension": extension.name,
        "publisher": told.publisher if told else None,
        "type": told.type if told else None,
        "version": told.type_handler_version if told else None,
        "automatic": told.enable_automatic_upgrade if told else None,
        "state": told.provisioning_state if told else None,
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
