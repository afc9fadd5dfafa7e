"""What an extension's row is made of beside what its own answer said: the machine, and fresh heartbeats."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    EXTENSION,
    MACHINE,
    WORKSPACE,
    Estate,
    ago,
    extension,
    machine,
    reading,
    stay,
    the_extension,
)

HEARD = stay("1.37.0", ago(days=3), ago(minutes=2))
NOT_SHOWN = {"installed_version": None, "installed_version_source": None, "installed_version_at": None}


def installed(*extensions: Row, beats: tuple[Row, ...] = (HEARD,), **state: Any) -> tuple[Any, Any, Any]:
    found = the_extension(Estate(machines=(machine(**state),), extensions=extensions, heartbeats=beats))
    return found["installed_version"], found["installed_version_source"], found["installed_version_at"]


def test_a_machines_columns_stand_beside_its_extensions() -> None:
    found = the_extension(Estate(machines=(machine(tags='{"env":"prod"}'),)))

    assert (found["machine_name"], found["name"]) == ("web-1", "AMA")
    assert (found["machine_created_at"], found["created_at"]) == (ago(days=400), None)
    assert (found["tags"], found["os"], found["location"], found["kind"]) == (
        '{"env":"prod"}',
        "linux",
        "japaneast",
        "vm",
    )
    assert found["subscription_name"] == "First"


def test_a_version_that_the_machine_shows_freshly_stands() -> None:
    assert installed(extension())[:2] == ("1.36.1", "instance_view")


@pytest.mark.parametrize(
    "shown",
    [NOT_SHOWN, {"installed_version_at": None}, {"installed_version_at": ago(days=1, seconds=1)}],
    ids=["none", "of unknown age", "old"],
)
def test_a_fresh_heartbeat_tells_what_a_running_machine_does_not_show_freshly(shown: dict[str, Any]) -> None:
    assert installed(extension(**shown)) == ("1.37.0", "heartbeats", ago(minutes=2))


def test_the_last_heartbeat_tells() -> None:
    beats = (HEARD, stay("1.35.9", ago(days=20), ago(days=4)))

    assert installed(extension(**NOT_SHOWN), beats=beats)[0] == "1.37.0"


def test_what_two_workspaces_heard_of_one_stay_is_one_stay() -> None:
    """The second heard the agent for a day only; the first hears it still."""
    second = WORKSPACE.replace("9", "8")
    beats = (stay("1.37.0", ago(days=20)), stay("1.37.0", ago(days=9), ago(days=8), workspace=second))

    assert installed(extension(**NOT_SHOWN), beats=beats)[0] == "1.37.0"


def test_a_heartbeat_of_the_day_before_yesterday_tells_nothing() -> None:
    beats = (stay("1.37.0", ago(days=9), ago(days=1, seconds=1)),)

    assert installed(extension(**NOT_SHOWN), beats=beats) == (None, None, None)


def test_a_heartbeat_does_not_tell_what_a_machine_runs_of_which_nothing_is_known() -> None:
    assert installed(extension(**NOT_SHOWN), availability=None) == (None, None, None)


def test_a_stopped_machine_that_shows_nothing_runs_again_what_its_last_heartbeat_told() -> None:
    version, source, _at = installed(extension(**NOT_SHOWN), availability="stopped")
    assert (version, source) == ("1.37.0", "heartbeats")


def test_with_two_agents_nobody_knows_which_one_sent_it() -> None:
    assert installed(extension(**NOT_SHOWN), extension(id="2")) == (None, None, None)


def test_heartbeats_are_the_monitor_agents_alone() -> None:
    other = extension(**NOT_SHOWN, publisher="Microsoft.Compute", type="CustomScriptExtension")

    assert installed(other, extension(id="2")) == (None, None, None)


def test_with_one_workspace_unread_no_heartbeat_is_known_to_be_the_last() -> None:
    unread = reading(Source.HEARTBEATS, WORKSPACE.replace("9", "8"), complete=False)

    found = the_extension(Estate(extensions=(extension(**NOT_SHOWN),), heartbeats=(HEARD,)), unread)

    assert found["installed_version"] is None


def test_the_lag_is_counted_from_what_the_heartbeat_told() -> None:
    found = the_extension(Estate(extensions=(extension(**NOT_SHOWN),), heartbeats=(stay("1.35.9", ago(days=3)),)))

    assert found["releases_behind"] == 1


def test_an_extension_whose_machine_is_not_there_keeps_its_row() -> None:
    found = the_extension(Estate(machines=()))

    assert (found["id"], found["machine_id"], found["machine_name"]) == (EXTENSION, MACHINE, None)
    assert (found["latest_version"], found["last_failure"]) == (None, None)
