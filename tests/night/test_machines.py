"""One machine that answers wrongly: its verdicts are there and unanswered, and its neighbours are judged."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, HandMadeEstate
from tests.night.parts import FIRST, RULES, Bench, bare, estate, machine, machine_id, refusal, subscription

HTML = "<html><head><title>Service Unavailable</title></head><body>...</body></html>"
ONE = r"/virtualMachines/web-1\?.*expand=instanceView"


def three() -> HandMadeEstate:
    return estate(subscription(FIRST, machine("web-1"), machine("web-2"), machine("web-3")))


WRONG: dict[str, tuple[Fault, int | None, str]] = {
    "a machine that is unknown and still listed": (
        Fault(ONE, **refusal("ResourceNotFound", "The Resource was not found.", 404)),
        404,
        "ResourceNotFound",
    ),
    "a service that failed": (
        Fault(ONE, **refusal("InternalServerError", "Encountered internal server error.", 500)),
        500,
        "InternalServerError",
    ),
    "a service that failed without a word": (Fault(ONE, status=500), 500, "HTTP 500"),
    "a page in the place of an error": (
        Fault(ONE, status=503, body=HTML, content_type="text/html"),
        503,
        "Service Unavailable",
    ),
    "a lost connection": (Fault(ONE, drop=True), None, "could not be reached"),
    "an answer that is not JSON": (Fault(ONE, status=200, body=HTML, content_type="text/html"), 200, "not JSON"),
    "an answer that is cut off": (Fault(ONE, status=200, body='{"id": "/subscriptions/1111'), 200, "not JSON"),
    "an answer that is empty": (Fault(ONE, status=200, body=""), 200, "not JSON"),
    "an answer without properties": (Fault(ONE, status=200, body={"id": "web-1"}), 200, "without properties"),
    "properties that are null": (Fault(ONE, amend={"properties": None}), 200, "without properties"),
    "a list": (Fault(ONE, status=200, body=[{"id": "web-1"}]), 200, "without properties"),
    "an answer of another kind of success": (Fault(ONE, status=202, body={}), 202, "HTTP 202"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_machine_that_answers_wrongly_is_a_gap_and_unanswered(bench: Bench, what: str) -> None:
    fault, status, told = WRONG[what]

    audited = bench.audit(three(), fault)

    assert audited.code == ExitCode.INCOMPLETE
    [gap] = audited.gaps()
    assert (gap["source"], gap["scope"], gap["status"]) == ("instance_view", machine_id("web-1"), status)
    assert told in gap["reason"] and gap["close"]
    for rule in RULES:
        assert sorted(audited.verdicts(rule)) == [
            ("web-1", "unanswered", "extensions_not_read"),
            ("web-2", "pass", "as_expected"),
            ("web-3", "pass", "as_expected"),
        ]


def test_a_machine_that_is_gone_from_the_list_read_again_is_neither_gap_nor_verdict(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1", vanishes=True), machine("web-2"))))

    assert audited.code == ExitCode.DELIVERED
    assert audited.gaps() == []
    assert {name for name, _status, _code in audited.verdicts()} == {"web-2"}
    assert audited.run["machines"] == {"vm": 1}
    assert audited.run["readings"]["instance_view"] == {"asked": 2, "complete": 2, "rows": 1}
    [told] = audited.table("unseen")
    assert told[:2] == ("Deleted during the run", "web-1")
    assert audited.requests["virtual_machines"] == 2, "the list is read again only where a machine answered 404"


def test_the_only_machine_may_be_gone(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1", vanishes=True))))

    assert audited.code == ExitCode.DELIVERED
    assert audited.report.headline == "There is no machine to judge"


def test_gone_is_believed_only_where_the_list_read_again_is_whole(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1", vanishes=True), machine("web-2")))

    audited = bench.audit(of, Fault(r"/virtualMachines\?", after=1, **refusal()))

    assert audited.code == ExitCode.INCOMPLETE
    assert audited.gap("instance_view", machine_id("web-1"))["status"] == 404
    assert audited.statuses("AMA-001") == {"pass": 1, "unanswered": 1}


@pytest.mark.parametrize(
    ("properties", "version"),
    [
        ({"instanceView": None}, "unanswered"),
        ({"instanceView": "none"}, "unanswered"),
        ({"instanceView": {"vmAgent": None, "extensions": None, "statuses": None}}, "unanswered"),
        ({"instanceView": {"vmAgent": [], "extensions": {"name": "x"}, "statuses": "running"}}, "unanswered"),
        ({"instanceView": {"extensions": [None, 7, {"name": None}], "statuses": [{"code": None}, {}]}}, "unanswered"),
        ({"storageProfile": None, "timeCreated": "yesterday", "virtualMachineScaleSet": None}, "pass"),
    ],
)
def test_an_instance_view_of_another_shape_ends_nothing(bench: Bench, properties: dict[str, Any], version: str) -> None:
    """What cannot be read out of it is not known; what the rest of the answer says still is."""
    audited = bench.audit(three(), Fault(ONE, amend={"properties": properties}))

    assert ("web-1", "pass", "as_expected") in audited.verdicts("AMA-001")
    told = {name: status for name, status, _code in audited.verdicts("AMA-002")}
    assert told == {"web-1": version, "web-2": "pass", "web-3": "pass"}


def test_an_answer_without_an_instance_view_is_a_gap(bench: Bench) -> None:
    """It was asked for: its absence is not the same as a view that shows nothing."""
    audited = bench.audit(three(), Fault(ONE, amend={"properties": {"instanceView": None}}))

    assert audited.code == ExitCode.INCOMPLETE
    assert [gap["scope"] for gap in audited.gaps()] == [machine_id("web-1")]


def test_an_extension_without_settings_is_unanswered(bench: Bench) -> None:
    """A rule may speak of it: publisher and type are not known."""
    nameless = {"resources": [{"name": "AMA", "id": f"{machine_id('web-1')}/extensions/AMA"}]}

    audited = bench.audit(estate(subscription(FIRST, bare("web-1"))), Fault(ONE, amend=nameless))

    for rule in RULES:
        assert audited.verdicts(rule) == [("web-1", "unanswered", "not_known")]
