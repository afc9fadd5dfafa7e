"""Which subscriptions are in scope: their list, management groups and exclusions, in odd shapes too."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from auditor.cloud import Cloud
from auditor.collect.session import Session
from auditor.collect.sources.subscriptions import survey_subscriptions
from auditor.model.narration import Silent
from auditor.model.reading import Harvest, Reading, Source
from auditor.model.settings import Scope
from tests.real.night import azure
from tests.real.replay import Answer, Replay

ONE, TWO, THREE = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")


def page(replay: Replay, *entries: object, following: int | None = None) -> Answer:
    return Answer.json({"value": list(entries), "nextLink": following and f"{replay.origin}/page-{following}"})


def only(harvest: Harvest) -> Reading:
    [reading] = harvest.readings
    assert reading.complete or (reading.reason and reading.close)
    return reading


# --- subscriptions ---


def seen(replay: Replay, session: Session, *entries: object, scope: Scope | None = None) -> Harvest:
    replay.give("/subscriptions", Answer.json({"value": list(entries)}))
    return survey_subscriptions(session, scope or Scope())


def gaps(harvest: Harvest) -> list[str]:
    return [reading.scope for reading in harvest.readings if not reading.complete]


@pytest.mark.parametrize("state", ["Enabled", "Warned", "PastDue", "enabled", None, "Frozen"])
def test_a_subscription_that_can_be_read(replay: Replay, session: Session, state: object) -> None:
    harvest = seen(replay, session, {"subscriptionId": ONE, "displayName": "One", "state": state})
    assert gaps(harvest) == []
    told = {"id": ONE, "subscription_id": ONE, "name": "One", "tenant": None, "state": state, "delegated": "no"}
    assert harvest.rows["subscriptions"] == [told]


@pytest.mark.parametrize("state", ["Disabled", "deleted", "DISABLED"])
def test_a_subscription_that_cannot(replay: Replay, session: Session, state: str) -> None:
    harvest = seen(replay, session, {"subscriptionId": ONE, "state": state}, {"subscriptionId": TWO})
    assert gaps(harvest) == [ONE]
    assert len(harvest.rows["subscriptions"]) == 2


@pytest.mark.parametrize(
    "nameless", [{}, {"subscriptionId": None}, {"id": f"/subscriptions/{TWO}"}, {"subscriptionId": 7}]
)
def test_a_subscription_without_an_id_is_a_gap_of_the_list(
    replay: Replay, session: Session, nameless: dict[str, Any]
) -> None:
    harvest = seen(replay, session, {"subscriptionId": ONE}, nameless)
    assert gaps(harvest) == ["tenant"]
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [ONE]


@pytest.mark.parametrize("body", [{}, {"value": None}, [], None, {"error": {"code": "A", "message": "b"}}])
def test_a_list_that_is_none_is_no_empty_list(replay: Replay, session: Session, body: object) -> None:
    replay.give("/subscriptions", Answer.json(body))
    harvest = survey_subscriptions(session, Scope(expected_subscriptions=(ONE,)))
    assert gaps(harvest) == ["tenant", ONE]
    assert "subscriptions" not in harvest.rows


def test_pages_of_subscriptions_and_one_that_breaks(replay: Replay, session: Session) -> None:
    first = {"value": [{"subscriptionId": ONE}], "nextLink": f"{replay.origin}/more"}
    replay.give("/subscriptions", Answer.json(first))
    replay.give("/more", Answer(200, b"<html>"))
    harvest = survey_subscriptions(session, Scope(expected_subscriptions=(TWO,)))
    assert gaps(harvest) == ["tenant", TWO]
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [ONE]


def test_the_token_does_not_follow_a_list_of_subscriptions_elsewhere(replay: Replay, session: Session) -> None:
    foreign = {"value": [{"subscriptionId": ONE}], "nextLink": "https://evil.example/subscriptions?more=1"}
    replay.give("/subscriptions", Answer.json(foreign))
    assert gaps(survey_subscriptions(session, Scope())) == ["tenant"]
    assert len(replay.asked) == 1


def test_ids_are_one_in_any_letter_case(replay: Replay, session: Session) -> None:
    loud = "ABCDEF00-0000-0000-0000-000000000000"
    entries = {"subscriptionId": loud}, {"subscriptionId": loud.lower()}, {"subscriptionId": TWO}
    harvest = seen(replay, session, *entries, scope=Scope(subscriptions=(loud.lower(),), exclude_subscriptions=(TWO,)))
    assert len(harvest.rows["subscriptions"]) == 1
    assert gaps(harvest) == []


def test_what_is_asked_for_and_not_seen_is_a_gap_with_a_way_out(replay: Replay, session: Session) -> None:
    scope = Scope(subscriptions=(ONE, THREE), expected_subscriptions=(THREE,))
    harvest = seen(replay, session, {"subscriptionId": ONE}, {"subscriptionId": TWO}, scope=scope)
    assert gaps(harvest) == [THREE]
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [ONE], "the second is not asked for"
    [missing] = [reading for reading in harvest.readings if not reading.complete]
    assert THREE in str(missing.close)


HOME, OTHER = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "89")


@pytest.mark.parametrize(
    ("entry", "home", "delegated"),
    [
        ({"tenantId": HOME, "managedByTenants": []}, HOME, "no"),
        ({"tenantId": HOME.upper(), "managedByTenants": [{"tenantId": OTHER}]}, HOME, "no"),
        ({"tenantId": OTHER, "managedByTenants": [{"tenantId": HOME}]}, HOME, "yes"),
        ({"tenantId": OTHER}, HOME, "yes"),
        ({}, HOME, None),
        ({"tenantId": OTHER, "managedByTenants": [{"tenantId": HOME}]}, None, "yes"),
        ({"tenantId": OTHER, "managedByTenants": []}, None, "no"),
        ({"tenantId": OTHER}, None, "no"),
    ],
)
def test_a_subscription_of_another_tenant_was_delegated(
    replay: Replay, entry: dict[str, Any], home: str | None, delegated: str | None
) -> None:
    """Our own tenant stands in our own token, where that is one that can be read."""
    claims = base64.urlsafe_b64encode(orjson.dumps({"tid": home} if home else {})).decode().rstrip("=")
    settings = azure(replay).model_copy(update={"token": SecretStr(f"none.{claims}.none")})
    session = Session(Cloud(settings), Silent(), pause=lambda _seconds: None)
    harvest = seen(replay, session, {"subscriptionId": ONE, **entry})
    session.close()
    assert harvest.rows["subscriptions"][0]["delegated"] == delegated


# --- management groups ---


def descendants(group: str) -> str:
    return f"/providers/Microsoft.Management/managementGroups/{group}/descendants"


def below(kind: str, name: object) -> dict[str, Any]:
    types = {"group": "Microsoft.Management/managementGroups", "subscription": "/subscriptions"}
    written = types["group"] + types["subscription"] if kind == "subscription" else types["group"]
    return {"id": f"/x/{name}", "type": written, "name": name, "properties": {"displayName": "x"}}


def test_all_that_is_below_a_management_group_is_in_scope(replay: Replay, session: Session) -> None:
    """The service lists what is below at any depth, on several pages; the groups themselves hold nothing."""
    first = {"value": [below("group", "inner"), below("subscription", TWO.upper())], "nextLink": f"{replay.origin}/on"}
    replay.give(descendants("Production"), Answer.json(first))
    replay.give("/on", Answer.json({"value": [below("subscription", THREE)], "nextLink": None}))
    entries = [{"subscriptionId": each} for each in (ONE, TWO, THREE)]
    harvest = seen(replay, session, *entries, scope=Scope(management_groups=("Production",)))
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [TWO, THREE]
    [reading] = [each for each in harvest.readings if each.source is Source.MANAGEMENT_GROUPS]
    assert (reading.scope, reading.complete, reading.rows) == ("Production", True, 2)
    assert replay.asked_for(descendants("Production"))[0].query == "api-version=2020-05-01"


def test_groups_subscriptions_and_exclusions_are_one_scope(replay: Replay, session: Session) -> None:
    replay.give(descendants("a"), Answer.json({"value": [below("subscription", ONE), below("subscription", TWO)]}))
    entries = [{"subscriptionId": each} for each in (ONE, TWO, THREE)]
    scope = Scope(management_groups=("a",), subscriptions=(THREE, ONE), exclude_subscriptions=(TWO,))
    harvest = seen(replay, session, *entries, scope=scope)
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [THREE, ONE]


def test_a_subscription_below_a_group_that_cannot_be_seen_is_a_gap(replay: Replay, session: Session) -> None:
    replay.give(descendants("a"), Answer.json({"value": [below("subscription", TWO)]}))
    harvest = seen(replay, session, {"subscriptionId": ONE}, scope=Scope(management_groups=("a",)))
    assert gaps(harvest) == [TWO]


@pytest.mark.parametrize(
    "answer",
    [Answer(403), Answer(404), Answer.json({}), Answer.json({"value": [below("subscription", None)]})],
)
def test_a_group_that_cannot_be_read_is_a_gap_and_does_not_open_the_scope(
    replay: Replay, session: Session, answer: Answer
) -> None:
    replay.give(descendants("a"), answer)
    harvest = seen(replay, session, {"subscriptionId": ONE}, scope=Scope(management_groups=("a",)))
    assert gaps(harvest) == ["tenant", "a"], "nothing is known to be in scope"
    assert "subscriptions" not in harvest.rows


def test_one_group_that_cannot_be_read_leaves_the_others(replay: Replay, session: Session) -> None:
    replay.give(descendants("a"), Answer(403))
    replay.give(descendants("b"), Answer.json({"value": [below("subscription", ONE)]}))
    harvest = seen(replay, session, {"subscriptionId": ONE}, scope=Scope(management_groups=("a", "b")))
    assert gaps(harvest) == ["a"]
    assert [row["id"] for row in harvest.rows["subscriptions"]] == [ONE]
    [refused] = [each for each in harvest.readings if not each.complete]
    assert "Microsoft.Management/managementGroups/descendants/read" in str(refused.close)


def test_a_group_with_brackets_is_asked_for_as_it_is(replay: Replay, session: Session) -> None:
    replay.give(descendants("a(1)"), Answer.json({"value": []}))
    harvest = seen(replay, session, {"subscriptionId": ONE}, scope=Scope(management_groups=("a(1)",)))
    assert gaps(harvest) == ["tenant"]
