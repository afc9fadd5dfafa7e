"""What is derived for machines: when they last ran, their heartbeats, their agents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from auditor.model.reading import Reading, Row, Service, Source
from tests.unit.frames.parts import (
    INSTANCE,
    MACHINE,
    NOW,
    SCALE_SET,
    SUBSCRIPTION,
    WINDOW_START,
    WORKSPACE,
    Estate,
    ago,
    extension,
    flexible,
    in_bulk,
    instance,
    machine,
    operation,
    reading,
    server,
    stay,
    the_machine,
    with_arc,
    with_flexible,
    with_uniform,
)

DEALLOCATED: dict[str, Any] = {
    "availability": "stopped",
    "power_state": "deallocated",
    "agent_state": None,
    "agent_at": None,
}
STOPPED: dict[str, Any] = {**DEALLOCATED, "power_state": "stopped"}
NO_LOG = frozenset({Source.ACTIVITY_LOG})
DAY = timedelta(days=1)


def last_ran(
    *operations: Row,
    beats: tuple[Row, ...] | None = None,
    incomplete: frozenset[Source] = frozenset(),
    **state: Any,
) -> tuple[datetime | None, datetime | None, str | None]:
    """The bounds, and who told them."""
    found = the_machine(
        Estate(machines=(machine(**state),), operations=operations, heartbeats=beats, incomplete=incomplete)
    )
    low, high = found["last_ran.low"], found["last_ran.high"]
    stopped = found["days_stopped.low"], found["days_stopped.high"]
    assert stopped == (None if high is None else NOW - high, None if low is None else NOW - low)
    return low, high, found["last_ran_source"]


def test_running_is_now_whatever_the_log_says() -> None:
    assert last_ran() == (NOW, NOW, "instance_view")
    assert last_ran(operation(ago(days=2), action="deallocate")) == (NOW, NOW, "instance_view")
    assert last_ran(incomplete=NO_LOG) == (NOW, NOW, "instance_view")


def test_a_machine_of_unknown_state_last_ran_nobody_knows_when() -> None:
    unknown: dict[str, Any] = {"availability": None, "power_state": None}

    assert last_ran(operation(ago(days=2), action="deallocate"), **unknown) == (None, None, None)


@pytest.mark.parametrize("action", ["deallocate", "power_off"])
def test_a_stop_in_the_log_tells_it_exactly(action: str) -> None:
    assert last_ran(operation(ago(days=2), action=action), **STOPPED) == (ago(days=2), ago(days=2), "activity_log")


def test_the_last_stop_counts() -> None:
    stops = [operation(ago(days=number), action="deallocate") for number in (9, 2, 5)]

    assert last_ran(*stops, **DEALLOCATED)[:2] == (ago(days=2), ago(days=2))


def test_a_start_after_the_last_stop_means_that_it_was_shut_down_from_within() -> None:
    found = last_ran(operation(ago(days=5), action="power_off"), operation(ago(days=3), action="start"), **STOPPED)

    assert found == (ago(days=3), NOW, "activity_log")


def test_a_start_before_the_last_stop_says_nothing_more() -> None:
    found = last_ran(operation(ago(days=3), action="start"), operation(ago(days=2), action="deallocate"), **DEALLOCATED)

    assert found[:2] == (ago(days=2), ago(days=2))


def test_a_deallocated_machine_without_an_event_was_stopped_before_the_window() -> None:
    assert last_ran(**DEALLOCATED) == (None, WINDOW_START, "activity_log")


@pytest.mark.parametrize("power", ["stopped", "stopping", "deallocating", None])
def test_no_event_bounds_deallocated_machines_only(power: str | None) -> None:
    """A machine that is shut down from within leaves no event."""
    assert last_ran(availability="stopped", power_state=power) == (None, None, None)


def test_another_machines_events_count_for_nothing() -> None:
    elsewhere = operation(ago(days=2), action="deallocate", machine_id=f"{MACHINE}0")

    assert last_ran(elsewhere, **DEALLOCATED) == (None, WINDOW_START, "activity_log")


def test_events_are_matched_in_any_letter_case() -> None:
    shouted = operation(ago(days=2), action="deallocate", machine_id=MACHINE.upper())

    assert last_ran(shouted, **DEALLOCATED)[:2] == (ago(days=2), ago(days=2))


@pytest.mark.parametrize("outcome", ["running", "failed"])
def test_a_stop_without_a_logged_success_is_an_event_all_the_same(outcome: str) -> None:
    """The log often has no end: the machine was not stopped before the window, as if there were no event at all."""
    event = operation(ago(days=2), outcome, "deallocate")

    assert last_ran(event, **DEALLOCATED) == (ago(days=2), NOW, "activity_log")


def test_a_start_without_an_end_may_have_started_it() -> None:
    found = last_ran(
        operation(ago(days=4), action="deallocate"), operation(ago(days=2), "running", "start"), **DEALLOCATED
    )

    assert found[:2] == (ago(days=2), NOW)


def test_a_start_that_failed_says_nothing() -> None:
    assert last_ran(operation(ago(days=2), "failed", "start"), **DEALLOCATED) == (None, WINDOW_START, "activity_log")


def test_writes_of_extensions_are_no_power_events() -> None:
    assert last_ran(operation(ago(days=2)), **DEALLOCATED) == (None, WINDOW_START, "activity_log")


# --- who told the state ---


def test_a_running_machine_of_resource_graphs_list_runs_as_that_says() -> None:
    assert last_ran_of(in_bulk()) == (NOW, NOW, "resource_graph")
    assert last_ran_of(in_bulk(), reading(Source.INSTANCE_VIEW, MACHINE)) == (NOW, NOW, "instance_view")
    unread = reading(Source.INSTANCE_VIEW, MACHINE, complete=False)
    assert last_ran_of(in_bulk(), unread) == (NOW, NOW, "resource_graph")


def test_a_flexible_instance_is_told_of_as_virtual_machines_are() -> None:
    assert last_ran_of(in_bulk(machines=(flexible(),))) == (NOW, NOW, "resource_graph")
    assert last_ran_of(with_flexible()) == (NOW, NOW, "instance_view")


def test_an_instance_of_a_uniform_scale_set_is_told_of_by_its_view() -> None:
    by_graph = reading(Source.VIRTUAL_MACHINES, SUBSCRIPTION, by=Service.RESOURCE_GRAPH)

    assert last_ran_of(with_uniform(), by_graph) == (NOW, NOW, "instance_view")


def last_ran_of(estate: Estate, *more: Reading) -> tuple[datetime | None, datetime | None, str | None]:
    found = the_machine(estate, *more)
    return found["last_ran.low"], found["last_ran.high"], found["last_ran_source"]


def test_a_machine_that_nobody_read_at_a_known_time_is_as_of_now() -> None:
    assert last_ran(read_at=None) == (NOW, NOW, "instance_view")


def test_a_deallocated_machine_of_resource_graphs_list_is_bounded_by_the_window() -> None:
    """The list does not tell when Azure last changed the machine."""
    listed = in_bulk(machines=(machine(**DEALLOCATED, provisioned_at=None),))

    assert last_ran_of(listed) == (None, WINDOW_START, "activity_log")
    young = in_bulk(machines=(machine(**DEALLOCATED, created_at=ago(days=2)),))
    assert last_ran_of(young) == (None, ago(days=2), "activity_log")


# --- Arc ---


def of_server(**state: Any) -> tuple[datetime | None, datetime | None, str | None]:
    return last_ran_of(with_arc(machines=(server(**state),)))


def test_a_connected_server_runs_now() -> None:
    assert of_server() == (NOW, NOW, "arc")


def test_a_disconnected_server_ran_until_its_status_changed_and_may_run_still() -> None:
    found = the_machine(with_arc(machines=(server(availability="disconnected", status_changed_at=ago(days=9)),)))

    assert (found["last_ran.low"], found["last_ran.high"], found["last_ran_source"]) == (ago(days=9), NOW, "arc")
    assert (found["days_stopped.low"], found["days_stopped.high"]) == (timedelta(0), timedelta(days=9))


def test_a_server_whose_status_changed_while_it_was_read_ran_then() -> None:
    """The clock of the night may be a given one, behind Azure's."""
    ahead = NOW + timedelta(minutes=5)

    assert of_server(availability="disconnected", status_changed_at=ahead) == (NOW, NOW, "arc")


@pytest.mark.parametrize(
    "state",
    [
        {"availability": "disconnected", "status_changed_at": None},
        {"availability": "expired"},
        {"availability": None, "power_state": None},
    ],
    ids=str,
)
def test_of_any_other_server_nobody_knows_when_it_last_ran(state: dict[str, Any]) -> None:
    assert of_server(**state) == (None, None, None)


def test_a_servers_state_is_known_without_any_log() -> None:
    gone = server(availability="disconnected", status_changed_at=ago(days=9))

    unread = with_arc(machines=(gone,)).without(Source.ARC_ACTIVITY_LOG)

    assert last_ran_of(unread) == (ago(days=9), NOW, "arc")


# --- instances of scale sets ---


def of_instance(*operations: Row, **state: Any) -> tuple[datetime | None, datetime | None, str | None]:
    return last_ran_of(with_uniform(machines=(instance(**{**DEALLOCATED, **state}),), operations=operations))


def test_an_instances_own_stop_tells_it_exactly() -> None:
    own = operation(ago(days=2), action="deallocate", machine_id=INSTANCE)

    assert of_instance(own) == (ago(days=2), ago(days=2), "activity_log")


def test_a_stop_of_the_whole_set_may_have_stopped_it_or_found_it_stopped() -> None:
    whole = operation(ago(days=2), action="deallocate", machine_id=SCALE_SET.upper())

    assert of_instance(whole) == (None, ago(days=2), "activity_log")
    own = operation(ago(days=5), action="deallocate", machine_id=INSTANCE)
    assert of_instance(whole, own) == (ago(days=5), ago(days=2), "activity_log")


def test_a_stop_of_the_whole_set_before_its_own_says_nothing_more() -> None:
    whole = operation(ago(days=9), action="deallocate", machine_id=SCALE_SET)
    own = operation(ago(days=5), action="deallocate", machine_id=INSTANCE)

    assert of_instance(whole, own) == (ago(days=5), ago(days=5), "activity_log")


@pytest.mark.parametrize(
    ("action", "outcome"), [("start", "succeeded"), ("start", "running"), ("deallocate", "failed")]
)
def test_a_start_of_the_whole_set_may_have_started_it(action: str, outcome: str) -> None:
    own = operation(ago(days=5), action="deallocate", machine_id=INSTANCE)
    whole = operation(ago(days=2), outcome, action, machine_id=SCALE_SET)

    assert of_instance(own, whole) == (ago(days=5), NOW, "activity_log")
    assert of_instance(whole) == (None, NOW, "activity_log")


def test_the_events_of_another_set_count_for_nothing() -> None:
    elsewhere = operation(ago(days=2), action="deallocate", machine_id=f"{SCALE_SET}-2")

    assert of_instance(elsewhere) == (None, WINDOW_START, "activity_log")


# --- age ---


def test_a_machines_age_is_counted_from_when_it_was_made() -> None:
    assert the_machine(Estate(machines=(machine(created_at=ago(hours=5)),)))["age"] == timedelta(hours=5)
    assert the_machine(with_arc())["age"] is None


# --- heartbeats ---


def test_a_heartbeat_tells_when_a_machine_last_ran() -> None:
    """It left no event: shut down from within, or stopped before the window."""
    beats = (stay("1.36.1", ago(days=25), ago(days=20)),)

    assert last_ran(beats=beats, **STOPPED) == (ago(days=20), ago(days=20), "heartbeats")
    assert last_ran(beats=beats, **DEALLOCATED) == (ago(days=20), ago(days=20), "heartbeats")


def test_the_later_of_heartbeat_and_stop_counts() -> None:
    stop = operation(ago(days=5), action="deallocate")

    before = (stay("1.36.1", ago(days=25), ago(days=7)),)
    after = (stay("1.36.1", ago(days=25), ago(days=4)),)

    assert last_ran(stop, beats=before, **DEALLOCATED) == (ago(days=5), ago(days=5), "activity_log")
    assert last_ran(stop, beats=after, **DEALLOCATED) == (ago(days=4), ago(days=4), "heartbeats")


def test_a_start_after_the_last_heartbeat_leaves_the_end_open() -> None:
    beats = (stay("1.36.1", ago(days=25), ago(days=7)),)

    assert last_ran(operation(ago(days=6), action="start"), beats=beats, **STOPPED)[:2] == (ago(days=6), NOW)


def test_without_the_log_a_heartbeat_is_the_earliest_that_it_can_have_been() -> None:
    """A later start may be in what was not read."""
    beats = (stay("1.36.1", ago(days=25), ago(days=7)),)

    assert last_ran(beats=beats, incomplete=NO_LOG, **STOPPED) == (ago(days=7), NOW, "heartbeats")


def test_without_log_and_heartbeats_nobody_knows() -> None:
    event = operation(ago(days=2), action="deallocate")

    assert last_ran(event, incomplete=NO_LOG, **DEALLOCATED) == (None, None, None)


def test_heartbeats_of_all_workspaces_count_together() -> None:
    second = WORKSPACE.replace("9", "8")
    beats = (stay("1.36.1", ago(days=25), ago(days=7)), stay("1.36.1", ago(days=24), ago(days=9), workspace=second))

    assert last_ran(beats=beats, **STOPPED)[:2] == (ago(days=7), ago(days=7))


def silence(found: dict[str, Any]) -> tuple[Any, Any]:
    return found["silent_for.low"], found["silent_for.high"]


def test_silence_is_counted_from_the_last_heartbeat() -> None:
    found = the_machine(Estate(heartbeats=(stay("1.36.1", ago(days=9), ago(hours=5)),)))

    assert (found["last_heartbeat"], found["heard"]) == (ago(hours=5), "yes")
    assert silence(found) == (timedelta(hours=5), timedelta(hours=5))


@pytest.mark.parametrize("beats", [None, ()], ids=["not asked", "never heard"])
def test_silence_is_not_known_of_a_machine_that_nobody_heard(beats: tuple[()] | None) -> None:
    found = the_machine(Estate(heartbeats=beats))

    assert (found["last_heartbeat"], found["heard"], silence(found)) == (None, None, (None, None))


def test_silence_is_not_known_while_one_workspace_was_not_read() -> None:
    unread = reading(Source.HEARTBEATS, WORKSPACE.replace("9", "8"), complete=False)

    found = the_machine(Estate(heartbeats=(stay("1.36.1", ago(days=9), ago(hours=5)),)), unread)

    assert (found["last_heartbeat"], found["heard"], silence(found)) == (None, None, (None, None))


# --- agents ---


def agents(*extensions: Row, **state: Any) -> int | None:
    count: int | None = the_machine(Estate(machines=(machine(**state),), extensions=extensions))["monitor_agents"]
    return count


def test_agents_are_counted_by_publisher_and_type_and_not_by_name() -> None:
    windows = extension(id="2", type="AZUREMONITORWINDOWSAGENT", publisher="microsoft.azure.monitor")
    named_so = extension(
        id="3", publisher="Microsoft.Compute", type="CustomScriptExtension", name="AzureMonitorLinuxAgent"
    )

    assert agents() == 0
    assert agents(extension()) == 1
    assert agents(extension(), windows, named_so) == 2


def test_agents_are_not_counted_where_extensions_were_not_read() -> None:
    assert agents(extensions_read="no") is None
    assert agents(extensions_read=None) is None


@pytest.mark.parametrize("gone", ["publisher", "type"])
def test_agents_are_not_counted_where_nobody_knows_what_an_extension_is(gone: str) -> None:
    assert agents(extension(), extension(id="2", **{gone: None})) is None


def test_agents_are_not_counted_where_the_machine_was_read_in_part() -> None:
    """The resources are there and the view is not: what else the machine reports is not known."""
    estate = Estate(machines=(machine(availability=None),)).without(Source.INSTANCE_VIEW)

    assert the_machine(estate)["monitor_agents"] is None


def test_a_deallocation_whose_event_is_late_leaves_its_mark_on_the_machine() -> None:
    """Else a machine that was deallocated minutes ago would count as stopped for the whole look-back."""
    found = last_ran(**DEALLOCATED, provisioned_at=ago(minutes=5))

    assert found == (None, ago(minutes=5), "activity_log")


def test_a_machine_that_was_made_within_the_window_was_not_stopped_before_it() -> None:
    assert last_ran(**DEALLOCATED, created_at=ago(days=2))[:2] == (None, ago(days=2))


def test_what_was_done_before_a_machine_was_made_was_done_to_another_one_of_its_id() -> None:
    stopped = operation(ago(days=9), action="deallocate")

    assert last_ran(stopped, **DEALLOCATED, created_at=ago(days=10))[:2] == (ago(days=9), ago(days=9))
    assert last_ran(stopped, **DEALLOCATED, created_at=ago(days=2))[:2] == (None, ago(days=2))
