"""A derived column is missing unless complete readings cover it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from auditor.model.dataset import VIEWS, Column, Need
from auditor.model.reading import Reading, Source
from auditor.model.rule import ReleaseRow
from tests.unit.frames.parts import (
    EXTENSION,
    INSTANCE,
    LINUX,
    MACHINE,
    NOW,
    PUBLISHER,
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
    reading,
    server,
    stay,
    the_machine,
    versions,
    with_arc,
    with_flexible,
    with_uniform,
)

RELEASE = ReleaseRow(PUBLISHER, LINUX, date(2025, 6, 1), ("1.35.9",))
STOPPED = {"availability": "stopped", "power_state": "deallocated"}
LISTS = {Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES}
EXTENSIONS = {Source.EXTENSIONS, Source.ARC_EXTENSIONS, Source.SCALE_SET_INSTANCES, Source.INSTANCE_VIEW}


def life(machine_id: str, extension_id: str) -> dict[str, Any]:
    """A failed write, a deallocation, and heartbeats until then."""
    ours = {"machine_id": machine_id}
    return {
        "operations": (
            operation(ago(days=5), "failed", extension_id=extension_id, **ours),
            operation(ago(days=2), action="deallocate", **ours),
        ),
        "heartbeats": (stay("1.35.9", ago(days=20), ago(days=3), **ours),),
    }


def direct(**state: Any) -> Estate:
    agent = extension(installed_version="1.35.9")
    return Estate(machines=(machine(**state),), extensions=(agent,), **life(MACHINE, EXTENSION))


def bulk(**state: Any) -> Estate:
    """Resource Graph tells no version: here an instance view did, of this one machine. Heartbeats tell its health."""
    told = in_bulk(machines=(machine(**state),), extensions=(extension(installed_version="1.35.9"),))
    heard = () if state else (stay("1.35.9", ago(days=1, hours=20), NOW),)
    whole = life(MACHINE, EXTENSION)
    return replace(told, **{**whole, "heartbeats": (*whole["heartbeats"], *heard)})


def uniform(**state: Any) -> Estate:
    agent = on(INSTANCE, installed_version="1.35.9")
    told = with_uniform(machines=(instance(**state),), extensions=(agent, in_model()))
    return replace(told, **life(INSTANCE, str(agent["id"])))


def flexible_set(**state: Any) -> Estate:
    agents = (extension(installed_version="1.35.9"), in_model())
    told = with_flexible(machines=(flexible(**state),), extensions=agents)
    return replace(told, **life(MACHINE, EXTENSION))


def arc(**state: Any) -> Estate:
    """It is never stopped, but disconnected a while ago."""
    changes = {"availability": "disconnected", "status_changed_at": ago(hours=4)} if state else {}
    agent = on(SERVER, installed_version="1.35.9")
    told = with_arc(machines=(server(created_at=ago(days=9), **changes),), extensions=(agent,))
    return replace(told, **life(SERVER, str(agent["id"])))


KINDS = {"direct": direct, "bulk": bulk, "uniform": uniform, "flexible": flexible_set, "arc": arc}


def whole(kind: str, state: dict[str, Any]) -> Estate:
    """An estate of which every derived column is known, of one kind of machine."""
    estate = KINDS[kind](**state)
    offered = versions("1.35.9", "1.36.1", "2.0", machine_kind="arc" if kind == "arc" else "vm")
    return replace(estate, versions=tuple(offered), releases=(RELEASE,))


@cache
def machine_of(kind: str) -> dict[str, Any]:
    return the_machine(whole(kind, {}))


def derived(frame: str) -> list[Column]:
    return [column for column in VIEWS[frame] if column.derived]


def unread(estate: Estate, *sources: Source) -> Estate:
    """What the collector leaves where ``sources`` did not answer: rows that were told before, incomplete readings."""
    if set(sources) & LISTS & set(estate.asked):
        estate = replace(estate, machines=(), extensions=())
    elif EXTENSIONS & set(estate.asked) <= set(sources):
        listed = [{**row, "extensions_read": "no"} for row in estate.machines]
        if Source.INSTANCE_VIEW in estate.asked:
            listed = [{**row, "availability": None, "power_state": None, "read_at": None} for row in listed]
        estate = replace(estate, machines=listed, extensions=())
    if Source.INSTANCE_VIEW in sources:
        estate = replace(estate, extensions=[{**row, "installed_version": None} for row in estate.extensions])
    if Source.SCALE_SETS in sources:
        estate = replace(estate, scale_sets=(), extensions=[row for row in estate.extensions if row["on"] != "model"])
    return estate.without(*sources)


def resting() -> Iterator[tuple[str, Need, str]]:
    for frame in VIEWS:
        for column in derived(frame):
            yield from ((frame, need, column.name) for need in column.rests_on)


STATES: Any = pytest.mark.parametrize("state", [{}, STOPPED], ids=["running", "stopped"])
OVER_KINDS: Any = pytest.mark.parametrize("kind", KINDS)


@STATES
@OVER_KINDS
@pytest.mark.parametrize("frame", VIEWS)
def test_with_complete_readings_every_derived_column_is_known(kind: str, frame: str, state: dict[str, Any]) -> None:
    row = only(whole(kind, state).frames()[frame])

    assert [column.name for column in derived(frame) if not known(row, column)] == []


@STATES
@OVER_KINDS
@pytest.mark.parametrize("need", sorted({need for _frame, need, _column in resting()}))
def test_where_no_source_of_a_need_answered_what_rests_on_it_is_missing(
    kind: str, need: Need, state: dict[str, Any]
) -> None:
    """Unless the row itself says that another source told it: a running machine runs now, whatever the log says."""
    frames = unread(whole(kind, state), *need).frames()
    for frame, name in [(frame, name) for frame, each, name in resting() if each == need]:
        if frames[frame].empty:
            assert set(need) & (LISTS | EXTENSIONS), "no row, and so nothing known of it"
            continue
        row, column = only(frames[frame]), VIEWS[frame].column(name)
        assert column is not None
        if name == "model_auto_upgrade" and row["scale_set_id"] == "none":
            assert row[name] == "none", "a machine of no scale set follows no model, whichever sets were read"
        elif known(row, column):
            assert column.name == "last_ran_source" or column.told_by
            assert row["last_ran_source"] not in (None, *need)


@OVER_KINDS
@pytest.mark.parametrize("source", Source)
def test_an_incomplete_reading_takes_no_more_than_what_rests_on_it(kind: str, source: Source) -> None:
    before = machine_of(kind)
    machines = unread(whole(kind, {}), source).frames()["machines"]
    if machines.empty:
        assert source in LISTS, "the machine is not told of at all"
        return
    after = only(machines)

    lost = [column for column in derived("machines") if known(before, column) and not known(after, column)]
    rests = {column.name: {*column.helped_by, *(each for need in column.rests_on for each in need)} for column in lost}
    assert all(source in sources for sources in rests.values())


AGENTS = {"monitor_agents", "orphaned_failure"}
FAILURES = {"last_failure", "last_failure_at", "last_failure_error", "unfinished_operation", "orphaned_failure"}
LOGGED = {*FAILURES, "running_for"}
LAG = {"latest_version", "newer_major", "releases_behind", "releases_overdue", "overdue_basis"}


@pytest.mark.parametrize(
    ("kind", "source", "lost"),
    [
        ("bulk", Source.EXTENSIONS, AGENTS | {"extension_health"}),
        ("flexible", Source.INSTANCE_VIEW, AGENTS | {"extension_health"}),
        ("uniform", Source.SCALE_SET_INSTANCES, AGENTS | {"extension_health"}),
        ("arc", Source.ARC_EXTENSIONS, AGENTS | {"extension_health"}),
        ("direct", Source.ACTIVITY_LOG, LOGGED),
        ("uniform", Source.ACTIVITY_LOG, LOGGED),
        ("arc", Source.ARC_ACTIVITY_LOG, FAILURES),
        ("bulk", Source.EXTENSION_VERSIONS, LAG),
        ("arc", Source.ARC_EXTENSION_VERSIONS, LAG),
        ("uniform", Source.SCALE_SETS, {"model_auto_upgrade"}),
        ("flexible", Source.SCALE_SETS, {"model_auto_upgrade"}),
        ("direct", Source.SCALE_SETS, set()),
        ("direct", Source.RESOURCE_GROUPS, {"managed_by"}),
        ("arc", Source.RESOURCE_GROUPS, {"managed_by"}),
        ("direct", Source.DATA_COLLECTION_RULE_ASSOCIATIONS, {"data_collection_rules"}),
        ("uniform", Source.DATA_COLLECTION_RULE_ASSOCIATIONS, {"data_collection_rules"}),
        ("arc", Source.DATA_COLLECTION_RULE_ASSOCIATIONS, {"data_collection_rules"}),
        ("direct", Source.DATA_COLLECTION_RULES, set()),
        ("direct", Source.HEARTBEATS, {"last_heartbeat", "heard", "silent_for"}),
    ],
)
def test_a_reading_that_is_both_complete_and_not_is_not_complete(kind: str, source: Source, lost: set[str]) -> None:
    """The same scope asked twice, refused once: the rows are there all the same, and what they do not tell is lost."""
    estate = whole(kind, {})
    [told] = [each for each in estate.readings() if each.source is source]
    refused = Reading(told.source, told.scope.upper(), False, 0, told.read_at, told.window_start, told.window_end, 403)

    row = only(estate.frames(refused)["extensions"])

    assert {column.name for column in derived("extensions") if not known(row, column)} == lost


@pytest.mark.parametrize(
    ("kind", "beside"),
    [
        ("bulk", reading(Source.INSTANCE_VIEW, MACHINE)),
        ("direct", reading(Source.EXTENSIONS, SUBSCRIPTION)),
        ("flexible", reading(Source.EXTENSIONS, SUBSCRIPTION)),
        ("uniform", reading(Source.INSTANCE_VIEW, INSTANCE)),
        ("arc", reading(Source.ARC_EXTENSIONS, SERVER)),
    ],
)
def test_a_machine_that_was_read_by_itself_needs_no_list_and_the_other_way_round(kind: str, beside: Reading) -> None:
    estate = whole(kind, {}).without(*EXTENSIONS)

    assert the_machine(estate)["monitor_agents"] is None
    assert the_machine(estate, beside)["monitor_agents"] == 1


@pytest.mark.parametrize(
    ("kind", "beside"),
    [
        ("arc", reading(Source.EXTENSIONS, SUBSCRIPTION)),
        ("uniform", reading(Source.EXTENSIONS, SUBSCRIPTION)),
        ("bulk", reading(Source.ARC_EXTENSIONS, SUBSCRIPTION)),
        ("bulk", reading(Source.SCALE_SETS, SUBSCRIPTION)),
        ("bulk", reading(Source.INSTANCE_VIEW, f"{MACHINE}0")),
    ],
)
def test_what_was_read_of_other_machines_says_nothing_of_this_one(kind: str, beside: Reading) -> None:
    estate = whole(kind, {}).without(*EXTENSIONS)

    assert the_machine(estate, beside)["monitor_agents"] is None
