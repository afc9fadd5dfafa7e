"""What other programs rely on: the keys of findings.json and run.json, and that every file tells the same numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from auditor.errors import ExitCode
from auditor.model.reading import Source
from auditor.model.verdict import Status
from auditor.render.console import print_summary
from auditor.simulator import SeededEstate
from auditor.simulator.weather import PRESETS
from tests.night.parts import ALL, LETTER, NOW, ON_INSTANCES, ON_MACHINES, SHIPPED, TOKEN, Audited, Bench

FINDING_KEYS = [
    "rule_id", "status", "severity", "reason_code", "reason", "resource_id", "machine_id", "machine_name",
    "machine_kind", "subscription_id", "subscription_name", "resource_group", "location", "os", "availability",
    "extension_publisher", "extension_type", "extension_name", "auto_upgrade", "auto_upgrade_minor",
    "requested_version", "installed_version", "installed_version_source", "installed_version_at", "latest_version",
    "releases_behind", "evidence", "remediation", "change", "first_seen", "owner", "exemption",
]  # fmt: skip
RUN_KEYS = [
    "tool", "run_id", "as_of", "started", "ended", "starts", "seconds", "subscriptions", "machines", "operations",
    "readings", "gaps", "counts", "changes", "not_run", "requests", "data_age", "confirmed", "hashes", "identity",
    "receipts", "exit_code",
]  # fmt: skip
WORDS = {
    "Fail": "fail", "Unanswered": "unanswered", "Pending": "pending", "Exempt": "exempt",
    "Not applicable": "not_applicable", "Pass": "pass",
}  # fmt: skip


@pytest.fixture(scope="module")
def audited(shared_bench: Bench) -> Audited:
    """The demo's own estate and weather."""
    return shared_bench.audit(SeededEstate(60, now=NOW), *PRESETS["one_machine_500"], formats=ALL)


def test_every_finding_has_exactly_the_keys_of_the_contract_in_their_order(audited: Audited) -> None:
    assert len(audited.findings) > 150
    assert {tuple(each) for each in audited.findings} == {tuple(FINDING_KEYS)}


def test_every_piece_of_evidence_has_name_value_source_and_time(audited: Audited) -> None:
    evidence = [item for each in audited.findings for item in each["evidence"]]

    assert {tuple(item) for item in evidence} == {("name", "value", "source", "read_at")}
    assert all(each["evidence"] for each in audited.findings)
    assert {item["source"] for item in evidence} <= {*Source, "resource_graph", "guest_agent", "arc"}
    operations = [item["value"] for item in evidence if item["name"] == "operation"]
    assert operations
    assert {tuple(sorted(each)) for each in operations} == {
        ("action", "caller", "ended", "error_code", "error_message", "initiator", "outcome", "started")
    }


def test_the_values_of_findings_are_of_the_words_that_are_promised(audited: Audited) -> None:
    assert {each["status"] for each in audited.findings} <= {str(status) for status in Status}
    assert {each["machine_kind"] for each in audited.findings} == {
        "arc",
        "scale_set",
        "scale_set_instance",
        "vm",
    }
    assert {each["os"] for each in audited.findings} == {"windows", "linux", None}, "some servers never connected"
    assert {each["auto_upgrade"] for each in audited.findings} == {"enabled", "disabled", "unset", None}
    assert {each["change"] for each in audited.findings} == {None}, "no archive is configured"
    for each in audited.findings:
        if each["installed_version_at"]:
            assert datetime.fromisoformat(each["installed_version_at"]).utcoffset() is not None


def test_every_failure_says_what_to_do(audited: Audited) -> None:
    failures = [each for each in audited.findings if each["status"] == "fail"]

    assert failures
    assert all(each["remediation"] for each in failures)
    off = [each for each in failures if each["rule_id"] == "AMA-001"]
    assert off and all(each["machine_id"].split("/")[2] in each["remediation"] for each in off), "the row's own ids"
    assert all("\n\nAzure CLI:\naz " in each["remediation"] for each in off)
    assert all("\n\nAzure PowerShell:\n" in each["remediation"] for each in off)


def test_every_unanswered_verdict_says_what_would_close_it(audited: Audited) -> None:
    unanswered = [each for each in audited.findings if each["status"] == "unanswered"]

    assert unanswered
    assert [each["reason"] for each in unanswered if not each["remediation"]] == []


def test_run_json_has_exactly_the_keys_of_the_contract(audited: Audited) -> None:
    run = audited.run

    assert sorted(run) == sorted(RUN_KEYS)
    assert sorted(run["subscriptions"]) == ["disabled", "expected", "missing", "refused", "seen"]
    assert {tuple(gap) for gap in run["gaps"]} == {("source", "scope", "status", "reason", "close", "accepted")}
    assert {tuple(each) for each in run["requests"].values()} == {("sent", "retried", "throttled", "bytes")}
    assert run["exit_code"] == audited.code == ExitCode.INCOMPLETE
    assert list(run["operations"]) == ["succeeded", "failed", "running"]
    assert list(run["counts"]) == list(SHIPPED)
    assert {tuple(counts) for counts in run["counts"].values()} == {tuple(str(status) for status in Status)}
    assert set(run["seconds"]) >= {"survey", "audit"}
    assert run["receipts"] == []


def test_run_json_holds_no_secret(audited: Audited) -> None:
    for path in (each for each in audited.folder.rglob("*") if each.is_file()):
        assert TOKEN["AUDITOR_ACCESS_TOKEN"].encode() not in path.read_bytes(), path.name


def test_every_number_is_the_same_wherever_it_stands(audited: Audited) -> None:
    by_rule = {(each["rule_id"], each["status"]): 0 for each in audited.findings}
    for each in audited.findings:
        by_rule[each["rule_id"], each["status"]] += 1
    totals = Counter(status for (_rule, status), number in by_rule.items() for _ in range(number))

    assert counts_of_run(audited) == by_rule
    assert page_cards(audited) == {status: totals.get(status, 0) for status in map(str, Status)}
    assert summary_of_workbook(audited) == page_cards(audited)
    assert table_of_page(audited) == {
        rule: [by_rule.get((rule, str(status)), 0) for status in Status] for rule in SHIPPED
    }
    assert table_of_console(audited) == table_of_page(audited)
    for told in (rows_of_csv(audited), rows_of_parquet(audited), rows_of_workbook(audited)):
        assert Counter(told) == Counter((each["rule_id"], each["status"]) for each in audited.findings)


def test_the_simulated_estate_is_counted_whole(audited: Audited) -> None:
    """Sixty machines: a verdict on each machine, and on each agent or on the machine whose agent was not read."""
    counts = {rule: sum(told.values()) for rule, told in audited.run["counts"].items()}
    agents = {each["resource_id"] for each in audited.findings if each["rule_id"] == "AMA-001"}

    assert audited.run["machines"] == {"arc": 6, "scale_set_instance": 12, "vm": 42}
    assert {rule: counts[rule] for rule in ON_MACHINES} == dict.fromkeys(ON_MACHINES, 60)
    assert counts["AMA-001"] == counts["AMA-003"] == len(agents), "each once"
    models = {each["resource_id"] for each in audited.findings if each["machine_kind"] == "scale_set"}
    on_machines = len(agents) - len(models & agents)
    judged = {rule: counts[rule] for rule in ("AMA-002", "AMA-005", "AMA-006", "AMA-007")}
    assert judged == dict.fromkeys(judged, on_machines), "models run no version"
    flexible = {each["machine_id"] for each in audited.findings if "/virtualMachines/vmss-flex" in each["machine_id"]}
    assert flexible and counts[ON_INSTANCES] == 12 - len(flexible), "instances of flexible sets follow no model"


def counts_of_run(audited: Audited) -> dict[tuple[str, str], int]:
    counts = audited.run["counts"]
    return {(rule, status): number for rule in counts for status, number in counts[rule].items() if number}


def page_cards(audited: Audited) -> dict[str, int]:
    found = re.findall(r'<li class="card s-(\w+)[^>]*>(?:<a[^>]*>)?<span class="number">([\d,]+)</span>', audited.page)
    return {status: int(number.replace(",", "")) for status, number in found}


def table_of_page(audited: Audited) -> dict[str, list[int]]:
    """The rows of "By rule", read out of the markup."""
    section = audited.page.partition('<h2 id="by_rule">')[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)
    cells = [
        [re.sub(r"<[^>]+>|\s", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows
    ]
    return {cell[0]: [int(number) for number in cell[-len(Status) :]] for cell in cells if cell}


def table_of_console(audited: Audited) -> dict[str, list[int]]:
    stream = io.StringIO()
    print_summary(audited.report, audited.folder, stream)
    lines = [line.split() for line in stream.getvalue().splitlines() if line.startswith(SHIPPED)]
    return {words[0]: [int(number) for number in words[-len(Status) :]] for words in lines}


def summary_of_workbook(audited: Audited) -> dict[str, int]:
    rows = audited.sheet("Summary")
    cards = [row for row in rows if row[0] in WORDS and isinstance(row[1], float)]
    return {WORDS[row[0]]: int(row[1]) for row in cards}


def rows_of_workbook(audited: Audited) -> list[tuple[Any, str]]:
    head, *rows = audited.sheet("Findings")
    rule, status = head.index("Rule"), head.index("Verdict")
    return [(row[rule], WORDS[row[status]]) for row in rows]


def rows_of_csv(audited: Audited) -> list[tuple[str, str]]:
    with (audited.folder / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == FINDING_KEYS
    assert all(json.loads(row["evidence"]) for row in rows)
    return [(row["rule_id"], row["status"]) for row in rows]


def rows_of_parquet(audited: Audited) -> list[tuple[str, str]]:
    table = pq.read_table(audited.folder / "verdicts.parquet")
    assert table.column_names == FINDING_KEYS
    return list(zip(table["rule_id"].to_pylist(), table["status"].to_pylist(), strict=True))


def test_only_the_formats_that_were_asked_for_are_written(bench: Bench) -> None:
    audited = bench.audit(SeededEstate(6, now=NOW), formats=("csv",))

    assert {path.name for path in audited.folder.iterdir()} == {"findings.csv", "run.json", "remediation", *LETTER}


def test_nothing_is_left_beside_the_report(bench: Bench) -> None:
    audited = bench.audit(SeededEstate(6, now=NOW), formats=ALL)

    beside: set[Path] = set(audited.folder.parent.iterdir()) - {audited.folder}
    assert {path.name for path in beside} == {"config.yaml", "ca.pem"}
