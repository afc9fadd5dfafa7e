"""How many machines of which kind a seeded estate's subscriptions have: numbers alone, from which all else is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Mix:
    """The shares of scale-set instances and of Arc-enabled servers; the rest are virtual machines by themselves."""

    instances: float = 0.2
    arc: float = 0.1
    in_one_set: int = 20
    """About how many instances a scale set has."""


VIRTUAL_MACHINES_ALONE = Mix(instances=0, arc=0)


@dataclass(frozen=True, slots=True)
class SetPlan:
    """A scale set's number in the whole estate, and how many instances it has."""

    number: int
    size: int

    @property
    def flexible(self) -> bool:
        return self.number % 4 == 1


@dataclass(frozen=True)
class SubscriptionPlan:
    """What a subscription holds. The ``first_`` numbers are those of its first things in the whole estate."""

    number: int
    machines_alone: int
    instances: int
    sets: int
    arc_machines: int
    first_machine: int = 0
    first_set: int = 0
    first_arc_machine: int = 0

    @cached_property
    def scale_sets(self) -> tuple[SetPlan, ...]:
        share, rest = divmod(self.instances, max(self.sets, 1))
        return tuple(SetPlan(self.first_set + number, share + (number < rest)) for number in range(self.sets))

    @cached_property
    def virtual_machines(self) -> int:
        """The flexible instances among them."""
        return self.machines_alone + sum(each.size for each in self.scale_sets if each.flexible)

    def set_of(self, index: int) -> SetPlan | None:
        """The flexible set of the virtual machine at ``index``; None for a machine by itself."""
        left = index - self.machines_alone
        if left < 0:
            return None
        for each in self.scale_sets:
            if each.flexible and left < each.size:
                return each
            left -= each.size if each.flexible else 0
        return None


def plans(machines: int, subscriptions: int, refused: int, mix: Mix) -> list[SubscriptionPlan]:
    """The plans of all subscriptions in order, those that refuse last and empty."""
    share, rest = divmod(machines, subscriptions)
    found: list[SubscriptionPlan] = []
    machine, scale_set, arc_machine = 0, 0, 0
    for number in range(subscriptions + refused):
        size = share + (number < rest) if number < subscriptions else 0
        instances, arc = round(size * mix.instances), round(size * mix.arc)
        sets = max(1, round(instances / mix.in_one_set)) if instances else 0
        alone = size - instances - arc
        plan = SubscriptionPlan(number, alone, instances, sets, arc, machine, scale_set, arc_machine)
        found.append(plan)
        machine, scale_set = machine + plan.virtual_machines, scale_set + sets
        arc_machine += arc
    return found
