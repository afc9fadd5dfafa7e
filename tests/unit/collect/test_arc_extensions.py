"""Arc-enabled servers and their extensions: what runs is told, what was asked for is not, an absent flag is unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.session import Session
from auditor.collect.sources.arc_extensions import arc_extension_row, list_extensions, read_server
from auditor.model.reading import Harvest, Reading, Row, Source
from tests.real.replay import Answer, Replay

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SERVER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/srv"
LIST = f"{SERVER}/extensions"
CHANGED = datetime(2026, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 10, tzinfo=UTC)
LISTED: Row = {
    "id": SERVER,
    "kind": "arc",
    "name": "srv",
    "subscription_id": SUBSCRIPTION,
    "resource_group": "rg",
    "power_state": "Connected",
    "availability": "running",
    "status_changed_at": CHANGED,
}


def extension(name: str = "AMA", **properties: Any) -> dict[str, Any]:
    """As recorded, but for the agent's names; a key set to ... is left out."""
    told = {
        "publisher": "Microsoft.Azure.Monitor",
        "type": "AzureMonitorLinuxAgent",
        "typeHandlerVersion": "1.33.1",
        "autoUpgradeMinorVersion": False,
        "enableAutomaticUpgrade": True,
        "provisioningState": "Succeeded",
        "instanceView": {"name": name, "typeHandlerVersion": "1.33.2", "status": {"code": "success"}},
        **properties,
    }
    return {
        "id": f"{LIST}/{name}",
        "name": name,
        "type": "Microsoft.HybridCompute/machines/extensions",
        "properties": {key: value for key, value in told.items() if value is not ...},
    }


def row_of(**properties: Any) -> Row:
    return arc_extension_row(extension(**properties), LISTED, NOW)


def only(harvest: Harvest) -> Reading:
    [reading] = harvest.readings
    assert reading.complete or (reading.reason and reading.close)
    assert (reading.source, reading.scope) == (Source.ARC_EXTENSIONS, SERVER)
    return reading


def test_an_extension_of_a_connected_server() -> None:
    assert row_of() == {
        "id": f"{LIST}/AMA",
        "machine_id": SERVER,
        "on": "machine",
        "publisher": "Microsoft.Azure.Monitor",
        "type": "AzureMonitorLinuxAgent",
        "name": "AMA",
        "auto_upgrade": "enabled",
        "auto_upgrade_minor": False,
        "installed_version": "1.33.2",
        "installed_version_source": "arc",
        "installed_version_at": NOW,
        "provisioning_state": "Succeeded",
        "instance_status": "success",
    }


FLAGS: list[tuple[object, str | None]] = [
    (True, "enabled"),
    (False, "disabled"),
    (..., None),
    (None, None),
    ("x", None),
]


@pytest.mark.parametrize(("written", "meant"), FLAGS)
def test_the_automatic_upgrade_on_arc(written: object, meant: str | None) -> None:
    """On Arc extensions are opted in by default, so that an absent flag is not known, not unset."""
    assert row_of(enableAutomaticUpgrade=written)["auto_upgrade"] == meant


@pytest.mark.parametrize("view", [..., None, {}, [], {"typeHandlerVersion": ""}, {"typeHandlerVersion": 1.2}])
def test_the_resource_tells_what_runs_where_the_view_does_not(view: object) -> None:
    row = row_of(instanceView=view)
    assert (row["installed_version"], row["installed_version_source"]) == ("1.33.1", "arc")
    assert row["instance_status"] is None


def test_without_a_version_nobody_told_one() -> None:
    row = row_of(instanceView=..., typeHandlerVersion=...)
    columns = ("installed_version", "installed_version_source", "installed_version_at")
    assert [row[column] for column in columns] == [None, None, None]


TOLD = {
    "Connected": NOW,
    "connected": NOW,
    "Disconnected": CHANGED,
    "Expired": CHANGED,
    "Error": CHANGED,
    None: CHANGED,
}


@pytest.mark.parametrize("status", TOLD)
def test_a_version_is_as_old_as_the_servers_last_word(status: str | None) -> None:
    row = arc_extension_row(extension(), {**LISTED, "power_state": status}, NOW)
    assert row["installed_version_at"] == TOLD[status]


@pytest.mark.parametrize("status", ["0", "51", "success", "error"])
def test_a_status_is_one_object_with_a_code(status: str) -> None:
    assert row_of(instanceView={"status": {"code": status}})["instance_status"] == status
    assert row_of(instanceView={"status": [{"code": status}]})["instance_status"] is None


def test_an_extension_with_neither_id_nor_name_is_still_one() -> None:
    row = arc_extension_row({"properties": {}}, LISTED, NOW)
    assert (row["id"], row["name"]) == (f"{LIST}/(unnamed)", "(unnamed)")


# --- lists ---


def test_a_servers_extensions_over_two_pages(replay: Replay, session: Session) -> None:
    following = f"{replay.origin}/more"
    replay.give(LIST, Answer.json({"value": [extension("a"), extension("b")], "nextLink": following}))
    replay.give("/more", Answer.json({"value": [extension("b"), extension("c")]}))
    harvest = list_extensions(session, dict(LISTED))
    assert [row["name"] for row in harvest.rows["extensions"]] == ["a", "b", "c"]
    assert harvest.rows["machines"] == [{**LISTED, "extensions_read": "yes"}]
    assert (only(harvest).complete, only(harvest).rows) == (True, 3)


def test_a_server_without_extensions_was_read(replay: Replay, session: Session) -> None:
    replay.give(LIST, Answer.json({"value": []}))
    harvest = list_extensions(session, dict(LISTED))
    assert (only(harvest).complete, harvest.rows) == (True, {"machines": [{**LISTED, "extensions_read": "yes"}]})


def test_a_list_that_breaks_off_keeps_what_was_read(replay: Replay, session: Session) -> None:
    replay.give(LIST, Answer.json({"value": [extension()], "nextLink": f"{replay.origin}/more"}))
    harvest = list_extensions(session, dict(LISTED))
    assert len(harvest.rows["extensions"]) == 1
    assert harvest.rows["machines"] == [{**LISTED, "extensions_read": "no"}]
    assert (only(harvest).complete, only(harvest).status) == (False, 404)


# --- the server itself ---


def server(**properties: Any) -> dict[str, Any]:
    return {"id": SERVER.upper(), "name": "srv", "location": "westus", "properties": properties}


def test_a_server_by_itself_is_told_as_it_is_now(replay: Replay, session: Session) -> None:
    """Listed as connected, it has been disconnected since: its version is as old as that."""
    replay.give(SERVER, Answer.json(server(status="Disconnected", lastStatusChange="2026-01-09T08:00:00Z")))
    replay.give(LIST, Answer.json({"value": [extension()]}))
    harvest = read_server(session, dict(LISTED))
    [machine] = harvest.rows["machines"]
    assert (machine["id"], machine["availability"], machine["power_state"]) == (SERVER, "disconnected", "Disconnected")
    assert (machine["extensions_read"], machine["read_at"]) == ("yes", session.clock())
    [row] = harvest.rows["extensions"]
    assert (row["machine_id"], row["installed_version_at"]) == (SERVER, datetime(2026, 1, 9, 8, tzinfo=UTC))
    assert only(harvest).complete


def test_a_new_server_tells_no_status(replay: Replay, session: Session) -> None:
    """Recorded: ``properties: {}`` and machines without ``status``; the list's older word must not stand for it."""
    replay.give(SERVER, Answer.json(server()))
    replay.give(LIST, Answer.json({"value": []}))
    [machine] = read_server(session, dict(LISTED)).rows["machines"]
    assert (machine["availability"], machine["power_state"], machine["status_changed_at"]) == (None, None, None)


@pytest.mark.parametrize("answer", [Answer(404), Answer(403), Answer.json({}), Answer.json([]), Answer(200, b"<html>")])
def test_a_server_that_does_not_answer_is_a_gap_that_keeps_its_row(
    replay: Replay, session: Session, answer: Answer
) -> None:
    replay.give(SERVER, answer)
    harvest = read_server(session, dict(LISTED))
    assert harvest.rows == {"machines": [{**LISTED, "extensions_read": "no"}]}
    assert not only(harvest).complete
    assert replay.asked_for(LIST) == [], "nothing more is asked of it"


KEYS = st.sampled_from(["id", "name", "properties", "instanceView", "status", "code", "typeHandlerVersion", "type"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["", "1.2", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(st.dictionaries(KEYS, ANYTHING, max_size=5))
def test_whatever_an_extension_is_it_is_a_row(entry: dict[str, Any]) -> None:
    row = arc_extension_row(entry, LISTED, NOW)
    assert isinstance(row["id"], str) and isinstance(row["name"], str)
    assert row["auto_upgrade"] in ("enabled", "disabled", None)
    assert all(isinstance(value, (str, bool, datetime, type(None))) for value in row.values())
