"""What became of the last failed operation on an extension, in DESIGN's order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    MACHINE,
    WORKSPACE,
    Estate,
    ago,
    extension,
    in_bulk,
    machine,
    operation,
    reading,
    stay,
)
from tests.unit.frames.parts import the_extension as the_extension_of

FAILED = operation(ago(days=5), "failed")
OLD, NEW = "1.35.9", "1.36.1"
REPORTED_OLD = stay(OLD, ago(days=20), ago(days=5, minutes=5))
"""The old version, until the failed operation began."""


def judged(
    *operations: Row,
    beats: Iterable[Row] | None = None,
    machine_is: dict[str, Any] | None = None,
    incomplete: frozenset[Source] = frozenset(),
    **agent: Any,
) -> dict[str, Any]:
    estate = Estate(
        machines=(machine(**(machine_is or {})),),
        extensions=(extension(**agent),),
        operations=operations,
        heartbeats=beats,
        incomplete=incomplete,
    )
    return the_extension_of(estate)


def word(*operations: Row, **more: Any) -> str | None:
    found: str | None = judged(*operations, **more)["last_failure"]
    return found


# --- none ---


def test_nothing_was_done() -> None:
    found = judged()

    names = ("last_failure", "last_failure_error", "unfinished_operation")
    assert [found[name] for name in names] == ["none", "none", "none"]
    assert found["last_failure_at"] is None


def test_what_was_done_succeeded() -> None:
    assert word(operation(ago(days=3)), operation(ago(days=1))) == "none"


def test_a_failed_operation_on_another_extension_is_not_ours() -> None:
    assert word({**FAILED, "extension_id": f"{MACHINE}/extensions/other"}) == "none"


def test_a_failed_start_of_the_machine_is_not_ours() -> None:
    assert word(operation(ago(days=5), "failed", "start")) == "none"


def test_a_failed_delete_is_no_failed_create_or_update() -> None:
    assert word(operation(ago(days=5), "failed", "delete")) == "none"


def test_operations_are_matched_in_any_letter_case() -> None:
    assert word({**FAILED, "extension_id": str(FAILED["extension_id"]).upper()}) == "unresolved"


# --- what is told of the failure ---


def test_the_failure_is_told_with_its_time_and_its_error() -> None:
    found = judged(operation(ago(days=9), "failed", error_code="Earlier"), FAILED, operation(ago(days=1)))

    assert found["last_failure_at"] == ago(days=5)
    assert found["last_failure_error"] == "VMExtensionProvisioningError: it did not start"


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [("Conflict", None, "Conflict"), (None, "it did not start", "it did not start"), (None, None, "none")],
)
def test_an_error_may_be_told_in_part(code: str | None, message: str | None, told: str) -> None:
    assert judged({**FAILED, "error_code": code, "error_message": message})["last_failure_error"] == told


# --- superseded ---


def test_an_extension_that_was_deleted_since_is_superseded() -> None:
    assert word(FAILED, operation(ago(days=4), action="delete"), provisioning_state="Failed") == "superseded"


@pytest.mark.parametrize("outcome", ["failed", "running"])
def test_a_delete_that_did_not_succeed_supersedes_nothing(outcome: str) -> None:
    assert word(FAILED, operation(ago(days=4), outcome, "delete")) == "unresolved"


def test_a_delete_before_the_failure_supersedes_nothing() -> None:
    assert word(operation(ago(days=6), action="delete"), FAILED) == "unresolved"


def test_an_extension_that_was_made_anew_since_is_superseded() -> None:
    assert word(FAILED, created_at=ago(days=4)) == "superseded"


def test_a_machine_of_the_same_name_that_was_made_since_has_an_extension_of_its_own() -> None:
    assert word(FAILED, machine_is={"created_at": ago(days=4)}) == "superseded"


def test_superseded_counts_before_healed_and_before_broken() -> None:
    deleted = operation(ago(days=4), action="delete")

    assert word(FAILED, deleted, operation(ago(days=3), initiator="person")) == "superseded"
    assert word(FAILED, deleted, provisioning_state="Failed") == "superseded"


# --- healed, in four ways ---


def test_a_newer_version_shown_by_heartbeats_after_the_failure_heals() -> None:
    beats = (REPORTED_OLD, stay(NEW, ago(days=4)))

    assert word(FAILED, beats=beats, installed_version=None, installed_version_at=None) == "healed"


def test_a_newer_version_shown_by_the_machine_after_the_failure_heals() -> None:
    """The heartbeats tell only what it ran before: since then it reports elsewhere, and is not running now."""
    stopped = {"availability": "stopped", "power_state": "stopped"}

    found = word(
        FAILED, beats=(REPORTED_OLD,), machine_is=stopped, installed_version=NEW, installed_version_at=ago(days=1)
    )

    assert found == "healed"


def test_a_version_shown_before_the_failure_heals_nothing() -> None:
    found = word(
        FAILED,
        beats=None,
        installed_version=NEW,
        installed_version_at=ago(days=6),
        machine_is={"availability": "stopped"},
    )

    assert found == "unresolved"


def test_a_newer_version_that_came_while_the_operation_ran_is_compared_with_the_one_before_it() -> None:
    beats = (REPORTED_OLD, stay(NEW, ago(days=5, minutes=2)))

    assert word(FAILED, beats=beats, installed_version=NEW) == "healed"


def test_a_newer_version_that_was_taken_back_heals_nothing() -> None:
    """A, B, A: the rollback to look for."""
    beats = (REPORTED_OLD, stay(NEW, ago(days=4, hours=23), ago(days=4, hours=22)), stay(OLD, ago(days=4, hours=21)))

    assert word(FAILED, beats=beats, installed_version=OLD) == "rolled_back"


def test_a_later_success_with_the_latest_installed_heals() -> None:
    assert word(FAILED, operation(ago(days=4)), installed_version=NEW) == "healed"


def test_a_later_success_with_an_older_version_installed_proves_nothing() -> None:
    """Putting the old version back is logged as a success too."""
    assert word(FAILED, operation(ago(days=4)), installed_version=OLD) == "retried"


def test_the_latest_installed_without_a_later_success_proves_nothing() -> None:
    assert word(FAILED, installed_version=NEW) == "unresolved"


def test_the_latest_installed_must_be_told_after_the_success() -> None:
    told_before = {"installed_version_at": ago(days=4, hours=1), "installed_version": NEW}

    assert word(FAILED, operation(ago(days=4)), **told_before) == "retried"
    assert word(FAILED, operation(ago(days=4)), installed_version=NEW, installed_version_at=None) == "retried"


def test_without_the_regions_versions_nobody_knows_that_it_is_the_latest() -> None:
    incomplete = frozenset({Source.EXTENSION_VERSIONS})

    assert word(FAILED, operation(ago(days=4)), installed_version=NEW, incomplete=incomplete) == "retried"


@pytest.mark.parametrize("initiator", ["person", "policy", "deployment"])
def test_a_later_success_of_somebodys_write_heals(initiator: str) -> None:
    assert word(FAILED, operation(ago(days=4), initiator=initiator), installed_version=OLD) == "healed"


@pytest.mark.parametrize("initiator", ["platform", "unknown"])
def test_a_later_success_of_the_platform_or_of_nobody_knows_who_proves_nothing(initiator: str) -> None:
    assert word(FAILED, operation(ago(days=4), initiator=initiator), installed_version=OLD) == "retried"


@pytest.mark.parametrize("state", ["Updating", None])
def test_somebodys_success_heals_only_with_provisioning_succeeded_read_afterwards(state: str | None) -> None:
    later = operation(ago(days=4), initiator="person")

    assert word(FAILED, later, installed_version=OLD, provisioning_state=state) == "retried"


def test_provisioning_succeeded_that_was_read_before_the_success_proves_nothing() -> None:
    later = operation(ago(days=4), initiator="person")

    assert word(FAILED, later, installed_version=OLD, machine_is={"read_at": ago(days=4, hours=1)}) == "retried"


REFUSALS = [
    {"sub_status": "429", "error_code": "OperationNotAllowed"},  # recorded
    {"sub_status": "429", "error_code": None},
    {"sub_status": "TooManyRequests", "error_code": "SubscriptionRequestsThrottled"},
    {"sub_status": "Conflict", "error_code": "Conflict"},
    {"sub_status": "Conflict", "error_code": None},
    {"sub_status": "Conflict", "error_code": "OperationNotAllowed"},
    {"sub_status": None, "error_code": "409"},
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda told: f"{told['sub_status']}-{told['error_code']}")
def test_a_try_that_never_reached_the_machine_is_healed_by_any_later_success(refusal: dict[str, Any]) -> None:
    assert word({**FAILED, **refusal}, operation(ago(days=4)), installed_version=OLD) == "healed"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda told: f"{told['sub_status']}-{told['error_code']}")
def test_it_is_not_healed_without_a_later_success(refusal: dict[str, Any]) -> None:
    assert word({**FAILED, **refusal}, installed_version=OLD) == "unresolved"


def test_nor_while_provisioning_is_not_read_as_succeeded() -> None:
    throttled = {**FAILED, "sub_status": "429"}

    assert word(throttled, operation(ago(days=4)), installed_version=OLD, provisioning_state="Updating") == "retried"


@pytest.mark.parametrize(
    "code", ["VMExtensionProvisioningError", "ResourceOperationFailure", "VMAgentStatusCommunicationError"]
)
def test_a_failure_on_the_machine_that_is_told_as_a_conflict_did_reach_it(code: str) -> None:
    """Azure's status for an operation that ended as Failed is Conflict, too."""
    reached = {**FAILED, "sub_status": "Conflict", "error_code": code}

    assert word(reached, operation(ago(days=4)), installed_version=OLD) == "retried"


def test_a_throttled_try_that_was_healed_does_not_hide_the_failure_before_it() -> None:
    """No operation may have failed without being healed: the one that did reach the machine was not."""
    throttled = operation(ago(days=4), "failed", sub_status="429", error_code="OperationNotAllowed")

    found = judged(FAILED, throttled, operation(ago(days=3)), installed_version=OLD)

    assert (found["last_failure"], found["last_failure_at"]) == ("retried", ago(days=5))


def test_where_both_are_healed_the_last_one_is_told() -> None:
    throttled = operation(ago(days=4), "failed", sub_status="429", error_code="OperationNotAllowed")

    found = judged(FAILED, throttled, operation(ago(days=3), initiator="person"), installed_version=OLD)

    assert (found["last_failure"], found["last_failure_at"]) == ("healed", ago(days=4))


# --- broken ---


@pytest.mark.parametrize("state", ["Failed", "failed"])
def test_provisioning_failed_is_broken(state: str) -> None:
    assert word(FAILED, provisioning_state=state) == "broken"


def test_an_agent_that_is_silent_since_the_failure_is_broken() -> None:
    assert word(FAILED, beats=(REPORTED_OLD,), installed_version=OLD) == "broken"


def test_an_agent_that_fell_silent_minutes_after_the_failure_is_broken_too() -> None:
    beats = (stay(OLD, ago(days=20), ago(days=5) + timedelta(minutes=3)),)

    assert word(FAILED, beats=beats, installed_version=OLD) == "broken"


def test_a_stopped_machine_is_silent_without_being_broken() -> None:
    stopped = {"availability": "stopped", "power_state": "stopped"}

    assert word(FAILED, beats=(REPORTED_OLD,), machine_is=stopped, installed_version_at=None) == "unresolved"


def test_a_machine_that_no_queried_workspace_ever_heard_is_not_silent() -> None:
    """It may report to another one."""
    assert word(FAILED, beats=(), installed_version=OLD) == "unresolved"


def test_a_failure_an_hour_ago_is_too_fresh_to_call_the_agent_silent() -> None:
    fresh = operation(ago(minutes=50), "failed")

    assert word(fresh, beats=(stay(OLD, ago(days=20), ago(hours=2)),), installed_version_at=None) == "unresolved"


def test_with_one_workspace_unread_nobody_is_silent() -> None:
    estate = Estate(extensions=(extension(installed_version=OLD),), operations=(FAILED,), heartbeats=(REPORTED_OLD,))
    unread = reading(Source.HEARTBEATS, WORKSPACE.replace("9", "8"), complete=False)

    assert the_extension_of(estate)["last_failure"] == "broken"
    assert the_extension_of(estate, unread)["last_failure"] == "unresolved"


def test_with_one_workspace_unread_a_newer_version_does_not_heal() -> None:
    """The rollback to the old one may be in what was not read."""
    beats = (REPORTED_OLD, stay(NEW, ago(days=4), ago(days=3)))
    stopped = machine(availability="stopped")
    estate = Estate(
        machines=(stopped,), extensions=(extension(installed_version=None),), operations=(FAILED,), heartbeats=beats
    )
    unread = reading(Source.HEARTBEATS, WORKSPACE.replace("9", "8"), complete=False)

    assert the_extension_of(estate)["last_failure"] == "healed"
    assert the_extension_of(estate, unread)["last_failure"] == "unresolved"


def test_an_agent_that_reports_to_two_workspaces_is_silent_only_when_both_hear_nothing() -> None:
    beats = (
        stay(OLD, ago(days=20)),
        stay(OLD, ago(days=9), ago(days=8), workspace=WORKSPACE.replace("9", "8")),
    )

    assert word(FAILED, beats=beats, installed_version=OLD) == "rolled_back"


# --- rolled back, retried, unresolved ---


def test_reporting_on_with_the_old_version_is_rolled_back() -> None:
    assert word(FAILED, beats=(stay(OLD, ago(days=20)),), installed_version=OLD) == "rolled_back"


def test_a_later_success_does_not_turn_a_rollback_into_anything_else() -> None:
    beats = (stay(OLD, ago(days=20)),)

    assert word(FAILED, operation(ago(days=4)), beats=beats, installed_version=OLD) == "rolled_back"


def test_two_agents_on_a_machine_make_heartbeats_say_nothing() -> None:
    estate = Estate(
        extensions=(extension(installed_version=OLD), extension(id=f"{MACHINE}/extensions/AMA2")),
        operations=(FAILED,),
        heartbeats=(stay(OLD, ago(days=20)),),
    )

    assert the_extension_of(estate)["last_failure"] == "unresolved"


def test_heartbeats_tell_nothing_of_another_extension() -> None:
    estate = Estate(
        extensions=(extension(publisher="Microsoft.Compute", type="CustomScriptExtension"),),
        operations=(FAILED,),
        heartbeats=(stay(OLD, ago(days=20)),),
    )

    assert the_extension_of(estate)["last_failure"] == "unresolved"


def test_a_success_before_the_failure_is_no_retry() -> None:
    assert word(operation(ago(days=6)), FAILED, installed_version=OLD) == "unresolved"


def test_the_last_failure_speaks() -> None:
    earlier, last = operation(ago(days=9), "failed"), operation(ago(days=2), "failed")

    found = judged(earlier, operation(ago(days=8), initiator="person"), last, installed_version=OLD)

    assert (found["last_failure"], found["last_failure_at"]) == ("unresolved", ago(days=2))


def test_the_order_of_the_rows_does_not_matter() -> None:
    operations = [operation(ago(days=9), "failed"), operation(ago(days=4), initiator="person"), FAILED]

    assert {word(*order, installed_version=OLD) for order in (operations, operations[::-1])} == {"healed"}


# --- operations without an end ---


def unfinished(at: datetime, *more: Row, state: str | None = "Updating", **agent: Any) -> tuple[str | None, str | None]:
    found = judged(operation(at, "running"), *more, provisioning_state=state, **agent)
    return found["last_failure"], found["unfinished_operation"]


def test_an_operation_without_an_end_is_none_where_succeeded_was_read_after_its_start() -> None:
    assert unfinished(ago(hours=2), state="succeeded") == ("none", "none")
    assert unfinished(ago(days=9), state="Succeeded") == ("none", "none")


def test_succeeded_that_was_read_before_its_start_says_nothing() -> None:
    assert unfinished(ago(hours=2), state="Succeeded", machine_is={"read_at": ago(hours=3)}) == (None, "recent")


@pytest.mark.parametrize(("began", "told"), [(ago(minutes=20), (None, "recent")), (ago(hours=2), ("none", "none"))])
def test_succeeded_in_a_bulk_answer_may_be_of_the_time_before_an_operation_that_just_began(
    began: datetime, told: tuple[str | None, str]
) -> None:
    """Its own answer knows better."""
    for estate, outcome in ((in_bulk(), told), (Estate(), ("none", "none"))):
        found = the_extension_of(replace(estate, operations=(operation(began, "running"),)))
        assert (found["last_failure"], found["unfinished_operation"]) == outcome


@pytest.mark.parametrize("state", ["Updating", "Failed", None])
def test_it_is_not_known_otherwise_and_on_its_way_for_a_day(state: str | None) -> None:
    assert unfinished(ago(hours=23), state=state) == (None, "recent")
    assert unfinished(ago(hours=25), state=state) == (None, "old")


def test_a_failure_is_told_beside_an_operation_without_an_end() -> None:
    assert unfinished(ago(hours=2), FAILED) == ("unresolved", "recent")


def test_it_is_no_longer_on_its_way_once_a_later_one_ended() -> None:
    """Azure refuses a second operation while one is under way."""
    assert unfinished(ago(hours=5), operation(ago(hours=2), "failed")) == ("unresolved", "old")
    assert unfinished(ago(hours=5), operation(ago(hours=2))) == (None, "old")


def test_a_later_one_that_was_refused_for_its_sake_leaves_it_on_its_way() -> None:
    refused = operation(ago(hours=2), "failed", sub_status="Conflict", error_code="Conflict")

    assert unfinished(ago(hours=5), refused) == ("unresolved", "recent")


def test_one_whose_beginning_was_not_seen_is_as_old_as_the_log() -> None:
    begun_before = {**operation(ago(days=13), "running"), "started": None}

    found = judged(begun_before, provisioning_state="Updating")

    assert (found["last_failure"], found["unfinished_operation"]) == (None, "old")


def test_a_delete_without_an_end_is_no_create_or_update() -> None:
    found = judged(operation(ago(hours=2), "running", "delete"), provisioning_state="Deleting")

    assert (found["last_failure"], found["unfinished_operation"]) == ("none", "none")


# --- the reading ---


def test_without_a_complete_log_nothing_is_known_whatever_was_seen() -> None:
    found = judged(FAILED, provisioning_state="Failed", incomplete=frozenset({Source.ACTIVITY_LOG}))

    names = ("last_failure", "last_failure_at", "last_failure_error", "unfinished_operation")
    assert {name: found[name] for name in names} == dict.fromkeys(names)


def test_another_subscriptions_log_covers_nothing() -> None:
    elsewhere = machine(subscription_id="22222222-2222-4222-a222-222222222222")

    assert the_extension_of(Estate(machines=(elsewhere,)))["last_failure"] is None


# --- what looks like healing ---

SHOWN_NEW = {"installed_version": NEW, "installed_version_at": ago(hours=1)}


@pytest.mark.parametrize("broken", [{"provisioning_state": "Failed"}, {"instance_status": "failed/51"}])
def test_a_newer_version_whose_install_failed_heals_nothing(broken: dict[str, Any]) -> None:
    """The instance view shows the version of the handler that failed, too."""
    assert word(FAILED, beats=(REPORTED_OLD,), **SHOWN_NEW, provisioning_state="Succeeded") == "healed"
    assert word(FAILED, beats=(REPORTED_OLD,), **{**SHOWN_NEW, **broken}) != "healed"


def test_a_success_that_began_before_the_failure_heals_nothing() -> None:
    slow = operation(ago(days=4), "succeeded", started=ago(days=6), initiator="person")

    assert word(FAILED, slow, provisioning_state="Succeeded") == "unresolved"


@pytest.mark.parametrize("since", ["delete", "success"])
def test_nothing_is_settled_while_a_write_after_the_failure_never_ended(since: str) -> None:
    then = operation(ago(days=4), action="delete") if since == "delete" else operation(ago(days=4), initiator="person")
    unended = operation(ago(days=3), "running")

    assert word(FAILED, then, provisioning_state="Succeeded") in ("superseded", "healed")
    assert word(FAILED, then, unended, provisioning_state="Creating") not in ("superseded", "healed")
