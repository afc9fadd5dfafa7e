"""The shipped rules and their release table."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from auditor.model.rule import FIXES, Comparison, Operator, ReleaseRow, Rule, RuleBook, comparisons_of
from auditor.model.verdict import Severity, Status
from auditor.settle import settle

AGENTS = (
    ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"),
    ("Microsoft.Azure.Monitor", "AzureMonitorWindowsAgent"),
)
PUBLISHED = Path(__file__).parents[3] / "../shared/azure/ama-releases.csv"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return settle(None, environ={}).rulebook


def test_the_rules_of_the_agent_and_the_pack_for_all_other_extensions(book: RuleBook) -> None:
    assert {rule.id: (rule.frame, rule.severity, rule.enabled) for rule in book.rules} == {
        "AMA-001": ("extensions", Severity.HIGH, True),
        "AMA-002": ("extensions", Severity.MEDIUM, True),
        "AMA-003": ("extensions", Severity.HIGH, True),
        "AMA-004": ("machines", Severity.HIGH, True),
        "AMA-005": ("extensions", Severity.MEDIUM, True),
        "AMA-006": ("extensions", Severity.HIGH, True),
        "AMA-007": ("extensions", Severity.HIGH, True),
        "AMA-008": ("machines", Severity.HIGH, True),
        "AMA-009": ("machines", Severity.MEDIUM, True),
        "AMA-010": ("machines", Severity.HIGH, True),
        "AMA-011": ("machines", Severity.HIGH, True),
        "EXT-001": ("extensions", Severity.MEDIUM, False),
        "EXT-002": ("extensions", Severity.LOW, False),
        "EXT-003": ("extensions", Severity.MEDIUM, False),
    }
    assert book.agents() == AGENTS


def test_each_rule_needs_only_the_columns_of_its_question(book: RuleBook) -> None:
    columns = {rule.id: set(rule.columns()) - {"publisher", "type", "on"} for rule in book.rules}
    assert columns == {
        "AMA-001": {"auto_upgrade", "auto_upgrade_minor", "model_auto_upgrade", "follows_model"},
        "AMA-002": {
            "days_stopped",
            "provisioning_state",
            "releases_behind",
            "auto_upgrade",
            "releases_overdue",
            "overdue_basis",
        },
        "AMA-003": {"unfinished_operation", "last_failure"},
        "AMA-004": {"monitor_agents", "kind", "age", "orphaned_failure"},
        "AMA-005": {"days_stopped", "provisioning_state", "version_age", "auto_upgrade"},
        "AMA-006": {"days_stopped", "provisioning_state", "version_withdrawn", "installed_version", "kind"},
        "AMA-007": {"availability", "days_stopped", "extension_health", "provisioning_state"},
        "AMA-008": {
            "monitor_agents",
            "availability",
            "heard",
            "silent_for",
            "kind",
            "age",
            "running_for",
            "identity_kind",
            "data_collection_rules",
        },
        "AMA-009": {"kind", "follows_model"},
        "AMA-010": {"monitor_agents", "identity_kind", "kind", "follows_model"},
        "AMA-011": {"monitor_agents", "data_collection_rules", "kind", "age", "follows_model"},
        "EXT-001": {"supports_auto_upgrade", "auto_upgrade", "model_auto_upgrade", "follows_model"},
        "EXT-002": {
            "supports_auto_upgrade",
            "days_stopped",
            "provisioning_state",
            "releases_behind",
            "auto_upgrade",
            "releases_overdue",
            "overdue_basis",
        },
        "EXT-003": {"supports_auto_upgrade", "unfinished_operation", "last_failure"},
    }


def rules() -> tuple[Rule, ...]:
    return settle(None, environ={}).rulebook.rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
class TestEveryRule:
    def test_has_examples_of_every_verdict_that_it_can_give(self, rule: Rule) -> None:
        possible = {Status.PASS, Status.FAIL, Status.UNANSWERED}
        possible |= {Status.PENDING} if rule.pending or rule.early_pending else set()
        possible |= {Status.NOT_APPLICABLE} if rule.not_applicable else set()
        assert {example.status for example in rule.examples} == possible

    def test_has_an_example_of_every_reason_code(self, rule: Rule) -> None:
        clauses = (*rule.not_applicable, *rule.early_pending, *rule.pending, *rule.reasons)
        assert {example.code for example in rule.examples} - {None} == {clause.code for clause in clauses}

    def test_names_a_fix_for_every_failure(self, rule: Rule) -> None:
        assert {reason.fix for reason in rule.reasons} <= FIXES

    def test_speaks_english_and_japanese_throughout(self, rule: Rule) -> None:
        clauses = (*rule.not_applicable, *rule.early_pending, *rule.pending, *rule.reasons)
        texts = [rule.title, rule.why, *(clause.text for clause in clauses)]
        assert all(set(text) == {"en", "ja"} for text in texts)
        assert not [text["ja"] for text in texts if "。 " in text["ja"]]

    def test_rests_on_pages_of_microsoft(self, rule: Rule) -> None:
        assert rule.sources
        assert all(page.startswith("https://learn.microsoft.com/azure/") for page in rule.sources)


def test_every_fix_is_asked_for_by_some_rule(book: RuleBook) -> None:
    assert {reason.fix for rule in book.rules for reason in rule.reasons} == FIXES


def test_the_standing_reasons(book: RuleBook) -> None:
    expired = {"kind": "arc", "availability": "expired"}
    assert [reason.code for reason in book.standing] == ["managed", "expired"]
    assert book.standing[0].when == Comparison("managed_by", Operator.NOT, "none")
    assert {test.column: test.value for test in comparisons_of(book.standing[1].when)} == expired
    assert all(set(reason.text) == {"en", "ja"} for reason in book.standing)
    assert not [reason.text["ja"] for reason in book.standing if "。 " in reason.text["ja"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_no_rule_says_something_else_with_a_code_of_the_standing_reasons(rule: Rule, book: RuleBook) -> None:
    own = {clause.code for status in Status for clause in rule.clauses(status)}
    assert not own & {reason.code for reason in book.standing}


class TestReleaseTable:
    def test_keeps_wildcards_and_leaves_missing_months_out(self, book: RuleBook) -> None:
        linux = AGENTS[0]
        assert ReleaseRow(*linux, date(2025, 9, 1), ("1.37.x",), note="published as a wildcard") in book.releases
        assert not [row for row in book.releases if row.type == linux[1] and row.month == date(2024, 11, 1)]

    def test_names_the_versions_not_to_use(self, book: RuleBook) -> None:
        told = [row for row in book.releases if row.withdrawn]
        withdrawn = {(row.type, version) for row in told if row.kinds == ("vm", "arc") for version in row.versions}
        assert withdrawn == {
            ("AzureMonitorLinuxAgent", "1.10.7"),
            ("AzureMonitorLinuxAgent", "1.15.1"),
            ("AzureMonitorLinuxAgent", "1.25.2"),
            ("AzureMonitorWindowsAgent", "1.1.3.1"),
            ("AzureMonitorWindowsAgent", "1.1.5.0"),
            ("AzureMonitorWindowsAgent", "1.25.0"),
        }
        on_arc = {(row.type, version) for row in told if row.kinds == ("arc",) for version in row.versions}
        assert on_arc == {("AzureMonitorLinuxAgent", "1.29.4"), ("AzureMonitorLinuxAgent", "1.29.5")}
        assert len(withdrawn) + len(on_arc) == sum(len(row.versions) for row in told)

    @pytest.mark.skipif(
        not PUBLISHED.exists() and os.environ.get("CI") != "true", reason="the published table is not beside the house"
    )
    def test_says_what_the_published_table_says(self, book: RuleBook) -> None:
        published = {
            (kind, row["month"], tuple(row[system].split(";")))
            for row in csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines())
            for system, kind in (("linux", AGENTS[0][1]), ("windows", AGENTS[1][1]))
            if row[system]
        }
        ours = {(row.type, f"{row.month:%Y-%m}", row.versions) for row in book.releases if row.month}
        assert ours == published
