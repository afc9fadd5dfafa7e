"""Associations with data collection rules in odd shapes, and one by one where the bulk answer leaves something open."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collect.associations import Associations, associations_again
from auditor.collect.pool import run_all
from auditor.collect.session import Session
from auditor.collect.sources.data_collection_rule_associations import find_associations, list_associations
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Reading, Row, Service, Source
from tests.real.night import AS_OF
from tests.real.replay import Answer, Replay

ONE, TWO = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12")
SOURCE = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
BELOW = "/providers/microsoft.insights/datacollectionruleassociations"
RULE = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/dcr"
ENDPOINT = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionEndpoints/dce"


def of(kind: str, name: str, subscription: str = ONE, **more: Any) -> Row:
    provider = "HybridCompute/machines" if kind == "arc" else "Compute/virtualMachines"
    identifier = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.{provider}/{name}"
    return {"id": identifier, "kind": kind, "subscription_id": subscription, "follows_model": "none", **more}


def scale_set(name: str, mode: str = "uniform") -> Row:
    identifier = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    return {"id": identifier, "subscription_id": ONE, "orchestration_mode": mode}


VM, SERVER = of("vm", "web"), of("arc", "plant")


def told(holder: Row, name: str = "a", **properties: object) -> dict[str, Any]:
    """An association as Resource Manager tells it; Azure spells its id otherwise than its machine's."""
    identifier = f"{str(holder['id']).upper()}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}"
    return {"id": identifier, "name": name, "properties": properties or {"dataCollectionRuleId": RULE}}


def in_graph(holder: Row, name: str = "a", rule: str | None = RULE, **more: Any) -> dict[str, Any]:
    return {
        "id": told(holder, name)["id"],
        "name": name,
        "subscriptionId": holder["subscription_id"],
        "properties_dataCollectionRuleId": rule,
        "properties_dataCollectionEndpointId": None if rule else ENDPOINT,
        **more,
    }


def page(*rows: dict[str, Any]) -> Answer:
    return Answer.json({"totalRecords": len(rows), "count": len(rows), "data": list(rows), "resultTruncated": "false"})


def give(replay: Replay, holder: Row, *entries: dict[str, Any]) -> None:
    replay.give(f"{holder['id']}{BELOW}", Answer.json({"value": list(entries), "nextLink": None}))


def rules(harvest: Harvest) -> dict[str, object]:
    return {str(row["machine_id"]).rpartition("/")[2].lower(): row["rule_id"] for row in harvest.rows["associations"]}


# --- one by one ---


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ({"dataCollectionRuleId": RULE}, RULE),
        ({"dataCollectionRuleId": RULE, "dataCollectionEndpointId": ENDPOINT}, RULE),
        ({"dataCollectionEndpointId": ENDPOINT}, "none"),
        ({"dataCollectionRuleId": None, "dataCollectionEndpointId": ENDPOINT}, "none"),
        # With neither nobody knows what it is with.
        ({"description": "x"}, None),
        ({"dataCollectionRuleId": 7}, None),
    ],
)
def test_what_an_association_is_with(
    properties: dict[str, object], rule: str | None, replay: Replay, session: Session
) -> None:
    give(replay, VM, told(VM, **properties))
    [row] = list_associations(session, VM).rows["associations"]
    assert row["rule_id"] == rule
    assert row["machine_id"] == VM["id"], "the machine that was asked, however the answer spells its id"


def test_none_is_an_answer(replay: Replay, session: Session) -> None:
    give(replay, VM)
    harvest = list_associations(session, VM)
    [reading] = harvest.readings
    assert (reading.source, reading.scope, reading.complete, reading.rows) == (SOURCE, VM["id"], True, 0)
    assert "associations" not in harvest.rows


def test_an_association_without_an_id_leaves_the_answer_incomplete(replay: Replay, session: Session) -> None:
    give(replay, VM, told(VM), {"name": "b", "properties": {}})
    [reading] = list_associations(session, VM).readings
    assert not reading.complete and "without an id: 1" in str(reading.reason)


def test_a_page_that_fails_leaves_what_was_read(replay: Replay, session: Session) -> None:
    following = f"{replay.origin}/more"
    replay.give(f"{VM['id']}{BELOW}", Answer.json({"value": [told(VM)], "nextLink": following}))
    replay.give("/more", Answer(500))
    harvest = list_associations(session, VM)
    assert rules(harvest) == {"web": RULE}
    assert not harvest.readings[0].complete


def test_a_refusal_names_the_action(replay: Replay, session: Session) -> None:
    replay.give(f"{VM['id']}{BELOW}", Answer(403))
    [reading] = list_associations(session, VM).readings
    assert "Microsoft.Insights/dataCollectionRuleAssociations/read" in str(reading.close)


# --- in bulk ---


def test_bulk_rows_name_their_machine_in_their_id(replay: Replay, session: Session) -> None:
    pool = scale_set("pool")
    replay.give(GRAPH, page(in_graph(VM), in_graph(pool), in_graph(SERVER, "b", None)))
    harvest = find_associations(session, [ONE, TWO])
    assert rules(harvest) == {"web": RULE, "pool": RULE, "plant": "none"}
    assert [(each.scope, each.complete, each.rows) for each in harvest.readings] == [(ONE, True, 3), (TWO, True, 0)]


def test_what_the_identity_may_not_read_is_no_empty_answer(replay: Replay, session: Session) -> None:
    replay.give(GRAPH, page())
    refusal = {"subscription_id": ONE, "source": SOURCE, "status": 403, "reason": "refused", "close": "grant"}
    harvest = find_associations(session, [ONE, TWO], [refusal])
    assert [(each.scope, each.complete) for each in harvest.readings] == [(ONE, False), (TWO, True)]


# --- a shard ---


def shard(session: Session, *rows: Row, by_graph: tuple[str, ...] = (ONE,), **more: Reading) -> Associations:
    lists = (Source.VIRTUAL_MACHINES, Source.ARC_MACHINES, Source.SCALE_SETS)
    readings = {str(source): Reading(source, ONE, True, 1, AS_OF, by=Service.RESOURCE_GRAPH) for source in lists}
    frames: dict[str, list[Row]] = {"machines": [], "scale_sets": []}
    for row in rows:
        frames["machines" if "kind" in row else "scale_sets"].append(row)
    survey = Survey(frames, tuple((readings | more).values()), (ONE,))
    return Associations(session, survey, (ONE,), frozenset(by_graph))


def collected(session: Session, asked: Associations) -> Harvest:
    [first] = run_all(session, "first", asked.first())
    [again] = run_all(session, "again", asked.left_open(first))
    return asked.joined(first, again)


def complete(harvest: Harvest) -> dict[str, bool]:
    return {each.scope.rpartition("/")[2]: each.complete for each in harvest.readings}


def test_a_bulk_answer_is_enough(replay: Replay, session: Session) -> None:
    replay.give(GRAPH, page(in_graph(VM)))
    harvest = collected(session, shard(session, VM, SERVER))
    assert rules(harvest) == {"web": RULE} and complete(harvest) == {ONE: True}
    assert len(replay.asked) == 1


def test_where_it_fails_everything_is_asked_by_itself_and_no_gap_is_left(replay: Replay, session: Session) -> None:
    pool, flex = scale_set("pool"), scale_set("flex", "flexible")
    replay.give(GRAPH, Answer(500))
    for each in (VM, SERVER, pool):
        give(replay, each, told(each))
    harvest = collected(session, shard(session, VM, SERVER, pool, flex))
    assert rules(harvest) == {"web": RULE, "plant": RULE, "pool": RULE}
    assert set(complete(harvest).values()) == {True}
    assert replay.asked_for(f"{flex['id']}{BELOW}") == [], "its instances have their own"


def test_what_answered_by_itself_is_told_by_its_own_answer(replay: Replay, session: Session) -> None:
    """The bulk answer is cut short, and shows one that is gone by now."""
    cut = {"totalRecords": 9, "count": 1, "data": [in_graph(VM)], "resultTruncated": "true"}
    replay.give(GRAPH, Answer.json(cut))
    give(replay, VM)
    harvest = collected(session, shard(session, VM))
    assert harvest.rows == {} and complete(harvest) == {ONE: True, "web": True}


@pytest.mark.parametrize("source", ["virtual_machines", "arc_machines", "scale_sets"])
def test_a_gap_stays_open_where_a_list_is_not_whole(source: str, replay: Replay, session: Session) -> None:
    replay.give(GRAPH, Answer(500))
    give(replay, VM, told(VM))
    broken = Reading(Source(source), ONE, False, 1, AS_OF, status=403, reason="refused", close="grant")
    harvest = collected(session, shard(session, VM, **{source: broken}))
    assert complete(harvest) == {ONE: False, "web": True}


def test_machines_that_resource_manager_told_are_asked_by_themselves_at_once(replay: Replay, session: Session) -> None:
    give(replay, VM, told(VM))
    harvest = collected(session, shard(session, VM, by_graph=()))
    assert rules(harvest) == {"web": RULE} and complete(harvest) == {"web": True}


def test_of_instances_of_one_uniform_scale_set_the_set_is_asked_once_again(replay: Replay, session: Session) -> None:
    pool = scale_set("pool")
    give(replay, pool, told(pool))
    give(replay, VM, told(VM))
    own = {"kind": "scale_set_instance", "subscription_id": ONE, "follows_model": "yes", "scale_set_id": pool["id"]}
    instances = [{"id": f"{pool['id']}/virtualMachines/{nth}", **own} for nth in range(3)]

    [harvest] = run_all(session, "again", associations_again(session, [*instances, VM]))

    assert rules(harvest) == {"pool": RULE, "web": RULE}
    assert len(replay.asked) == 2
