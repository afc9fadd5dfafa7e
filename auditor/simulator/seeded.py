"""An estate of any size, made from a seed: every machine is made anew from its number when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.bodies.event import LoggedEvent, event_body
from auditor.simulator.estate import Offers
from auditor.simulator.forms import guid
from auditor.simulator.life import Life
from auditor.simulator.releases import LOCATIONS, offered
from auditor.simulator.specs import MONITOR_PUBLISHER, MachineSpec, SubscriptionSpec, WorkspaceSpec
from auditor.simulator.stories import STORIES, Story

_DECK_SIZE = sum(weight for weight, _ in STORIES)
_EVENT_DAYS = 89
_NUMBER = re.compile(r"(\d+)$")
_MINUTE_BY_MINUTE = 500
"""Estates with more machines send their heartbeats less often, so that queries over them stay quick."""
_STATES = ("Enabled", "Enabled", "Warned")


class SeededEstate:
    """``machines`` in ``subscriptions`` that can be read, and ``refused`` ones that cannot.

    Two estates of the same arguments are the same. All times are relative to ``now``.
    """

    def __init__(
        self, machines: int = 60, *, now: datetime, subscriptions: int = 3, refused: int = 1, seed: int = 1
    ) -> None:
        self.now = now
        self.tenant_id = guid("tenant", seed)
        self.identity_id = guid("identity", seed)
        self._seed = seed
        thinning = max(1, machines // _MINUTE_BY_MINUTE) * 5 if machines > _MINUTE_BY_MINUTE else 1
        self.heartbeat_every = timedelta(minutes=min(thinning, 60))
        self._subscriptions = tuple(
            self._subscription(number, refused=number >= subscriptions) for number in range(subscriptions + refused)
        )
        share, rest = divmod(machines, subscriptions)
        sizes = [share + (number < rest) for number in range(subscriptions)] + [0] * refused
        self._sizes = {each.id: size for each, size in zip(self._subscriptions, sizes, strict=True)}
        self._starts = {each.id: sum(sizes[:number]) for number, each in enumerate(self._subscriptions)}
        self._workspaces = tuple(
            WorkspaceSpec(guid("workspace", seed, name), name) for name in ("log-central", "log-japan")
        )
        self._deck = lru_cache(maxsize=8)(self._dealt)

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        return self._subscriptions

    def size(self, subscription_id: str) -> int:
        return self._sizes[subscription_id.lower()]

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        if not 0 <= index < self.size(subscription_id):
            raise IndexError(index)
        return self._make(self._starts[subscription_id.lower()] + index)

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        found = _NUMBER.search(name)
        index = int(found[1]) - self._starts[subscription_id.lower()] if found else -1
        if not 0 <= index < self.size(subscription_id):
            return None
        machine = self.machine(subscription_id, index)
        same = (machine.name.lower(), machine.resource_group.lower()) == (name.lower(), resource_group.lower())
        return machine if same else None

    def offers(self, location: str) -> Offers:
        place = location.replace(" ", "").lower()
        if place not in LOCATIONS:
            return {}
        agents = {
            (MONITOR_PUBLISHER, f"AzureMonitor{os}Agent"): tuple(each.version for each in offered(place, os, self.now))
            for os in ("Windows", "Linux")
        }
        products = (*catalogue.PRODUCTS, catalogue.OLD_AGENT)
        return agents | {(each.publisher, each.type): (*each.older, each.installed) for each in products}

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        return self._workspaces

    def other_events(self, subscription_id: str) -> Sequence[dict[str, Any]]:
        """What else goes on in a subscription: deployments, keys, network rules, roles."""
        subscription, count = subscription_id.lower(), self.size(subscription_id)
        chance = Random(f"{self._seed}:events:{subscription}")  # noqa: S311 - play, not secrets
        return [self._other_event(subscription, number, chance) for number in range(min(20 + 2 * count, 2000))]

    def _subscription(self, number: int, *, refused: bool) -> SubscriptionSpec:
        names = catalogue.SUBSCRIPTION_NAMES
        name = names[number % len(names)] + (f" {number // len(names) + 1}" if number >= len(names) else "")
        state = "Enabled" if refused else _STATES[number % len(_STATES)]
        return SubscriptionSpec(guid("subscription", self._seed, number), name, state, refused)

    def _make(self, number: int) -> MachineSpec:
        chance = Random(f"{self._seed}:machine:{number}")  # noqa: S311 - play, not secrets
        os = chance.choice(("Linux", "Windows"))
        machine = MachineSpec(
            name=f"{catalogue.NAME_STEMS[number % len(catalogue.NAME_STEMS)]}-{number:05d}",
            resource_group=chance.choice(catalogue.GROUPS),
            location=LOCATIONS[chance.choice((0, 1, 2, 3, 3, 3, 4))],
            os=os,
            tags=chance.choice(catalogue.TAGS),
            created=self.now - timedelta(days=chance.uniform(160, 900)),
            identity=chance.choice(("SystemAssigned", "SystemAssigned", "SystemAssigned", None)),
        )
        # A few machines report to a workspace of somebody else.
        workspace = chance.choice((*self._workspaces * 7, None))
        life = Life(machine, self.now, chance, workspace.id if workspace else None)
        beside = [product for product in catalogue.PRODUCTS if product.os == os]
        life.extensions += [product.extension() for product in chance.sample(beside, chance.choice((0, 1, 1, 2)))]
        return self._deck(number // _DECK_SIZE)[number % _DECK_SIZE](life)

    def _dealt(self, block: int) -> list[Story]:
        """The stories of sixty neighbours: all of them, shuffled."""
        deck = [story for weight, story in STORIES for _ in range(weight)]
        Random(f"{self._seed}:deck:{block}").shuffle(deck)  # noqa: S311 - play, not secrets
        return deck

    def _other_event(self, subscription_id: str, number: int, chance: Random) -> dict[str, Any]:
        kind, name, action, localized = _OTHERS[number % len(_OTHERS)]
        group = chance.choice(catalogue.GROUPS)
        resource = f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/{kind}/{name}{number % 7}"
        # The last ticks of the window stay free, so that every event was submitted by now.
        at = self.now - timedelta(days=chance.uniform(0.1, _EVENT_DAYS))
        correlation = guid("other", subscription_id, number)
        event = LoggedEvent(
            at=at,
            submitted=at + timedelta(seconds=chance.randint(14, 140)),
            resource=resource,
            scope=resource,
            resource_type=kind,
            operation=f"{kind}/{action}",
            localized=localized,
            begins=False,
            status="Failed" if number % 17 == 3 else "Succeeded",
            operation_id=correlation,
            # The service does not always use an id for what belongs together.
            correlation=resource if number % 13 == 5 else correlation,
            caller=chance.choice((*catalogue.PEOPLE, catalogue.PIPELINE)),
            sub_status="Conflict" if number % 17 == 3 else "OK",
        )
        return event_body(event, subscription_id, self.tenant_id)


_OTHERS = (
    ("Microsoft.Storage/storageAccounts", "stlogs", "listKeys/action", "List Storage Account Keys"),
    ("Microsoft.Network/networkSecurityGroups", "nsg-web", "write", "Create or Update Network Security Group"),
    ("Microsoft.Resources/deployments", "deploy", "write", "Create Deployment"),
    ("Microsoft.Authorization/roleAssignments", "role", "write", "Create role assignment"),
    ("Microsoft.Compute/disks", "datadisk", "write", "Create or Update Disk"),
)
