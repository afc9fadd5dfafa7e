"""What Resource Manager shows and what Resource Graph shows of one and the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from auditor.simulator.parts import ArcExtensionSpec, AssociationSpec, ExtensionSpec, Lag
from auditor.simulator.specs import ArcMachineSpec, InstanceSpec, MachineSpec, ScaleSetSpec

Thing = TypeVar(
    "Thing",
    ExtensionSpec,
    ArcExtensionSpec,
    AssociationSpec,
    MachineSpec,
    InstanceSpec,
    ScaleSetSpec,
    ArcMachineSpec,
)


def present(things: Iterable[Thing]) -> Iterator[Thing]:
    """Those that exist: what Resource Manager shows."""
    return (each for each in things if each.in_graph is not Lag.DELETED)


def in_graph(things: Iterable[Thing]) -> Iterator[Thing]:
    """Those that Resource Graph shows, in the state in which it shows them; their parts have a lag of their own."""
    for each in things:
        if not isinstance(each.in_graph, Lag):
            yield each.in_graph
        elif each.in_graph is not Lag.UNSEEN:
            yield each
