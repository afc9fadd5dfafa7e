"""Every recorded answer of Arc-enabled servers: their list over three pages, a server by itself, its extensions.

What a row must say is read off the recorded JSON here, in other words than the program's.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from auditor import collect
from auditor.model.reading import GONE, Harvest, Row, Source
from tests.real.night import AS_OF, SUBSCRIPTION, gather, give_subscription, open_session, servers_path
from tests.real.recordings import Json, answer_of, body_of
from tests.real.replay import Answer, Replay

PAGES = "hybridcompute/cli-2020-list-rg-7-pages"
EXTENSIONS = "hybridcompute/cli-2020-extensions"
OLD = "hybridcompute/python-2019-get-list-delete-404"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/AzcmagentTest/providers/Microsoft.HybridCompute/machines"
SERVER = f"{GROUP}/dorothy-Virtual-Machine"
STATES = {"Connected": "running", "Disconnected": "disconnected", "Expired": "expired", None: None}


def rehomed(replay: Replay, at: int) -> Answer:
    """The page with its next page's address on this server; the address is as recorded but for host and path."""
    body = body_of(PAGES, at)
    query = body["nextLink"].partition("?")[2]
    return Answer.json({**body, "nextLink": f"{replay.origin}{servers_path()}?{query}"})


def moment(text: str | None) -> datetime | None:
    """Some recorded times bear no offset: they are UTC all the same."""
    if text is None:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def expected(entry: Json) -> Json:
    properties = entry["properties"]
    return {
        "id": entry["id"],
        "kind": "arc",
        "name": entry["name"],
        "location": entry["location"],
        "os": properties["osName"],
        "availability": STATES[properties.get("status")],
        "power_state": properties.get("status"),
        "status_changed_at": moment(properties.get("lastStatusChange")),
        "identity_kind": entry["identity"]["type"],
        "scale_set_id": "none",
        "follows_model": "none",
    }


def expected_extension(entry: Json, read_at: datetime) -> tuple[object, ...]:
    properties = entry["properties"]
    view = properties["instanceView"]
    return (
        entry["id"],
        entry["name"],
        properties["publisher"],
        properties["type"],
        None,  # no flag was recorded, and on Arc that means nothing
        properties["autoUpgradeMinorVersion"],
        view["typeHandlerVersion"],
        "arc",
        read_at,
        view["status"]["code"],
        properties["provisioningState"],
    )


COLUMNS = (
    "id", "name", "publisher", "type", "auto_upgrade", "auto_upgrade_minor", "installed_version",
    "installed_version_source", "installed_version_at", "instance_status", "provisioning_state",
)  # fmt: skip


def extensions(harvest: Harvest) -> list[tuple[object, ...]]:
    rows = harvest.rows.get("extensions", [])
    assert {row["on"] for row in rows} <= {"machine"}
    assert [row["name"] for row in rows if row.get("requested_version")] == [], (
        "Arc tells what runs, not what was asked"
    )
    return [tuple(row[column] for column in COLUMNS) for row in rows]


def reread(replay: Replay, row: Row) -> Harvest:
    session = open_session(replay)
    try:
        return collect.reread(session, [row], [])
    finally:
        session.close()


def cut(row: Row, to: Json) -> Row:
    return {key: row.get(key) for key in to}


def test_a_recorded_list_of_servers_over_its_pages(replay: Replay) -> None:
    """Three pages of a hundred were recorded; the fourth is empty here. Servers in all states, and some with none."""
    give_subscription(replay)
    pages = [*(rehomed(replay, at) for at in (1, 2, 3)), Answer.json({"value": []})]
    replay.give(servers_path(), *pages, *pages)  # read again, for none of the servers answers
    survey, harvest = gather(replay)
    entries = [expected(entry) for at in (1, 2, 3) for entry in body_of(PAGES, at)["value"]]
    assert len({entry["id"].lower() for entry in entries}) == 300
    assert [cut(row, to) for row, to in zip(harvest.rows["machines"], entries, strict=True)] == entries
    [listed] = [each for each in survey.readings if each.source is Source.ARC_MACHINES]
    assert (listed.complete, listed.rows) == (True, 300)
    states = Counter(row["availability"] for row in harvest.rows["machines"])
    assert states == {"expired": 213, None: 49, "disconnected": 37, "running": 1}
    # None of them was recorded with its extensions but one, so they are gaps, each by itself, and nothing is lost.
    gaps = [each for each in harvest.readings if not each.complete]
    assert {each.source for each in gaps} == {Source.ARC_EXTENSIONS}
    assert {each.scope for each in gaps} == {entry["id"] for entry in entries}
    assert {row["extensions_read"] for row in harvest.rows["machines"]} == {"no"}


@pytest.mark.parametrize("at", [9, 13, 17])
def test_a_recorded_servers_extensions(replay: Replay, at: int) -> None:
    """Two extensions, one after one was deleted, none after the other was."""
    give_subscription(replay)
    replay.give(servers_path(), Answer.json({"value": [body_of(PAGES, 0)]}))
    replay.give(f"{SERVER}/extensions", answer_of(EXTENSIONS, at))
    _survey, harvest = gather(replay)
    entries = body_of(EXTENSIONS, at)["value"]
    assert extensions(harvest) == [expected_extension(entry, AS_OF) for entry in entries]
    assert {row["machine_id"] for row in harvest.rows.get("extensions", [])} <= {SERVER}
    assert [row["extensions_read"] for row in harvest.rows["machines"]] == ["yes"]
    [reading] = [each for each in harvest.readings if each.source is Source.ARC_EXTENSIONS]
    assert (reading.scope, reading.complete, reading.rows) == (SERVER, True, len(entries))
    assert [each for each in harvest.readings if not each.complete] == []


@pytest.mark.parametrize("at", [4, 8])
def test_a_recorded_extension_by_itself_is_told_as_in_a_list(replay: Replay, at: int) -> None:
    give_subscription(replay)
    replay.give(servers_path(), Answer.json({"value": [body_of(PAGES, 0)]}))
    replay.give(f"{SERVER}/extensions", Answer.json({"value": [body_of(EXTENSIONS, at)]}))
    assert extensions(gather(replay)[1]) == [expected_extension(body_of(EXTENSIONS, at), AS_OF)]


@pytest.mark.parametrize(("file", "at"), [(PAGES, 0), (OLD, 0)])
def test_a_recorded_server_is_read_again_by_itself(replay: Replay, file: str, at: int) -> None:
    """One connected in 2020, one disconnected in 2019, whose time bears no offset."""
    body = body_of(file, at)
    replay.give(body["id"], answer_of(file, at))
    replay.give(f"{body['id']}/extensions", answer_of(EXTENSIONS, 13))
    harvest = reread(replay, {"id": body["id"], "kind": "arc", "subscription_id": SUBSCRIPTION})
    [machine], [extension] = harvest.rows["machines"], harvest.rows["extensions"]
    assert cut(machine, expected(body)) == expected(body)
    assert (machine["extensions_read"], machine["read_at"]) == ("yes", AS_OF)
    connected = body["properties"]["status"] == "Connected"
    assert extension["installed_version_at"] == (AS_OF if connected else moment(body["properties"]["lastStatusChange"]))


def test_a_recorded_server_that_was_deleted_is_gone(replay: Replay) -> None:
    identifier = body_of(OLD, 0)["id"]
    replay.give(identifier, answer_of(OLD, 2))
    replay.give(servers_path(), Answer.json({"value": []}))
    harvest = reread(replay, {"id": identifier, "kind": "arc", "subscription_id": SUBSCRIPTION})
    assert harvest.rows.get("machines", []) == []
    assert [(each.source, each.complete, each.reason) for each in harvest.readings] == [
        (Source.ARC_EXTENSIONS, True, GONE)
    ]
