"""When Azure asks to wait, the night waits as long as it was told, and says so."""

from __future__ import annotations

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, HandMadeEstate
from tests.night.parts import FIRST, Bench, estate, machine, machine_id, refusal, subscription

ONE = r"/web-1\?.*expand=instanceView"
TEXT = "Number of requests exceeded the limit. Please try again after '9' seconds."


def two() -> HandMadeEstate:
    return estate(subscription(FIRST, machine("web-1"), machine("web-2")))


def throttled(path: str, wait: str | None, status: int = 429, times: int | None = 1) -> Fault:
    headers = {} if wait is None else {"Retry-After": wait}
    return Fault(path, headers=headers, times=times, **refusal("TooManyRequests", "Slower, please.", status))


@pytest.mark.parametrize(("status", "throttles"), [(429, 1), (503, 0)])
@pytest.mark.parametrize("wait", [3, 3600])
def test_retry_after_is_obeyed_however_long_and_told(bench: Bench, status: int, throttles: int, wait: int) -> None:
    audited = bench.audit(two(), throttled(ONE, str(wait), status))

    assert audited.code == ExitCode.DELIVERED
    assert float(wait) in audited.pauses.asked
    assert ("instance_view", float(wait)) in audited.told.waits
    sent = audited.run["requests"]["instance_view"]
    assert (sent["sent"], sent["retried"], sent["throttled"]) == (3, 1, throttles)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("subscriptions", r"^/subscriptions\?"),
        ("virtual_machines", r"/virtualMachines\?"),
        ("extension_versions", "/vmextension/types/"),
        ("activity_log", "/eventtypes/management/"),
        ("heartbeats", "/v1/workspaces/"),
    ],
)
def test_every_source_is_patient(bench: Bench, source: str, path: str) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1")), beats=True), throttled(path, "4"))

    assert audited.code == ExitCode.DELIVERED
    assert audited.told.waits == [(source, 4.0)]
    assert audited.run["requests"][source]["retried"] == 1


def test_where_only_the_text_tells_how_long_to_wait_the_text_counts(bench: Bench) -> None:
    """As recorded of lock conflicts: a 429 without the header."""
    audited = bench.audit(two(), Fault(ONE, times=1, **refusal("OperationNotAllowed", TEXT, 429)))

    assert audited.code == ExitCode.DELIVERED
    assert 9.0 in audited.pauses.asked


def test_a_machine_that_is_throttled_for_ever_is_a_gap(bench: Bench) -> None:
    audited = bench.audit(two(), throttled(ONE, "2", times=None))

    assert audited.code == ExitCode.INCOMPLETE
    gap = audited.gap("instance_view", machine_id("web-1"))
    assert gap["status"] == 429 and gap["close"]
    assert audited.statuses("AMA-001") == {"pass": 1, "unanswered": 1}
    sent = audited.run["requests"]["instance_view"]
    assert sent["throttled"] == sent["retried"] + 1 == sent["sent"] - 1


def test_a_refusal_is_not_tried_again(bench: Bench) -> None:
    audited = bench.audit(two(), Fault(ONE, **refusal()))

    assert audited.requests["virtual_machine"] == 2
    assert audited.pauses.asked == []


def test_quotas_are_kept_without_a_single_429(bench: Bench) -> None:
    """The simulator enforces what Azure publishes; 60 machines stay within the bucket of 250."""
    of = estate(subscription(FIRST, *(machine(f"web-{number:02}") for number in range(60))))

    audited = bench.audit(bench.simulate(of, quotas=True))

    assert audited.code == ExitCode.DELIVERED
    assert sum(sent["throttled"] for sent in audited.run["requests"].values()) == 0


def test_an_endpoint_that_nobody_serves_is_a_gap(bench: Bench) -> None:
    azure = bench.simulate(two())
    config = bench.config(azure)
    azure.stop()

    audited = bench.night(config, azure)

    assert audited.code == ExitCode.NOTHING_COLLECTED
    gap = audited.gap("subscriptions", "tenant")
    assert gap["status"] is None and "could not be reached" in gap["reason"] and "azure.endpoints" in gap["close"]
    assert len(audited.pauses.asked) > 1, "it was tried again before it was given up"


def test_a_quota_that_fills_up_late_gets_more_patience_than_a_failure(bench: Bench) -> None:
    """Five refusals in a row: a 429 is waited out, a 503 that goes on so long is a gap."""
    assert bench.audit(two(), throttled(ONE, "1", times=5)).gaps() == []
    assert len(bench.audit(two(), throttled(ONE, "1", status=503, times=5)).gaps()) == 1
