"""The sources together: what was asked keeps its order, and a machine is gone only where a whole list says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from auditor import collect
from auditor.collect.session import Session
from auditor.model.parcel import ShardScope
from auditor.model.reading import Harvest, Reading, Row, Source
from auditor.model.settings import Settings
from tests.real.night import AS_OF, activity_path, azure, list_path, shipped
from tests.real.replay import Answer, Replay

ONE, TWO = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12")


def machine(subscription: str, name: str) -> Row:
    return {"id": f"{list_path(subscription)}/{name}", "name": name, "subscription_id": subscription}


def whole(row: Row) -> Answer:
    return Answer.json({"id": row["id"], "name": row["name"], "properties": {"instanceView": {}}})


def give_list(replay: Replay, subscription: str, rows: Sequence[Row]) -> None:
    replay.give(
        list_path(subscription), Answer.json({"value": [{"id": row["id"], "name": row["name"]} for row in rows]})
    )


def collected(replay: Replay, session: Session, machines: Sequence[Row]) -> Harvest:
    for subscription in (ONE, TWO):
        replay.give(activity_path(subscription), Answer.json({"value": []}))
    settings = Settings(azure=azure(replay))
    return collect.collect(session, ShardScope("shard-00000", (ONE, TWO)), machines, settings, AS_OF)


def names(harvest: Harvest) -> list[object]:
    return [row["name"] for row in harvest.rows.get("machines", [])]


def reading(harvest: Harvest, row: Row) -> Reading:
    [found] = [each for each in harvest.readings if each.scope == row["id"]]
    return found


A, B, C = machine(ONE, "a"), machine(ONE, "b"), machine(TWO, "c")


def test_machines_are_asked_in_turn_of_their_subscriptions_and_kept_in_that_order(
    replay: Replay, session: Session
) -> None:
    for row in (A, B, C):
        replay.give(str(row["id"]), whole(row))
    harvest = collected(replay, session, [A, B, C])
    assert names(harvest) == ["a", "c", "b"]
    assert [each.source for each in harvest.readings] == [Source.ACTIVITY_LOG] * 2 + [Source.INSTANCE_VIEW] * 3
    assert all(each.complete for each in harvest.readings)


def test_a_machine_that_its_list_has_lost_was_deleted(replay: Replay, session: Session) -> None:
    for row in (B, C):
        replay.give(str(row["id"]), whole(row))
    give_list(replay, ONE, [B])
    harvest = collected(replay, session, [A, B, C])
    assert names(harvest) == ["c", "b"]
    assert (reading(harvest, A).complete, reading(harvest, A).reason) == (True, "gone during the run")
    assert replay.asked_for(list_path(TWO)) == [], "only the lists in question are read again"


STILL_THERE = {
    "the list still names it": Answer.json({"value": [{"id": str(A["id"]).upper()}]}),
    "the list may not be read": Answer(403),
    "the list is none": Answer.json({"value": None}),
    "the list holds one without an id": Answer.json({"value": [{"name": "x"}]}),
}


@pytest.mark.parametrize("why", STILL_THERE)
def test_a_machine_that_answers_404_is_a_gap_as_long_as(replay: Replay, session: Session, why: str) -> None:
    replay.give(list_path(ONE), STILL_THERE[why])
    harvest = collected(replay, session, [A])
    assert names(harvest) == ["a"]
    assert (reading(harvest, A).complete, reading(harvest, A).status) == (False, 404)


def test_each_kind_of_agent_is_looked_up_once_for_each_region(replay: Replay, session: Session) -> None:
    """Regions are one however they are spelled."""
    entries = [{"subscriptionId": each} for each in (ONE, TWO)]
    replay.give("/subscriptions", Answer.json({"value": entries}))
    where = {ONE: ["Japan East", "japaneast", None, 7], TWO: ["JapanEast", "westus"]}
    for subscription, locations in where.items():
        rows = [machine(subscription, f"vm{at}") | {"location": each} for at, each in enumerate(locations)]
        replay.give(list_path(subscription), Answer.json({"value": rows}))
    survey = collect.survey(session, Settings(azure=azure(replay)), shipped(), AS_OF)
    scopes = [each.scope for each in survey.readings if each.source is Source.EXTENSION_VERSIONS]
    kinds = ("azuremonitorlinuxagent", "azuremonitorwindowsagent")
    assert scopes == [
        f"{region}/microsoft.azure.monitor/{kind}" for region in ("japaneast", "westus") for kind in kinds
    ]
    assert survey.readable == (ONE, TWO)
    assert [len(survey.machines_of(each)) for each in survey.readable] == [4, 2]


def test_the_log_is_asked_for_the_look_back(replay: Replay, session: Session) -> None:
    harvest = collected(replay, session, [])
    assert {(each.window_start, each.window_end) for each in harvest.readings} == {(AS_OF - timedelta(days=14), AS_OF)}
