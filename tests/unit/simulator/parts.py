"""A small estate made by hand, and the recorded answers of the live service."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import HandMadeEstate, MachineSpec, SubscriptionSpec, WorkspaceSpec

NOW = datetime(2026, 11, 22, 3, 0, 17, 250_000, tzinfo=UTC)
FIRST = "11111111-1111-4111-a111-111111111111"
SECOND = "22222222-2222-4222-a222-222222222222"
WORKSPACE = "33333333-3333-4333-a333-333333333333"
MONITOR = "Microsoft.Azure.Monitor"

_RECORDINGS = Path(__file__).parents[3] / "../shared/azure/recordings"


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def estate_of(*machines: MachineSpec, **more: Any) -> HandMadeEstate:
    """One subscription with these machines, and one that refuses; fields of the first are given by their names.

    It has no data collection rules, so that its machines are all that stands in it.
    """
    more.setdefault("data_collection_rules", ())
    fields = {each.name for each in dataclasses.fields(SubscriptionSpec)}
    told = {name: more.pop(name) for name in list(more) if name in fields}
    subscriptions = (
        SubscriptionSpec(FIRST, "First", machines=machines, **told),
        SubscriptionSpec(SECOND, "Second", refused=True),
    )
    return HandMadeEstate(subscriptions, now=NOW, workspaces=(WorkspaceSpec(WORKSPACE),), **more)


def machine_path(machine: MachineSpec, rest: str = "", subscription: str = FIRST) -> str:
    group = f"/subscriptions/{subscription}/resourceGroups/{machine.resource_group}"
    return f"{group}/providers/Microsoft.Compute/virtualMachines/{machine.name}{rest}"


def group_path(rest: str, group: str = "rg-main", subscription: str = FIRST) -> str:
    """The address of something in a resource group, from its provider on."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{rest}"


def recorded(*folders: str, kind: str = "recording") -> Iterator[dict[str, Any]]:
    """The exchanges recorded from the live service; skips where they are absent, and fails there in CI.

    With ``kind`` of ``documentation-example`` those of the documentation.
    """
    if not _RECORDINGS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("the recordings are absent: they must be there where CI runs")
        pytest.skip("the recordings are not beside this checkout")
    for folder in folders:
        for file in sorted((_RECORDINGS / folder).rglob("*.json") if "." not in folder else [_RECORDINGS / folder]):
            yield from (each for each in json.loads(file.read_text("utf-8")) if each["kind"] == kind)
