"""AMA-009, instances of uniform scale sets have the latest model: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.simulator import Fault
from tests.rules.answers import WAYS, Case, Judged, agent, arc, arc_agent, case, instance, judge_estate, scale_set

RULE = "AMA-009"
PASS, BEHIND, NOT_KNOWN = ("pass", "as_expected"), ("fail", "behind_model"), ("unanswered", "not_known")
NOT_READ, MANAGED = ("unanswered", "instances_not_read"), ("not_applicable", "managed")
ON = agent()

CASES = (
    scale_set("set", (PASS, BEHIND), ON, instance(ON), instance(ON, follows=False)),
    scale_set("set without the agent", (BEHIND, PASS), None, instance(follows=False), instance()),
    scale_set("set that is updated by the platform", BEHIND, ON, instance(ON, follows=False), upgrade_mode="Rolling"),
    scale_set("set stopped", BEHIND, ON, instance(ON, follows=False, power="deallocated")),
    scale_set("set that does not say", NOT_KNOWN, ON, instance(ON, follows=None)),
    scale_set("set of old", PASS, ON, instance(ON), orchestration=None),
    scale_set("set of nobody", None, ON),
    scale_set("pool", MANAGED, ON, instance(ON, follows=False), tags={"aks-managed-poolName": "p"}),
    # These follow no model.
    scale_set("set flexible", None, ON, orchestration="Flexible"),
    case("flexible", None, ON, scale_set="set-flexible"),
    case("machine", None, ON),
    arc("arc", None, arc_agent()),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_instance_of_a_uniform_set(judged: Judged) -> None:
    machines, verdicts = judged.frames["machines"], judged.frames["verdicts"]

    uniform = machines[machines["kind"].eq("scale_set_instance") & machines["follows_model"].ne("none")]
    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == len(uniform)


def test_instances_that_were_not_read_have_one_unanswered_verdict_on_their_set(tmp_path: Path) -> None:
    [of] = cases = (scale_set("refused", NOT_READ, ON, instance(ON), instance(ON, follows=False)),)
    refused = Fault(r"/refused/virtualMachines\?", status=403, body={"error": {"code": "AuthorizationFailed"}})

    assert judge_estate(tmp_path, cases, refused).verdicts(RULE, of) == of.expected


def test_machines_that_were_not_read_are_no_instances(tmp_path: Path) -> None:
    """A list tells that a machine follows no model, whether it answers by itself or not."""
    [of] = cases = (case("refused", None, ON),)
    refused = Fault(r"/refused\?.*expand=instanceView", status=403, body={"error": {"code": "AuthorizationFailed"}})

    assert judge_estate(tmp_path, cases, refused, way="compute").verdicts(RULE, of) == of.expected
