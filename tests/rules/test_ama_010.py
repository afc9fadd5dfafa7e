"""AMA-010, a managed identity is present: from Azure's answers to the verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.simulator import REMOVED, Fault
from tests.rules.answers import WAYS, Case, Judged, agent, arc, arc_agent, case, instance, judge_estate, scale_set

RULE = "AMA-010"
PASS, ABSENT, NO_AGENT = ("pass", "as_expected"), ("fail", "no_identity"), ("not_applicable", "no_agent")
NOT_KNOWN, NOT_READ = ("unanswered", "not_known"), ("unanswered", "instances_not_read")
MANAGED, EXPIRED = ("not_applicable", "managed"), ("not_applicable", "expired")

CASES = (
    case("with its own", PASS, agent()),
    case("with one of a user", PASS, agent(), identity="UserAssigned"),
    case("with both", PASS, agent(), identity="SystemAssigned, UserAssigned"),
    case("without one", ABSENT, agent(), identity=None),
    case("with none by name", ABSENT, agent(), override={"identity": {"type": "None"}}),
    case("without one and stopped", ABSENT, agent(None), identity=None, power="deallocated"),
    case("without one and without an agent", NO_AGENT, identity=None),
    case("with one and without an agent", NO_AGENT),
    # The instances of a uniform scale set have the identity of their set.
    scale_set("set", (PASS, PASS), agent(), instance(agent()), instance(agent())),
    scale_set("set without one", (ABSENT, NO_AGENT), agent(), instance(agent()), instance(), identity=None),
    scale_set(
        "set of which one instance shows none",
        (PASS, NOT_KNOWN),
        agent(),
        instance(agent()),
        instance(agent(), override={"identity": REMOVED}),
    ),
    scale_set("set of nobody", None, None),
    # Those of a flexible one have their own.
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    case("flexible", PASS, agent(), scale_set="set-flexible"),
    case("flexible without one", ABSENT, agent(), scale_set="set-flexible", identity=None),
    # A server that is connected has one: an answer without it was never recorded, and proves nothing.
    arc("arc", PASS, arc_agent()),
    arc("arc that shows none", NOT_KNOWN, arc_agent(), identity=None),
    arc("arc without an agent", NO_AGENT, identity=None),
    arc("arc expired", EXPIRED, arc_agent(), status="Expired"),
    case("node", MANAGED, agent(), identity=None, tags={"aks-managed-poolName": "p"}),
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


@pytest.mark.parametrize("way", WAYS)
def test_what_was_not_read_is_unanswered(tmp_path: Path, way: str) -> None:
    """The machine's list tells of the identity, and only its own answer of the agent."""
    cases = (case("refused", NOT_KNOWN, agent()), scale_set("set refused", NOT_READ, agent(), instance(agent())))
    refused = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}
    faults = (
        Fault(r"/refused\?.*expand=instanceView", **refused),
        Fault(r"/set-refused/virtualMachines\?", **refused),
        Fault(r"/providers/Microsoft.ResourceGraph/", **refused),
    )

    judged = judge_estate(tmp_path, cases, *faults, way=way)

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_an_agent_is_missed_no_more_than_its_identity(tmp_path: Path) -> None:
    """One cause, one finding: a machine without an agent is AMA-004's."""
    of = case("without one and without an agent", NO_AGENT, identity=None)
    judged = judge_estate(tmp_path, (of, replace(of, machine=replace(of.machine, name="other"))))

    assert judged.verdicts("AMA-004", of) == (("fail", "not_installed"),)
    assert judged.verdicts(RULE, of) == (NO_AGENT,)
