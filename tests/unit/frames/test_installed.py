"""Which version counts as installed, and what another source tells instead: Arc's own, and sources that disagree."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    INSTANCE,
    NOW,
    SERVER,
    WORKSPACE,
    Estate,
    ago,
    extension,
    in_bulk,
    in_model,
    machine,
    on,
    reading,
    server,
    stay,
    the_extension,
    with_arc,
    with_uniform,
)

NOTHING = (None, None)
INSTALLED = ("installed_version", "installed_version_source", "installed_version_at")
OTHER = ("other_version", "other_version_source", "other_version_at")


def arc(version: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    return the_extension(with_arc(machines=(server(**state),), extensions=(on(SERVER, **(version or {})),)))


def installed(found: dict[str, Any]) -> tuple[Any, Any, Any]:
    return found["installed_version"], found["installed_version_source"], found["installed_version_at"]


def last_known(found: dict[str, Any]) -> tuple[Any, Any]:
    return found["last_known_version"], found["last_known_at"]


# --- Arc ---


def test_a_connected_server_runs_what_arc_tells() -> None:
    found = arc()

    assert installed(found) == ("1.36.1", "arc", NOW)
    assert last_known(found) == NOTHING
    assert found["releases_behind"] == 0


def test_a_server_that_is_disconnected_for_a_day_at_most_runs_what_it_told() -> None:
    found = arc({"installed_version_at": ago(days=1)}, availability="disconnected", status_changed_at=ago(days=1))

    assert installed(found) == ("1.36.1", "arc", ago(days=1))
    assert last_known(found) == NOTHING


@pytest.mark.parametrize(
    "state",
    [
        {"availability": "disconnected", "status_changed_at": ago(days=1, seconds=1)},
        {"availability": "disconnected", "status_changed_at": None},
        {"availability": "expired", "status_changed_at": ago(days=60)},
        {"availability": "expired", "status_changed_at": ago(hours=1)},
        {"availability": None, "power_state": None, "status_changed_at": None},
        {"availability": None, "power_state": None, "status_changed_at": ago(hours=1)},
    ],
    ids=str,
)
def test_what_any_other_server_told_is_only_the_last_that_is_known(state: dict[str, Any]) -> None:
    found = arc({"installed_version_at": ago(days=9)}, **state)

    assert installed(found) == (None, None, None)
    assert last_known(found) == ("1.36.1", ago(days=9))
    assert (found["latest_version"], found["releases_behind"]) == (None, None)


def test_a_server_that_told_nothing_has_nothing_that_is_known() -> None:
    shown = dict.fromkeys(INSTALLED)

    assert last_known(arc(shown, availability="expired")) == NOTHING


def test_a_server_that_no_list_told_of_any_more_is_as_one_without_a_state() -> None:
    found = the_extension(with_arc(machines=()))

    assert installed(found) == (None, None, None)
    assert last_known(found) == ("1.36.1", NOW)


def test_a_disconnected_servers_settings_are_judged_on() -> None:
    found = arc(availability="disconnected", status_changed_at=ago(days=30))

    assert (found["auto_upgrade"], found["provisioning_state"]) == ("enabled", "Succeeded")


def test_a_virtual_machine_that_is_stopped_keeps_what_it_showed() -> None:
    stopped = machine(availability="stopped", power_state="deallocated")
    old = extension(installed_version_at=ago(days=30))

    found = the_extension(Estate(machines=(stopped,), extensions=(old,)))

    assert installed(found) == ("1.36.1", "instance_view", ago(days=30))
    assert last_known(found) == NOTHING


# --- Resource Graph tells no version ---


def test_resource_graphs_row_has_no_version_until_heartbeats_tell_it() -> None:
    assert installed(the_extension(in_bulk())) == (None, None, None)

    heard = the_extension(in_bulk(heartbeats=(stay("1.35.9", ago(days=3), ago(minutes=2)),)))
    assert installed(heard) == ("1.35.9", "heartbeats", ago(minutes=2))
    assert heard["releases_behind"] == 1


def test_heartbeats_tell_an_instances_version_too() -> None:
    unseen = on(INSTANCE, **dict.fromkeys(INSTALLED))
    beats = (stay("1.35.9", ago(days=3), machine_id=INSTANCE.lower()),)

    found = the_extension(with_uniform(extensions=(unseen, in_model()), heartbeats=beats))

    assert installed(found) == ("1.35.9", "heartbeats", NOW)


def test_a_heartbeat_from_before_the_machine_was_made_is_of_another_one_of_its_id() -> None:
    made = (machine(created_at=ago(hours=5)),)
    before, since = stay("1.36.1", ago(days=9), ago(hours=6)), stay("1.36.1", ago(days=9), ago(hours=1))

    assert installed(the_extension(in_bulk(machines=made, heartbeats=(before,)))) == (None, None, None)
    assert installed(the_extension(in_bulk(machines=made, heartbeats=(since,)))) == (
        "1.36.1", "heartbeats", ago(hours=1),
    )  # fmt: skip


def test_the_version_heard_last_counts_whichever_workspace_heard_it() -> None:
    other = stay("1.35.9", ago(days=2), ago(hours=3), workspace=WORKSPACE.replace("9", "8"))
    beats = (stay("1.36.1", ago(days=9), ago(hours=1)), other)

    assert installed(the_extension(in_bulk(heartbeats=beats))) == ("1.36.1", "heartbeats", ago(hours=1))


# --- sources that disagree ---


def other(heard: str, until: Any = NOW, beats: tuple[Row, ...] | None = None, **shown: Any) -> tuple[Any, ...]:
    stays = beats or (stay(heard, ago(days=20), until),)
    found = the_extension(Estate(extensions=(extension(**shown),), heartbeats=stays))
    return tuple(found[name] for name in OTHER)


def test_a_heartbeat_that_contradicts_what_the_machine_shows_is_told() -> None:
    assert other("1.37.0", ago(minutes=2)) == ("1.37.0", "heartbeats", ago(minutes=2))


def test_what_the_machine_showed_is_told_where_a_heartbeat_counts_instead() -> None:
    old = ago(days=3)

    assert other("1.37.0", installed_version_at=old) == ("1.36.1", "instance_view", old)
    assert other("1.37.0", installed_version_at=None) == ("1.36.1", "instance_view", None)
    agent = {"installed_version_source": "guest_agent", "installed_version_at": old}
    assert other("1.37.0", **agent) == ("1.36.1", "guest_agent", old)


@pytest.mark.parametrize("heard", ["1.36.1", "1.36.1.0"])
def test_sources_that_agree_are_told_once(heard: str) -> None:
    assert other(heard) == (None, None, None)
    assert other(heard, installed_version_at=ago(days=3)) == (None, None, None)


def test_a_heartbeat_from_before_the_last_upgrade_contradicts_nothing() -> None:
    assert other("1.35.9", ago(days=1, seconds=1)) == (None, None, None)


def test_where_nothing_was_shown_nothing_is_contradicted() -> None:
    assert other("1.37.0", **dict.fromkeys(INSTALLED)) == (None, None, None)


def test_with_two_agents_a_heartbeat_contradicts_neither() -> None:
    found = the_extension(
        Estate(extensions=(extension(), extension(id="2")), heartbeats=(stay("1.37.0", ago(days=20)),))
    )

    assert found["other_version"] is None


def test_with_one_workspace_unread_nothing_is_contradicted() -> None:
    unread = reading(Source.HEARTBEATS, WORKSPACE.replace("9", "8"), complete=False)

    assert the_extension(Estate(heartbeats=(stay("1.37.0", ago(days=20)),)), unread)["other_version"] is None


def test_heartbeats_contradict_arc_as_well() -> None:
    beats = (stay("1.35.9", ago(days=20), machine_id=SERVER.lower()),)

    found = the_extension(with_arc(heartbeats=beats))

    assert installed(found)[:2] == ("1.36.1", "arc")
    assert tuple(found[name] for name in OTHER) == ("1.35.9", "heartbeats", NOW)
