"""Lists of subscriptions and machines in odd shapes, and pages that break off."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collect.session import Session
from auditor.collect.sources.subscriptions import survey_subscriptions
from auditor.collect.sources.virtual_machines import list_machines, machine_row, resource_group, tags
from auditor.model.reading import Harvest, Reading
from auditor.model.settings import Scope
from tests.real.night import list_path
from tests.real.replay import Answer, Replay

ONE, TWO, THREE = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
GROUP = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines"


def machine(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{GROUP}/{name}", "name": name, "location": "westus", "properties": {}, **more}


def machines(replay: Replay, session: Session, *pages: Answer) -> Harvest:
    """The first page is the list's own, each next one the one behind it."""
    for at, page in enumerate(pages):
        replay.give(list_path(ONE) if at == 0 else f"/page-{at}", page)
    return list_machines(session, ONE)


def page(replay: Replay, *entries: object, following: int | None = None) -> Answer:
    return Answer.json({"value": list(entries), "nextLink": following and f"{replay.origin}/page-{following}"})


def names(harvest: Harvest) -> list[object]:
    return [row["name"] for row in harvest.rows.get("machines", [])]


def only(harvest: Harvest) -> Reading:
    [reading] = harvest.readings
    assert reading.complete or (reading.reason and reading.close)
    return reading


# --- machines ---


def test_a_page_that_breaks_keeps_the_pages_before_it(replay: Replay, session: Session) -> None:
    harvest = machines(replay, session, page(replay, machine("a"), following=1), Answer(200, b"<html>"))
    assert names(harvest) == ["a"]
    assert (only(harvest).complete, only(harvest).rows) == (False, 1)


def test_a_machine_on_two_pages_is_one_machine(replay: Replay, session: Session) -> None:
    again = machine("B") | {"id": f"{GROUP}/b".upper()}
    pages = page(replay, machine("a"), machine("b"), following=1), page(replay, again, machine("c"))
    harvest = machines(replay, session, *pages)
    assert [str(name).lower() for name in names(harvest)] == ["a", "b", "c"]
    assert (only(harvest).complete, only(harvest).rows) == (True, 3)


@pytest.mark.parametrize("nameless", [{}, {"id": None}, {"id": ""}, {"id": 7}, {"name": "lost"}])
def test_a_machine_without_an_id_is_a_gap(replay: Replay, session: Session, nameless: dict[str, Any]) -> None:
    harvest = machines(replay, session, page(replay, machine("a"), nameless, machine("b")))
    assert names(harvest) == ["a", "b"]
    assert not only(harvest).complete and "machines without an id: 1" in str(only(harvest).reason)


def test_an_entry_that_is_nothing_is_a_gap(replay: Replay, session: Session) -> None:
    harvest = machines(replay, session, page(replay, None, machine("a")))
    assert names(harvest) == ["a"]
    assert not only(harvest).complete


@pytest.mark.parametrize(
    "more",
    [
        {"properties": None}, {"properties": []}, {"tags": None}, {"tags": ["a"]}, {"identity": None},
        {"identity": "x"}, {"location": None}, {"properties": {"storageProfile": None, "timeCreated": 7}},
        {"properties": {"storageProfile": {"osDisk": []}, "virtualMachineScaleSet": None}},
    ],
)  # fmt: skip
def test_a_machine_of_which_little_is_told_is_still_one(more: dict[str, Any]) -> None:
    row = machine_row(machine("a", **more), ONE)
    assert row is not None
    assert (row["id"], row["name"], row["kind"], row["scale_set_id"], row["tags"]) == (
        f"{GROUP}/a",
        "a",
        "vm",
        "none",
        "{}",
    )
    assert (row["os"], row["created_at"], row["identity_kind"]) == (None, None, "none")


@pytest.mark.parametrize("name", [None, "", 7, ...])
def test_a_machine_without_a_name_is_named_by_its_id(name: object) -> None:
    told = machine("a") | {"name": name}
    row = machine_row({key: value for key, value in told.items() if value is not ...}, ONE)
    assert row is not None and row["name"] == "a"


@pytest.mark.parametrize(("written", "meant"), [("Windows", "windows"), ("LINUX", "linux"), ("BeOS", None), (7, None)])
def test_an_operating_system(written: object, meant: str | None) -> None:
    row = machine_row(machine("a", properties={"storageProfile": {"osDisk": {"osType": written}}}), ONE)
    assert row is not None and row["os"] == meant


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        ({"type": "SystemAssigned, UserAssigned"}, "SystemAssigned, UserAssigned"),
        ({"type": "None"}, "none"),
        ({}, "none"),
    ],
)
def test_an_identity(identity: object, kind: str) -> None:
    row = machine_row(machine("a", identity=identity), ONE)
    assert row is not None and row["identity_kind"] == kind


def test_tags_are_text_with_sorted_names() -> None:
    assert tags({"b": 1, "a": None, "ä": "ö"}) == '{"a":"None","b":"1","ä":"ö"}'


@pytest.mark.parametrize(
    ("identifier", "group"),
    [(f"{GROUP}/a", "rg"), (GROUP.upper(), "RG"), ("/subscriptions/x/resourcegroups/rg (1)", "rg (1)"), ("x", None)],
)
def test_a_resource_group(identifier: str, group: str | None) -> None:
    assert resource_group(identifier) == group


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
    assert harvest.rows["subscriptions"] == [{"id": ONE, "name": "One", "tenant": None, "state": state}]


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
