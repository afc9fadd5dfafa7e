"""Estates: the seeded one is the same every time and of any size; the hand-made one is what it was told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest
import requests
import yaml

from auditor.simulator import (
    REMOVED,
    AgentView,
    HandMadeEstate,
    MachineSpec,
    SeededEstate,
    Simulator,
    azure_monitor_agent,
    serve,
)
from auditor.simulator.bodies.machine import merge
from auditor.simulator.carriers import carriers
from auditor.simulator.config import config_text
from auditor.simulator.estate import machines
from auditor.simulator.parts import MONITOR_PUBLISHER
from auditor.simulator.plan import VIRTUAL_MACHINES_ALONE
from auditor.simulator.releases import offered
from auditor.simulator.stories import STORIES
from tests.unit.simulator.parts import FIRST, NOW, estate_of, machine_path

Ask = Callable[..., requests.Response]


def everything(estate: SeededEstate) -> list[MachineSpec]:
    return [machine for each in estate.subscriptions() for machine in machines(estate, each.id)]


def test_the_same_seed_gives_the_same_estate() -> None:
    one, two, other = (SeededEstate(90, now=NOW, seed=seed) for seed in (7, 7, 8))
    assert everything(one) == everything(two)
    assert everything(one) != everything(other)


@pytest.mark.parametrize("size", [1, 2, 60, 61])
def test_every_machine_is_there_and_can_be_found(size: int) -> None:
    estate = SeededEstate(size, now=NOW, mix=VIRTUAL_MACHINES_ALONE)
    listed = everything(estate)
    assert len({each.name.lower() for each in listed}) == len(listed) == size
    for subscription in estate.subscriptions():
        for machine in machines(estate, subscription.id):
            assert estate.find(subscription.id.upper(), machine.resource_group.upper(), machine.name) == machine
        assert estate.find(subscription.id, "rg-dev", "nobody") is None


def test_a_million_machines_are_made_only_when_asked_for() -> None:
    estate = SeededEstate(1_000_000, now=NOW, subscriptions=100, refused=3)
    last = estate.subscriptions()[99]
    assert (len(estate.subscriptions()), estate.size(last.id)) == (103, 7_000 + 500)
    assert (len(estate.scale_sets(last.id)), len(estate.arc_machines(last.id))) == (100, 1_000)
    assert estate.machine(last.id, 6_999).name.endswith("-749499")
    assert estate.arc_machines(last.id)[-1].name.endswith("-99999")


def test_sixty_machines_hold_every_story() -> None:
    assert sum(weight for weight, _ in STORIES) == 60
    estate = everything(SeededEstate(60, now=NOW, mix=VIRTUAL_MACHINES_ALONE))
    agents = [each for machine in estate for each in machine.extensions if each.publisher == MONITOR_PUBLISHER]
    assert {each.auto_upgrade for each in agents} == {True, False, None}
    assert {each.provisioning_state for each in agents} == {"Succeeded", "Failed", "Creating", "Updating"}
    assert {each.power for each in estate} == {"running", "stopped", "deallocated"}
    assert {each.os for each in estate} == {"Windows", "Linux"}
    assert {operation.outcome for each in estate for operation in each.operations} == {"Succeeded", "Failed", None}
    assert any(each.extensions and each.agent_view() is AgentView.UNKNOWN for each in estate)
    assert sum(each.auto_upgrade is True for each in agents) > len(agents) / 2


@pytest.mark.parametrize("now", [NOW, datetime(2027, 3, 2, 23, 59, tzinfo=UTC), datetime(2026, 1, 15, 12, tzinfo=UTC)])
def test_nothing_of_a_machines_past_lies_in_the_future(now: datetime) -> None:
    estate = SeededEstate(120, now=now)
    for carrier in (one for each in estate.subscriptions() for one in carriers(estate, each.id)):
        assert all(operation.started < now for operation in carrier.operations)
        assert all(stay.since < (stay.until or now) <= now for stay in carrier.stays)
    for machine in everything(estate):
        assert machine.created is not None
        assert machine.created < now


def test_regions_differ_and_months_go_on_after_the_published_table() -> None:
    estate = SeededEstate(60, now=NOW)
    kind = (MONITOR_PUBLISHER, "AzureMonitorWindowsAgent")
    early, late = estate.offers("East US")[kind], estate.offers("japanwest")[kind]
    assert "1.39.0" in early
    assert "1.51.0" in early
    assert "1.52.0" not in early
    assert "1.51.0" not in late
    assert "1.25.0" in early
    assert estate.offers("nowhere") == {}


def test_an_override_reaches_any_part_of_a_machine(ask: Ask) -> None:
    machine = MachineSpec(
        "a",
        extensions=(azure_monitor_agent("Linux", "1.2"),),
        override={"identity": REMOVED, "zones": ["1"], "properties": {"instanceView": {"vmAgent": REMOVED}}},
    )
    with Simulator(estate_of(machine)) as simulator:
        whole = ask(simulator, machine_path(machine, "?$expand=instanceView&api-version=1")).json()
        plain = ask(simulator, machine_path(machine, "?api-version=1")).json()
    assert whole["zones"] == ["1"]
    assert "identity" not in whole
    assert "vmAgent" not in whole["properties"]["instanceView"]
    assert whole["properties"]["instanceView"]["extensions"][0]["typeHandlerVersion"] == "1.2"
    assert "instanceView" not in plain["properties"]


def test_merging_leaves_its_parts_alone() -> None:
    body: dict[str, Any] = {"a": {"b": 1, "c": 2}, "d": [1]}
    assert merge(body, {"a": {"b": REMOVED, "e": 3}, "d": 4}) == {"a": {"c": 2, "e": 3}, "d": 4}
    assert body == {"a": {"b": 1, "c": 2}, "d": [1]}


@pytest.mark.parametrize("power", ["starting", "hibernated", None])
def test_any_power_state(power: str | None, ask: Ask) -> None:
    machine = MachineSpec("a", power=power)
    with Simulator(estate_of(machine)) as simulator:
        view = ask(simulator, machine_path(machine, "/instanceView?api-version=1")).json()
    codes = [each["code"] for each in view["statuses"]]
    assert codes == ["ProvisioningState/succeeded"] + ([f"PowerState/{power}"] if power else [])


def test_a_flag_of_none_leaves_the_key_out(ask: Ask) -> None:
    agent = azure_monitor_agent("Linux", "1.2", auto_upgrade=None, auto_upgrade_minor=None)
    machine = MachineSpec("a", extensions=(agent, replace(agent, name="b", auto_upgrade=False)))
    with Simulator(estate_of(machine)) as simulator:
        first, second = ask(simulator, machine_path(machine, "?api-version=1")).json()["resources"]
    assert not {"enableAutomaticUpgrade", "autoUpgradeMinorVersion"} & set(first["properties"])
    assert second["properties"]["enableAutomaticUpgrade"] is False


def test_requests_without_a_version_and_to_unknown_paths(ask: Ask) -> None:
    with Simulator(estate_of()) as simulator:
        assert ask(simulator, f"/subscriptions/{FIRST}").json()["error"]["code"] == "MissingApiVersionParameter"
        assert ask(simulator, "/somewhere?api-version=1").status_code == 404
        assert dict(simulator.requests.snapshot()) == {"subscription": 1, "unknown": 1}


def test_serving_writes_a_configuration_and_says_so(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The file names endpoints, CA and workspaces; the line comes once it answers."""
    target, over = tmp_path / "simulated.yaml", Event()
    # What is waited for is set already, so that it ends as soon as it has said that it serves.
    over.set()
    serving = Thread(target=serve, kwargs={"estate": 3, "now": NOW, "write_config": target, "until": over})
    serving.start()
    serving.join()
    written = yaml.safe_load(target.read_text())
    url = written["azure"]["endpoints"]["resource_manager"]
    assert url.startswith("https://127.0.0.1:")
    assert set(written["azure"]["endpoints"].values()) == {url}
    assert written["azure"]["token"] == "${AUDITOR_ACCESS_TOKEN}"
    assert (tmp_path / written["azure"]["ca_bundle"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert len(written["sources"]["heartbeats"]["workspaces"]) == 2
    assert capsys.readouterr().out.count("\n") == 1


def test_the_configuration_dates_whatever_a_region_offers_since_the_published_months() -> None:
    written = yaml.safe_load(config_text("https://127.0.0.1:1", "ca.pem", SeededEstate(1, now=NOW)))
    rows = written["sources"]["release_table"]
    for system in ("Linux", "Windows"):
        dated = {each for row in rows for each in row["versions"] if row["type"] == f"AzureMonitor{system}Agent"}
        newer = {each.version for each in offered("eastus", system, NOW) if each.number >= (1, 40)}
        assert newer and newer <= dated
    assert "release_table" not in config_text("https://127.0.0.1:1", "ca.pem", estate_of())


def test_a_port_that_is_taken_is_an_error() -> None:
    with Simulator(estate_of()) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            Simulator(estate_of(), port=port).start()


def test_what_runs_queries_is_imported_only_for_a_query() -> None:
    code = "import sys, auditor.simulator; print([name for name in ('duckdb', 'duckdb_kql') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_another_day_is_another_estate_at_the_same_address(ask: Ask) -> None:
    """What Resource Graph, the lists and the gate tell is of that day; what was written before is not laid over it."""
    listed = f"/subscriptions/{FIRST}/providers/Microsoft.Compute/virtualMachines?api-version=1"
    query = {"query": "resources | project name"}
    with Simulator(estate_of(MachineSpec("a"))) as simulator:
        for names in (["a"], ["b", "c"]):
            simulator.become(estate_of(*map(MachineSpec, names)))
            assert [each["name"] for each in ask(simulator, listed).json()["value"]] == names
            rows = ask(
                simulator, "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", "POST", json=query
            ).json()["data"]
            assert {each["name"] for each in rows} >= set(names)
        simulator.become(HandMadeEstate([], now=NOW))
        assert ask(simulator, listed).json()["error"]["code"] == "SubscriptionNotFound"
