"""Whatever is taken away, what was known stays as it was or becomes missing; versions have one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.dataset import VIEWS, Column
from auditor.model.reading import Row, Source
from auditor.model.rule import ReleaseRow
from auditor.model.version import Version
from tests.unit.frames.parts import (
    INSTANCE,
    LINUX,
    MACHINE,
    NOW,
    PUBLISHER,
    SCALE_SET,
    SERVER,
    SUBSCRIPTION,
    Estate,
    ago,
    extension,
    flexible,
    in_bulk,
    in_model,
    instance,
    known,
    machine,
    on,
    only,
    operation,
    server,
    stay,
    versions,
    with_arc,
    with_flexible,
    with_uniform,
)

PASSING = {"none", "healed", "superseded"}
EVIDENCE = {"last_failure_at", "last_failure_error", "last_ran_source"}
"""What tells of the value beside it, and changes with it."""
FLAGS = st.sampled_from(["enabled", "disabled", "unset"])
AKS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"
MODELS = f"{SCALE_SET}/extensions/AMA"
RELEASED = ReleaseRow(PUBLISHER, LINUX, date(2025, 6, 1), ("1.35.9",))
WITHDRAWN = ReleaseRow(PUBLISHER, LINUX, None, ("1.36.1",), withdrawn=True, kinds=("arc",))
BUILDERS = {
    "direct": (Estate, machine, MACHINE),
    "bulk": (in_bulk, machine, MACHINE),
    "uniform": (with_uniform, instance, INSTANCE),
    "flexible": (with_flexible, flexible, MACHINE),
    "arc": (with_arc, server, SERVER),
}


@st.composite
def operations(draw: st.DrawFn, machine_id: str, extension_id: str) -> list[Row]:
    """On the extension, on one that is not there, on the model, on the machine, on the scale set."""
    about: list[tuple[str, str | None, str]] = [
        *((machine_id, each, action) for each in (extension_id, f"{extension_id}-2") for action in ("write", "delete")),
        *((machine_id, None, action) for action in ("upgrade", "start", "deallocate")),
        *((SCALE_SET, MODELS, "write"), (SCALE_SET, None, "scale_set_write"), (SCALE_SET, None, "deallocate")),
    ]
    told = []
    for hours in draw(st.lists(st.integers(2, 160), max_size=4, unique=True)):
        owner, own, action = draw(st.sampled_from(about))
        outcome = draw(st.sampled_from(["succeeded", "failed", "running"]))
        initiator = draw(st.sampled_from(["platform", "person", "unknown"]))
        told.append(
            operation(ago(hours=hours), outcome, action, machine_id=owner, extension_id=own, initiator=initiator)
        )
    return told


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """One machine of any kind with what may be known of it; its sources never contradict one another."""
    kind = draw(st.sampled_from(list(BUILDERS)))
    build, row, machine_id = BUILDERS[kind]
    arc, running = kind == "arc", draw(st.booleans())
    state: Row = {} if running else {"availability": "stopped", "power_state": "deallocated"}
    if arc and not running:
        hours = draw(st.sampled_from([3, 90]))
        state = {
            "availability": draw(st.sampled_from(["disconnected", "expired"])),
            "status_changed_at": ago(hours=hours),
        }
    state["tags"] = draw(st.sampled_from(["{}", '{"aks-managed-x":"1"}']))
    shown = draw(st.sampled_from(["1.35.9", "1.36.1", None]))
    told = {"installed_version": shown, "installed_version_at": NOW if shown else None}
    agent = on(
        machine_id,
        auto_upgrade=draw(FLAGS),
        provisioning_state=draw(st.sampled_from(["Succeeded", "Failed", "Updating"])),
        instance_status=draw(st.sampled_from(["succeeded", "failed/51", "succeeded, NotReady/21", "odd", None])),
    )
    agent |= told if shown else {**told, "installed_version_source": None}
    models = (in_model(auto_upgrade=draw(FLAGS)),) if kind in ("uniform", "flexible") else ()
    until = NOW if running else ago(days=20)  # before the window of the log, which has no stop then
    beats = [stay(shown or "1.36.1", ago(days=25), until, machine_id=machine_id)]
    groups = [{"subscription_id": SUBSCRIPTION, "name": "RG-Main", "managed_by": AKS}]
    return build(
        machines=(row(**state),),
        extensions=(agent, *models),
        operations=draw(operations(machine_id, str(agent["id"]))),
        heartbeats=draw(st.sampled_from([None, beats])),
        resource_groups=draw(st.sampled_from([[], groups])),
        versions=versions("1.35.9", "1.36.1", "1.37.0", machine_kind="arc" if arc else "vm"),
        releases=draw(st.sampled_from([(), (RELEASED, WITHDRAWN)])),
    )


def kept_or_lost(column: Column, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """A bound gives way outwards only; a failure gives way to a graver word, or to none that is known."""
    if column.name in EVIDENCE or not known(dict(after), column):
        return True
    if column.bounds:
        low, high = column.stored()
        return (after[low] is None or (before[low] is not None and after[low] <= before[low])) and (
            after[high] is None or (before[high] is not None and after[high] >= before[high])
        )
    if column.name == "last_failure":
        return after[column.name] not in PASSING or before[column.name] in PASSING
    if column.name == "unfinished_operation":
        return after[column.name] != "none" or before[column.name] == "none"
    return bool(after[column.name] == before[column.name])


def changed(before: Estate, after: Estate) -> list[str]:
    """The columns whose values became others."""
    one, other = before.frames(), after.frames()
    return [
        f"{frame}[{row}].{column.name}"
        for frame in VIEWS
        for row in range(len(one[frame]))
        for column in VIEWS[frame]
        if (column.derived or column.name == "installed_version")
        and not kept_or_lost(column, only(one[frame], row), only(other[frame], row))
    ]


@settings(max_examples=40)
@given(estates(), st.sets(st.sampled_from(list(Source)), min_size=1))
def test_a_reading_taken_away_leaves_a_value_or_makes_it_missing(estate: Estate, sources: set[Source]) -> None:
    assert changed(estate, estate.without(*sources)) == []


VALUES = {
    "machines": (
        *("kind", "subscription_id", "resource_group", "location", "availability", "power_state", "status_changed_at"),
        *("tags", "scale_set_id", "follows_model", "extensions_read", "identity_kind", "agent_state", "agent_at"),
    ),
    "extensions": ("publisher", "type", "auto_upgrade", "provisioning_state", "instance_status", "requested_version"),
    "scale_sets": ("subscription_id", "resource_group", "location", "tags"),
    "resource_groups": ("managed_by",),
}
"""Times, and an installed version, are not among them: they end a failure or a state, or a heartbeat tells instead."""


@settings(max_examples=40)
@given(estates(), st.data())
def test_a_value_taken_away_leaves_the_others_or_makes_them_missing(estate: Estate, data: st.DataObject) -> None:
    frame = data.draw(st.sampled_from([name for name in VALUES if tuple(getattr(estate, name))]))
    rows = [dict(row) for row in getattr(estate, frame)]
    row, name = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(VALUES[frame]))
    row[name] = None

    assert changed(estate, replace(estate, **{frame: rows})) == []


def test_the_properties_see_a_value_that_becomes_another() -> None:
    """What is checked above can fail."""
    later = Estate(extensions=(extension(auto_upgrade="disabled", installed_version="1.35.9"),))

    assert "extensions[0].releases_behind" in changed(Estate(), later)
    stopped = machine(availability="stopped", power_state="deallocated")
    assert "machines[0].days_stopped" in changed(Estate(), Estate(machines=(stopped,)))
    assert "extensions[0].last_failure" in changed(Estate(operations=(operation(ago(days=2), "failed"),)), Estate())


# --- versions ---

SMALL = st.lists(st.integers(0, 2), min_size=2, max_size=4).map(lambda parts: ".".join(map(str, parts)))
"""So few numbers that two versions are often equal, or equal but for their missing parts."""


@pytest.mark.parametrize("size", [2, 3])
@given(st.data())
def test_versions_have_one_order_and_it_is_that_of_their_numbers(size: int, data: st.DataObject) -> None:
    texts = data.draw(st.lists(SMALL, min_size=size, max_size=size))
    read = [Version.parse(text) for text in texts]
    numbers = [tuple(map(int, [*text.split("."), 0, 0][:4])) for text in texts]

    for (one, mine), (other, theirs) in permutations(zip(read, numbers, strict=True), 2):
        assert (one < other, one == other, one > other).count(True) == 1
        assert (one < other, one == other) == (mine < theirs, mine == theirs)
    assert [version.parts for version in sorted(read)] == sorted(numbers)
