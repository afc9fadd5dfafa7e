"""What is gone during the run, and what is read again: nothing is gone without a whole list that has lost it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from auditor.collect.run import reread
from auditor.collect.session import Session
from auditor.model.reading import GONE, Harvest, Row, Source
from tests.real.night import list_path
from tests.real.replay import Answer, Replay
from tests.unit.collect.parts import (
    AGENT,
    ONE,
    TWO,
    A,
    B,
    C,
    S,
    collected,
    extension,
    give_graph,
    graphed,
    in_graph,
    instance,
    machine,
    names,
    page,
    reading,
    scale_set,
    surveyed,
    whole,
)

# --- gone during the run ---


def give_list(replay: Replay, subscription: str, rows: Sequence[Row]) -> None:
    replay.give(
        list_path(subscription), Answer.json({"value": [{"id": row["id"], "name": row["name"]} for row in rows]})
    )


@pytest.mark.parametrize("graph", [False, True])
def test_a_machine_that_its_list_has_lost_was_deleted(replay: Replay, session: Session, graph: bool) -> None:
    for row in (B, C):
        replay.give(str(row["id"]), whole(row, extension(row)))
    give_graph(replay, page(*map(in_graph, (A, B, C))))
    give_list(replay, ONE, [B])
    harvest = collected(replay, session, (graphed if graph else surveyed)([A, B, C]))
    assert names(harvest) == ["b", "c"]
    assert [row["machine_id"] for row in harvest.rows["extensions"]] == [B["id"], C["id"]]
    assert (reading(harvest, A["id"]).complete, reading(harvest, A["id"]).reason) == (True, GONE)
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
    harvest = collected(replay, session, surveyed([A]))
    assert names(harvest) == ["a"]
    assert (reading(harvest, A["id"]).complete, reading(harvest, A["id"]).status) == (False, 404)


def test_a_server_and_a_scale_set_that_their_lists_have_lost_were_deleted(replay: Replay, session: Session) -> None:
    uniform = scale_set(ONE, "u")
    model: Row = {"id": "x", "machine_id": uniform["id"], "on": "model", "name": "AMA", "subscription_id": ONE}
    for path in (str(S["id"]), str(uniform["id"])):
        replay.give(path.rsplit("/", 1)[0], Answer.json({"value": []}))
    harvest = collected(replay, session, surveyed([S, uniform], extensions=[model]))
    assert {frame: rows for frame, rows in harvest.rows.items() if rows} == {}
    assert {reading(harvest, row["id"]).reason for row in (S, uniform)} == {GONE}


def test_a_scale_set_that_answers_404_and_is_still_listed_is_a_gap(replay: Replay, session: Session) -> None:
    uniform = scale_set(ONE, "u")
    replay.give(str(uniform["id"]).rsplit("/", 1)[0], Answer.json({"value": [{"id": uniform["id"]}]}))
    harvest = collected(replay, session, surveyed([uniform]))
    assert [row["instances_read"] for row in harvest.rows["scale_sets"]] == ["no"]
    assert not reading(harvest, uniform["id"]).complete


# --- read again ---


def test_anything_can_be_read_again_from_resource_manager(replay: Replay, session: Session) -> None:
    uniform = scale_set(TWO, "u")
    member = {**machine(TWO, "u_0", kind="scale_set_instance", scale_set_id=uniform["id"]), "follows_model": "yes"}
    member["id"] = f"{uniform['id']}/virtualMachines/0"
    replay.give(str(A["id"]), whole(A, extension(A)))
    replay.give(str(member["id"]), Answer.json(instance(uniform, 0)))
    replay.give(str(S["id"]), Answer.json({"id": S["id"], "properties": {"status": "Connected"}}))
    replay.give(f"{S['id']}/extensions", Answer.json({"value": [extension(S)]}))
    model = {"extensionProfile": {"extensions": [{"name": "AMA", "properties": dict(AGENT)}]}}
    replay.give(str(uniform["id"]), Answer.json({"id": uniform["id"], "properties": {"virtualMachineProfile": model}}))
    harvest = reread(session, [A, member, S], [{**uniform, "instances_read": "yes"}])
    assert names(harvest) == ["a", "u_0", "s"]
    assert [row["on"] for row in harvest.rows["extensions"]] == ["machine", "machine", "model"]
    assert [row["instances_read"] for row in harvest.rows["scale_sets"]] == ["yes"]
    assert [(each.source, each.scope, each.complete) for each in harvest.readings] == [
        (Source.INSTANCE_VIEW, A["id"], True),
        (Source.INSTANCE_VIEW, member["id"], True),
        (Source.ARC_EXTENSIONS, S["id"], True),
        (Source.SCALE_SETS, uniform["id"], True),
    ]


LISTS = (
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.HybridCompute/machines",
)


def test_what_answers_404_when_it_is_read_again_and_is_not_listed_is_gone(replay: Replay, session: Session) -> None:
    for each in {str(row["subscription_id"]) for row in (A, B, S)}:
        for path in LISTS:
            replay.give(f"/subscriptions/{each}/providers/{path}", Answer.json({"value": []}))
    replay.give(str(B["id"]), Answer(403))
    uniform = scale_set(ONE, "u")
    harvest = reread(session, [A, B, S], [uniform])
    assert names(harvest) == ["b"]
    assert harvest.rows.get("scale_sets", []) == []
    assert {reading(harvest, row["id"]).reason for row in (A, S, uniform)} == {GONE}
    assert not reading(harvest, B["id"]).complete


def test_what_answers_404_when_it_is_read_again_stays_where_no_list_has_lost_it(
    replay: Replay, session: Session
) -> None:
    """The lists answer 404 as well: nobody says that it was deleted."""
    uniform = scale_set(ONE, "u")
    harvest = reread(session, [A, S], [uniform])
    assert sorted(names(harvest)) == sorted(str(row["name"]) for row in (A, S))
    assert len(harvest.rows["scale_sets"]) == 1
    assert not any(reading(harvest, row["id"]).complete for row in (A, S, uniform))


def test_nothing_is_read_again_where_nothing_is_named(replay: Replay, session: Session) -> None:
    assert reread(session, [], []) == Harvest()
    assert replay.asked == []
