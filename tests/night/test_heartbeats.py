"""Heartbeats: what they add where they are whole, and what they must not say where they are not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, HandMadeEstate, StaySpec
from auditor.simulator.weather import PARTIAL_ERROR
from tests.night.parts import FIRST, LATEST, NOW, WORKSPACE, Bench, agent, estate, machine, subscription

DAY = timedelta(days=1)
PARTIAL = Fault("/v1/workspaces/", amend={"error": dict(PARTIAL_ERROR)})
SILENT_RULE = """\
id: OWN-001
title: {en: The agent reports}
severity: high
frame: machines
expect: {silent_for: {under: 1d}}
reasons:
  - {code: silent, text: {en: "Silent for {silent_for}."}}
why: {en: Because}
"""


def shy() -> HandMadeEstate:
    """Three machines that report: one whose own view hides the version, one that shows it, one that fell silent."""
    return estate(
        subscription(
            FIRST,
            machine("hidden", agent("Linux", None), stays=(StaySpec(LATEST, NOW - 9 * DAY),)),
            machine("shown", stays=(StaySpec(LATEST, NOW - 9 * DAY),)),
            machine("silent", stays=(StaySpec(LATEST, NOW - 9 * DAY, NOW - 3 * DAY),)),
        ),
        beats=True,
    )


@pytest.fixture
def own_rule(tmp_path: Path) -> Path:
    path = tmp_path / "OWN-001.yaml"
    path.write_text(SILENT_RULE)
    return path


def test_a_fresh_heartbeat_tells_what_a_running_machine_does_not_show(bench: Bench) -> None:
    audited = bench.audit(shy())

    assert audited.code == ExitCode.DELIVERED
    [found] = [e for e in audited.findings if e["machine_name"] == "hidden" and e["rule_id"] == "AMA-002"]
    assert (found["status"], found["installed_version"]) == ("pass", LATEST)
    assert found["installed_version_source"] == "heartbeats"
    assert audited.requests["log_analytics"] == 1


def test_whole_heartbeats_tell_silence(bench: Bench, own_rule: Path) -> None:
    audited = bench.audit(shy(), rules=[own_rule])

    assert sorted(audited.verdicts("OWN-001")) == [
        ("hidden", "pass", "as_expected"),
        ("shown", "pass", "as_expected"),
        ("silent", "fail", "silent"),
    ]


def test_a_partial_answer_is_an_incomplete_reading_in_plain_words(bench: Bench) -> None:
    audited = bench.audit(shy(), PARTIAL)

    assert audited.code == ExitCode.INCOMPLETE
    gap = audited.gap("heartbeats", WORKSPACE)
    assert gap["status"] == 200
    assert gap["reason"].startswith("Only a part was answered: ") and "{" not in gap["reason"]
    assert "record count limit" in gap["reason"], "the innermost message says why"


def test_a_partial_answer_tells_no_silence(bench: Bench, own_rule: Path) -> None:
    audited = bench.audit(shy(), PARTIAL, rules=[own_rule])

    assert audited.statuses("OWN-001") == {"unanswered": 3}


def test_a_partial_answer_tells_no_installed_version(bench: Bench) -> None:
    """The stay that came may not be the last one: a rollback may lie in the part that did not."""
    audited = bench.audit(shy(), PARTIAL)

    [found] = [e for e in audited.findings if e["machine_name"] == "hidden" and e["rule_id"] == "AMA-002"]
    assert (found["status"], found["installed_version"]) == ("unanswered", None)


def test_an_unknown_workspace_is_a_gap_that_says_what_to_check(bench: Bench) -> None:
    other = "77777777-7777-4777-a777-777777777777"

    audited = bench.audit(shy(), config={"sources": {"heartbeats": {"workspaces": [WORKSPACE, other]}}})

    assert audited.code == ExitCode.INCOMPLETE
    [gap] = audited.gaps()
    assert (gap["scope"], gap["status"]) == (other, 404)
    assert "sources.heartbeats.workspaces" in gap["close"]


def test_a_workspace_where_nobody_reports_is_read_and_empty(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1")), beats=True))

    assert audited.code == ExitCode.DELIVERED
    assert audited.run["readings"]["heartbeats"] == {"asked": 1, "complete": 1, "rows": 0}
