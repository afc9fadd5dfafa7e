"""Recorded activity logs: operations are counted, not events, and only those on extensions and on machines' power."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.model.reading import Source
from tests.real.night import SUBSCRIPTION, Night, activity_path, give_subscription, list_path, spend
from tests.real.recordings import answer_of, body_of
from tests.real.replay import Answer, Replay

POLLED = "activity-log/cli-2019-poll-test_vm_create_custom_data"
NARROWED = "activity-log/net-2020-resourceuri-filter-select"
PORTAL = "activity-log/portal-events-2022-extension-delete-and-vm-write-with-responsebody"
PAGED = "activity-log/xplat-2017-nextlink-two-pages"
COLUMNS = ("action", "outcome", "started", "ended", "initiator", "caller", "sub_status", "error_code")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def night_of(replay: Replay, *pages: Answer, subscription: str = SUBSCRIPTION) -> Night:
    """A subscription without machines: what its log tells is read all the same."""
    give_subscription(replay, subscription)
    replay.give(list_path(subscription), Answer.json({"value": []}))
    replay.give(activity_path(subscription), *pages)
    return spend(replay)


@pytest.mark.parametrize(
    "recorded",
    [*((POLLED, at) for at in range(6)), (NARROWED, 0), (NARROWED, 2)],
    ids=lambda each: f"{each[0]}-{each[1]}",
)
def test_a_log_without_an_operation_on_an_extension(replay: Replay, recorded: tuple[str, int]) -> None:
    """Up to 23 events: deployments, networks, disks, a machine's own making, policies that begin to audit it."""
    night = night_of(replay, answer_of(*recorded))
    assert night.rows("operations", "action") == []
    reading = night.reading(Source.ACTIVITY_LOG)
    assert (reading.complete, reading.rows) == (True, 0)


def test_an_extension_that_was_deleted(replay: Replay) -> None:
    """Three events, of which one is ours: the end of a delete, whose beginning was not recorded."""
    subscription = "a921d5d4-bdb7-43c3-aa01-88c6ae24992f"
    night = night_of(replay, answer_of(PORTAL, 0), subscription=subscription)
    person = "user-ef6a7e@securathesis.onmicrosoft.com"
    assert night.rows("operations", *COLUMNS) == [
        ("delete", "succeeded", None, at("2022-06-29T14:08:58.285844"), "person", person, None, None)
    ]
    group = f"/subscriptions/{subscription}/resourcegroups/SecuraAllRG"
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/SecuraAllVM"
    assert night.rows("operations", "machine_id", "extension_id", "subscription_id") == [
        (machine, f"{machine}/extensions/OMSExtension", subscription)
    ]


def rehomed(replay: Replay, body: dict[str, Any]) -> Answer:
    """The page with its next page's address on this server; the address is as recorded but for its host."""
    return Answer.json({**body, "nextLink": body["nextLink"].replace("https://management.azure.com", replay.origin)})


def test_a_log_of_two_pages_is_read_to_its_end(replay: Replay) -> None:
    subscription = "4004a9fd-d58e-48dc-aeb2-4a4aec58606f"
    first = body_of(PAGED, 0)
    night = night_of(replay, rehomed(replay, first), answer_of(PAGED, 1), subscription=subscription)
    asked = replay.asked_for(activity_path(subscription))
    assert len(asked) == 2
    assert asked[1].query == first["nextLink"].partition("?")[2]
    assert night.reading(Source.ACTIVITY_LOG).complete
    assert night.rows("operations", "action") == [], "148 events on roles, none on an extension"


def test_the_next_page_is_not_fetched_from_another_host(replay: Replay) -> None:
    """As recorded, the address leads to Azure, which is not where this night's token belongs."""
    subscription = "4004a9fd-d58e-48dc-aeb2-4a4aec58606f"
    night = night_of(replay, answer_of(PAGED, 0), subscription=subscription)
    reading = night.reading(Source.ACTIVITY_LOG)
    assert not reading.complete
    assert reading.reason is not None and "leads elsewhere" in reading.reason
    assert len(replay.asked_for(activity_path(subscription))) == 1


def test_the_question_names_the_window_and_the_fields(replay: Replay) -> None:
    night = night_of(replay, answer_of(POLLED, 0))
    [asked] = replay.asked_for(activity_path())
    for part in ("eventTimestamp%20ge%20%272024-08-13T00%3A00%3A00Z%27", "resourceProvider", "api-version=2015-04-01"):
        assert part in asked.query.replace("+", "%20").replace("'", "%27").replace(":", "%3A")
    reading = night.reading(Source.ACTIVITY_LOG)
    assert (reading.window_start, reading.window_end) == (at("2024-08-13T00:00:00"), at("2024-08-27T00:00:00"))


def as_extension(body: dict[str, Any]) -> Answer:
    """The recorded events of a machine's making, as if an extension on it were made: the operation's name and the
    resource are changed, and nothing else. No recorded log holds the write of an extension."""
    told = json.dumps(body)
    told = told.replace("Microsoft.Compute/virtualMachines/write", "Microsoft.Compute/virtualMachines/extensions/write")
    told = told.replace("virtualMachines/vm-name", "virtualMachines/vm-name/extensions/Agent")
    return Answer.json(json.loads(told))


BEGUN = at("2019-04-16T21:57:06.933461")
WRITES = {
    0: [],
    1: [],
    2: [],
    3: [("write", "running", BEGUN, None)],
    4: [("write", "running", BEGUN, None)],
    5: [("write", "succeeded", BEGUN, at("2019-04-16T21:57:31.190943"))],
}
"""The same question, asked again and again while the machine was made: events arrive late."""


@pytest.mark.parametrize("polled", WRITES)
def test_one_operation_is_several_events_that_arrive_late(replay: Replay, polled: int) -> None:
    """Begun; accepted with the same operation id; accepted and succeeded with ids of their own. A policy that begins to
    audit the same resource within the same correlation is no beginning of ours."""
    night = night_of(replay, as_extension(body_of(POLLED, polled)))
    assert night.rows("operations", "action", "outcome", "started", "ended") == WRITES[polled]
    assert night.reading(Source.ACTIVITY_LOG).rows == len(WRITES[polled])
    if WRITES[polled]:
        [(initiator, caller, sub_status)] = night.rows("operations", "initiator", "caller", "sub_status")
        assert (initiator, caller, sub_status) == ("person", "user-30561d@microsoft.com", "Created")


def test_all_that_was_polled_together_is_one_operation(replay: Replay) -> None:
    """Each event comes up to four times then."""
    events = [event for polled in WRITES for event in body_of(POLLED, polled)["value"]]
    night = night_of(replay, as_extension({"value": events}))
    assert night.rows("operations", "action", "outcome", "started", "ended") == WRITES[5]
