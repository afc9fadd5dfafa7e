"""AMA-011, a data collection rule is associated: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import ENDPOINT_ONLY, AssociationSpec, Fault, Lag
from tests.rules.answers import (
    SUBSCRIPTION,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    instance,
    judge_estate,
    scale_set,
)

RULE = "AMA-011"
PASS, ABSENT, NO_AGENT = ("pass", "as_expected"), ("fail", "not_associated"), ("not_applicable", "no_agent")
NEW, NOT_KNOWN = ("pending", "new_machine"), ("unanswered", "not_known")
NOT_READ = ("unanswered", "instances_not_read")
MANAGED, EXPIRED = ("not_applicable", "managed"), ("not_applicable", "expired")
NONE: dict[str, Any] = {"associations": ()}
ALONE: dict[str, Any] = {"associations": (ENDPOINT_ONLY,)}
ELSEWHERE = "/subscriptions/x/resourceGroups/r/providers/Microsoft.Insights/dataCollectionRules/y"

CASES = (
    case("with one", PASS, agent()),
    case("with two", PASS, agent(), associations=(AssociationSpec("a"), AssociationSpec("b", "dcr-other"))),
    case("with one and an endpoint", PASS, agent(), associations=(ENDPOINT_ONLY, AssociationSpec())),
    case("with a rule of another subscription", PASS, agent(), associations=(AssociationSpec(rule=ELSEWHERE),)),
    case("without one", ABSENT, agent(), **NONE),
    case("with an endpoint alone", ABSENT, agent(), **ALONE),
    case("without one and stopped", ABSENT, agent(None), power="deallocated", **NONE),
    case("without one and new", NEW, agent(), created=ago(hours=23), **NONE),
    case("without one and no longer new", ABSENT, agent(), created=ago(hours=25), **NONE),
    case("without an agent", NO_AGENT, **NONE),
    case("with one and without an agent", NO_AGENT),
    # With a uniform scale set a rule is associated as a whole.
    scale_set("set", (PASS, PASS), agent(), instance(agent()), instance(agent())),
    scale_set("set without one", (ABSENT, NO_AGENT), agent(), instance(agent()), instance(), **NONE),
    scale_set("set with an endpoint alone", ABSENT, agent(), instance(agent()), **ALONE),
    scale_set("set of nobody", None, None),
    # With an instance of a flexible one by itself: what its set is associated with does not reach it.
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    case("flexible", PASS, agent(), scale_set="set-flexible"),
    case("flexible without one", ABSENT, agent(), scale_set="set-flexible", **NONE),
    arc("arc", PASS, arc_agent()),
    arc("arc without one", ABSENT, arc_agent(), **NONE),
    arc("arc disconnected without one", ABSENT, arc_agent(), status="Disconnected", **NONE),
    arc("arc without an agent", NO_AGENT, **NONE),
    arc("arc expired", EXPIRED, arc_agent(), status="Expired", **NONE),
    case("node", MANAGED, agent(), tags={"aks-managed-poolName": "p"}, **NONE),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == len(judged.frames["machines"])


def test_rules_are_counted_and_endpoints_are_not(judged: Judged) -> None:
    machines = judged.frames["machines"].set_index("name")["data_collection_rules"]

    names = ("without-one", "with-an-endpoint-alone", "with-one-and-an-endpoint", "with-two", "set_1")
    assert [machines[name] for name in names] == [0, 0, 1, 2, 1]


REFUSED: dict[str, Any] = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}
BY_ITSELF = Fault(r"/dataCollectionRuleAssociations\?", **REFUSED)
IN_BULK = Fault(r"/providers/Microsoft.ResourceGraph/", asks="insightsresources", **REFUSED)


@pytest.mark.parametrize("way", ["compute", "auto", "resource_graph"])
def test_what_was_not_read_is_unanswered(tmp_path: Path, way: str) -> None:
    """Whether there is a rule or not, nobody saw; what has no agent needs none."""
    cases = (
        case("with one", NOT_KNOWN, agent()),
        case("without one", NOT_KNOWN, agent(), **NONE),
        case("bare", NO_AGENT),
        scale_set("set", NOT_KNOWN, agent(), instance(agent())),
        arc("arc", NOT_KNOWN, arc_agent()),
    )

    judged = judge_estate(tmp_path, cases, BY_ITSELF, IN_BULK, way=way)

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_where_the_graph_does_not_answer_each_machine_is_asked_by_itself(tmp_path: Path) -> None:
    judged = judge_estate(tmp_path, CASES, IN_BULK)

    assert {str(of): judged.verdicts(RULE, of) for of in CASES} == {str(of): of.expected for of in CASES}
    readings = judged.frames["readings"]
    ours = readings[readings["source"].eq("data_collection_rule_associations")]
    assert set(ours["complete"]) == {"yes"}, "nothing is left open"
    [whole] = ours[ours["scope"].eq(SUBSCRIPTION)]["by"]
    assert whole == "resource_manager"


def test_one_that_does_not_answer_leaves_the_gap_open(tmp_path: Path) -> None:
    cases = (case("one", PASS, agent()), case("other", NOT_KNOWN, agent()))
    silent = Fault(r"/other/providers/microsoft.insights/", **REFUSED)

    judged = judge_estate(tmp_path, cases, IN_BULK, silent)

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]
    readings = judged.frames["readings"]
    ours = readings[readings["source"].eq("data_collection_rule_associations")].set_index("scope")["complete"]
    assert ours[SUBSCRIPTION] == "no"


def test_instances_that_were_not_read_have_a_verdict_on_their_scale_set(tmp_path: Path) -> None:
    cases = (scale_set("set", NOT_READ, agent(), instance(agent())),)

    judged = judge_estate(tmp_path, cases, Fault(r"/set/virtualMachines\?", **REFUSED), way="compute")

    assert judged.verdicts(RULE, cases[0]) == cases[0].expected


def test_what_the_graph_shows_still_is_counted_until_it_is_read_again(tmp_path: Path) -> None:
    """Resource Graph lags behind; a failure that it shows is read again by :mod:`auditor.shard`."""
    gone = AssociationSpec(in_graph=Lag.DELETED)
    late = AssociationSpec(in_graph=Lag.UNSEEN)
    removed, added = (
        case(name, None, agent(), associations=(each,)) for name, each in (("removed", gone), ("a", late))
    )

    for way in WAYS:
        (tmp_path / way).mkdir()
    bulk, own = (judge_estate(tmp_path / way, (removed, added), way=way) for way in WAYS)

    assert (bulk.verdicts(RULE, removed), bulk.verdicts(RULE, added)) == ((PASS,), (ABSENT,))
    assert (own.verdicts(RULE, removed), own.verdicts(RULE, added)) == ((ABSENT,), (PASS,))
