"""Whether an extension works: Azure's word for the resource, and the machine's own, told lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.frames.health import word_of
from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    INSTANCE,
    MACHINE,
    NOW,
    SERVER,
    SUBSCRIPTION,
    Estate,
    ago,
    extension,
    flexible,
    in_bulk,
    in_model,
    instance,
    machine,
    on,
    only,
    operation,
    reading,
    server,
    stay,
    the_extension,
    with_arc,
    with_flexible,
    with_uniform,
)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("Succeeded", "healthy"),
        ("succeeded", "healthy"),
        ("success", "healthy"),
        ("0", "healthy"),
        ("Creating", "changing"),
        ("Updating", "changing"),
        ("deleting", "changing"),
        ("transitioning", "changing"),
        ("Failed", "failed"),
        ("failed/1", "failed"),
        ("NotReady/21", "failed"),
        ("Canceled", "failed"),
        ("51", "failed"),
        # Several at once, in any order: the gravest speaks.
        ("succeeded, transitioning", "changing"),
        ("failed/51, succeeded", "failed"),
        ("succeeded, NotReady/21, odd", "failed"),
        # What nobody knows is no good news.
        ("odd", None),
        ("succeeded, odd", None),
        ("transitioning, odd", None),
        ("", None),
    ],
)
def test_what_states_and_statuses_say(told: str, word: str | None) -> None:
    assert word_of(told) == word


def health(estate: Estate) -> Any:
    return the_extension(estate)["extension_health"]


def shown(resource: str | None = "Succeeded", own: str | None = "succeeded", **state: Any) -> Any:
    """Of a machine that was read by itself."""
    agent = extension(provisioning_state=resource, instance_status=own)
    return health(Estate(machines=(machine(**state),), extensions=(agent,)))


@pytest.mark.parametrize(
    ("resource", "own", "expected"),
    [
        ("Succeeded", "succeeded", "healthy"),
        ("Succeeded", "failed/51", "failed"),
        ("Succeeded", "transitioning", "changing"),
        ("Succeeded", None, None),
        ("Succeeded", "odd", None),
        ("Failed", "succeeded", "failed"),
        ("Failed", None, "failed"),
        ("Updating", "succeeded", "changing"),
        ("Deleting", None, "changing"),
        ("odd", "succeeded", None),
        (None, "succeeded", None),
        (None, "failed/51", None),
    ],
)
def test_both_must_be_well_and_either_may_fail(resource: str | None, own: str | None, expected: str | None) -> None:
    assert shown(resource, own) == expected


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "state",
    [
        {"agent_state": "Not Ready"},
        {"agent_state": None},
        {"agent_at": None},
        {"agent_at": NOW - DAY - timedelta(seconds=1)},
        {"availability": None},
    ],
    ids=["not ready", "no agent", "no time", "old", "no power state"],
)
def test_what_a_machine_showed_long_ago_is_no_good_news_and_bad_news_stays(state: dict[str, Any]) -> None:
    assert shown(**state) is None
    assert shown(own="failed/51", **state) == "failed"


def stopped(agent_at: Any, *beats: Row, **changes: Any) -> Any:
    """Deallocated two days ago, by the log."""
    state = {"availability": "stopped", "power_state": "deallocated", "agent_at": agent_at, **changes}
    deallocated = operation(ago(days=2), action="deallocate")
    return health(Estate(machines=(machine(**state),), operations=(deallocated,), heartbeats=beats))


def test_what_a_stopped_machine_shows_counts_where_it_is_of_its_last_day() -> None:
    assert stopped(ago(days=2, hours=1)) == "healthy"
    assert stopped(ago(days=4)) is None
    assert stopped(ago(days=2), agent_state="Not Ready") is None


def test_of_a_machine_that_stopped_nobody_knows_when_nothing_is_known() -> None:
    state = {"availability": "stopped", "power_state": "stopped", "agent_at": ago(days=2)}

    assert health(Estate(machines=(machine(**state),))) is None


BEATING = (stay("1.36.1", ago(days=9)),)
SILENT = (stay("1.36.1", ago(days=9), NOW - DAY - timedelta(seconds=1)),)


def test_a_fresh_heartbeat_speaks_for_a_machine_that_nobody_read_by_itself() -> None:
    assert health(in_bulk(heartbeats=BEATING)) == "healthy"
    assert health(in_bulk(heartbeats=SILENT)) is None
    assert health(in_bulk()) is None


@pytest.mark.parametrize(("resource", "expected"), [("Failed", "failed"), ("Updating", "changing"), (None, None)])
def test_a_heartbeat_does_not_mend_what_azure_says_of_the_resource(resource: str | None, expected: str | None) -> None:
    agent = extension(provisioning_state=resource, instance_status=None, installed_version=None)

    assert health(in_bulk(extensions=(agent,), heartbeats=BEATING)) == expected


def test_a_heartbeat_says_nothing_of_other_extensions_nor_of_which_of_two_agents_sent_it() -> None:
    other = extension(id="2", publisher="Contoso", type="Thing", instance_status=None)
    agent = extension(instance_status=None)

    assert (
        only(in_bulk(extensions=(agent, other), heartbeats=BEATING).frames()["extensions"], 1)["extension_health"]
        is None
    )
    assert health(in_bulk(extensions=(agent, extension(id="2")), heartbeats=BEATING)) is None


@pytest.mark.parametrize("complete", [True, False])
def test_where_the_machine_was_asked_by_itself_only_its_own_answer_counts(complete: bool) -> None:
    """Were a heartbeat to speak for it, a refused question would turn what failed into what is well."""
    asked = reading(Source.INSTANCE_VIEW, MACHINE, complete=complete)

    assert the_extension(in_bulk(heartbeats=BEATING), asked)["extension_health"] is None


def test_a_stopped_machine_that_was_heard_until_its_last_day_was_well() -> None:
    state = {"availability": "stopped", "power_state": "deallocated", "agent_state": None, "agent_at": None}
    log = (operation(ago(days=2), action="deallocate"),)

    def of(until: Any) -> Any:
        return health(
            in_bulk(machines=(machine(**state),), operations=log, heartbeats=(stay("1.36.1", ago(days=9), until),))
        )

    assert of(ago(days=2, hours=3)) == "healthy"
    assert of(ago(days=4)) is None


def test_instances_of_scale_sets_are_told_by_their_list_and_models_by_nobody() -> None:
    frames = with_uniform(extensions=(on(INSTANCE, instance_status="failed/1"), in_model())).frames()
    assert [only(frames["extensions"], row)["extension_health"] for row in (0, 1)] == ["failed", None]
    unshown = with_uniform(machines=(instance(),), extensions=(on(INSTANCE, instance_status=None),))
    assert health(unshown) is None
    assert health(with_flexible(machines=(flexible(),))) == "healthy"


def test_a_status_of_a_reading_that_is_not_complete_does_not_count() -> None:
    assert health(Estate().without(Source.INSTANCE_VIEW)) is None
    assert health(with_uniform().without(Source.SCALE_SET_INSTANCES)) is None
    assert health(with_arc().without(Source.ARC_EXTENSIONS)) is None


@pytest.mark.parametrize(
    ("state", "own", "expected"),
    [
        ({}, "success", "healthy"),
        ({}, "0", "healthy"),
        ({}, "51", "failed"),
        ({}, None, None),
        ({"availability": "disconnected", "status_changed_at": ago(hours=5)}, "success", "healthy"),
        ({"availability": "disconnected", "status_changed_at": ago(days=3)}, "success", None),
        ({"availability": "disconnected", "status_changed_at": ago(days=3)}, "51", "failed"),
        ({"availability": "expired"}, "success", None),
        ({"availability": None}, "success", None),
    ],
)
def test_an_arc_enabled_servers_word_counts_while_it_is_connected(
    state: Row, own: str | None, expected: str | None
) -> None:
    told = with_arc(machines=(server(**state),), extensions=(on(SERVER, instance_status=own),))

    assert health(told) == expected


def test_a_heartbeat_does_not_speak_for_a_server() -> None:
    """Its own answer always tells the status: where it does not, something is odd."""
    beats = (stay("1.36.1", ago(days=9), machine_id=SERVER),)

    assert health(with_arc(extensions=(on(SERVER, instance_status=None),), heartbeats=beats)) is None


def test_bulk_answers_alone_never_say_that_an_extension_is_well() -> None:
    """Resource Graph tells the provisioning state, and no more."""
    told = in_bulk(extensions=(extension(instance_status="succeeded"),))

    assert health(told) is None
    assert SUBSCRIPTION in {each.scope for each in told.readings() if each.source is Source.EXTENSIONS}
