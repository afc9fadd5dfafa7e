"""What is read again before it is told, and how many verdicts that changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.judge import changed, did_not_answer, doubtful
from auditor.judge.doubt import Doubt, Why
from auditor.judge.verdicts import verdict_frame
from auditor.model.memory import EMPTY, Memory
from auditor.model.reading import Service, Source
from auditor.model.rule import Comparison, Operator, RuleBook
from auditor.model.verdict import Severity
from tests.unit.judge.parts import NOW, clause, property_over, rule, view_of

VM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/"
ARC = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/"
SET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/"
BOOK = RuleBook(
    (rule(clause("x").when, id="HIGH-001", severity=Severity.HIGH), rule(clause("x").when, id="LOW-001")),
    standing=(clause("managed"),),
)
ASSOCIATED = RuleBook(
    (*BOOK.rules, rule(Comparison("data_collection_rules", Operator.AT_LEAST, 1), id="RULE-001", frame="machines"))
)
NONE = len(Severity)
HIGH, LOW = Severity.HIGH.rank, Severity.LOW.rank


def fails(machine: str, rule_id: str = "LOW-001", resource: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"rule_id": rule_id, "status": "fail", "reason_code": "because", "clause": 0, "row": 0, "missing": ""}
    return {**given, "machine_id": machine, "resource_id": resource or f"{machine}/extensions/ama", **more}


def machine(name: str, **more: Any) -> dict[str, Any]:
    kind, above = ("arc", ARC) if name.startswith("arc") else ("vm", VM)
    own = {"id": f"{above}{name}", "kind": kind, "subscription_id": "s", "scale_set_id": "none"}
    return {**own, "follows_model": "none", "monitor_agents": 1, **more}


def reading(
    source: Source, scope: str, by: Service = Service.RESOURCE_MANAGER, complete: str = "yes"
) -> dict[str, Any]:
    return {"source": str(source), "scope": scope.lower(), "by": str(by), "complete": complete}


def touched(machine_id: str | None, started: Any = None, ended: Any = None, **more: Any) -> dict[str, Any]:
    return {"machine_id": machine_id, "subscription_id": "s", "started": started, "ended": ended, **more}


def doubts(
    *machines: dict[str, Any],
    verdicts: Sequence[dict[str, Any]] = (),
    operations: Sequence[dict[str, Any]] = (),
    readings: Sequence[dict[str, Any]] = (),
    scale_sets: Sequence[dict[str, Any]] = (),
    memory: Memory = EMPTY,
    book: RuleBook = BOOK,
) -> list[Doubt]:
    told = {"machines": machines, "operations": operations, "readings": readings, "scale_sets": scale_sets}
    frames = {name: view_of(rows, name) for name, rows in told.items()}
    return doubtful({**frames, "verdicts": table(*verdicts)}, book, memory, NOW)


def table(*verdicts: dict[str, Any]) -> pd.DataFrame:
    names = ("rule_id", "status", "reason_code", "clause", "missing", "exemption", "resource_id", "machine_id", "row")
    return verdict_frame({name: [each.get(name) for each in verdicts] for name in names})


def ids(found: list[Doubt]) -> list[str]:
    return [each.id.rsplit("/", 1)[-1] for each in found]


# --- what is doubtful ---


def test_nothing_is_doubtful_where_nothing_fails_and_nothing_happened() -> None:
    passing = fails(f"{VM}a", status="pass")

    assert doubts(machine("a"), verdicts=[passing]) == []
    assert doubts() == []


def test_a_failure_is_doubtful_where_nobody_remembers_last_night() -> None:
    [doubt] = doubts(machine("A"), verdicts=[fails(f"{VM}A")])

    assert doubt == Doubt(LOW, f"{VM}a".lower(), Why.NEW_FAILURE)


def test_a_failure_that_last_night_had_too_is_not_doubtful() -> None:
    known = Memory(failing=frozenset({("LOW-001", f"{VM}a/extensions/ama".lower())}))
    verdicts = [fails(f"{VM}A"), fails(f"{VM}b")]

    assert ids(doubts(machine("A"), machine("b"), verdicts=verdicts, memory=known)) == ["b"]


def test_a_failure_of_another_rule_or_of_another_extension_is_a_new_one() -> None:
    known = Memory(failing=frozenset({("LOW-001", f"{VM}a/extensions/ama".lower())}))

    assert ids(doubts(machine("a"), verdicts=[fails(f"{VM}a", "HIGH-001")], memory=known)) == ["a"]
    assert ids(doubts(machine("a"), verdicts=[fails(f"{VM}a", resource=f"{VM}a/x")], memory=known)) == ["a"]


@pytest.mark.parametrize("status", ["pass", "unanswered", "pending", "exempt", "not_applicable"])
def test_only_a_failure_is_doubtful(status: str) -> None:
    assert doubts(machine("a"), verdicts=[fails(f"{VM}a", status=status)]) == []


def test_a_failing_model_makes_its_scale_set_doubtful() -> None:
    scale_set = {"id": f"{SET}web", "subscription_id": "s", "orchestration_mode": "uniform"}

    found = doubts(scale_sets=[scale_set], verdicts=[fails(f"{SET}web")])

    assert found == [Doubt(LOW, f"{SET}web".lower(), Why.NEW_FAILURE)]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("started", "ended", "doubted"),
    [
        (NOW - 5 * HOUR, None, True),
        (NOW - 7 * HOUR, NOW - 5 * HOUR, True),
        (None, NOW - 6 * HOUR, True),
        (NOW - 9 * HOUR, NOW - 7 * HOUR, False),
        (NOW - 7 * HOUR, None, False),
        (None, None, False),
    ],
)
def test_an_operation_of_the_last_hours_makes_its_machine_doubtful(started: Any, ended: Any, doubted: bool) -> None:
    found = doubts(machine("a"), operations=[touched(f"{VM}A", started, ended), touched(None, NOW, NOW)])

    assert found == ([Doubt(NONE, f"{VM}a".lower(), Why.RECENT_OPERATION)] if doubted else [])


def test_two_agents_on_one_machine_make_it_doubtful() -> None:
    machines = (machine("a", monitor_agents=2), machine("b"), machine("c", monitor_agents=None))

    assert doubts(*machines) == [Doubt(NONE, f"{VM}a".lower(), Why.SEVERAL_AGENTS)]


def test_the_gravest_come_first_then_by_id_each_once_with_its_gravest_reason() -> None:
    machines = [machine(name) for name in ("e", "d", "c", "b")] + [machine("a", monitor_agents=2)]
    verdicts = [fails(f"{VM}c"), fails(f"{VM}c", "HIGH-001"), fails(f"{VM}b"), fails(f"{VM}d", "HIGH-001")]

    found = doubts(*machines, verdicts=verdicts, operations=[touched(f"{VM}{name}", NOW, NOW) for name in "eab"])

    assert [(each.gravity, each.id[-1], each.why) for each in found] == [
        (HIGH, "c", "new_failure"),
        (HIGH, "d", "new_failure"),
        (LOW, "b", "new_failure"),
        (NONE, "a", "several_agents"),
        (NONE, "e", "recent_operation"),
    ]


def test_what_a_standing_reason_leaves_out_is_in_no_doubt() -> None:
    """Nobody would judge it, whatever is read: scale sets of AKS have operations all night."""
    standing = fails(f"{VM}a", status="not_applicable", clause=0)
    own = fails(f"{VM}b", status="not_applicable", clause=1)
    operations = [touched(f"{VM}a", NOW, NOW), touched(f"{VM}b", NOW, NOW)]

    assert ids(doubts(machine("a"), machine("b"), verdicts=[standing, own], operations=operations)) == ["b"]


# --- what Resource Manager itself told tonight is in no doubt ---

INSTANCE = machine("a", id=f"{SET}web/virtualMachines/0", kind="scale_set_instance", scale_set_id=f"{SET}web",
                   follows_model="yes")  # fmt: skip
FLEXIBLE = machine("a", kind="scale_set_instance", scale_set_id=f"{SET}web")
GRAPH = Service.RESOURCE_GRAPH


@pytest.mark.parametrize(
    ("of", "told", "doubted"),
    [
        (machine("a"), reading(Source.INSTANCE_VIEW, f"{VM}a"), False),
        (machine("a"), reading(Source.INSTANCE_VIEW, f"{VM}b"), True),
        (machine("a"), reading(Source.INSTANCE_VIEW, f"{VM}a", complete="no"), True),
        (machine("a"), reading(Source.EXTENSIONS, "s", GRAPH), True),
        (machine("a"), reading(Source.VIRTUAL_MACHINES, "s"), True),
        (INSTANCE, reading(Source.SCALE_SET_INSTANCES, f"{SET}web"), False),
        (INSTANCE, reading(Source.SCALE_SET_INSTANCES, f"{SET}web", complete="no"), True),
        (INSTANCE, reading(Source.SCALE_SET_INSTANCES, f"{SET}other"), True),
        (FLEXIBLE, reading(Source.SCALE_SET_INSTANCES, f"{SET}web"), True),
        (FLEXIBLE, reading(Source.INSTANCE_VIEW, f"{VM}a"), False),
        (machine("arc"), reading(Source.ARC_EXTENSIONS, f"{ARC}arc"), False),
        (machine("arc"), reading(Source.ARC_EXTENSIONS, "s", GRAPH), True),
        (machine("arc"), reading(Source.ARC_MACHINES, "s"), True),
    ],
)
def test_a_machine_is_in_doubt_unless_resource_manager_told_all_that_is_judged(
    of: dict[str, Any], told: dict[str, Any], doubted: bool
) -> None:
    assert bool(doubts(of, verdicts=[fails(of["id"])], readings=[told])) is doubted


@pytest.mark.parametrize(("by", "doubted"), [(GRAPH, True), (Service.RESOURCE_MANAGER, False)])
def test_a_scale_set_is_in_doubt_unless_resource_manager_listed_it(by: Service, doubted: bool) -> None:
    scale_set = {"id": f"{SET}web", "subscription_id": "s", "orchestration_mode": "uniform"}
    told = [reading(Source.SCALE_SETS, "s", by)]

    assert bool(doubts(scale_sets=[scale_set], verdicts=[fails(f"{SET}web")], readings=told)) is doubted


# --- machines that only the activity log has told of ---


@pytest.mark.parametrize("identifier", [f"{VM}young", f"{ARC}young"])
def test_a_machine_that_no_list_has_told_of_yet_is_doubtful(identifier: str) -> None:
    graph = [reading(Source.VIRTUAL_MACHINES, "s", GRAPH), reading(Source.ARC_MACHINES, "s", GRAPH)]

    found = doubts(operations=[touched(identifier, NOW, NOW)], readings=graph)

    assert found == [Doubt(NONE, identifier.lower(), Why.RECENT_OPERATION)]


@pytest.mark.parametrize(
    ("identifier", "told"),
    [
        (f"{VM}gone", reading(Source.VIRTUAL_MACHINES, "s")),
        (f"{ARC}gone", reading(Source.ARC_MACHINES, "s")),
        (f"{VM}gone", reading(Source.INSTANCE_VIEW, f"{VM}gone")),
        (f"{SET}web/virtualMachines/7", reading(Source.SUBSCRIPTIONS, "tenant")),
        (f"{SET}web", reading(Source.SUBSCRIPTIONS, "tenant")),
    ],
)
def test_what_a_list_from_resource_manager_itself_does_not_hold_was_deleted(
    identifier: str, told: dict[str, Any]
) -> None:
    """Instances of uniform scale sets are listed by Compute itself; a scale set without a row is no machine."""
    assert doubts(operations=[touched(identifier, NOW, NOW)], readings=[told]) == []


# --- how many verdicts changed ---

VERDICTS = st.lists(
    st.builds(
        lambda at, status, code: fails(f"/m/{at}", status=status, reason_code=code),
        st.integers(0, 5),
        st.sampled_from(["fail", "pass"]),
        st.sampled_from(["one", "other"]),
    ),
    max_size=6,
    unique_by=lambda verdict: verdict["machine_id"],
)


@property_over
@given(one=VERDICTS, other=VERDICTS)
def test_changed_counts_the_verdicts_that_differ_come_or_go(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    told, again = (
        {each["machine_id"]: (each["status"], each["reason_code"]) for each in all_} for all_ in (one, other)
    )
    expected = sum(told.get(each) != again.get(each) for each in {*told, *again})

    assert changed(table(*one), table(*other)) == changed(table(*other), table(*one)) == expected


def test_what_did_not_answer_again_has_not_changed() -> None:
    before = table(fails("/m/0"), fails("/m/1"), fails("/m/2", reason_code="extensions_not_read"))
    after = table(
        fails("/m/0", status="unanswered", reason_code="extensions_not_read"),
        fails("/m/1", status="pass"),
        fails("/m/2", reason_code="extensions_not_read"),
    )

    assert did_not_answer(before, after) == {"/m/0"}
    assert changed(before, after) == 1


def test_other_evidence_for_the_same_verdict_is_no_change() -> None:
    before = fails("/M/0", row=3, missing="os")
    after = fails("/m/0", resource="/m/0/EXTENSIONS/ama", row=9, clause=4)

    assert changed(table(before), table(after)) == 0


# --- associations with data collection rules ---


def test_what_fails_for_its_associations_is_live_only_where_they_are_too() -> None:
    """An instance view does not hold them, so that a row of Resource Graph may be behind it."""
    web = machine("web")
    view = reading(Source.INSTANCE_VIEW, web["id"])
    associations = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
    in_bulk = reading(associations, "s", Service.RESOURCE_GRAPH)
    itself = reading(associations, web["id"])

    def doubted(rule_id: str, *readings: dict[str, Any]) -> list[str]:
        return ids(doubts(web, verdicts=[fails(web["id"], rule_id)], readings=readings, book=ASSOCIATED))

    assert doubted("RULE-001", view, in_bulk) == ["web"]
    assert doubted("RULE-001", view, in_bulk, itself) == []
    assert doubted("LOW-001", view, in_bulk) == []
