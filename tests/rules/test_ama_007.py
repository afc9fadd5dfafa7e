"""AMA-007, provisioning and the agent's own status are healthy: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import AgentView, ExtensionSpec, Fault, StatusSpec
from tests.rules.answers import (
    LATEST,
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
    power,
    ran,
    scale_set,
)

RULE = "AMA-007"
PASS, NOT_KNOWN, CHANGING = ("pass", "as_expected"), ("unanswered", "not_known"), ("pending", "changing")
FAILED, REPORTS = ("fail", "provisioning_failed"), ("fail", "reports_failure")
STOPPED, NOT_READ = ("not_applicable", "stopped"), ("unanswered", "extensions_not_read")


def saying(*codes: str, **changes: Any) -> Any:
    """The agent with these statuses of its own."""
    return agent(statuses=tuple(StatusSpec(code, "Something", None) for code in codes), **changes)


SUCCEEDED, BROKEN = "ProvisioningState/succeeded", "ProvisioningState/failed/51"
NOT_READY = StatusSpec("ProvisioningState/NotReady/21", "Not Ready", "Plugin did not report.", "Warning")
HEARD = (ran(LATEST, ago(days=9)),)
YESTERDAY = {"power": "deallocated", "operations": (power(ago(days=1), "deallocate"),)}

CASES = (
    case("well", PASS, agent()),
    case("well and told in another case", PASS, saying("provisioningstate/SUCCEEDED")),
    case("well with more than one status", PASS, saying("ComponentStatus/x/succeeded", SUCCEEDED)),
    case("provisioning failed", FAILED, agent(provisioning_state="Failed")),
    case("provisioning failed and nothing shown", FAILED, agent(None, provisioning_state="Failed")),
    case("canceled", FAILED, agent(provisioning_state="Canceled")),
    case("fails by its own word", REPORTS, saying(BROKEN)),
    case("fails among other statuses", REPORTS, saying(SUCCEEDED, BROKEN, "ComponentStatus/x/succeeded")),
    case("its handler is not ready", REPORTS, agent(handler_status=NOT_READY)),
    case("creating", CHANGING, agent(None, provisioning_state="Creating")),
    case("updating", CHANGING, agent(provisioning_state="Updating")),
    case("deleting", CHANGING, agent(provisioning_state="Deleting")),
    case("transitioning", CHANGING, saying("ProvisioningState/transitioning")),
    case("of an unknown state", NOT_KNOWN, agent(provisioning_state="Pondering")),
    case("of an unknown status", NOT_KNOWN, saying("ProvisioningState/pondering")),
    case("nothing shown", NOT_KNOWN, agent(None)),
    case("nothing shown and guest agent silent", NOT_KNOWN, agent(None), agent=AgentView.UNKNOWN),
    case("shown before its guest agent fell silent", NOT_KNOWN, agent(), agent_at=ago(days=2)),
    # Stopped machines: what they showed when they last ran.
    case("deallocated long ago", STOPPED, agent(), power="deallocated"),
    case("deallocated long ago in failure", STOPPED, agent(provisioning_state="Failed"), power="deallocated"),
    case("deallocated yesterday", PASS, agent(), agent=AgentView.READY, agent_at=ago(days=1, hours=1), **YESTERDAY),
    case("deallocated yesterday and silent before", NOT_KNOWN, agent(), agent=AgentView.READY, agent_at=ago(days=9),
         **YESTERDAY),
    case("deallocated yesterday in failure", FAILED, agent(provisioning_state="Failed"), **YESTERDAY),
    case("deallocated yesterday and nothing shown", NOT_KNOWN, agent(), **YESTERDAY),
    case("shut down from within", NOT_KNOWN, agent(), power="stopped"),
    case("of unknown power", NOT_KNOWN, agent(), power=None),
    # What is not ours.
    case("without extensions", None),
    case("another extension in failure", None, ExtensionSpec("s", "Contoso", "Thing", provisioning_state="Failed")),
    # Of a model nobody tells a state; its instances are told with their own views.
    scale_set("set", (PASS, REPORTS, FAILED), agent(), instance(agent()), instance(saying(BROKEN)),
              instance(agent(provisioning_state="Failed"))),
    scale_set("set that shows nothing", NOT_KNOWN, agent(), instance(agent(None), agent=AgentView.UNKNOWN)),
    scale_set("set of nobody", None, agent()),
    case("flexible", REPORTS, saying(BROKEN), scale_set="set-flexible"),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    # Arc-enabled servers tell a code of their own.
    arc("arc", PASS, arc_agent()),
    arc("arc with a word", PASS, arc_agent(code="success")),
    arc("arc that reports a failure", REPORTS, arc_agent(code="51")),
    arc("arc in failure", FAILED, arc_agent(provisioning_state="Failed", code="51")),
    arc("arc updating", CHANGING, arc_agent(provisioning_state="Updating")),
    arc("arc that shows nothing", NOT_KNOWN, arc_agent(None)),
    arc("arc away for hours", PASS, arc_agent(), status="Disconnected", last_status_change=ago(hours=5)),
    arc("arc away", NOT_KNOWN, arc_agent(), status="Disconnected", last_status_change=ago(days=3)),
    arc("arc away in failure", FAILED, arc_agent(provisioning_state="Failed"), status="Disconnected"),
    arc("arc expired", ("not_applicable", "expired"), arc_agent(), status="Expired"),
    case("node", ("not_applicable", "managed"), agent(provisioning_state="Failed"), tags={"aks-managed-poolName": "p"}),
)  # fmt: skip


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_agent_on_a_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == sum(len(each.expected) for each in CASES)


BEATING = (
    case("heard", PASS, agent(), stays=HEARD),
    case("heard and provisioning failed", FAILED, agent(provisioning_state="Failed"), stays=HEARD),
    case("heard and updating", CHANGING, agent(provisioning_state="Updating"), stays=HEARD),
    # Nobody reads a machine by itself whose agent was heard of: it is judged by what is known.
    case("heard though it reports a failure", PASS, saying(BROKEN), stays=HEARD),
    case("heard till the day before yesterday", PASS, agent(), stays=(ran(LATEST, ago(days=9), ago(days=2)),)),
    case(
        "heard till it was stopped",
        PASS,
        agent(),
        stays=(ran(LATEST, ago(days=9), ago(days=1, hours=1)),),
        **YESTERDAY,
    ),
    case(
        "silent long before it was stopped",
        NOT_KNOWN,
        agent(),
        stays=(ran(LATEST, ago(days=9), ago(days=4)),),
        **YESTERDAY,
    ),
)


def test_in_bulk_a_fresh_heartbeat_speaks_for_the_machine_and_one_that_fell_silent_is_asked(tmp_path: Path) -> None:
    judged = judge_estate(tmp_path, BEATING, beats=True)

    told = {str(each): judged.verdicts(RULE, each) for each in BEATING}
    assert told == {str(each): each.expected for each in BEATING}
    asked = judged.frames["readings"].query("source == 'instance_view'")["scope"].str.rpartition("/")[2]
    assert set(asked) == {"heard-till-the-day-before-yesterday"}


def test_read_one_by_one_the_machines_own_word_counts_more_than_a_heartbeat(tmp_path: Path) -> None:
    [of] = cases = (case("heard though it reports a failure", REPORTS, saying(BROKEN), stays=HEARD),)

    assert judge_estate(tmp_path, cases, beats=True, way="compute").verdicts(RULE, of) == of.expected


@pytest.mark.parametrize(
    ("fault", "way", "expected"),
    [
        # Resource Graph tells provisioning states, and no status.
        (r"expand=instanceView", "auto", NOT_KNOWN),
        (r"expand=instanceView", "compute", NOT_READ),
        # A running machine runs, whatever the log says.
        (r"/eventtypes/management/", "auto", PASS),
        (r"/locations/", "auto", PASS),
    ],
)
def test_with_a_source_refused_nothing_passes_that_rests_on_it(
    tmp_path: Path, fault: str, way: str, expected: Any
) -> None:
    [of] = cases = (case("refused", None, agent()),)
    refused = Fault(fault, status=403, body={"error": {"code": "AuthorizationFailed"}})

    assert judge_estate(tmp_path, cases, refused, way=way).verdicts(RULE, of) == (expected,)


def test_with_heartbeats_refused_the_machine_is_asked_by_itself(tmp_path: Path) -> None:
    refused = Fault(r"/v1/workspaces/", status=403, body={"error": {"code": "InsufficientAccessError"}})
    [of] = cases = (case("not heard", REPORTS, saying(BROKEN), stays=HEARD),)

    assert judge_estate(tmp_path, cases, refused, beats=True).verdicts(RULE, of) == of.expected


def test_it_fails_where_the_log_is_clean_and_ama_003_has_nothing_to_say(judged: Judged) -> None:
    of = next(each for each in CASES if str(each) == "provisioning-failed")

    assert (judged.verdicts("AMA-003", of), judged.verdicts(RULE, of)) == ((PASS,), (FAILED,))
