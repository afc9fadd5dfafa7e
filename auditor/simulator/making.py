"""Makes the machines of a seeded estate: each anew from its number, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from random import Random
from typing import TypeVar

from auditor.simulator import catalogue
from auditor.simulator.arc_stories import ARC_STORIES, ArcLife
from auditor.simulator.beside import add_beside, with_beside
from auditor.simulator.life import Life
from auditor.simulator.models import as_instance, follows, kind_of, model, name_of
from auditor.simulator.parts import ENDPOINT_ONLY, AssociationSpec
from auditor.simulator.plan import SetPlan
from auditor.simulator.releases import COMMON_LOCATIONS
from auditor.simulator.specs import ArcMachineSpec, InstanceSpec, MachineSpec, ScaleSetSpec, WorkspaceSpec
from auditor.simulator.stories import STORIES

Story = TypeVar("Story")

_DECK = sum(weight for weight, _ in STORIES)
_ARC_DECK = sum(weight for weight, _ in ARC_STORIES)

_DATABRICKS_TAGS = {"Vendor": "Databricks", "ClusterName": "job-1042-run-7", "DatabricksEnvironment": "workerenv"}


class Maker:
    """Makes what stands in an estate of ``seed`` at ``now``; ``locations`` are drawn from, with repetitions."""

    def __init__(
        self, seed: int, now: datetime, workspaces: Sequence[WorkspaceSpec], locations: Sequence[str] = COMMON_LOCATIONS
    ) -> None:
        self._seed = seed
        self._now = now
        self._locations = locations
        # A few machines report to a workspace of somebody else.
        self._workspaces = (*([each.id for each in workspaces] * 7), None)
        self._rules = {each.id: f"dcr-{each.name}" for each in workspaces}
        self._deck = lru_cache(maxsize=16)(partial(dealt, STORIES, seed))
        self._arc_deck = lru_cache(maxsize=16)(partial(dealt, ARC_STORIES, seed))

    def machine(self, number: int) -> MachineSpec:
        """The virtual machine of that number in the whole estate."""
        return self._told(number, "machine")

    def databricks_worker(self, number: int, group: str) -> MachineSpec:
        """A machine that a Databricks workspace made for itself."""
        return replace(self.machine(number), resource_group=group, tags=_DATABRICKS_TAGS)

    def flexible_instance(self, number: int, plan: SetPlan) -> MachineSpec:
        """The virtual machine of that number, as an instance of a flexible set."""
        owner = self.scale_set(plan)
        name = f"{owner.name}_{number:08x}"
        machine = self._told(number, "machine", location=owner.location, os=owner.os, name=name)
        return replace(machine, resource_group=owner.resource_group, tags=owner.tags, scale_set=owner.name)

    def scale_set(self, plan: SetPlan) -> ScaleSetSpec:
        chance = Random(f"{self._seed}:set:{plan.number}")  # noqa: S311 - play, not secrets
        os = "Linux" if kind_of(plan).managed else chance.choice(("Linux", "Windows"))
        scale_set = model(plan, chance.choice(self._locations), os, self._now)
        return replace(scale_set, associations=self._associations(f"set:{plan.number}", self._of_set(plan)))

    def instance(self, plan: SetPlan, number: int) -> InstanceSpec:
        """The instance of that number in its uniform set."""
        owner, name = self.scale_set(plan), f"{name_of(plan)}_{number}"
        place = {"location": owner.location, "os": owner.os, "name": name}
        collects = any(each.rule for each in owner.associations)
        machine = self._told(plan.number * 20 + number, "instance", **place, to=self._of_set(plan), collects=collects)
        return as_instance(machine, number, owner, applied=follows(plan, number))

    def arc_machine(self, number: int) -> ArcMachineSpec:
        """The Arc-enabled server of that number in the whole estate."""
        chance = Random(f"{self._seed}:arc:{number}")  # noqa: S311 - play, not secrets
        machine = ArcMachineSpec(
            name=f"{catalogue.ARC_STEMS[number % len(catalogue.ARC_STEMS)]}-{number:05d}",
            resource_group="rg-arc-servers",
            location=chance.choice(self._locations),
            os=chance.choice(("Windows", "Linux")),
            tags=chance.choice(catalogue.TAGS),
        )
        deck, workspace = self._arc_deck("arc", number // _ARC_DECK), chance.choice(self._workspaces)
        machine = replace(machine, associations=self._associations(f"arc:{number}", workspace))
        heard = workspace if any(each.rule for each in machine.associations) else None
        told = deck[number % _ARC_DECK](ArcLife(machine, self._now, chance, heard))
        return with_beside(told, self._beside("arc", number))

    def _beside(self, what: str, number: int) -> Random:
        """What is drawn from for other extensions: apart, so that they change nothing in the agent's story."""
        return Random(f"{self._seed}:beside:{what}:{number}")  # noqa: S311 - play, not secrets

    def _of_set(self, plan: SetPlan) -> str | None:
        """The workspace that a uniform set's instances report to."""
        return Random(f"{self._seed}:workspace:{plan.number}").choice(self._workspaces)  # noqa: S311 - play, not secrets

    def _identity(self, what: str) -> str | None:
        """Of a machine without one of its own: one of a user, mostly."""
        chance = Random(f"{self._seed}:identity:{what}")  # noqa: S311 - play, not secrets
        return chance.choice(("UserAssigned", "UserAssigned", "UserAssigned", None))

    def _associations(self, what: str, workspace: str | None) -> tuple[AssociationSpec, ...]:
        """Most have one rule, some an endpoint beside it or alone, some none."""
        rule = AssociationSpec(rule=self._rules.get(workspace or "", "dcr-elsewhere"))
        number = Random(f"{self._seed}:rules:{what}").randrange(20)  # noqa: S311 - play, not secrets
        return {0: (), 1: (ENDPOINT_ONLY,), 2: (ENDPOINT_ONLY, rule)}.get(number, (rule,))

    def _told(
        self,
        number: int,
        what: str,
        *,
        location: str = "",
        os: str = "",
        name: str = "",
        to: str | None = "",
        collects: bool = True,
    ) -> MachineSpec:
        """``to`` is the workspace, drawn where it is empty; a machine that ``collects`` nothing reports nothing."""
        chance = Random(f"{self._seed}:{what}:{number}")  # noqa: S311 - play, not secrets
        system = chance.choice(("Linux", "Windows"))
        machine = MachineSpec(
            name=name or f"{catalogue.NAME_STEMS[number % len(catalogue.NAME_STEMS)]}-{number:05d}",
            resource_group=chance.choice(catalogue.GROUPS),
            location=location or chance.choice(self._locations),
            os=os or system,
            tags=chance.choice(catalogue.TAGS),
            created=self._now - timedelta(days=chance.uniform(160, 900)),
            identity=chance.choice(("SystemAssigned", "SystemAssigned", "SystemAssigned", None)),
        )
        if machine.identity is None:
            machine = replace(machine, identity=self._identity(f"{what}:{number}"))
        drawn = chance.choice(self._workspaces)
        workspace = drawn if to == "" else to
        machine = replace(machine, associations=self._associations(f"{what}:{number}", workspace))
        if what != "instance":  # which has its set's
            collects = machine.identity is not None and any(each.rule for each in machine.associations)
        life = Life(machine, self._now, chance, workspace if collects else None)
        beside = [product for product in catalogue.PRODUCTS if product.os == machine.os]
        add_beside(life, chance.sample(beside, chance.choice((0, 1, 1, 2))), self._beside(what, number))
        deck = self._deck(what, number // _DECK)
        return deck[number % _DECK](life)


def dealt(stories: Sequence[tuple[int, Story]], seed: int, what: str, block: int) -> list[Story]:
    """The stories of as many neighbours as the weights say: each once, so that few show many; then the rest."""
    rest = [story for weight, story in stories for _ in range(weight - 1)]
    Random(f"{seed}:{what}:{block}").shuffle(rest)  # noqa: S311 - play, not secrets
    return [*(story for _, story in stories), *rest]
