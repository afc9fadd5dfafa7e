"""What people decided beforehand: accepted gaps, exemptions, --fail-on, rules that need what is not configured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.errors import ExitCode
from auditor.model.verdict import Severity
from auditor.simulator import Fault, HandMadeEstate, MachineSpec
from tests.night.parts import (
    ALL,
    FIRST,
    LATEST,
    NOW,
    OLD,
    SECOND,
    STRANGER,
    Audited,
    Bench,
    agent,
    estate,
    machine,
    machine_id,
    refusal,
    subscription,
)

TODAY = NOW.date()


def one_refuses() -> HandMadeEstate:
    return estate(subscription(FIRST, machine("web-1")), subscription(SECOND, machine("sql-1"), refused=True))


def accepted(until: date, source: str = "any", scope: str = SECOND) -> Mapping[str, Any]:
    gap = {"scope": scope, "source": source, "owner": "Team", "reason": "A partner's", "until": until.isoformat()}
    return {"scope": {"accepted_gaps": [gap]}}


def failing_machines() -> tuple[MachineSpec, ...]:
    off = agent("Linux", LATEST, auto_upgrade=False)
    old = agent("Linux", OLD, auto_upgrade=False)
    return machine("off", off), machine("old", old), machine("good")


def with_failures() -> HandMadeEstate:
    return estate(subscription(FIRST, *failing_machines()))


# --- gaps ---


@pytest.mark.parametrize("until", [TODAY, TODAY + timedelta(days=30)])
def test_an_accepted_gap_stays_in_the_report_and_no_longer_makes_it_incomplete(bench: Bench, until: date) -> None:
    audited = bench.audit(one_refuses(), config=accepted(until), formats=ALL)

    assert audited.code == ExitCode.DELIVERED
    assert {(gap["source"], gap["accepted"]) for gap in audited.gaps()} == {
        ("resource_groups", True),
        ("virtual_machines", True),
        ("scale_sets", True),
        ("arc_machines", True),
        ("activity_log", True),
    }
    assert audited.report.banner is None
    assert "A partner's" in audited.page_text


def test_an_expired_acceptance_accepts_nothing(bench: Bench) -> None:
    audited = bench.audit(one_refuses(), config=accepted(TODAY - timedelta(days=1)))

    assert audited.code == ExitCode.INCOMPLETE
    assert {gap["accepted"] for gap in audited.gaps()} == {False}


def test_an_acceptance_of_one_source_leaves_the_other_gap_open(bench: Bench) -> None:
    audited = bench.audit(one_refuses(), config=accepted(TODAY, source="activity_log"))

    assert audited.code == ExitCode.INCOMPLETE
    assert audited.gap("activity_log", SECOND)["accepted"] is True
    assert audited.gap("virtual_machines", SECOND)["accepted"] is False
    assert audited.report.banner is not None and len(audited.report.banner.lines) == 1


def test_an_accepted_gap_does_not_turn_nothing_into_something(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(SECOND, machine("sql-1"), refused=True)), config=accepted(TODAY))

    assert audited.code == ExitCode.NOTHING_COLLECTED


# --- --fail-on ---


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        (None, ExitCode.DELIVERED),
        (Severity.CRITICAL, ExitCode.DELIVERED),
        (Severity.HIGH, ExitCode.FINDINGS),
        (Severity.MEDIUM, ExitCode.FINDINGS),
        (Severity.INFO, ExitCode.FINDINGS),
    ],
)
def test_findings_alone_are_no_failure_unless_asked_for(bench: Bench, fail_on: Severity | None, code: ExitCode) -> None:
    """AMA-001, which fails here, is of high severity."""
    audited = bench.audit(with_failures(), fail_on=fail_on)

    assert audited.code == code == audited.run["exit_code"]


def test_what_is_unanswered_is_no_finding(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", "latest"))))

    assert bench.audit(of, fail_on=Severity.INFO).code == ExitCode.DELIVERED


def test_findings_come_before_incompleteness(bench: Bench) -> None:
    off = agent("Linux", LATEST, auto_upgrade=False)
    of = estate(subscription(FIRST, machine("off", off)), subscription(SECOND, refused=True))

    assert bench.audit(of).code == ExitCode.INCOMPLETE
    assert bench.audit(of, fail_on=Severity.HIGH).code == ExitCode.FINDINGS


def test_a_severity_that_the_configuration_changed_counts(bench: Bench) -> None:
    lowered = {"rules": {rule: {"severity": "low"} for rule in ("AMA-001", "AMA-002", "AMA-005")}}

    audited = bench.audit(with_failures(), fail_on=Severity.MEDIUM, config=lowered)

    assert audited.code == ExitCode.DELIVERED
    assert {each["severity"] for each in audited.findings if each["rule_id"] == "AMA-001"} == {"low"}


# --- exemptions ---


def exempting(bench: Bench, *entries: Mapping[str, Any]) -> Mapping[str, Any]:
    (bench.folder / "exemptions.yaml").write_text(yaml.safe_dump([dict(entry) for entry in entries]))
    return {"exemptions": "exemptions.yaml"}


def exemption(expires: date, **what: Any) -> Mapping[str, Any]:
    who = {"rule": "AMA-001", "owner": "Payroll", "reason": "Certified by hand", "ticket": "CHG-1"}
    return {**who, "expires": expires.isoformat(), **what}


@pytest.mark.parametrize(
    "what",
    [
        {"resource": machine_id("off").upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")},
        {"resource": f"{machine_id('off')}/extensions/AzureMonitorLinuxAgent"},
        {"selector": {"machine_name": {"equals": "OFF"}}},
    ],
    ids=["machine", "extension", "selector"],
)
def test_an_exemption_excuses_the_failure_that_it_names_and_no_other(bench: Bench, what: Mapping[str, Any]) -> None:
    audited = bench.audit(with_failures(), config=exempting(bench, exemption(TODAY, **what)))

    found = {each["machine_name"]: each for each in audited.findings if each["rule_id"] == "AMA-001"}
    assert {name: each["status"] for name, each in found.items()} == {"off": "exempt", "old": "fail", "good": "pass"}
    assert found["off"]["exemption"] == f"CHG-1 (Payroll, until {TODAY.isoformat()})"
    assert found["off"]["reason_code"] == "disabled", "the reason for which it would have failed"
    assert {found[name]["exemption"] for name in ("old", "good")} == {None}
    [row] = audited.table("exemptions")
    assert row[-1] == 1
    assert audited.run["counts"]["AMA-001"]["exempt"] == 1


def test_an_expired_exemption_excuses_nothing(bench: Bench) -> None:
    gone = exemption(TODAY - timedelta(days=1), resource=machine_id("off"))

    audited = bench.audit(with_failures(), config=exempting(bench, gone))

    assert audited.statuses("AMA-001") == {"fail": 2, "pass": 1}
    [row] = audited.table("exemptions")
    assert row[-1] == 0


def test_an_exemption_answers_nothing_that_is_unanswered(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", "latest"))))
    excuse = exemption(TODAY, rule="AMA-002", resource=machine_id("web-1"))

    assert bench.audit(of, config=exempting(bench, excuse)).statuses("AMA-002") == {"unanswered": 1}


def test_exempt_findings_do_not_fail_the_run(bench: Bench) -> None:
    excuses = (
        exemption(TODAY, rule=rule, selector={"machine_name": {"matches": "o*"}})
        for rule in ("AMA-001", "AMA-002", "AMA-005")
    )

    audited = bench.audit(with_failures(), config=exempting(bench, *excuses), fail_on=Severity.INFO)

    assert audited.code == ExitCode.DELIVERED
    assert audited.run["counts"]["AMA-002"]["exempt"] == 1


@pytest.fixture(scope="module")
def with_exemptions(shared_bench: Bench) -> Audited:
    """Exemptions of every standing, over an estate of which one subscription refuses to be read."""
    of = estate(
        subscription(FIRST, *failing_machines()),
        subscription(SECOND, machine("sql-1"), refused=True),
    )
    soon, later = TODAY + timedelta(days=7), TODAY + timedelta(days=99)
    entries = exempting(
        shared_bench,
        exemption(soon, ticket="SOON", resource=machine_id("off")),
        exemption(TODAY - timedelta(days=1), ticket="OVER", resource=machine_id("old")),
        exemption(later, ticket="COMPLIES", resource=machine_id("good")),
        exemption(later, ticket="GONE", resource=machine_id("gone")),
        exemption(later, ticket="UNREAD", resource=machine_id("sql-1", SECOND)),
        exemption(later, ticket="ANYWHERE", selector={"machine_name": {"equals": "sql-1"}}),
        exemption(later, ticket="ELSEWHERE", resource=machine_id("x", STRANGER)),
        exemption(later, ticket="DISABLED", rule="AMA-003", resource=machine_id("off")),
        exemption(later, ticket="GROUP", resource=f"/subscriptions/{FIRST}/resourceGroups/rg-main"),
    )
    config = {**entries, "rules": {"AMA-003": {"enabled": False}}}
    return shared_bench.audit(of, config=config, formats=ALL)


@pytest.mark.parametrize(
    ("name", "tickets"),
    [
        ("expired", ["OVER"]),
        ("expiring", ["SOON"]),
        ("unmatched", ["GONE", "GROUP"]),
        ("unneeded", ["COMPLIES"]),
        ("untried", ["UNREAD", "ANYWHERE", "ELSEWHERE", "DISABLED"]),
    ],
)
def test_exemptions_to_look_at_are_listed_on_page_and_in_the_workbook(
    with_exemptions: Audited, name: str, tickets: list[str]
) -> None:
    table = with_exemptions.report.tables[f"exemptions_{name}"]
    ticket = [column.key for column in table.columns].index("ticket")

    assert [row[ticket] for row in table.rows()] == tickets
    assert table.title in with_exemptions.page_text
    sheet = [tuple(row) for row in with_exemptions.sheet("Exemptions to look at")]
    at = next(index for index, row in enumerate(sheet) if row[0] == table.title)
    below = [row[ticket] for row in sheet[at + 1 :] if row[ticket] not in ("", "Ticket")]
    assert below[: len(tickets)] == tickets


def test_what_an_exemption_excuses_is_counted_and_the_rest_of_them_excuses_nothing(with_exemptions: Audited) -> None:
    assert [row[-1] for row in with_exemptions.table("exemptions")] == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert with_exemptions.statuses("AMA-001") == {"exempt": 1, "fail": 1, "pass": 1}
    assert with_exemptions.report.exemptions_to_see == (
        "Exemptions to look at: 1 expired, 1 expiring within 14 days, 2 matching nothing, 1 no longer needed, "
        "4 that could not be tried."
    )


def test_an_exemption_on_a_machine_whose_extensions_were_not_read_could_not_be_tried(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1")))
    entries = (
        exemption(TODAY, ticket="ON-IT", resource=f"{machine_id('web-1')}/extensions/AzureMonitorLinuxAgent"),
        exemption(TODAY, ticket="ITSELF", resource=machine_id("web-1")),
    )

    audited = bench.audit(of, Fault("expand=instanceView", **refusal()), config=exempting(bench, *entries))

    assert audited.statuses("AMA-001") == {"unanswered": 1}, "an exemption hides nothing that was not read"
    assert [row[2].split(".")[0] for row in audited.table("exemptions")] == [
        "Could not be tried: it is not known whether it names what was judged (1)",
        "In force",
    ]


# --- rules that cannot be asked ---

SILENT_RULE = """\
id: OWN-001
title: {en: The agent reports}
severity: high
frame: extensions
expect: {silent_for: {under: 1d}}
reasons:
  - {code: silent, text: {en: Silent.}}
why: {en: Because}
"""


@pytest.fixture
def needs_heartbeats(tmp_path: Path) -> Path:
    path = tmp_path / "OWN-001.yaml"
    path.write_text(SILENT_RULE)
    return path


def test_a_rule_over_heartbeats_is_not_run_without_a_workspace_and_that_is_told(
    bench: Bench, needs_heartbeats: Path
) -> None:
    audited = bench.audit(with_failures(), rules=[needs_heartbeats], formats=ALL)

    assert audited.run["not_run"] == [{"rule_id": "OWN-001", "columns": ["silent_for"]}]
    assert "OWN-001" not in audited.run["counts"]
    assert audited.verdicts("OWN-001") == []
    assert audited.report.banner is None, "nothing was asked that was not answered"
    assert "Rule OWN-001 was not run" in audited.report.summary
    assert any(str(row[0]).startswith("Rule OWN-001 was not run") for row in audited.table("outside"))
    assert "OWN-001" in audited.page_text
    assert audited.code == ExitCode.DELIVERED, "no gap: nothing was asked that was not answered"


def test_the_same_rule_is_run_with_a_workspace(bench: Bench, needs_heartbeats: Path) -> None:
    of = estate(subscription(FIRST, machine("web-1")), beats=True)

    audited = bench.audit(of, rules=[needs_heartbeats])

    assert audited.run["not_run"] == []
    assert sum(audited.run["counts"]["OWN-001"].values()) == 1


def test_without_a_workspace_the_shipped_rule_over_heartbeats_is_not_run_and_the_others_are(bench: Bench) -> None:
    audited = bench.audit(
        estate(subscription(FIRST, machine("web-1"))), config={"rules": {"AMA-008": {"enabled": True}}}
    )

    assert audited.run["not_run"] == [{"rule_id": "AMA-008", "columns": ["heard", "silent_for"]}]
    assert audited.report.banner is None and "Rule AMA-008 was not run" in audited.report.summary
    assert "data_collection_rules" not in audited.requests, "what only that rule would need is not asked"
    assert audited.statuses("AMA-011") == {"pass": 1}


def test_a_rule_that_is_disabled_is_neither_run_nor_missed(bench: Bench) -> None:
    audited = bench.audit(with_failures(), config={"rules": {"AMA-001": {"enabled": False}}})

    assert audited.verdicts("AMA-001") == [] and audited.run["not_run"] == []
    assert "AMA-001" not in audited.run["counts"]


def test_only_narrows_a_rule_also_for_machines_that_were_not_read(bench: Bench) -> None:
    """What is known of the machine from the list decides."""
    of = estate(subscription(FIRST, machine("web-1", tags={"env": "prod"}), machine("web-2", tags={"env": "test"})))
    narrowed = {"rules": {"AMA-001": {"only": {"tags.env": {"equals": "prod"}}}}}

    audited = bench.audit(of, Fault("expand=instanceView", **refusal()), config=narrowed)

    assert audited.verdicts("AMA-001") == [("web-1", "unanswered", "extensions_not_read")]
    assert audited.statuses("AMA-003") == {"unanswered": 2}


def test_only_rules_leaves_the_shipped_ones_out(bench: Bench, needs_heartbeats: Path) -> None:
    audited = bench.audit(with_failures(), rules=[needs_heartbeats], only_rules=True, config={"rules": {}})

    assert audited.run["counts"] == {}
    assert audited.findings == []
    assert audited.requests.get("extension_versions", 0) == 0, "no rule asks for versions"
