"""AMA-005, the version was published within the last year: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.model.memory import Memory
from auditor.simulator import AgentView, ExtensionSpec, Fault
from tests.rules.answers import (
    LATEST,
    LINUX,
    ONE_BEHIND,
    PUBLISHER,
    TWO_BEHIND,
    WAYS,
    WINDOWS,
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
    scale_set,
)

RULE = "AMA-005"
PASS, NOT_KNOWN, STOPPED = ("pass", "as_expected"), ("unanswered", "not_known"), ("not_applicable", "stopped")
OLD, NOT_UPGRADING = ("fail", "unsupported"), ("fail", "unsupported_and_not_upgrading")
BEING_INSTALLED = ("pending", "being_installed")

TABLE = [
    {"type": LINUX, "month": "2026-08", "versions": ["1.45.0"]},
    {"type": LINUX, "month": "2026-09", "versions": ["1.46.x"]},
    {"type": WINDOWS, "month": "2026-09", "versions": ["1.46.0"]},
]
"""Rows that a configuration adds: the shipped table ends more than a year before the night."""
YOUNG, WILDCARD, NEWER = "1.45.0", "1.46.2", "1.47.0"

CASES = (
    case("published in august", PASS, agent(YOUNG)),
    case("published in august and off", PASS, agent(YOUNG, auto_upgrade=False)),
    case("a hotfix of a wildcard", PASS, agent(WILDCARD)),
    case("newer than the table, which is young", PASS, agent(NEWER)),
    case("a hotfix that the table does not name", PASS, agent("1.45.9")),
    # Published thirteen months ago: its automatic upgrades perhaps began less than a year ago.
    case("published in october of last year", NOT_KNOWN, agent(LATEST)),
    case("published in september of last year", OLD, agent(ONE_BEHIND)),
    case("published in august of last year", OLD, agent(TWO_BEHIND)),
    case("published long ago and off", NOT_UPGRADING, agent("1.30.3", auto_upgrade=False)),
    case("published long ago and not set", NOT_UPGRADING, agent("1.30.3", auto_upgrade=None)),
    case("published long ago, asked for as the newest", OLD, agent("1.30.3", requested="1.46")),
    case("passed over by the table", NOT_KNOWN, agent("1.40.0")),
    case("between two releases of the table", NOT_KNOWN, agent("1.32.0")),
    case("on windows", OLD, agent("1.36.0", os="Windows"), os="Windows"),
    case("young on windows", PASS, agent("1.46.0", os="Windows"), os="Windows"),
    case("no version shown", NOT_KNOWN, agent("newest")),
    case("nothing shown", NOT_KNOWN, agent(None), agent=AgentView.UNKNOWN),
    case("updating", BEING_INSTALLED, agent("1.30.3", provisioning_state="Updating")),
    case("deallocated long ago", STOPPED, agent("1.30.3"), power="deallocated"),
    case(
        "deallocated yesterday",
        OLD,
        agent("1.30.3"),
        power="deallocated",
        agent=AgentView.READY,
        operations=(power(ago(days=1), "deallocate"),),
    ),
    case("of unknown power", NOT_KNOWN, agent(YOUNG), power=None),
    case("without extensions", None),
    case("another extension", None, ExtensionSpec("s", "Microsoft.Azure.Extensions", "CustomScript", installed="1.0")),
    scale_set("set", (PASS, OLD), agent(), instance(agent(YOUNG)), instance(agent(ONE_BEHIND))),
    case("flexible", OLD, agent(ONE_BEHIND), scale_set="set-flexible"),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    arc("arc young", PASS, arc_agent(YOUNG)),
    arc("arc old", OLD, arc_agent(ONE_BEHIND)),
    arc("arc old and unsaid", OLD, arc_agent(ONE_BEHIND, auto_upgrade=None)),
    arc("arc away", NOT_KNOWN, arc_agent(YOUNG), status="Disconnected", last_status_change=ago(days=3)),
    arc("arc expired", ("not_applicable", "expired"), arc_agent(YOUNG), status="Expired"),
    case("node", ("not_applicable", "managed"), agent("1.30.3"), tags={"aks-managed-poolName": "p"}),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    config = {"sources": {"release_table": TABLE}}
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, config=config, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_agent_on_a_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == sum(len(each.expected) for each in CASES)


def test_without_further_rows_nothing_newer_than_the_shipped_table_is_answered(tmp_path: Path) -> None:
    """It ends more than a year ago: what came later may be older than a year, too."""
    cases = (case("newer than the table", NOT_KNOWN, agent(YOUNG)), case("old", OLD, agent(ONE_BEHIND)))

    judged = judge_estate(tmp_path, cases)

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]
    assert judged.extension(cases[0])["version_age.low"] is None


SEEN = (
    case("came in september", PASS, agent("1.50.0")),
    case("came in september and nobody knows how old it was", NOT_KNOWN, agent("1.51.0")),
    case("came more than a year ago", OLD, agent("1.52.0")),
    case("came in september elsewhere", NOT_KNOWN, agent("1.50.0"), location="westeurope"),
)


def test_what_earlier_nights_saw_come_is_answered(tmp_path: Path) -> None:
    place = ("vm", "japaneast", PUBLISHER.lower(), LINUX.lower())
    came = {"1.50.0": ago(days=70), "1.51.0": ago(days=70), "1.52.0": ago(days=400)}
    unseen = {"1.50.0": ago(days=71), "1.52.0": ago(days=401)}
    memory = Memory(
        {(*place, version): at for version, at in came.items()},
        last_unseen={(*place, version): at for version, at in unseen.items()},
    )

    judged = judge_estate(tmp_path, SEEN, memory=memory)

    assert [judged.verdicts(RULE, each) for each in SEEN] == [each.expected for each in SEEN]
    assert judged.extension(SEEN[0])["age_basis"] == "first_seen"


@pytest.mark.parametrize(
    ("fault", "way", "expected"),
    [
        (r"expand=instanceView", "auto", NOT_KNOWN),
        (r"expand=instanceView", "compute", ("unanswered", "extensions_not_read")),
        # The table needs no region's list.
        (r"/locations/", "auto", PASS),
        (r"/eventtypes/management/", "auto", PASS),
    ],
)
def test_with_a_source_refused_nothing_passes_that_rests_on_it(
    tmp_path: Path, fault: str, way: str, expected: Any
) -> None:
    [of] = cases = (case("refused", None, agent(YOUNG)),)
    refused = Fault(fault, status=403, body={"error": {"code": "AuthorizationFailed"}})

    judged = judge_estate(tmp_path, cases, refused, config={"sources": {"release_table": TABLE}}, way=way)

    assert judged.verdicts(RULE, of) == (expected,)


def test_for_how_long_a_version_is_supported_can_be_changed(tmp_path: Path) -> None:
    cases = (case("published in august", NOT_KNOWN, agent(YOUNG)), case("old", PASS, agent(TWO_BEHIND)))
    table = {"sources": {"release_table": TABLE}}
    for name in ("short", "long"):
        (tmp_path / name).mkdir()

    short = judge_estate(tmp_path / "short", cases, config={**table, "rules": {RULE: {"params": {"within": "100d"}}}})
    long = judge_estate(tmp_path / "long", cases, config={**table, "rules": {RULE: {"params": {"within": "900d"}}}})

    assert short.verdicts(RULE, cases[0]) == (NOT_KNOWN,), "between two bounds"
    assert long.verdicts(RULE, cases[1]) == (PASS,)
