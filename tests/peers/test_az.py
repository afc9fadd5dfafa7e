"""The real Azure command line, pointed at the simulator as a custom cloud, sees the estate that is simulated."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main
from auditor.simulator import ArcMachineSpec, Fault, MachineSpec, PageSizes, SeededEstate, Simulator
from auditor.simulator.estate import machines
from auditor.simulator.forms import arc_machine_id, machine_id
from auditor.simulator.lag import in_graph, present
from tests.peers.parts import az as found_az
from tests.peers.parts import signed_in

Az = Callable[..., Any]

ESTATE = SeededEstate(40, now=datetime(2026, 11, 22, 3, 0, 17, tzinfo=UTC), subscriptions=1, refused=0)
(SUBSCRIPTION,) = (each.id for each in ESTATE.subscriptions())
ROLE = Fault(
    rf"^/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/",
    method="PUT",
    status=201,
    body={"name": "made", "properties": {"roleName": "made"}},
)
"""Stands for the service that keeps roles, which the simulator has none of; ``az`` reads and sends the file first."""


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """``az("vm", "list")``: what the command prints, with a login and a folder of its own; small pages."""
    program, folder = found_az(), tmp_path_factory.mktemp("az")
    pages = PageSizes(virtual_machines=7, instances=2, scale_sets=1)
    with Simulator(ESTATE, pages=pages, weather=(ROLE,)) as simulator:
        environment = signed_in(program, simulator, folder)

        def run(*command: str) -> Any:
            whole = [str(program), *command, "--output", "json", "--only-show-errors"]
            answer = subprocess.run(
                whole, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False
            )
            assert answer.returncode == 0, answer.stderr
            return json.loads(answer.stdout or "null")

        yield run


def there() -> list[MachineSpec]:
    return list(present(machines(ESTATE, SUBSCRIPTION)))


def test_the_subscription_is_the_estates(az: Az) -> None:
    (account,) = az("account", "list")
    (subscription,) = ESTATE.subscriptions()
    told = {"id": subscription.id, "name": subscription.name, "state": subscription.state}
    assert account.items() >= (told | {"tenantId": ESTATE.tenant_id}).items()


def test_machines_over_all_pages(az: Az) -> None:
    listed = az("vm", "list")
    assert len(listed) > 7
    told = [(each["id"], each["location"], each["tags"], each["provisioningState"]) for each in listed]
    assert told == [
        (machine_id(SUBSCRIPTION, each.resource_group, each.name), each.location, each.tags, each.provisioning_state)
        for each in there()
    ]
    kinds = [each["storageProfile"]["osDisk"]["osType"] for each in listed]
    assert kinds == [each.os for each in there()]


def test_one_machines_extensions(az: Az) -> None:
    machine = max(there(), key=lambda each: len(list(present(each.extensions))))
    listed = az("vm", "extension", "list", "--resource-group", machine.resource_group, "--vm-name", machine.name)
    told = [
        (each["name"], each["publisher"], each["typePropertiesType"], each.get("enableAutomaticUpgrade"))
        for each in listed
    ]
    extensions = list(present(machine.extensions))
    assert told == [(each.name, each.publisher, each.type, each.auto_upgrade) for each in extensions]
    assert told


def test_one_machines_instance_view(az: Az) -> None:
    machine = next(each for each in there() if each.power == "running" and each.extensions)
    answer = az("vm", "get-instance-view", "--resource-group", machine.resource_group, "--name", machine.name)
    view = answer["instanceView"]
    assert "PowerState/running" in [each["code"] for each in view["statuses"]]
    installed = {each["name"]: each.get("typeHandlerVersion") for each in view["extensions"]}
    assert installed == {each.name: each.installed for each in present(machine.extensions)}


def test_scale_sets_and_the_instances_of_one(az: Az) -> None:
    sets = list(present(ESTATE.scale_sets(SUBSCRIPTION)))
    listed = az("vmss", "list")
    assert [(each["name"], each["resourceGroup"].lower()) for each in listed] == [
        (each.name, each.resource_group.lower()) for each in sets
    ]
    uniform = max((each for each in sets if each.uniform), key=lambda each: len(ESTATE.instances(SUBSCRIPTION, each)))
    where = ("--resource-group", uniform.resource_group, "--name", uniform.name)
    instances = list(present(ESTATE.instances(SUBSCRIPTION, uniform)))
    told = [(each["instanceId"], each.get("latestModelApplied")) for each in az("vmss", "list-instances", *where)]
    assert told == [(each.instance_id, each.latest_model_applied) for each in instances]
    assert len(told) > 2


def test_arc_servers_in_resource_graph_and_in_their_list(az: Az) -> None:
    """Asked by a client that signs in, encodes and reads by itself."""
    query = "resources | where type =~ 'microsoft.hybridcompute/machines' | project id | order by id asc"
    graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    answer = az("rest", "--method", "post", "--url", graph, "--body", json.dumps({"query": query}))
    servers = ESTATE.arc_machines(SUBSCRIPTION)
    assert [each["id"] for each in answer["data"]] == sorted(_ids(in_graph(servers)))
    assert answer["totalRecords"] == len(answer["data"]) > 0
    url = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.HybridCompute/machines?api-version=2024-07-10"
    assert [each["id"] for each in az("rest", "--url", url)["value"]] == _ids(present(servers))


def _ids(servers: Iterable[ArcMachineSpec]) -> list[str]:
    return [arc_machine_id(SUBSCRIPTION, each.resource_group, each.name) for each in servers]


def role_file(folder: Path, scope: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``auditor doctor --role`` prints, in a file."""
    (folder / "config.yaml").write_text(f"scope: {{{scope}}}\n", encoding="utf-8")
    assert main(["doctor", "--config", str(folder / "config.yaml"), "--role"]) == 0
    (folder / "role.json").write_text(capsys.readouterr().out, encoding="utf-8")
    return f"@{folder / 'role.json'}"


def test_the_least_role_is_a_role_to_it(az: Az, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    role = role_file(tmp_path, f"subscriptions: [{SUBSCRIPTION}]", capsys)
    assert az("role", "definition", "create", "--role-definition", role)["name"] == "made"


def test_a_role_whose_scopes_are_not_filled_in_is_none(
    az: Az, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = role_file(tmp_path, "", capsys)
    with pytest.raises(AssertionError, match="put"):
        az("role", "definition", "create", "--role-definition", role)
