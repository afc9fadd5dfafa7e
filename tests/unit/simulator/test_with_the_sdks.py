"""The real SDK clients over TLS, each route."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from auditor.simulator import MachineSpec, PageSizes, Simulator, SubscriptionSpec, azure_monitor_agent
from auditor.simulator.estate import HandMadeEstate
from tests.unit.simulator.conftest import Clients
from tests.unit.simulator.parts import FIRST, MONITOR, NOW, SECOND, estate_of

AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
MACHINE = MachineSpec("web-1", "rg_(a)_東京", extensions=(AGENT,), tags={"部署": "<b>", "f": "=1+1"})


def _compute(sdk: Clients, simulator: Simulator, subscription: str = FIRST) -> Any:
    return sdk(simulator, ComputeManagementClient, subscription)


def test_subscriptions_and_their_states(sdk: Clients) -> None:
    listed = [SubscriptionSpec(FIRST, "A"), SubscriptionSpec(SECOND, "B", "Disabled")]
    with Simulator(HandMadeEstate(listed, now=NOW)) as simulator:
        client = sdk(simulator, SubscriptionClient)
        assert [(each.subscription_id, each.state) for each in client.subscriptions.list()] == [
            (FIRST, "Enabled"),
            (SECOND, "Disabled"),
        ]
        assert client.subscriptions.get(SECOND).display_name == "B"


def test_every_machine_is_listed_once_over_all_pages(sdk: Clients) -> None:
    machines = [MachineSpec(f"m{number}", f"rg-{number % 2}") for number in range(23)]
    with Simulator(estate_of(*machines), pages=PageSizes(virtual_machines=5)) as simulator:
        compute = _compute(sdk, simulator)
        assert [each.name for each in compute.virtual_machines.list_all()] == [each.name for each in machines]
        assert simulator.requests["virtual_machines"] == 5
        assert len(list(compute.virtual_machines.list_all(status_only="true"))) == 23
        assert len(list(compute.virtual_machines.list("RG-1"))) == 11


def test_one_machine_with_and_without_its_view(sdk: Clients) -> None:
    with Simulator(estate_of(MACHINE)) as simulator:
        machines = _compute(sdk, simulator).virtual_machines
        plain, whole = (
            machines.get(MACHINE.resource_group, "WEB-1", expand=expand) for expand in (None, "instanceView")
        )
        assert plain.properties.instance_view is None
        assert plain.tags == MACHINE.tags
        assert whole.resources[0].properties.type_handler_version == "1.0"
        assert whole.resources[0].properties.enable_automatic_upgrade is True
        view = whole.properties.instance_view
        assert [each.type_handler_version for each in view.extensions] == ["1.38.1"]
        assert [each.code for each in view.statuses] == ["ProvisioningState/succeeded", "PowerState/running"]
        assert machines.instance_view(MACHINE.resource_group, MACHINE.name).extensions[0].name == "AMA"


def test_extensions_of_one_machine(sdk: Clients) -> None:
    with Simulator(estate_of(MACHINE)) as simulator:
        extensions = _compute(sdk, simulator).virtual_machine_extensions
        listed = extensions.list(MACHINE.resource_group, MACHINE.name)
        assert [each.name for each in listed.value] == ["AMA"]
        found = extensions.get(MACHINE.resource_group, MACHINE.name, "ama", expand="instanceView")
        assert found.properties.instance_view.type_handler_version == "1.38.1"
        with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
            extensions.get(MACHINE.resource_group, MACHINE.name, "other")


def test_versions_of_a_region_in_text_order(sdk: Clients) -> None:
    offers = {"japaneast": {(MONITOR, "AzureMonitorLinuxAgent"): ("1.9.1", "1.38.1", "1.4.3320.3", "1.4.905.3")}}
    with Simulator(estate_of(offers=offers)) as simulator:
        images = _compute(sdk, simulator).virtual_machine_extension_images
        versions = images.list_versions("japaneast", MONITOR, "azuremonitorlinuxagent")
        assert [each.name for each in versions] == ["1.38.1", "1.4.3320.3", "1.4.905.3", "1.9.1"]
        assert [each.name for each in images.list_types("japaneast", MONITOR)] == ["AzureMonitorLinuxAgent"]
        assert list(images.list_versions("japaneast", MONITOR, "Other")) == []
        with pytest.raises(ResourceNotFoundError, match=r"Publisher: fooBAR was not found\."):
            images.list_versions("japaneast", "fooBAR", "Other")


def test_the_activity_log_over_all_pages_newest_first(seeded: Simulator, sdk: Clients) -> None:
    subscription = seeded.estate.subscriptions()[0].id
    log = sdk(seeded, MonitorManagementClient, subscription).activity_logs
    start = (NOW - timedelta(days=60)).isoformat()
    times = [each.event_timestamp for each in log.list(filter=f"eventTimestamp ge '{start}'")]
    assert len(times) > 150
    assert times == sorted(times, reverse=True)
    selected = next(iter(log.list(filter=f"eventTimestamp ge '{start}'", select="eventName,status")))
    assert selected.event_name is not None
    assert selected.id is not None
    assert selected.caller is None


def test_a_subscription_that_refuses_names_action_and_scope(sdk: Clients) -> None:
    with Simulator(estate_of()) as simulator:
        with pytest.raises(HttpResponseError, match=r"'Microsoft\.Compute/virtualMachines/read' over scope") as refused:
            list(_compute(sdk, simulator, SECOND).virtual_machines.list_all())
        assert refused.value.status_code == 403
        log = sdk(simulator, MonitorManagementClient, SECOND).activity_logs
        with pytest.raises(HttpResponseError, match=r"microsoft\.insights/eventtypes/values/read"):
            list(log.list(filter=f"eventTimestamp ge '{NOW.isoformat()}'"))


def test_a_subscription_that_does_not_exist(sdk: Clients) -> None:
    with Simulator(estate_of()) as simulator, pytest.raises(ResourceNotFoundError, match="SubscriptionNotFound"):
        list(_compute(sdk, simulator, "44444444-4444-4444-a444-444444444444").virtual_machines.list_all())


def test_an_expired_token_is_an_authentication_error(sdk: Clients) -> None:
    with Simulator(estate_of()) as simulator:
        client = sdk(simulator, SubscriptionClient, token="expired")
        with pytest.raises(ClientAuthenticationError, match="ExpiredAuthenticationToken"):
            list(client.subscriptions.list())


def test_a_machine_that_vanishes_is_listed_once_and_then_gone(sdk: Clients) -> None:
    with Simulator(estate_of(MachineSpec("a"), MachineSpec("b", vanishes=True))) as simulator:
        machines = _compute(sdk, simulator).virtual_machines
        assert [each.name for each in machines.list_all()] == ["a", "b"]
        with pytest.raises(ResourceNotFoundError, match="was not found"):
            machines.get("rg-main", "b")
        assert [each.name for each in machines.list_all()] == ["a"]


def test_a_client_secret_is_answered_with_a_token(tmp_path: Path, sdk: Clients) -> None:
    with Simulator(estate_of()) as simulator:
        ca = simulator.write_ca(tmp_path / "ca.pem")
        credential = ClientSecretCredential(
            simulator.estate.tenant_id,
            "client",
            "not-a-secret",
            authority=simulator.url,
            disable_instance_discovery=True,
            connection_verify=str(ca),
        )
        with credential:
            token = credential.get_token(f"{simulator.url}/.default").token
        assert token.count(".") == 2
        assert [each.display_name for each in sdk(simulator, SubscriptionClient, token=token).subscriptions.list()]


def test_the_certificate_is_good_for_both_names(ask: Callable[..., requests.Response]) -> None:
    """Without a token the answer is 401, which is the answer of the service behind a certificate that was accepted."""
    with Simulator(estate_of()) as simulator:
        for host in ("127.0.0.1", "localhost"):
            answer = ask(simulator, "/subscriptions?api-version=1", host=host, token=None)
            assert answer.json()["error"]["code"] == "AuthenticationFailed"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
