"""Answers that are whole and say strange things, and pages that break off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, OperationSpec, PageSizes
from tests.night.parts import (
    DATED,
    FIRST,
    LATEST,
    NOW,
    OLD,
    ON_AGE,
    RULES,
    VERSIONS,
    YOUNG,
    Bench,
    agent,
    estate,
    machine,
    offers,
    subscription,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HTML = "<html><title>Bad Gateway</title></html>"


# --- versions ---


@pytest.mark.parametrize("version", ["latest", "1", "1.2.3.4.5", "١.٣٨", "1." + "9" * 40])
def test_an_installed_version_that_is_no_version_is_unanswered(bench: Bench, version: str) -> None:
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", version)), machine("web-2")))

    audited = bench.audit(of)

    assert audited.code == ExitCode.DELIVERED, "everything was answered"
    assert sorted(audited.verdicts("AMA-002")) == [
        ("web-1", "unanswered", "not_known"),
        ("web-2", "pass", "as_expected"),
    ]
    assert audited.statuses("AMA-001") == {"pass": 2}


def test_a_requested_version_that_is_no_version_changes_no_verdict(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", YOUNG, requested="newest"))))

    audited = bench.audit(of, config=DATED)

    assert {status for _machine, status, _code in audited.verdicts()} == {"pass"}
    assert {each["requested_version"] for each in audited.findings if each["rule_id"] in RULES} == {"newest"}


def test_versions_on_offer_that_are_none_are_passed_over(bench: Bench) -> None:
    odd = offers(linux=("latest", "9", *VERSIONS, "1.99.x", "", "zzz"))
    of = estate(
        subscription(FIRST, machine("web-1"), machine("web-2", agent("Linux", OLD, auto_upgrade=False))), offers=odd
    )

    audited = bench.audit(of)

    assert {each["latest_version"] for each in audited.findings if each["rule_id"] in RULES} == {LATEST}
    assert sorted(status for _machine, status, _code in audited.verdicts("AMA-002")) == ["fail", "pass"]


@pytest.mark.parametrize("offered", [(), ("latest",), ("2.0.1",)], ids=["none", "no version", "another major"])
def test_a_region_that_offers_nothing_usable_proves_nothing(bench: Bench, offered: tuple[str, ...]) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1")), offers=offers(linux=offered)))

    [found] = [each for each in audited.findings if each["rule_id"] == "AMA-002"]
    assert (found["status"], found["latest_version"], found["releases_behind"]) == ("unanswered", None, None)
    assert found["remediation"]


@pytest.mark.parametrize("body", [HTML, "[", {"value": []}, {"error": {}}, 7, None, [None], [{"id": "x"}]])
def test_a_list_of_versions_that_is_none_is_a_gap_or_empty_and_never_a_pass(bench: Bench, body: Any) -> None:
    audited = bench.audit(
        estate(subscription(FIRST, machine("web-1"))), Fault("/vmextension/types/", status=200, body=body)
    )

    assert audited.statuses("AMA-002") == {"unanswered": 1}
    assert audited.statuses("AMA-001") == {"pass": 1}


# --- operations without an end ---


def unended(ago: timedelta, state: str) -> Any:
    extension = agent("Linux", LATEST, provisioning_state=state)
    begun = OperationSpec(NOW - ago, extension.name, outcome=None)
    return estate(subscription(FIRST, machine("web-1", extension, operations=(begun,)), machine("web-2")))


@pytest.mark.parametrize(
    ("ago", "state", "verdict"),
    [
        (2 * HOUR, "Updating", ("pending", "in_progress")),
        (2 * HOUR, "Succeeded", ("pass", "as_expected")),
        (3 * DAY, "Succeeded", ("pass", "as_expected")),
        (3 * DAY, "Updating", ("unanswered", "not_known")),
        (3 * DAY, "Failed", ("unanswered", "not_known")),
    ],
)
def test_an_operation_without_an_end_is_no_failure(
    bench: Bench, ago: timedelta, state: str, verdict: tuple[str, str]
) -> None:
    """It passes only where Succeeded was read after its start; it is pending while it began less than a day ago."""
    audited = bench.audit(unended(ago, state))

    assert {name: rest for name, *rest in audited.verdicts("AMA-003")} == {
        "web-1": list(verdict),
        "web-2": ["pass", "as_expected"],
    }
    assert audited.run["operations"] == {"succeeded": 0, "failed": 0, "running": 1}
    assert audited.gaps() == []


def test_an_old_operation_without_an_end_says_what_to_look_at(bench: Bench) -> None:
    audited = bench.audit(unended(3 * DAY, "Updating"))

    [found] = [each for each in audited.findings if each["status"] == "unanswered" and each["rule_id"] != ON_AGE]
    assert "no logged end" in found["reason"] and found["remediation"]


def test_an_end_without_its_beginning_still_counts(bench: Bench) -> None:
    """The beginning lay before the window."""
    extension = agent("Linux", LATEST)
    failed = OperationSpec(
        NOW - DAY, extension.name, outcome="Failed", begin_logged=False, accepted=0, error_code="Boom"
    )

    audited = bench.audit(estate(subscription(FIRST, machine("web-1", extension, operations=(failed,)))))

    assert audited.verdicts("AMA-003") == [("web-1", "fail", "unresolved")]


# --- pages ---


def five() -> Any:
    return estate(subscription(FIRST, *(machine(f"web-{number}") for number in range(5))))


BROKEN: dict[str, dict[str, Any]] = {
    "not JSON": {"status": 200, "body": HTML, "content_type": "text/html"},
    "refused": {"status": 403},
    "no list": {"status": 200, "body": {"value": None}},
    "a number": {"status": 200, "body": "7"},
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_page_of_machines_that_breaks_keeps_the_pages_before_it(bench: Bench, how: str) -> None:
    broken = Fault(r"/virtualMachines\?.*skiptoken=", after=1, **BROKEN[how])

    audited = bench.audit(five(), broken, pages=PageSizes(virtual_machines=2))

    assert audited.code == ExitCode.INCOMPLETE
    assert {name for name, _status, _code in audited.verdicts()} == {"web-0", "web-1", "web-2", "web-3"}
    assert audited.run["readings"]["virtual_machines"] == {"asked": 1, "complete": 0, "rows": 4}
    [gap] = audited.gaps()
    assert (gap["source"], gap["scope"]) == ("virtual_machines", FIRST)
    assert audited.table("unseen")[0][0] == "Not (all) listed"


def test_a_list_that_is_cut_short_is_partly_read_however_it_was_refused(bench: Bench) -> None:
    """Some of its machines stand in the report, so that "refused" would say too little."""
    cut = Fault(r"/virtualMachines\?.*skiptoken=", status=403)

    audited = bench.audit(five(), cut, pages=PageSizes(virtual_machines=2))

    assert audited.code == ExitCode.INCOMPLETE
    [row] = audited.table("subscriptions")
    assert row[5:7] == ("Partly read", 2)


def test_pages_that_go_round_in_a_circle_end(bench: Bench) -> None:
    azure = bench.simulate(five(), pages=PageSizes(virtual_machines=2))
    path = f"/subscriptions/{FIRST}/providers/Microsoft.Compute/virtualMachines"
    again = f"{azure.url}{path}?api-version=2024-07-01&$skiptoken=Mg=="
    azure.weather.add(Fault(r"/virtualMachines\?.*skiptoken=", amend={"nextLink": again}))

    audited = bench.audit(azure)

    assert audited.code == ExitCode.INCOMPLETE
    assert "circle" in audited.gap("virtual_machines", FIRST)["reason"]


def test_the_token_is_not_carried_to_another_host(bench: Bench) -> None:
    elsewhere = {"nextLink": "https://attacker.example/steal?$skiptoken=1"}

    audited = bench.audit(five(), Fault(r"/virtualMachines\?", amend=elsewhere))

    assert audited.code == ExitCode.INCOMPLETE
    assert "elsewhere" in audited.gap("virtual_machines", FIRST)["reason"]
    assert len(audited.verdicts("AMA-001")) == 5


@pytest.mark.parametrize("how", BROKEN)
def test_a_page_of_the_log_that_breaks_keeps_its_operations_and_clears_nobody(bench: Bench, how: str) -> None:
    """Newest first: the failure stands on the page that came, and who has none on it may have one further down."""
    extension = agent("Linux", LATEST)
    failed = OperationSpec(NOW - HOUR, extension.name, outcome="Failed", error_code="Boom")
    fine = tuple(OperationSpec(NOW - days * DAY, extension.name) for days in range(2, 9))
    of = estate(
        subscription(FIRST, machine("web-1", extension, operations=(failed, *fine)), machine("web-2", operations=fine))
    )
    broken = Fault(r"eventtypes/management/values\?.*skiptoken=", **BROKEN[how])

    audited = bench.audit(of, broken, pages=PageSizes(events=6))

    assert audited.code == ExitCode.INCOMPLETE
    assert [gap["source"] for gap in audited.gaps()] == ["activity_log"]
    assert audited.run["operations"]["failed"] == 1
    assert audited.statuses("AMA-003") == {"unanswered": 2}
    assert any("Boom" in str(row) for row in audited.table("operations")), "the failure is told all the same"
