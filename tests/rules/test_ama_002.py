"""AMA-002, the agent is within N releases of its region's latest: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.model.memory import Memory
from auditor.simulator import AgentView, ExtensionSpec, Fault
from tests.rules.answers import (
    LATEST,
    LINUX,
    OFFERED,
    ONE_BEHIND,
    PUBLISHER,
    THREE_BEHIND,
    TWO_BEHIND,
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

RULE = "AMA-002"
PASS, STOPPED, NOT_KNOWN = ("pass", "as_expected"), ("not_applicable", "stopped"), ("unanswered", "not_known")
OVERDUE, NOT_UPGRADING = ("fail", "upgrade_overdue"), ("fail", "behind_and_not_upgrading")
BEING_INSTALLED, ROLLING_OUT = ("pending", "being_installed"), ("pending", "rolling_out")

SHOWN = AgentView.READY
"""Some deallocated machines still show what they ran."""
OFFERS = {
    "emptyland": everywhere((), ()),
    "nextmajor": everywhere(("2.0.1",), ("2.0.1",)),
    "beyondthetable": everywhere((*OFFERED, "1.39.0", "1.40.0", "1.40.1", "1.41.0")),
    "bothmajors": everywhere((*OFFERED, "2.0.1", "2.1.0")),
    "withdrawn": everywhere(("1.24.2", "1.25.2"), ("1.24.0", "1.25.0")),
    "textorder": everywhere(("1.10.0", "1.38.1", "1.4.905.3", "1.9.0")),
    "odd": everywhere(("latest", *OFFERED, "1.99.x")),
}

ARC_LATEST, ARC_BEHIND = "1.36.1", "1.33.4"
ARC_OFFERS = {"*": everywhere(("1.33.4", "1.34.5", "1.35.9", "1.36.1"))}
AWAY: dict[str, Any] = {"status": "Disconnected", "last_status_change": ago(days=3)}
OFF = agent(auto_upgrade=False)

CASES = (
    case("the latest", PASS, agent(LATEST)),
    case("an older hotfix of the latest", PASS, agent("1.38.0")),
    case("newer than all on offer", PASS, agent("1.39.4")),
    case("one behind", PASS, agent(ONE_BEHIND)),
    case("two behind", PASS, agent(TWO_BEHIND)),
    case("two behind and off", PASS, agent(TWO_BEHIND, auto_upgrade=False)),
    case("three behind", OVERDUE, agent(THREE_BEHIND)),
    case("three behind and off", NOT_UPGRADING, agent(THREE_BEHIND, auto_upgrade=False)),
    case("three behind and not set", NOT_UPGRADING, agent(THREE_BEHIND, auto_upgrade=None)),
    case("three behind on windows", OVERDUE, agent(THREE_BEHIND, os="Windows"), os="Windows"),
    case("the latest, asked for as 1.0", PASS, agent(LATEST, requested="1.0")),
    case("three behind, asked for as the latest", OVERDUE, agent(THREE_BEHIND, requested="1.38")),
    case("of another name", OVERDUE, agent(THREE_BEHIND, name="ama_prod.1")),
    # What the machine shows.
    case("nothing shown", NOT_KNOWN, agent(None), agent=AgentView.UNKNOWN),
    case("no version shown", NOT_KNOWN, agent("newest")),
    case("handlers not listed", PASS, agent(LATEST), handlers_listed=False),
    case(
        "not ready and nothing shown but heard",
        OVERDUE,
        agent(None),
        agent=AgentView.UNKNOWN,
        stays=(ran(THREE_BEHIND, ago(days=9)),),
    ),
    case(
        "heard the day before yesterday",
        NOT_KNOWN,
        agent(None),
        agent=AgentView.UNKNOWN,
        stays=(ran(LATEST, ago(days=9), ago(days=2)),),
    ),
    case(
        "heard but which of two",
        (NOT_KNOWN, NOT_KNOWN),
        agent(None),
        agent(None, name="z"),
        agent=AgentView.UNKNOWN,
        stays=(ran(LATEST, ago(days=9)),),
    ),
    case(
        "not ready and shown of unknown age but heard",
        OVERDUE,
        agent(LATEST),
        agent=AgentView.UNKNOWN,
        stays=(ran(THREE_BEHIND, ago(days=9)),),
    ),
    # Stopped machines.
    case("deallocated before the window", STOPPED, agent(THREE_BEHIND), power="deallocated"),
    case(
        "deallocated before the window and off", STOPPED, agent(THREE_BEHIND, auto_upgrade=False), power="deallocated"
    ),
    case(
        "deallocated ten days ago",
        STOPPED,
        agent(THREE_BEHIND),
        power="deallocated",
        agent=SHOWN,
        operations=(power(ago(days=10), "deallocate"),),
    ),
    case(
        "deallocated yesterday",
        OVERDUE,
        agent(THREE_BEHIND),
        power="deallocated",
        agent=SHOWN,
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case(
        "deallocated yesterday and the latest",
        PASS,
        agent(LATEST),
        power="deallocated",
        agent=SHOWN,
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case(
        "deallocated yesterday and nothing shown",
        NOT_KNOWN,
        agent(LATEST),
        power="deallocated",
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case(
        "deallocated yesterday without a logged end",
        OVERDUE,
        agent(THREE_BEHIND),
        power="deallocated",
        agent=SHOWN,
        operations=(power(ago(days=1), "deallocate", outcome=None),),
    ),
    case(
        "deallocated ten days ago without a logged end",
        NOT_KNOWN,
        agent(THREE_BEHIND),
        power="deallocated",
        agent=SHOWN,
        operations=(power(ago(days=10), "deallocate", outcome=None),),
    ),
    case(
        "powered off yesterday",
        OVERDUE,
        agent(THREE_BEHIND),
        power="stopped",
        operations=(power(ago(days=1), "powerOff"),),
    ),
    case("shut down from within", NOT_KNOWN, agent(THREE_BEHIND), power="stopped"),
    case(
        "shut down from within and heard till then",
        STOPPED,
        agent(THREE_BEHIND),
        power="stopped",
        stays=(ran(THREE_BEHIND, ago(days=25), ago(days=20)),),
    ),
    case(
        "started yesterday and shut down from within",
        OVERDUE,
        agent(THREE_BEHIND),
        power="stopped",
        operations=(power(ago(days=9), "deallocate"), power(ago(days=1), "start")),
    ),
    case(
        "stopped every night",
        PASS,
        agent(ONE_BEHIND),
        power="deallocated",
        agent=SHOWN,
        operations=tuple(
            power(ago(days=day, hours=hour), action)
            for day in range(10)
            for hour, action in ((17, "start"), (7, "deallocate"))
        ),
    ),
    case("of unknown power", NOT_KNOWN, agent(LATEST), power=None),
    case("starting", NOT_KNOWN, agent(LATEST), power="starting"),
    # Being made.
    case("creating", BEING_INSTALLED, agent(None, provisioning_state="Creating")),
    case("updating", BEING_INSTALLED, agent(THREE_BEHIND, provisioning_state="Updating")),
    case(
        "creating on a machine long deallocated",
        STOPPED,
        agent(None, provisioning_state="Creating"),
        power="deallocated",
    ),
    # What the region offers.
    case("a region without versions", NOT_KNOWN, agent(LATEST), location="emptyland"),
    case("a region with another major only", NOT_KNOWN, agent(LATEST), location="nextmajor"),
    case("a region with a newer major too", PASS, agent(LATEST), location="bothmajors"),
    case("a region of three more releases", OVERDUE, agent(LATEST), location="beyondthetable"),
    case("a region of two more releases", PASS, agent("1.39.0"), location="beyondthetable"),
    case("a region with a withdrawn version", PASS, agent("1.24.0", os="Windows"), os="Windows", location="withdrawn"),
    case("a region in text order", OVERDUE, agent("1.4.3320.3"), location="textorder"),
    case("a region with odd names", PASS, agent(LATEST), location="odd"),
    case("a region spelled as people do", PASS, agent(LATEST), location="Japan East"),
    case("a region that refuses", NOT_KNOWN, agent(LATEST), location="refusing"),
    # What is not ours.
    case("without extensions", None),
    case(
        "another extension far behind",
        None,
        ExtensionSpec("Script", "Microsoft.Azure.Extensions", "CustomScript", installed="2.0.1"),
    ),
    # Instances of uniform scale sets; of what a model asks for the rule does not speak.
    scale_set("set", (PASS, OVERDUE), agent(), instance(agent(LATEST)), instance(agent(THREE_BEHIND))),
    scale_set("set off", NOT_UPGRADING, OFF, instance(agent(THREE_BEHIND, auto_upgrade=False))),
    scale_set("set stopped", STOPPED, agent(), instance(agent(THREE_BEHIND), power="deallocated", agent=SHOWN)),
    scale_set("set that shows nothing", NOT_KNOWN, agent(), instance(agent(None), agent=AgentView.UNKNOWN)),
    scale_set(
        "set heard",
        OVERDUE,
        agent(),
        instance(agent(None), agent=AgentView.UNKNOWN, stays=(ran(THREE_BEHIND, ago(days=9)),)),
    ),
    scale_set("set of nobody", None, agent()),
    case("flexible", OVERDUE, agent(THREE_BEHIND), scale_set="set-flexible"),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    # Arc-enabled servers, which have a list of their own.
    arc("arc latest", PASS, arc_agent(ARC_LATEST)),
    arc("arc behind", OVERDUE, arc_agent(ARC_BEHIND)),
    arc("arc behind and off", NOT_UPGRADING, arc_agent(ARC_BEHIND, auto_upgrade=False)),
    arc("arc behind and unsaid", ("fail", "behind"), arc_agent(ARC_BEHIND, auto_upgrade=None)),
    arc("arc disconnected for days", NOT_KNOWN, arc_agent(ARC_LATEST), **AWAY),
    arc("arc disconnected for days and behind", NOT_KNOWN, arc_agent(ARC_BEHIND), **AWAY),
    arc("arc disconnected for hours", OVERDUE, arc_agent(ARC_BEHIND), **{**AWAY, "last_status_change": ago(hours=5)}),
    arc("arc expired", ("not_applicable", "expired"), arc_agent(ARC_BEHIND), status="Expired"),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    refused = Fault(r"/locations/refusing/", status=403, body={"error": {"code": "AuthorizationFailed"}})
    folder, way = tmp_path_factory.mktemp(RULE), request.param
    return judge_estate(folder, CASES, refused, offers=OFFERS, arc_offers=ARC_OFFERS, beats=True, way=way)


@pytest.mark.parametrize(("way", "expected"), [("auto", NOT_KNOWN), ("compute", ("unanswered", "extensions_not_read"))])
def test_a_machine_that_refuses_is_unanswered_in_either_way(tmp_path: Path, way: str, expected: Any) -> None:
    """Resource Graph tells of its agent, but not what is installed."""
    [of] = cases = (case("not read", None, agent(LATEST)),)

    found = judge_estate(tmp_path, cases, Fault(r"/not-read\?.*expand=instanceView", status=403, body="no"), way=way)

    assert found.verdicts(RULE, of) == (expected,)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def named(name: str) -> Case:
    return next(each for each in CASES if each.machine.name == name.replace(" ", "-"))


@pytest.mark.parametrize(
    ("name", "latest", "behind", "newer_major", "overdue", "basis"),
    [
        ("the latest", LATEST, 0, "none", 0, "none"),
        ("three behind", LATEST, 3, "none", 3, "release_table"),
        ("a region without versions", None, None, None, None, None),
        ("a region with another major only", None, None, "2.0.1", None, None),
        ("a region with a newer major too", LATEST, 0, "2.1.0", 0, "none"),
        ("a region of three more releases", "1.41.0", 3, "none", 1, "estimated"),
        ("a region with a withdrawn version", "1.24.0", 0, "none", 0, "none"),
        ("a region in text order", LATEST, 3, "none", 3, "release_table"),
        ("a region that refuses", None, None, None, None, None),
    ],
)
def test_what_the_verdict_rests_on(
    judged: Judged,
    name: str,
    latest: str | None,
    behind: int | None,
    newer_major: str | None,
    overdue: int | None,
    basis: str | None,
) -> None:
    row = judged.extension(named(name))

    told = [
        row[column]
        for column in ("latest_version", "releases_behind", "newer_major", "releases_overdue", "overdue_basis")
    ]
    assert told == [latest, behind, newer_major, overdue, basis]


@pytest.mark.parametrize(
    ("name", "version", "source"),
    [
        ("the latest", LATEST, "instance_view"),
        ("not ready and nothing shown but heard", THREE_BEHIND, "heartbeats"),
        ("not ready and shown of unknown age but heard", THREE_BEHIND, "heartbeats"),
        ("heard the day before yesterday", None, None),
    ],
)
def test_who_told_the_installed_version(judged: Judged, name: str, version: str | None, source: str | None) -> None:
    row = judged.extension(named(name))

    assert (row["installed_version"], row["installed_version_source"]) == (version, source)


NEW_RELEASES = ("1.39.0", "1.40.0", "1.41.0")
ROLLOUT = (
    case("just released", ROLLING_OUT, agent(LATEST)),
    case("just released and off", NOT_UPGRADING, agent(LATEST, auto_upgrade=False)),
    case("four behind of which one is old", OVERDUE, agent(ONE_BEHIND)),
)


@pytest.fixture(scope="module")
def in_rollout(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Earlier nights saw three releases come in the last weeks."""
    seen = {("vm", "japaneast", PUBLISHER.lower(), LINUX.lower(), version): ago(days=20) for version in NEW_RELEASES}
    offers = {"*": everywhere((*OFFERED, *NEW_RELEASES))}
    return judge_estate(tmp_path_factory.mktemp("rollout"), ROLLOUT, offers=offers, memory=Memory(seen))


@pytest.mark.parametrize("of", ROLLOUT, ids=str)
def test_releases_that_earlier_nights_saw_come(in_rollout: Judged, of: Case) -> None:
    assert in_rollout.verdicts(RULE, of) == of.expected
    assert in_rollout.extension(of)["overdue_basis"] in ("first_seen", "release_table")


def test_the_number_of_releases_and_the_length_of_a_rollout_can_be_changed(tmp_path: Path) -> None:
    cases = (
        case("one behind", OVERDUE, agent(ONE_BEHIND)),
        case("the one release beyond the table", ROLLING_OUT, agent(LATEST)),
        case("the latest", PASS, agent("1.39.0")),
    )
    config = {"rules": {RULE: {"params": {"releases": 0}}}, "sources": {"rollout": {"vm": "30d"}}}

    judged = judge_estate(tmp_path, cases, offers={"*": everywhere((*OFFERED, "1.39.0"))}, config=config)

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_a_row_of_the_configurations_release_table_dates_a_release(tmp_path: Path) -> None:
    """Without it the newest release counts as young, whatever the calendar says."""
    [behind] = cases = (case("one behind", OVERDUE, agent(LATEST)),)
    table = [{"type": LINUX, "month": "2026-01", "versions": ["1.39.x"]}]
    config = {"rules": {RULE: {"params": {"releases": 0}}}, "sources": {"release_table": table}}

    judged = judge_estate(tmp_path, cases, offers={"*": everywhere((*OFFERED, "1.39.0"))}, config=config)

    assert judged.verdicts(RULE, behind) == behind.expected
    assert judged.extension(behind)["overdue_basis"] == "release_table"


def test_without_the_activity_log_running_machines_are_judged_and_stopped_ones_are_not(tmp_path: Path) -> None:
    refused = Fault(r"/eventtypes/management/", status=403, body={"error": {"code": "AuthorizationFailed"}})
    running, stopped = cases = (
        case("running", OVERDUE, agent(THREE_BEHIND)),
        case("deallocated", NOT_KNOWN, agent(THREE_BEHIND), power="deallocated"),
    )

    judged = judge_estate(tmp_path, cases, refused)

    assert [judged.verdicts(RULE, each) for each in cases] == [running.expected, stopped.expected]
