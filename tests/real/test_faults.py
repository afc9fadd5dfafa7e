"""Every recorded error, in place of what was asked for: one readable sentence, a gap, and no verdict that passes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from auditor.collect.faults import Fault, FaultKind
from auditor.model.reading import Reading, Source
from tests.real.night import (
    SUBSCRIPTION,
    Night,
    activity_path,
    give_machines,
    give_subscription,
    give_versions,
    list_path,
    open_session,
    spend,
)
from tests.real.recordings import Json, answer_of, as_agent, body_of, how_many, listed
from tests.real.replay import Answer, Replay

REFUSED, EXPIRED, MISSING = FaultKind.REFUSED, FaultKind.EXPIRED, FaultKind.MISSING
THROTTLED, UNAVAILABLE, UNREADABLE = FaultKind.THROTTLED, FaultKind.UNAVAILABLE, FaultKind.UNREADABLE
MAY_NOT = "the identity may not perform {}"
AGAIN = "the next night asks again"
QUIETER = "Run at a quieter hour"
ROLE = "(role Reader)"
SIGN_IN = "Sign in again"


@dataclass(frozen=True)
class Story:
    """What a recorded error must become; ``says`` and ``closes`` are parts of the sentences."""

    kind: FaultKind
    status: int
    says: str
    closes: str
    hides: tuple[str, ...] = field(default=())


STORIES = {
    ("errors/401-data-plane-challenge", 0): Story(
        REFUSED, 401, "Request is missing a Bearer or PoP token", "sign in again"
    ),
    ("errors/401-data-plane-challenge", 1): Story(REFUSED, 401, "authentication required", "sign in again"),
    # A quota, not a token: signing in again would not help.
    ("errors/401-expired-token", 0): Story(REFUSED, 401, "without additional 3 VMs AZ quota", "Do as the answer says"),
    ("errors/401-expired-token", 1): Story(REFUSED, 401, "denied due to invalid credentials", "sign in again"),
    ("errors/401-expired-token", 2): Story(
        EXPIRED, 401, "The access token expiry UTC time '10/16/2018 6:09:32 PM' is earlier", SIGN_IN
    ),
    ("errors/403", 0): Story(
        REFUSED, 403, MAY_NOT.format("Microsoft.Authorization/roleAssignments/write"), ROLE, ("674368bb", "credentials")
    ),
    ("errors/403", 1): Story(
        REFUSED, 403, MAY_NOT.format("Microsoft.ClassicStorage/storageAccounts/read"), ROLE, ("12f8ea5c",)
    ),
    ("errors/403", 2): Story(
        REFUSED, 403, MAY_NOT.format("Microsoft.Authorization/policyDefinitions/"), ROLE, ("8427ce23",)
    ),
    ("errors/403", 3): Story(
        REFUSED, 403, MAY_NOT.format("Microsoft.Resources/dataBoundaries/write"), ROLE, ("ee9b91a6",)
    ),
    ("errors/403", 4): Story(
        REFUSED, 403, MAY_NOT.format("Microsoft.Resources/subscriptions/resourcegroups/read"),
        "on /subscriptions/AZURE_SUBSCRIPTION_ID", ("1c294ded",),
    ),
    ("errors/403", 5): Story(REFUSED, 403, "Insufficient privileges to complete the operation", ROLE),
    ("errors/403", 6): Story(
        REFUSED, 403, MAY_NOT.format("microsoft.insights/eventtypes/values/read"), ROLE, ("9c776d20",)
    ),
    ("errors/404-compute", 0): Story(MISSING, 404, "File or directory not found", "deleted"),
    ("errors/404-compute", 1): Story(MISSING, 404, "ResourceNotFound", "deleted"),
    ("errors/404-compute", 2): Story(MISSING, 404, "The Resource 'Microsoft.Compute/snapshots/d1'", "deleted"),
    ("errors/404-compute", 3): Story(MISSING, 404, "The entity was not found in this Azure location", "deleted"),
    ("errors/404-compute", 4): Story(MISSING, 404, "Resource testdisk-000002 is not found", "deleted"),
    ("errors/404-compute", 5): Story(MISSING, 404, "Publisher: fooBAR was not found", "deleted"),
    ("compute-vm-extensions/delete-and-404", 1): Story(MISSING, 404, "extensions/LinuxDiagnostic' under", "deleted"),
    ("compute-vm-extensions/delete-and-404", 4): Story(MISSING, 404, "ManagedIdentityExtensionForLinux", "deleted"),
    ("errors/429", 0): Story(THROTTLED, 429, "SubscriptionRequestsThrottled: Number of requests", QUIETER),
    ("errors/429", 1): Story(THROTTLED, 429, "HTTP 429: Cannot acquire exclusive lock", QUIETER, ("429 429",)),
    ("errors/429", 2): Story(THROTTLED, 429, "exceeded the limit of '150'", QUIETER),
    ("errors/429", 3): Story(THROTTLED, 429, "update this server farm", QUIETER),
    ("errors/429", 4): Story(THROTTLED, 429, "A retryable error occurred. Cannot proceed with operation", QUIETER),
    ("errors/5xx", 0): Story(UNAVAILABLE, 504, "The gateway did not receive a response", AGAIN),
    ("errors/5xx", 1): Story(UNAVAILABLE, 500, "GetVnetError: Get virtual network failed", AGAIN),
    ("errors/5xx", 2): Story(UNAVAILABLE, 503, "HTTP 503: Service Unavailable", AGAIN),
    ("errors/5xx", 3): Story(UNAVAILABLE, 500, "Encountered internal server error", AGAIN, ("Diagnostic", "tracking")),
    ("errors/5xx", 4): Story(UNAVAILABLE, 500, "Azure Backup encountered an internal error", AGAIN, ("en-US",)),
    ("errors/5xx", 5): Story(UNAVAILABLE, 503, "Our services aren't available right now", AGAIN, ("&#", "margin")),
    ("errors/5xx", 6): Story(UNAVAILABLE, 503, "ServerTimeout: The request timed out", AGAIN, ("null",)),
    ("errors/5xx", 7): Story(UNAVAILABLE, 500, "HTTP 500 InternalServerError: Unknown error", AGAIN, ("500 500",)),
    ("errors/5xx", 8): Story(UNAVAILABLE, 502, "BadGatewayConnection: The network connectivity issue", AGAIN),
    ("errors/5xx", 9): Story(UNAVAILABLE, 500, "An error has occurred", AGAIN),
    ("errors/5xx", 10): Story(UNAVAILABLE, 503, "(HTTP 503)", AGAIN),
    ("activity-log/cli-400-bad-filter", 0): Story(UNREADABLE, 400, "cannot be more than 90 days in the past", "Check"),
    ("activity-log/cli-400-bad-filter", 1): Story(UNREADABLE, 400, "$filter query parameter value is invalid", "Check"),
    ("activity-log/cli-400-bad-filter", 2): Story(UNREADABLE, 400, "cannot be more than 90 days in the past", "Check"),
}  # fmt: skip

ONE_OF_EACH = [
    ("errors/401-expired-token", 0),
    ("errors/401-expired-token", 2),
    ("errors/403", 6),
    ("errors/404-compute", 0),
    ("errors/429", 1),
    ("errors/5xx", 5),
    ("activity-log/cli-400-bad-filter", 1),
]
"""What stands in place of the other sources: the way from an error to its sentence is the same for all."""
ASYNCHRONOUS = ("compute-vm-scenarios/cli-extension-failed-agent-unresponsive", 1)
"""A 200 of a failed asynchronous operation: ``status`` Failed beside an ``error``."""


_PASSING = ("AMA-001", "AMA-002", "AMA-003", "AMA-004", "AMA-006", "AMA-007", "AMA-010")
ALL_PASS = {rule: ["pass"] for rule in _PASSING}
ALL_PASS["AMA-005"] = ["unanswered"]
"""The recorded version is another extension's, whose age the agent's release table does not know."""


def assert_sentence(text: str) -> None:
    """It is one for people: no markup, no raw JSON, no line breaks, and not endless."""
    assert re.match(r"[A-Z]", text), text
    assert not re.search(r"[<>{}\n\r\t]|\\[nru]|b'|&\w+;|\bNone\b|  ", text), text
    assert len(text) <= 400, text


def assert_told(reading: Reading, story: Story) -> None:
    assert not reading.complete
    assert (reading.status, reading.rows) == (story.status, 0)
    assert reading.reason is not None and reading.close is not None
    for sentence in (reading.reason, reading.close):
        assert_sentence(sentence)
    assert story.says in reading.reason
    assert not [each for each in story.hides if each in reading.reason]


def agent() -> Json:
    return as_agent(body_of("compute-vm-instanceview/variants-by-feature", 33), "GuestAttestation")


def give_agent(replay: Replay) -> str:
    """One machine with an agent about which everything is good; its id."""
    machine = agent()
    give_subscription(replay)
    give_machines(replay, [(listed(machine), Answer.json(machine))], SUBSCRIPTION)
    give_versions(
        replay, machine["location"], answer_of("compute-vm-extension-images/cli-monitoring-security-network", 8)
    )
    return str(machine["id"])


def statuses(night: Night) -> dict[str, list[str]]:
    return {rule: [status for status, _code in found] for rule, found in night.judged().items()}


def test_the_machine_of_these_tests_passes_where_nothing_is_wrong(replay: Replay) -> None:
    give_agent(replay)
    assert statuses(spend(replay)) == ALL_PASS


@pytest.mark.usefixtures("replay")
def test_every_recorded_error_has_its_story() -> None:
    files = ("errors/401-data-plane-challenge", "errors/401-expired-token", "errors/403", "errors/404-compute")
    files += ("errors/429", "errors/5xx", "activity-log/cli-400-bad-filter")
    recorded = {(file, at) for file in files for at in range(how_many(file))}
    assert recorded <= set(STORIES)


@pytest.fixture(scope="module")
def stricken(replay_once: Replay) -> Night:
    """A night in which each machine, the agent's machine under another name, answers with another error."""
    machine, entries = agent(), []
    for at, recorded in enumerate(STORIES):
        entry = listed(machine) | {"id": f"{list_path()}/stricken-{at}", "name": f"stricken-{at}"}
        entries.append((entry, answer_of(*recorded)))
    give_subscription(replay_once)
    give_machines(replay_once, entries, SUBSCRIPTION)
    give_versions(replay_once, machine["location"], Answer.json([]))
    return spend(replay_once)


@pytest.mark.parametrize("at", range(len(STORIES)), ids=[f"{file}-{at}" for file, at in STORIES])
def test_in_place_of_a_machine(stricken: Night, at: int) -> None:
    story, machine = list(STORIES.values())[at], f"{list_path()}/stricken-{at}"
    reading = stricken.reading(Source.INSTANCE_VIEW, machine)
    assert_told(reading, story)
    assert reading.close is not None and story.closes in reading.close
    unread = [("unanswered", "extensions_not_read")]
    assert stricken.judged(machine) == {
        **dict.fromkeys(("AMA-001", "AMA-002", "AMA-003", "AMA-005", "AMA-006", "AMA-007"), unread),
        **{rule: [("unanswered", "not_known")] for rule in ("AMA-004", "AMA-010")},
    }
    assert stricken.rows("machines", "name", "extensions_read", machine=machine) == [(f"stricken-{at}", "no")]


def test_the_kind_of_each_recorded_error(replay: Replay) -> None:
    session = open_session(replay)
    told = {}
    for recorded in STORIES:
        replay.give("/anything", answer_of(*recorded))
        with pytest.raises(Fault) as caught:
            session.get(Source.INSTANCE_VIEW, "/anything")
        told[recorded] = (caught.value.kind, caught.value.status)
    session.close()
    assert told == {recorded: (story.kind, story.status) for recorded, story in STORIES.items()}


@pytest.mark.parametrize(("file", "at"), ONE_OF_EACH)
def test_in_place_of_the_activity_log(replay: Replay, file: str, at: int) -> None:
    give_agent(replay)
    replay.give(activity_path(), answer_of(file, at))
    night = spend(replay)
    reading = night.reading(Source.ACTIVITY_LOG)
    assert_told(reading, STORIES[file, at])
    assert reading.window_start is not None
    assert statuses(night) == {**ALL_PASS, "AMA-003": ["unanswered"]}


@pytest.mark.parametrize(("file", "at"), ONE_OF_EACH)
def test_in_place_of_the_regions_versions(replay: Replay, file: str, at: int) -> None:
    give_agent(replay)
    give_versions(replay, "westus", answer_of(file, at))
    night = spend(replay)
    for kind in ("linux", "windows"):
        reading = night.reading(Source.EXTENSION_VERSIONS, f"westus/microsoft.azure.monitor/azuremonitor{kind}agent")
        assert_told(reading, STORIES[file, at])
    assert statuses(night) == {**ALL_PASS, "AMA-002": ["unanswered"]}


@pytest.mark.parametrize(("file", "at"), ONE_OF_EACH)
def test_in_place_of_the_list_of_machines(replay: Replay, file: str, at: int) -> None:
    give_agent(replay)
    replay.give(list_path(), answer_of(file, at))
    night = spend(replay)
    assert_told(night.reading(Source.VIRTUAL_MACHINES), STORIES[file, at])
    assert night.judged() == {}


@pytest.mark.parametrize(("file", "at"), ONE_OF_EACH)
def test_in_place_of_the_subscriptions(replay: Replay, file: str, at: int) -> None:
    give_agent(replay)
    replay.give("/subscriptions", answer_of(file, at))
    night = spend(replay)
    reading = night.reading(Source.SUBSCRIPTIONS)
    assert reading.scope == "tenant"
    assert_told(reading, STORIES[file, at])
    assert night.survey.readable == ()
    assert night.judged() == {}


def test_a_failed_asynchronous_operation_is_a_200_and_no_machine(replay: Replay) -> None:
    machine = give_agent(replay)
    replay.give(machine, answer_of(*ASYNCHRONOUS))
    night = spend(replay)
    reading = night.reading(Source.INSTANCE_VIEW)
    assert (reading.complete, reading.status) == (False, 200)
    assert reading.reason is not None and reading.close is not None
    assert_sentence(reading.reason)
    assert "VMAgentStatusCommunicationError" in reading.reason
    assert set(statuses(night)["AMA-001"]) == {"unanswered"}


@pytest.mark.parametrize("at", [0, 5, 6])
def test_an_asynchronous_operation_that_goes_on_is_no_machine_either(replay: Replay, at: int) -> None:
    machine = give_agent(replay)
    replay.give(machine, answer_of(ASYNCHRONOUS[0], at))
    night = spend(replay)
    assert not night.reading(Source.INSTANCE_VIEW).complete
    assert {status for found in statuses(night).values() for status in found} == {"unanswered"}


def test_a_machine_that_is_gone_from_the_list_too_was_deleted_during_the_run(replay: Replay) -> None:
    machine = agent()
    give_subscription(replay)
    replay.give(list_path(), Answer.json({"value": [listed(machine)]}), answer_of("compute-vm-list/list-empty", 0))
    replay.give(machine["id"], answer_of("errors/404-compute", 3))
    give_versions(replay, "westus", Answer.json([]))
    night = spend(replay)
    assert night.reading(Source.INSTANCE_VIEW).reason == "gone during the run"
    assert night.reading(Source.INSTANCE_VIEW).complete
    assert night.rows("machines", "name") == []
    assert night.judged() == {}


@pytest.mark.parametrize(
    ("at", "seconds"),
    [(0, 6.0), (2, 324.0)],
)
def test_a_waiting_time_that_stands_in_the_text_only_is_waited(replay: Replay, at: int, seconds: float) -> None:
    waited: list[float] = []
    machine = give_agent(replay)
    replay.give(machine, answer_of("errors/429", at), Answer.json(agent()))
    night = spend(replay, pause=waited.append)
    assert waited == [seconds]
    assert night.reading(Source.INSTANCE_VIEW).complete
    assert statuses(night)["AMA-001"] == ["pass"]


@pytest.mark.parametrize("at", [1, 3, 4])
def test_a_lock_is_tried_again_with_growing_pauses(replay: Replay, at: int) -> None:
    waited: list[float] = []
    machine = give_agent(replay)
    locked = answer_of("errors/429", at)
    replay.give(machine, locked, locked, Answer.json(agent()))
    night = spend(replay, pause=waited.append)
    assert night.reading(Source.INSTANCE_VIEW).complete
    assert len(replay.asked_for(machine)) == 3
    assert waited == sorted(waited)


@pytest.mark.parametrize("at", [0, 2, 3, 5, 6, 8, 10])
def test_a_failure_of_the_service_that_passes_leaves_no_trace(replay: Replay, at: int) -> None:
    machine = give_agent(replay)
    replay.give(machine, answer_of("errors/5xx", at), Answer.json(agent()))
    night = spend(replay)
    assert all(reading.complete for reading in night.readings)
    assert statuses(night) == ALL_PASS
