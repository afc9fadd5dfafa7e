"""AMA-006, not a version that is not to be used: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import AgentView, ExtensionSpec, Fault
from tests.rules.answers import (
    LATEST,
    LINUX,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    everywhere,
    instance,
    judge_estate,
    power,
    ran,
    scale_set,
)

RULE = "AMA-006"
PASS, WITHDRAWN, NOT_KNOWN = ("pass", "as_expected"), ("fail", "withdrawn"), ("unanswered", "not_known")
STOPPED, BEING_INSTALLED = ("not_applicable", "stopped"), ("pending", "being_installed")


def windows(version: str | None, **changes: Any) -> Any:
    return agent(version, os="Windows", **changes)


CASES = (
    case("fine", PASS, agent(LATEST)),
    case("old and fine", PASS, agent("1.25.1")),
    case("unknown to the table and fine", PASS, agent("1.99.0")),
    case("linux 1 25 2", WITHDRAWN, agent("1.25.2")),
    case("linux 1 15 1 in four parts", WITHDRAWN, agent("1.15.1.0")),
    case("linux 1 10 7", WITHDRAWN, agent("1.10.7")),
    case("windows 1 25 0", WITHDRAWN, windows("1.25.0"), os="Windows"),
    case("windows 1 25 0 and off", WITHDRAWN, windows("1.25.0", auto_upgrade=False), os="Windows"),
    case("windows 1 1 5 0", WITHDRAWN, windows("1.1.5.0"), os="Windows"),
    case("windows 1 1 5 1", PASS, windows("1.1.5.1"), os="Windows"),
    case("windows with linux number", PASS, windows("1.25.2"), os="Windows"),
    case("asked for the withdrawn one only", PASS, agent(LATEST, requested="1.25.2")),
    # What does not install on Arc is fine on a virtual machine.
    case("linux 1 29 5 on a machine", PASS, agent("1.29.5")),
    arc("arc linux 1 29 5", WITHDRAWN, arc_agent("1.29.5")),
    arc("arc linux 1 29 4", WITHDRAWN, arc_agent("1.29.4")),
    arc("arc linux 1 29 6", PASS, arc_agent("1.29.6")),
    arc("arc linux 1 25 2", WITHDRAWN, arc_agent("1.25.2")),
    arc("arc windows 1 29 5", PASS, arc_agent("1.29.5", os="Windows"), os="Windows"),
    arc("arc away", NOT_KNOWN, arc_agent("1.25.2"), status="Disconnected", last_status_change=ago(days=3)),
    arc("arc expired", ("not_applicable", "expired"), arc_agent("1.25.2"), status="Expired"),
    case("no version shown", NOT_KNOWN, agent("newest")),
    case("nothing shown", NOT_KNOWN, agent(None), agent=AgentView.UNKNOWN),
    case("heard", WITHDRAWN, agent(None), agent=AgentView.UNKNOWN, stays=(ran("1.25.2", ago(days=9)),)),
    case("updating", BEING_INSTALLED, agent("1.25.2", provisioning_state="Updating")),
    case("deallocated long ago", STOPPED, agent("1.25.2"), power="deallocated", agent=AgentView.READY),
    case(
        "deallocated yesterday",
        WITHDRAWN,
        agent("1.25.2"),
        power="deallocated",
        agent=AgentView.READY,
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case("shut down from within", NOT_KNOWN, agent("1.25.2"), power="stopped"),
    case("without extensions", None),
    case(
        "another extension", None, ExtensionSpec("s", "Microsoft.Azure.Extensions", "CustomScript", installed="1.25.2")
    ),
    scale_set("set", (WITHDRAWN, PASS), agent(), instance(agent("1.25.2")), instance(agent(LATEST))),
    case("flexible", WITHDRAWN, agent("1.25.2"), scale_set="set-flexible"),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, beats=True, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_agent_on_a_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == sum(len(each.expected) for each in CASES)


def test_what_is_withdrawn_on_arc_alone_is_on_offer_to_virtual_machines(tmp_path: Path) -> None:
    """The latest of a region is another one for each kind."""
    vm, server = cases = (case("vm", PASS, agent("1.29.5")), arc("server", WITHDRAWN, arc_agent("1.29.5")))

    judged = judge_estate(tmp_path, cases, offers={"*": everywhere(("1.28.11", "1.29.5"))})

    assert [judged.extension(each)["latest_version"] for each in (vm, server)] == ["1.29.5", "1.28.11"]
    offered = judged.frames["versions"].query(f"version == '1.29.5' and type == '{LINUX}'")
    assert dict(zip(offered["machine_kind"], offered["withdrawn"], strict=True)) == {"vm": "no", "arc": "yes"}


def test_a_version_that_a_team_found_harmful_can_be_added(tmp_path: Path) -> None:
    [of] = cases = (case("found harmful", WITHDRAWN, agent(LATEST)),)
    table = [{"type": LINUX, "versions": ["1.38.x"], "withdrawn": True, "kinds": ["vm"]}]

    judged = judge_estate(tmp_path, cases, config={"sources": {"release_table": table}})

    assert judged.verdicts(RULE, of) == of.expected


@pytest.mark.parametrize(
    ("fault", "way", "expected"),
    [
        (r"expand=instanceView", "auto", NOT_KNOWN),
        (r"expand=instanceView", "compute", ("unanswered", "extensions_not_read")),
        (r"/locations/", "auto", PASS),
        (r"/eventtypes/management/", "auto", PASS),
    ],
)
def test_with_a_source_refused_nothing_passes_that_rests_on_it(
    tmp_path: Path, fault: str, way: str, expected: Any
) -> None:
    [of] = cases = (case("refused", None, agent(LATEST)),)
    refused = Fault(fault, status=403, body={"error": {"code": "AuthorizationFailed"}})

    assert judge_estate(tmp_path, cases, refused, way=way).verdicts(RULE, of) == (expected,)
