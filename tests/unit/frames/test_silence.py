"""When silence is known: where the machine was heard of, or would have been."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auditor.model.reading import Source
from tests.unit.frames.parts import (
    INSTANCE,
    MACHINE,
    NOW,
    SCALE_SET,
    SERVER,
    WINDOW_START,
    WORKSPACE,
    Estate,
    ago,
    association,
    collection_rule,
    machine,
    operation,
    reading,
    server,
    stay,
    the_machine,
    with_arc,
    with_uniform,
)

OTHER = WORKSPACE.replace("9", "8")
WINDOW = NOW - WINDOW_START
DAY = timedelta(days=1)


def heard(estate: Estate, *more: Any) -> tuple[Any, Any, Any]:
    found = the_machine(estate, *more)
    return found["heard"], found["silent_for.low"], found["silent_for.high"]


def unheard(*associations: Any, rules: Any = None) -> Estate:
    """A machine that no queried workspace heard of; there is one rule, which sends to a queried one."""
    known = (collection_rule(),) if rules is None else rules
    return Estate(heartbeats=(), associations=associations, data_collection_rules=known)


NOT_KNOWN = (None, None, None)
AT_LEAST_THE_WINDOW = ("no", WINDOW, None)


@pytest.mark.parametrize(
    ("associations", "rules", "told"),
    [
        ((association(),), (collection_rule(),), AT_LEAST_THE_WINDOW),
        ((association("/RULES/Central"),), (collection_rule(workspaces=WORKSPACE.upper()),), AT_LEAST_THE_WINDOW),
        # One that sends to no workspace takes nothing away; it alone brings no heartbeat either.
        (
            (association(), association("/rules/metrics")),
            (collection_rule(), collection_rule("/rules/metrics", "none")),
            AT_LEAST_THE_WINDOW,
        ),
        ((association("/rules/metrics"),), (collection_rule("/rules/metrics", "none"),), NOT_KNOWN),
        ((association(),), (collection_rule(workspaces=f"{OTHER},{WORKSPACE}"),), NOT_KNOWN),
        ((association(), association("/rules/other")), (collection_rule(),), NOT_KNOWN),
        ((association(),), (collection_rule(workspaces=None),), NOT_KNOWN),
        ((association(),), (), NOT_KNOWN),
        ((association("none"),), (collection_rule(),), NOT_KNOWN),
        ((association(), association(None)), (collection_rule(),), NOT_KNOWN),
        ((association(holder=f"{MACHINE}0"),), (collection_rule(),), NOT_KNOWN),
        ((), (collection_rule(),), NOT_KNOWN),
    ],
)
def test_a_machine_would_have_been_heard_of_only_where_all_its_rules_send_to_queried_workspaces(
    associations: Any, rules: Any, told: Any
) -> None:
    assert heard(unheard(*associations, rules=rules)) == told


def test_a_machine_that_was_heard_of_needs_no_rule() -> None:
    estate = Estate(heartbeats=(stay("1.36.1", ago(days=9), ago(days=3)),))

    assert heard(estate) == ("yes", 3 * DAY, 3 * DAY)
    assert heard(estate.without(Source.DATA_COLLECTION_RULE_ASSOCIATIONS)) == ("yes", 3 * DAY, 3 * DAY)


def test_nothing_is_silent_for_longer_than_it_has_been_there() -> None:
    young = replace(unheard(association()), machines=(machine(created_at=ago(hours=30)),))

    assert heard(young) == ("no", timedelta(hours=30), None)


@pytest.mark.parametrize("source", [Source.DATA_COLLECTION_RULE_ASSOCIATIONS, Source.HEARTBEATS])
def test_what_was_not_read_says_nothing(source: Source) -> None:
    estate = unheard(association())
    refused = reading(source, WORKSPACE if source is Source.HEARTBEATS else "x", complete=False)

    assert heard(estate) == AT_LEAST_THE_WINDOW
    if source is Source.HEARTBEATS:
        assert heard(estate, refused) == NOT_KNOWN
    else:
        assert heard(estate.without(source)) == NOT_KNOWN


def test_without_a_workspace_nobody_is_silent() -> None:
    assert heard(replace(unheard(association()), heartbeats=None)) == NOT_KNOWN


def test_instances_of_a_uniform_scale_set_follow_the_rules_of_their_set() -> None:
    own = {"heartbeats": (), "data_collection_rules": (collection_rule(),)}
    of_set, of_instance = (
        with_uniform(associations=(association(holder=each),), **own) for each in (SCALE_SET, INSTANCE)
    )

    assert heard(of_set) == AT_LEAST_THE_WINDOW
    assert heard(of_instance) == NOT_KNOWN
    assert [the_machine(each)["data_collection_rules"] for each in (of_set, of_instance)] == [1, 0]


def test_a_heartbeat_under_the_id_of_the_whole_set_may_be_of_any_instance() -> None:
    beat = stay("1.36.1", ago(days=9), machine_id=SCALE_SET.lower())
    rules = {"associations": (association(holder=SCALE_SET),), "data_collection_rules": (collection_rule(),)}

    assert heard(with_uniform(heartbeats=(beat,), **rules)) == NOT_KNOWN


def test_a_server_is_silent_by_its_own_rules() -> None:
    rules = {"associations": (association(holder=SERVER),), "data_collection_rules": (collection_rule(),)}

    assert heard(with_arc(heartbeats=(), **rules)) == AT_LEAST_THE_WINDOW


# --- since when it runs ---


def running(*operations: Any, **state: Any) -> tuple[Any, Any]:
    found = the_machine(Estate(machines=(machine(**state),), operations=operations))
    return found["running_for.low"], found["running_for.high"]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("operations", "state", "told"),
    [
        ((), {}, (WINDOW, None)),
        ((), {"created_at": ago(days=3)}, (3 * DAY, None)),
        ((), {"created_at": None}, (None, None)),
        ((operation(ago(hours=2), action="start"),), {}, (2 * HOUR, 2 * HOUR)),
        ((operation(ago(hours=2), "running", action="start"),), {}, (2 * HOUR, 2 * HOUR)),
        ((operation(ago(hours=2), "failed", action="start"),), {}, (WINDOW, None)),
        (
            (operation(ago(hours=9), action="deallocate"), operation(ago(hours=2), action="start")),
            {},
            (2 * HOUR, 2 * HOUR),
        ),
        # It runs though it was stopped: its start is not logged yet.
        ((operation(ago(hours=9), action="deallocate"),), {}, (timedelta(0), 9 * HOUR)),
        ((), {"availability": "stopped", "power_state": "deallocated"}, (timedelta(0), timedelta(0))),
        ((), {"availability": None, "power_state": None}, (None, None)),
    ],
)
def test_a_machine_runs_since_its_last_start(operations: Any, state: Any, told: Any) -> None:
    assert running(*operations, **state) == told


def test_without_the_log_nobody_knows_since_when_a_machine_runs() -> None:
    found = the_machine(Estate().without(Source.ACTIVITY_LOG))

    assert (found["running_for.low"], found["running_for.high"]) == (None, None)


def test_what_was_done_to_a_whole_scale_set_was_meant_for_an_instance_or_not() -> None:
    started = operation(ago(hours=2), action="start", machine_id=SCALE_SET)
    found = the_machine(with_uniform(operations=(started,)))

    assert (found["running_for.low"], found["running_for.high"]) == (2 * HOUR, None)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"status_changed_at": ago(hours=4)}, (4 * HOUR, 4 * HOUR)),
        ({"status_changed_at": None}, (None, None)),
        ({"availability": "disconnected", "status_changed_at": ago(hours=4)}, (timedelta(0), timedelta(0))),
    ],
)
def test_a_server_is_connected_since_its_status_changed(state: Any, told: Any) -> None:
    found = the_machine(with_arc(machines=(server(**state),)).without(Source.ARC_ACTIVITY_LOG))

    assert (found["running_for.low"], found["running_for.high"]) == told
