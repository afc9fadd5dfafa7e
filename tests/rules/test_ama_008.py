"""AMA-008, the agent of a running machine has reported: from Azure's answers to the verdict."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import ENDPOINT_ONLY, AssociationSpec, DataCollectionRuleSpec, Fault, ScaleSetSpec, StaySpec
from auditor.simulator.parts import REMOVED
from tests.rules.answers import (
    LATEST,
    ONE_BEHIND,
    WAYS,
    WORKSPACE,
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

RULE = "AMA-008"
PASS, SILENT, NO_AGENT = ("pass", "as_expected"), ("fail", "silent"), ("not_applicable", "no_agent")
STOPPED, AWAY = ("not_applicable", "stopped"), ("not_applicable", "disconnected")
NEW, STARTED = ("pending", "new_machine"), ("pending", "just_started")
NOT_KNOWN, UNHEARD_OF = ("unanswered", "not_known"), ("fail", "never_heard")
MANAGED, EXPIRED = ("not_applicable", "managed"), ("not_applicable", "expired")

NOW_AND_BEFORE = (ran(LATEST, ago(days=9)),)
QUIET = (ran(LATEST, ago(days=9), ago(days=3)),)
FORMER = (ran(LATEST, ago(days=9), ago(hours=6)),)
REMADE: dict[str, Any] = {"created": ago(hours=5), "last_status_change": ago(hours=5)}
FOREIGN = "66666666-6666-4666-a666-666666666666"
ELSEWHERE, METRICS, UNTOLD = "dcr-elsewhere", "dcr-metrics", "dcr-untold"

RULES = (
    DataCollectionRuleSpec(),
    DataCollectionRuleSpec(ELSEWHERE, workspaces=(FOREIGN, WORKSPACE)),
    DataCollectionRuleSpec(METRICS, workspaces=()),
    DataCollectionRuleSpec(UNTOLD, override={"properties": {"destinations": {"logAnalytics": [{"name": "la-0"}]}}}),
)


def by(*rules: str) -> dict[str, Any]:
    return {"associations": tuple(AssociationSpec(f"a-{name}", name) for name in rules)}


CASES = (
    case("reporting", PASS, agent(), stays=NOW_AND_BEFORE),
    case("reporting for the last time 23 hours ago", PASS, agent(), stays=(ran(LATEST, ago(days=9), ago(hours=23)),)),
    case("reporting another version since", PASS, agent(), stays=(*QUIET, ran(ONE_BEHIND, ago(days=2)))),
    case("silent for three days", SILENT, agent(), stays=QUIET),
    case("silent for 25 hours", SILENT, agent(), stays=(ran(LATEST, ago(days=9), ago(hours=25)),)),
    case("silent and without an identity", SILENT, agent(), stays=QUIET, identity=None),
    # Its rule sends to the workspace that is queried: it would have been heard.
    case("never heard", UNHEARD_OF, agent()),
    case("never heard of two rules", UNHEARD_OF, agent(), **by("dcr-central", METRICS)),
    # It may report where nobody looked.
    case("never heard and reporting elsewhere", NOT_KNOWN, agent(), **by(ELSEWHERE)),
    case("never heard and reporting elsewhere too", NOT_KNOWN, agent(), **by("dcr-central", ELSEWHERE)),
    case("never heard of a rule that is not there", NOT_KNOWN, agent(), **by("dcr-central", "dcr-gone")),
    case("never heard of a rule whose workspace is not told", NOT_KNOWN, agent(), **by(UNTOLD)),
    case("never heard of a rule for metrics", NOT_KNOWN, agent(), **by(METRICS)),
    case("never heard and without a rule", NOT_KNOWN, agent(), associations=()),
    case("never heard and with an endpoint alone", NOT_KNOWN, agent(), associations=(ENDPOINT_ONLY,)),
    # Heard of in a queried workspace: its silence is known, whatever its rules say.
    case("silent and without a rule", SILENT, agent(), stays=QUIET, associations=()),
    case("reporting and without a rule", PASS, agent(), stays=NOW_AND_BEFORE, associations=()),
    # Only what the agent itself says counts, and only of this very machine.
    case("another agent reports", UNHEARD_OF, agent(), stays=(StaySpec("1.0", ago(days=9), None, "Direct Agent"),)),
    case("without an agent", NO_AGENT),
    case("stopped", STOPPED, agent(), stays=QUIET, power="deallocated"),
    case("new", NEW, agent(), created=ago(hours=20)),
    case("new and reporting", PASS, agent(), created=ago(hours=20), stays=(ran(LATEST, ago(hours=19)),)),
    # What another machine of its name said before says nothing of this one.
    case("made anew", NEW, agent(), created=ago(hours=5), stays=(ran(LATEST, ago(days=9), ago(hours=6)),)),
    case("made anew and reporting", PASS, agent(), created=ago(hours=5), stays=NOW_AND_BEFORE),
    case("made anew long ago", UNHEARD_OF, agent(), created=ago(days=2), stays=QUIET),
    case("no longer new", UNHEARD_OF, agent(), created=ago(hours=26)),
    case("started two hours ago", STARTED, agent(), stays=QUIET, operations=(power(ago(hours=2), "start"),)),
    case("started two days ago", SILENT, agent(), stays=QUIET, operations=(power(ago(days=2), "start"),)),
    case(
        "a start two hours ago that failed",
        SILENT,
        agent(),
        stays=QUIET,
        operations=(power(ago(hours=2), "start", outcome="Failed"),),
    ),
    # Its start is not logged yet: perhaps a minute ago, perhaps not.
    case("stopped three days ago and running", NOT_KNOWN, agent(), stays=QUIET,
         operations=(power(ago(days=3), "deallocate"),)),
    case("stopped two hours ago and running", STARTED, agent(), stays=QUIET,
         operations=(power(ago(hours=2), "deallocate"),)),
    scale_set(
        "set", (PASS, SILENT), agent(), instance(agent(), stays=NOW_AND_BEFORE), instance(agent(), stays=QUIET)
    ),
    scale_set("set never heard", UNHEARD_OF, agent(), instance(agent())),
    scale_set("set reporting elsewhere", NOT_KNOWN, agent(), instance(agent()), **by(ELSEWHERE)),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    case("flexible", SILENT, agent(), scale_set="set-flexible", stays=QUIET),
    arc("arc", PASS, arc_agent(), stays=NOW_AND_BEFORE),
    arc("arc silent", SILENT, arc_agent(), stays=QUIET),
    arc("arc never heard", UNHEARD_OF, arc_agent()),
    arc("arc reporting elsewhere", NOT_KNOWN, arc_agent(), **by(ELSEWHERE)),
    arc("arc just connected", STARTED, arc_agent(), stays=QUIET, last_status_change=ago(hours=3)),
    arc("arc made anew", NOT_KNOWN, arc_agent(), stays=FORMER, **REMADE),
    arc("arc made anew and reporting", PASS, arc_agent(), stays=(*FORMER, ran(LATEST, ago(hours=4))), **REMADE),
    arc("arc disconnected", AWAY, arc_agent(), stays=QUIET, status="Disconnected", last_status_change=ago(days=3)),
    arc("arc expired", EXPIRED, arc_agent(), status="Expired"),
    arc("arc in error", NOT_KNOWN, arc_agent(), stays=QUIET, status="Error"),
    case("node", MANAGED, agent(), stays=QUIET, tags={"aks-managed-poolName": "p"}),
)  # fmt: skip


def audit(folder: Path, cases: tuple[Case, ...], *faults: Fault, **more: Any) -> Judged:
    return judge_estate(folder, cases, *faults, **{"beats": True, "rules": RULES, **more})


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return audit(tmp_path_factory.mktemp(RULE), CASES, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == len(judged.frames["machines"])


# --- what is asked, and what is not known where it was not answered ---

REFUSED: dict[str, Any] = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}
NO_BEATS = Fault(r"/v1/workspaces/", status=403, body={"error": {"code": "InsufficientAccessError"}})
NO_ASSOCIATIONS = (
    Fault(r"/dataCollectionRuleAssociations\?", **REFUSED),
    Fault(r"/providers/Microsoft.ResourceGraph/", asks="insightsresources", **REFUSED),
)
NO_RULES = (
    Fault(r"/dataCollectionRules\?", **REFUSED),
    Fault(r"/providers/Microsoft.ResourceGraph/", asks="datacollectionrules'", **REFUSED),
)
NO_LOG = Fault(r"/eventtypes/management/", **REFUSED)
NO_VIEW = Fault(r"expand=instanceView", **REFUSED)

REPORTING = case("reporting", PASS, agent(), stays=NOW_AND_BEFORE)
QUIETED = case("quieted", SILENT, agent(), stays=QUIET)
UNHEARD = case("unheard", UNHEARD_OF, agent())
CONNECTED = arc("connected", SILENT, arc_agent(), stays=QUIET)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ((NO_BEATS,), (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)),
        # What was heard needs no rule; whether the others may report elsewhere is not known.
        (NO_ASSOCIATIONS, (PASS, SILENT, NOT_KNOWN, SILENT)),
        (NO_RULES, (PASS, SILENT, NOT_KNOWN, SILENT)),
        # Perhaps it was just started; a server's status tells since when it is connected.
        ((NO_LOG,), (PASS, NOT_KNOWN, NOT_KNOWN, SILENT)),
    ],
    ids=["heartbeats", "associations", "rules", "log"],
)
def test_what_was_not_read_is_never_a_pass(
    tmp_path: Path, way: str, faults: tuple[Fault, ...], expected: tuple[Any, ...]
) -> None:
    cases = (REPORTING, QUIETED, UNHEARD, CONNECTED)

    judged = audit(tmp_path, cases, *faults, way=way)

    assert tuple(judged.verdicts(RULE, each) for each in cases) == tuple((each,) for each in expected)


def test_without_the_machine_itself_nothing_tells_whether_it_runs(tmp_path: Path) -> None:
    cases = (REPORTING, QUIETED)

    judged = audit(tmp_path, cases, NO_VIEW, way="compute")

    assert [judged.verdicts(RULE, each) for each in cases] == [(NOT_KNOWN,)] * 2


def test_without_a_workspace_the_rule_is_not_run(tmp_path: Path) -> None:
    judged = audit(tmp_path, (UNHEARD,), beats=False)

    assert judged.verdicts(RULE, UNHEARD) == ()


def test_a_workspace_that_does_not_answer_may_be_the_one_that_it_reports_to(tmp_path: Path) -> None:
    """Two are queried, and one of them is refused: what the other says may be overtaken."""
    config = {"sources": {"heartbeats": {"workspaces": [WORKSPACE, FOREIGN]}}}
    cases = (REPORTING, UNHEARD)

    judged = audit(tmp_path, cases, Fault(f"/v1/workspaces/{FOREIGN}", **REFUSED), config=config)

    assert [judged.verdicts(RULE, each) for each in cases] == [(NOT_KNOWN,)] * 2


def test_the_silence_that_is_allowed_can_be_changed(tmp_path: Path) -> None:
    judged = audit(tmp_path, (QUIETED,), config={"rules": {RULE: {"params": {"silence": "4d"}}}})

    assert judged.verdicts(RULE, QUIETED) == (PASS,)


def test_silence_is_exact_where_it_was_heard_and_at_least_the_window_where_not(judged: Judged) -> None:
    machines = judged.frames["machines"].set_index("name")
    days = machines[["silent_for.low", "silent_for.high"]].apply(lambda column: column.dt.total_seconds() / 86_400)

    assert days.loc["silent-for-three-days"].round(1).tolist() == [3.0, 3.0]
    assert days.loc["never-heard", "silent_for.low"] == 30 and machines["silent_for.high"].isna()["never-heard"]
    assert round(days.loc["no-longer-new", "silent_for.low"] * 24) == 26, "it has not been there for longer"


# --- an id that another machine had before ---

ANEW = (
    case("made anew", NEW, agent(None), stays=FORMER, created=ago(hours=5)),
    case("made anew long ago", UNHEARD_OF, agent(None), stays=QUIET, created=ago(days=2)),
    case("made anew and reporting", PASS, agent(None), stays=NOW_AND_BEFORE, created=ago(hours=5)),
    case("as it was", PASS, agent(None), stays=NOW_AND_BEFORE),
    scale_set("set", (NEW, PASS), agent(), instance(agent(), stays=FORMER, created=ago(hours=5)),
              instance(agent(), stays=NOW_AND_BEFORE)),
    arc("arc made anew", NOT_KNOWN, arc_agent(), stays=FORMER, **REMADE),
    arc("arc as it was", PASS, arc_agent(), stays=NOW_AND_BEFORE),
)  # fmt: skip
LOST = ("timeCreated", "vmId", "lastStatusChange")


def without(of: Case, names: tuple[str, ...]) -> Case:
    """The same machine, of which no answer tells these properties."""
    machine, gone = of.machine, {"properties": dict.fromkeys(names, REMOVED)}
    if isinstance(machine, ScaleSetSpec):
        lacking = tuple(replace(each, override=gone) for each in machine.instances)
        return replace(of, machine=replace(machine, instances=lacking))
    return replace(of, machine=replace(machine, override=gone))


@pytest.mark.parametrize("way", WAYS)
def test_without_what_tells_two_machines_of_an_id_apart_a_verdict_stays_or_is_unanswered(
    tmp_path_factory: pytest.TempPathFactory, way: str
) -> None:
    """Under any rule; and what a machine has surely sent since it is there still counts for it."""
    whole = audit(tmp_path_factory.mktemp("whole"), ANEW, way=way)
    rules = sorted(set(whole.frames["verdicts"]["rule_id"]))
    assert [whole.verdicts(RULE, each) for each in ANEW] == [each.expected for each in ANEW]
    for names in (LOST[:1], LOST[:2], LOST):
        lacking = tuple(without(each, names) for each in ANEW)
        part = audit(tmp_path_factory.mktemp("part"), lacking, way=way)
        assert [
            (str(of), rule, before, after)
            for (of, less), rule in product(zip(ANEW, lacking, strict=True), rules)
            for (before, _why), (after, _code) in zip(whole.verdicts(rule, of), part.verdicts(rule, less), strict=True)
            if after not in (before, "unanswered")
        ] == []
        assert part.verdicts(RULE, lacking[3]) == ANEW[3].expected
