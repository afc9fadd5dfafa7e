"""The witness: what the identity may not read in the whole of a subscription is never called read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.collect.session import Session
from auditor.collect.sources.permissions import WITNESSED, allowed, by_subject, read_refusals, without_refused
from auditor.model.reading import Reading, Row, Service, Source
from auditor.model.rights import RIGHTS
from tests.real.night import list_path, servers_path, sets_path
from tests.real.replay import Answer, Replay

ONE = "11111111-0000-0000-0000-000000000000"
PATH = f"/subscriptions/{ONE}/providers/Microsoft.Authorization/permissions"
READ = "Microsoft.Compute/virtualMachines/read"
READER = {"actions": ["*/read"], "notActions": []}


def entry(*actions: str, but: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"actions": list(actions), "notActions": list(but), "dataActions": [], "notDataActions": []}


@pytest.mark.parametrize(
    ("entries", "may"),
    [
        ([entry("*/read")], True),
        ([entry("*")], True),
        ([entry("MICROSOFT.compute/*/READ")], True),
        ([entry(READ)], True),
        ([entry("Microsoft.Compute/virtualMachines/*")], True),
        ([], False),
        ([entry()], False),
        ([entry("Microsoft.Compute/virtualMachines/write")], False),
        ([entry("Microsoft.Compute/virtualMachines/extensions/read")], False),
        ([entry("Microsoft.Compute/virtualMachine?/read")], True),
        ([entry("Microsoft.Compute/[v]irtualMachines/read")], False),
        ([entry("*/read", but=("Microsoft.Compute/*",))], False),
        ([entry("*/read", but=("Microsoft.Network/*",))], True),
        ([entry("*/read", but=(READ,)), entry(READ)], True),
        ([{"actions": None}], False),
        ([{"actions": "*/read"}], False),
        ([{"actions": [None, 7, "*/read"]}], True),
        ([{"actions": ["*/read"], "notActions": None}], True),
    ],
)
def test_an_action_is_allowed_where_one_entry_allows_it_and_does_not_take_it_away(
    entries: list[dict[str, Any]], may: bool
) -> None:
    assert allowed(entries, READ) is may


def refused(replay: Replay, session: Session, *answers: Answer) -> list[Row]:
    replay.give(PATH, *answers)
    return read_refusals(session, ONE).rows.get("refusals", [])


def test_who_may_read_everything_is_refused_nothing(replay: Replay, session: Session) -> None:
    assert refused(replay, session, Answer.json({"value": [READER], "nextLink": None})) == []
    assert [each.query for each in replay.asked] == ["api-version=2022-04-01"]


def test_what_is_missing_is_named_with_its_own_action(replay: Replay, session: Session) -> None:
    may = entry("Microsoft.Compute/*/read", "Microsoft.Resources/*", but=("*/extensions/read",))
    rows = refused(replay, session, Answer.json({"value": [may]}))
    assert [row["source"] for row in rows] == [
        *(Source.ARC_MACHINES, Source.EXTENSIONS, Source.ARC_EXTENSIONS),
        *(Source.DATA_COLLECTION_RULES, Source.DATA_COLLECTION_RULE_ASSOCIATIONS),
    ]
    action = "Microsoft.Insights/dataCollectionRuleAssociations/read"
    assert str(rows[-1]["close"]).startswith(f"Grant the action {action} (role Monitoring Reader (or Reader))")
    assert rows[0]["subscription_id"] == ONE and rows[0]["status"] == 403
    grant = f"Grant the action Microsoft.HybridCompute/machines/read (role Reader) on /subscriptions/{ONE}."
    assert rows[0]["close"] == grant


def test_roles_on_several_pages_count_together(replay: Replay, session: Session) -> None:
    first = {"value": [entry("Microsoft.Compute/*")], "nextLink": f"{replay.origin}/more"}
    replay.give("/more", Answer.json({"value": [READER]}))
    assert refused(replay, session, Answer.json(first)) == []


LISTS = {Source.VIRTUAL_MACHINES: list_path, Source.SCALE_SETS: sets_path, Source.ARC_MACHINES: servers_path}
UNLISTED = [source for source in WITNESSED if source not in LISTS]


def give_lists(replay: Replay, answer: Answer) -> None:
    for path in LISTS.values():
        replay.give(path(ONE), answer)


def test_where_nobody_tells_a_list_stands_for_its_own_subject_alone(replay: Replay, session: Session) -> None:
    give_lists(replay, Answer.json({"value": [], "nextLink": f"{replay.origin}/never"}))
    rows = refused(replay, session, Answer(403))
    assert replay.asked_for("/never") == [], "the first page tells"
    assert [row["source"] for row in rows] == UNLISTED
    grant = f"Grant the action Microsoft.Authorization/permissions/read (role Reader) on /subscriptions/{ONE}."
    assert {row["close"] for row in rows} == {grant}


@pytest.mark.parametrize("source", LISTS)
def test_where_nobody_tells_a_list_that_is_refused_is_refused(replay: Replay, session: Session, source: Source) -> None:
    give_lists(replay, Answer.json({"value": []}))
    replay.give(LISTS[source](ONE), Answer(403))
    rows = {row["source"]: row for row in refused(replay, session, Answer(403))}
    assert set(rows) == {source, *UNLISTED}
    assert RIGHTS[source].actions[0] in str(rows[source]["close"])


def test_where_nobody_tells_anything_nothing_counts_as_read(replay: Replay, session: Session) -> None:
    give_lists(replay, Answer(500))
    rows = refused(replay, session, Answer(503))
    assert [row["source"] for row in rows] == list(WITNESSED)
    assert {row["status"] for row in rows} == {500, 503}


def test_a_refusal_makes_a_gap_of_the_reading_and_of_no_other() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    told = {"status": 403, "reason": "refused", "close": "grant it"}
    row = {"subscription_id": ONE.upper(), "source": Source.VIRTUAL_MACHINES, **told}
    reading = Reading(Source.VIRTUAL_MACHINES, ONE, True, 4, at, status=200, by=Service.RESOURCE_GRAPH)
    gap = without_refused(reading, by_subject([row]))
    assert (gap.complete, gap.rows, gap.status, gap.reason, gap.close) == (False, 4, 403, "refused", "grant it")
    assert gap.by is Service.RESOURCE_GRAPH
    other = Reading(Source.SCALE_SETS, ONE, True, 4, at)
    assert without_refused(other, by_subject([row])) is other
    failed = Reading(Source.VIRTUAL_MACHINES, ONE, False, 0, at, status=503, reason="failed", close="wait")
    assert without_refused(failed, by_subject([row])) is failed, "it has a reason already"
