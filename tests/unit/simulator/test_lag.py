"""Resource Graph may lag behind: what each of the two shows is data, and Resource Manager shows only what is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from auditor.simulator import (
    ArcMachineSpec,
    InstanceSpec,
    Lag,
    MachineSpec,
    ScaleSetSpec,
    Simulator,
    arc_monitor_agent,
    azure_monitor_agent,
)
from auditor.simulator.lag import in_graph, present
from tests.unit.simulator.parts import FIRST, estate_of, group_path, machine_path

Ask = Callable[..., requests.Response]

ON = azure_monitor_agent("Linux", "1.38.1")
OFF = replace(ON, auto_upgrade=False)


def test_an_earlier_state_stands_in_for_the_thing() -> None:
    changed = replace(ON, in_graph=OFF)
    assert list(in_graph([changed])) == [OFF]
    assert list(present([changed])) == [changed]


def test_what_is_new_is_unseen_and_what_is_gone_is_still_shown() -> None:
    new, gone = replace(ON, name="new", in_graph=Lag.UNSEEN), replace(ON, name="gone", in_graph=Lag.DELETED)
    assert [each.name for each in in_graph([new, ON, gone])] == [ON.name, "gone"]
    assert [each.name for each in present([new, ON, gone])] == ["new", ON.name]


def test_resource_manager_shows_the_flag_as_it_is_and_no_extension_that_is_gone(ask: Ask) -> None:
    stale = replace(ON, name="old-agent", in_graph=Lag.DELETED)
    machine = MachineSpec("a", extensions=(replace(ON, in_graph=OFF), stale))
    with Simulator(estate_of(machine)) as simulator:
        whole = ask(simulator, machine_path(machine, "?$expand=instanceView&api-version=1")).json()
        listed = ask(simulator, machine_path(machine, "/extensions?api-version=1")).json()["value"]
        assert ask(simulator, machine_path(machine, "/extensions/old-agent?api-version=1")).status_code == 404
    assert [each["properties"]["enableAutomaticUpgrade"] for each in whole["resources"]] == [True]
    assert [each["name"] for each in listed] == [ON.name]
    view = whole["properties"]["instanceView"]
    assert [len(view["extensions"]), len(view["vmAgent"]["extensionHandlers"])] == [1, 1]


def test_machines_that_are_gone_are_neither_listed_nor_found(ask: Ask) -> None:
    gone = MachineSpec("gone", in_graph=Lag.DELETED)
    with Simulator(estate_of(MachineSpec("a", in_graph=Lag.UNSEEN), gone)) as simulator:
        path = f"/subscriptions/{FIRST}/providers/Microsoft.Compute/virtualMachines?api-version=1"
        assert [each["name"] for each in ask(simulator, path).json()["value"]] == ["a"]
        assert ask(simulator, machine_path(gone, "?api-version=1")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "Microsoft.Compute/virtualMachineScaleSets/{}",
        "Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/{}",
        "Microsoft.HybridCompute/machines/{}",
        "Microsoft.HybridCompute/machines/server/extensions/{}",
        "Microsoft.Compute/virtualMachineScaleSets/set/extensions/{}",
    ],
)
def test_nothing_else_that_is_gone_is_found_either(path: str, ask: Ask) -> None:
    """In its list it is missing, by its name it is a 404; what stands beside it is there."""
    servers = tuple(
        ArcMachineSpec(
            name,
            in_graph=lag,
            extensions=tuple(arc_monitor_agent("Windows", "1", name=each, in_graph=how) for each, how in NAMES),
        )
        for name, lag in (*NAMES, ("server", Lag.NONE))
    )
    model = tuple(replace(ON, name=name, in_graph=lag) for name, lag in NAMES)
    instances = tuple(InstanceSpec(name, in_graph=lag) for name, lag in NAMES)
    sets = tuple(
        ScaleSetSpec(name, in_graph=lag, extensions=model, instances=instances)
        for name, lag in (*NAMES, ("set", Lag.NONE))
    )
    with Simulator(estate_of(scale_sets=sets, arc_machines=servers)) as simulator:
        base = group_path(path.rpartition("/")[0] + "?api-version=1")
        listed = [each.get("instanceId", each["name"]) for each in ask(simulator, base).json()["value"]]
        assert "1" in listed
        assert "2" not in listed
        statuses = [ask(simulator, group_path(f"{path.format(name)}?api-version=1")).status_code for name in "12"]
    assert statuses == [200, 404]


NAMES = (("1", Lag.NONE), ("2", Lag.DELETED))
