"""What the simulator answers has the keys, the absences and the letter cases that were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from auditor.simulator import AgentView, MachineSpec, Simulator, StatusSpec, azure_monitor_agent
from auditor.simulator.estate import machines
from tests.unit.simulator.parts import FIRST, MONITOR, NOW, SECOND, WORKSPACE, estate_of, machine_path, recorded
from tests.unit.simulator.shapes import Shape, spellings

Ask = Callable[..., requests.Response]

_MACHINE = "Microsoft.Compute/virtualMachines"
_EXTENSION = f"{_MACHINE}/extensions"
_FILTER = quote(f"eventTimestamp ge '{(NOW - timedelta(days=80)).isoformat()}'")
_VALUES = "/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01"


def bodies(*folders: str, status: int = 200) -> Iterable[Any]:
    return (
        each["response"]["body"]
        for each in recorded(*folders)
        if each["response"]["status"] == status and isinstance(each["response"]["body"], dict | list)
    )


def whole_machines() -> list[Any]:
    """Machines by themselves; a flexible instance is one that says to which scale set it belongs."""
    found = bodies("compute-vm-instanceview", "compute-vm-scenarios", "compute-vmss/flexible-simple-orchestration.json")
    return [body for body in found if isinstance(body, dict) and body.get("type") == _MACHINE]


def paths(simulator: Simulator) -> list[str]:
    """The ids of all machines that can be read, ready for an address."""
    readable = [each.id for each in simulator.estate.subscriptions() if not each.refused]
    return [quote(machine_path(each, "", of)) for of in readable for each in machines(simulator.estate, of)]


def test_a_machine_with_its_instance_view(seeded: Simulator, ask: Ask) -> None:
    shape = Shape(whole_machines())
    for path in paths(seeded):
        body = ask(seeded, f"{path}?$expand=instanceView&api-version=2026-04-01").json()
        assert shape.strange(body) == []
        assert spellings(body) <= set().union(*map(spellings, whole_machines())) | {"networkInterfaces"}


def test_a_machine_without_its_instance_view(seeded: Simulator, ask: Ask) -> None:
    body = ask(seeded, f"{paths(seeded)[0]}?api-version=2026-04-01").json()
    shape = Shape(whole_machines())
    assert shape.strange(body) == []
    assert "instanceView" not in body["properties"]


def test_the_order_of_a_machines_keys(seeded: Simulator, ask: Ask) -> None:
    """The newest recordings and the simulator write the keys that they share in one order."""
    newest = [each for each in whole_machines() if "etag" in each and "resources" in each]
    body = ask(seeded, f"{paths(seeded)[0]}?$expand=instanceView&api-version=2026-04-01").json()
    for theirs, ours in ((newest[0], body), (newest[0]["properties"], body["properties"])):
        assert [key for key in theirs if key in ours] == [key for key in ours if key in theirs]


def test_lists_of_machines(seeded: Simulator, ask: Ask) -> None:
    """Rows have the keys of recorded rows, and of extensions the ids alone; the page has a link or none."""
    lists = list(
        bodies("compute-vm-list/list-all-c7n-2019-03-5vms.json", "compute-vm-list/list-rg-cli-2024-07-6vms.json")
    )
    # The listed machines were all Linux, running and without identity: the others are known from their own GET.
    shape = Shape([*(row for body in lists for row in body["value"]), *whole_machines()])
    subscription = seeded.estate.subscriptions()[0].id
    body = ask(seeded, f"/subscriptions/{subscription}/providers/{_MACHINE}?api-version=2026-04-01").json()
    assert list(body) == ["value", "nextLink"]
    for row in body["value"]:
        only_ids = {tuple(each) for each in row.pop("resources", ())}
        assert only_ids <= {("id",)}
        assert shape.strange(row) == []
        assert "instanceView" not in row["properties"]


def test_lists_with_status_only(seeded: Simulator, ask: Ask) -> None:
    shape = Shape(bodies("compute-vm-list/status-only-true-live-2026-03.json"))
    subscription = seeded.estate.subscriptions()[1].id
    path = f"/subscriptions/{subscription}/providers/{_MACHINE}?statusOnly=true&api-version=2026-03-01"
    body = ask(seeded, path).json()
    body.pop("nextLink")
    # A power state has no time, which the recorded list shows too.
    assert shape.strange(body) == []


def test_an_empty_list(ask: Ask) -> None:
    with Simulator(estate_of()) as simulator:
        body = ask(simulator, f"/subscriptions/{FIRST}/providers/{_MACHINE}?api-version=2024-07-01").json()
    assert body in list(bodies("compute-vm-list/list-empty.json"))


def test_extensions_by_themselves(seeded: Simulator, ask: Ask) -> None:
    shape = Shape(body for body in bodies("compute-vm-extensions") if body.get("type") == _EXTENSION)
    lists = Shape(bodies("compute-vm-extensions/list-endpoint.json"))
    for path in paths(seeded)[:25]:
        listed = ask(seeded, f"{path}/extensions?api-version=2026-04-01").json()
        assert lists.strange(listed) == []
        for each in listed["value"]:
            body = ask(seeded, f"{path}/extensions/{each['name']}?$expand=instanceView&api-version=2026-04-01").json()
            if list(body["properties"]["instanceView"]) == ["name"]:
                body["properties"].pop("instanceView")
            assert shape.strange(body) == []


def test_regional_versions(seeded: Simulator, ask: Ask) -> None:
    images = [each for each in recorded("compute-vm-extension-images") if "vmextension" in each["request"]["url"]]
    lists = [each["response"]["body"] for each in images if isinstance(each["response"]["body"], list)]
    shape = Shape(lists)
    subscription = seeded.estate.subscriptions()[0].id
    base = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/japaneast/publishers/{MONITOR}"
    for path in ("types", "types/AzureMonitorLinuxAgent/versions"):
        body = ask(seeded, f"{base}/artifacttypes/vmextension/{path}?api-version=2026-04-01").json()
        assert isinstance(body, list)
        assert shape.strange(body) == []
        assert spellings(body) <= set().union(*map(spellings, lists))


def test_subscriptions(seeded: Simulator, ask: Ask) -> None:
    newest = [each for each in bodies("subscriptions-mg") if isinstance(each, dict) and "count" in each]
    body = ask(seeded, "/subscriptions?api-version=2022-12-01").json()
    assert Shape(newest).strange(body) == []
    assert body["count"] == {"type": "Total", "value": len(body["value"])}


def recorded_events() -> list[Any]:
    return [row for body in bodies("activity-log") if isinstance(body.get("value"), list) for row in body["value"]]


def test_events(seeded: Simulator, ask: Ask) -> None:
    whole = [each for each in recorded_events() if "claims" in each]
    shape = Shape(whole)
    claims = {key for each in whole for key in each["claims"]}
    ours = {"virtualMachines", "extensions", "virtualMachineScaleSets", "machines"}
    words = set().union(*map(spellings, whole)) | ours
    for subscription in seeded.estate.subscriptions()[:3]:
        body = ask(seeded, f"/subscriptions/{subscription.id}{_VALUES}&$filter={_FILTER}").json()
        for event in body["value"]:
            assert shape.strange(event) == []
            assert set(event["claims"]) <= claims
            assert spellings(event) - words <= {"networkSecurityGroups", "deployments", "disks", "storageAccounts"}


def test_the_page_of_events_has_its_link_first(seeded: Simulator, ask: Ask) -> None:
    theirs = next(body for body in bodies("activity-log/xplat-2017-nextlink-two-pages.json") if "nextLink" in body)
    subscription = seeded.estate.subscriptions()[0].id
    ours = ask(seeded, f"/subscriptions/{subscription}{_VALUES}&$filter={_FILTER}").json()
    assert list(ours) == list(theirs)
    assert "$skipToken=US1:" in ours["nextLink"]
    assert "$skipToken=US1:" in theirs["nextLink"]


_NO_EXTENSION = machine_path(MachineSpec("a"), "/extensions/no?api-version=1")
_NO_MACHINE = machine_path(MachineSpec("no"), "?api-version=1")
_FOREIGN = f"/subscriptions/{SECOND}/providers/{_MACHINE}?api-version=1"
_LOCATION = f"/subscriptions/{FIRST}/providers/Microsoft.Compute/locations/eastus"
_NO_PUBLISHER = f"{_LOCATION}/publishers/fooBAR/artifacttypes/vmextension/types/fooBAR/versions?api-version=1"


@pytest.mark.parametrize(
    ("file", "status", "path", "code"),
    [
        ("errors/403.json", 403, _FOREIGN, "AuthorizationFailed"),
        ("errors/403.json", 403, f"/subscriptions/{SECOND}{_VALUES}", "AuthorizationFailed"),
        ("compute-vm-extensions/delete-and-404.json", 404, _NO_EXTENSION, "ResourceNotFound"),
        ("errors/404-compute.json", 404, _NO_MACHINE, "ResourceNotFound"),
        ("errors/404-compute.json", 404, _NO_PUBLISHER, "NotFound"),
    ],
)
def test_refusals(file: str, status: int, path: str, code: str, ask: Ask) -> None:
    """Code and keys are recorded ones, and so are the words around the names."""
    theirs = [body for body in bodies(file, status=status) if body.get("error", {}).get("code") == code]
    with Simulator(estate_of(MachineSpec("a"))) as simulator:
        answer = ask(simulator, path)
    assert answer.status_code == status
    assert any(
        Shape([body]).strange(answer.json()) == []
        and _around(body["error"]["message"]) == _around(answer.json()["error"]["message"])
        for body in theirs
        if "message" in body["error"]
    )


def _around(message: str) -> str:
    """The first words, and what follows the last name."""
    return message.split("'")[0].split(":")[0] + message.rpartition("'")[2]


def test_an_expired_token(ask: Ask) -> None:
    answers = [each["response"] for each in recorded("errors/401-expired-token.json")]
    theirs = next(each for each in answers if "ExpiredAuthenticationToken" in str(each["body"]))
    with Simulator(estate_of()) as simulator:
        ours = ask(simulator, "/subscriptions?api-version=2016-06-01", token="expired")
    assert ours.status_code == theirs["status"]
    assert Shape([theirs["body"]]).strange(ours.json()) == []
    assert ours.json()["error"]["code"] == theirs["body"]["error"]["code"]
    assert ours.headers["WWW-Authenticate"] == theirs["headers"]["Www-Authenticate"]
    assert ours.headers["x-ms-failure-cause"] == theirs["headers"]["X-Ms-Failure-Cause"]


@pytest.mark.parametrize(
    ("query", "workspace", "status"), [("AppInsights | where x", WORKSPACE, 400), ("Heartbeat", "no", 404)]
)
def test_refused_queries(query: str, workspace: str, status: int, ask: Ask) -> None:
    theirs = Shape(bodies("log-analytics", status=status))
    with Simulator(estate_of()) as simulator:
        ours = ask(simulator, f"/v1/workspaces/{workspace}/query", "POST", json={"query": query})
    assert ours.status_code == status
    assert theirs.strange(ours.json()) == []
    if status == 400:
        words = next(iter(bodies("log-analytics", status=400)))["error"]["innererror"]
        assert ours.json()["error"]["innererror"] == words


def test_headers_of_the_compute_provider(seeded: Simulator, ask: Ask) -> None:
    """Their names were recorded, and the policies in ``x-ms-ratelimit-remaining-resource`` too."""
    exchanges = list(recorded("compute-vm-instanceview", "compute-vm-list", "compute-vm-extension-images"))
    everywhere = recorded("compute-vm-list", "activity-log", "compute-vm-instanceview", "compute-vmss")
    names = {name.lower() for each in everywhere for name in each["response"]["headers"]}
    policies = {policy for each in exchanges for policy in _policies(each["response"]["headers"])}
    subscription = seeded.estate.subscriptions()[0].id
    images = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/eastus/publishers/{MONITOR}"
    for path in (
        f"{paths(seeded)[0]}?api-version=1",
        f"/subscriptions/{subscription}/providers/{_MACHINE}?api-version=1",
        f"{images}/artifacttypes/vmextension/types/AzureMonitorLinuxAgent/versions?api-version=1",
    ):
        headers = ask(seeded, path).headers
        assert {name.lower() for name in headers} <= names
        assert set(_policies(headers)) <= policies
        assert len(list(_policies(headers))) >= 1


def _policies(headers: Any) -> Iterable[str]:
    listed = headers.get("x-ms-ratelimit-remaining-resource", "")
    return [policy.partition(";")[0] for policy in listed.split(",") if policy]


def test_an_agent_that_does_not_report_looks_as_recorded(ask: Ask) -> None:
    """The recorded failure: version Unknown, no handlers, and of the extension the name alone."""
    theirs = next(body for body in whole_machines() if body["properties"].get("instanceView", {}).get("extensions") == [
        {"name": "GuestAttestation"}])["properties"]["instanceView"]  # fmt: skip
    machine = MachineSpec("a", extensions=(azure_monitor_agent("Linux", None),), agent=AgentView.UNKNOWN)
    with Simulator(estate_of(machine)) as simulator:
        ours = ask(simulator, machine_path(machine, "/instanceView?api-version=1")).json()
    assert list(ours) == list(theirs)
    assert ours["vmAgent"]["vmAgentVersion"] == theirs["vmAgent"]["vmAgentVersion"]
    assert ours["vmAgent"]["statuses"][0] | {"time": ""} == theirs["vmAgent"]["statuses"][0] | {"time": ""}
    assert [list(each) for each in ours["extensions"]] == [["name"]]


def test_a_deallocated_machine_looks_as_recorded(ask: Ask) -> None:
    """No agent and no extensions in the view, no size of the disk; the extensions are still resources."""
    theirs = next(
        body["properties"] for body in whole_machines()
        if "PowerState/deallocated" in str(body) and "hyperVGeneration" in str(body)
    )  # fmt: skip
    machine = MachineSpec("a", extensions=(azure_monitor_agent("Linux", "1.38.1"),), power="deallocated")
    with Simulator(estate_of(machine)) as simulator:
        body = ask(simulator, machine_path(machine, "?$expand=instanceView&api-version=1")).json()
    ours = body["properties"]
    assert [key for key in ours["instanceView"] if key != "platformFaultDomain"] == list(theirs["instanceView"])
    assert set(theirs["storageProfile"]["osDisk"]) <= set(ours["storageProfile"]["osDisk"])
    assert "diskSizeGB" not in ours["storageProfile"]["osDisk"]
    assert body["resources"][0]["properties"]["provisioningState"] == "Succeeded"


def test_statuses_of_an_extension_are_written_as_given(ask: Ask) -> None:
    odd = (
        StatusSpec("NotReady/21", "Not Ready", None, "Warning"),
        StatusSpec("ProvisioningState/failed/1", message=""),
    )
    machine = MachineSpec("a", extensions=(azure_monitor_agent("Windows", "1.2", statuses=odd),), os="Windows")
    with Simulator(estate_of(machine)) as simulator:
        view = ask(simulator, machine_path(machine, "/instanceView?api-version=1")).json()
    assert [(each["code"], each.get("message", "missing")) for each in view["extensions"][0]["statuses"]] == [
        ("NotReady/21", "missing"),
        ("ProvisioningState/failed/1", ""),
    ]
