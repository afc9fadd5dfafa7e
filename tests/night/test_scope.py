"""What is in scope and cannot be read is a gap with its name; the rest of the night goes on."""

from __future__ import annotations

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault
from tests.night.parts import (
    ALL,
    DATED,
    FIRST,
    LETTER,
    ON_AGE,
    RULES,
    SECOND,
    STRANGER,
    THIRD,
    YOUNG,
    Bench,
    agent,
    estate,
    machine,
    refusal,
    subscription,
)


def test_a_healthy_estate_is_delivered_without_a_gap(bench: Bench) -> None:
    two = (machine(name, agent("Linux", YOUNG)) for name in ("web-1", "web-2"))

    audited = bench.audit(estate(subscription(FIRST, *two)), config=DATED)

    assert audited.code == ExitCode.DELIVERED
    assert audited.gaps() == [] and audited.report.banner is None
    rules = (*RULES, ON_AGE)
    assert {rule: dict(audited.statuses(rule)) for rule in rules} == {rule: {"pass": 2} for rule in rules}
    assert audited.report.tone == "good"


def test_an_unknown_subscription_alone_is_a_gap_and_nothing_is_collected(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1"))), subscriptions=[STRANGER], formats=ALL)

    assert audited.code == ExitCode.NOTHING_COLLECTED
    [gap] = audited.gaps()
    assert (gap["source"], gap["scope"]) == ("subscriptions", STRANGER)
    assert STRANGER in gap["close"]
    assert audited.run["subscriptions"]["missing"] == [STRANGER]
    assert audited.requests == {"subscriptions": 1}
    assert STRANGER in audited.page_text


def test_an_unknown_subscription_beside_good_ones_ends_nothing(bench: Bench) -> None:
    two = estate(subscription(FIRST, machine("web-1")), subscription(SECOND, machine("sql-1")))

    audited = bench.audit(two, subscriptions=[FIRST, STRANGER])

    assert audited.code == ExitCode.INCOMPLETE
    assert [gap["scope"] for gap in audited.gaps()] == [STRANGER]
    assert audited.statuses("AMA-001") == {"pass": 1}, "the other one was not asked for"
    assert audited.run["subscriptions"] == {
        "expected": [FIRST, STRANGER],
        "seen": [FIRST],
        "refused": [],
        "disabled": [],
        "missing": [STRANGER],
    }


def test_a_subscription_is_known_in_any_letter_case(bench: Bench) -> None:
    spelled = "ABCDEFAB-CDEF-4BCD-AFAB-CDEFABCDEFAB"

    audited = bench.audit(estate(subscription(spelled, machine("web-1"))), subscriptions=[spelled.swapcase()])

    assert audited.code == ExitCode.DELIVERED
    assert {each["subscription_id"] for each in audited.findings} == {spelled}, "shown as Azure gave it"


def test_an_empty_estate_is_delivered_and_the_report_says_so(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST)), formats=ALL)

    assert audited.code == ExitCode.DELIVERED
    assert audited.report.headline == "There is no machine to judge"
    assert "There is no machine to judge" in audited.page_text
    assert audited.findings == [] and audited.gaps() == []
    assert audited.run["machines"] == {}
    assert {sum(counts.values()) for counts in audited.run["counts"].values()} == {0}
    assert audited.sheet("Summary")[1][0] == "There is no machine to judge"


def test_a_subscription_without_machines_stands_beside_one_with_some(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST), subscription(SECOND, machine("sql-1"))))

    assert audited.code == ExitCode.DELIVERED
    rows = {row[1]: row[5:7] for row in audited.table("subscriptions")}
    assert rows == {FIRST: ("Read, and no machine in it", 0), SECOND: ("Read", 1)}


def test_an_identity_that_sees_no_subscription_has_collected_nothing(bench: Bench) -> None:
    """An empty list is an answer, and no audit: most likely the identity has no role anywhere."""
    audited = bench.audit(estate())

    assert audited.code == ExitCode.NOTHING_COLLECTED
    assert audited.report.headline == "Nothing could be read"
    assert audited.report.tone == "bad"


def test_where_no_subscription_is_seen_a_gap_says_what_would_close_it(bench: Bench) -> None:
    audited = bench.audit(estate())

    [gap] = audited.gaps()
    assert gap["source"] == "subscriptions" and gap["reason"] and "Reader" in gap["close"]


def test_nothing_readable_at_all_still_leaves_a_whole_report(bench: Bench) -> None:
    refused = subscription(FIRST, machine("web-1"), refused=True), subscription(SECOND, refused=True)

    audited = bench.audit(estate(*refused), formats=ALL)

    assert audited.code == ExitCode.NOTHING_COLLECTED == audited.run["exit_code"]
    assert audited.report.headline == "Nothing could be read"
    assert {path.name for path in audited.folder.iterdir()} == {
        "report.html", "report.xlsx", "findings.json", "findings.csv", "verdicts.parquet", "run.json", *LETTER,
    }  # fmt: skip
    assert audited.run["subscriptions"]["refused"] == [FIRST, SECOND]
    assert audited.findings == []


@pytest.mark.parametrize("state", ["Disabled", "Deleted"])
def test_a_subscription_that_is_not_enabled_is_a_gap_and_is_asked_nothing(bench: Bench, state: str) -> None:
    off = subscription(SECOND, machine("sql-1"), state=state)

    audited = bench.audit(estate(subscription(FIRST, machine("web-1")), off))

    assert audited.code == ExitCode.INCOMPLETE
    [gap] = audited.gaps()
    assert (gap["source"], gap["scope"]) == ("subscriptions", SECOND)
    assert state.lower() in gap["reason"] and gap["close"]
    assert audited.run["subscriptions"]["disabled"] == [SECOND]
    assert audited.requests["virtual_machines"] == 1
    assert audited.statuses("AMA-001") == {"pass": 1}


@pytest.mark.parametrize("state", ["Warned", "PastDue"])
def test_a_subscription_with_unpaid_bills_is_still_read(bench: Bench, state: str) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1"), state=state)))

    assert audited.code == ExitCode.DELIVERED
    assert audited.statuses("AMA-001") == {"pass": 1}


def test_a_refused_subscription_is_a_gap_with_the_permission_that_would_close_it(bench: Bench) -> None:
    refused = subscription(SECOND, machine("sql-1"), refused=True)

    audited = bench.audit(estate(subscription(FIRST, machine("web-1")), refused), formats=ALL)

    assert audited.code == ExitCode.INCOMPLETE
    gap = audited.gap("virtual_machines", SECOND)
    assert gap["status"] == 403
    assert "Microsoft.Compute/virtualMachines/read" in gap["close"] and SECOND in gap["close"]
    assert "microsoft.insights/eventtypes/values/read" in audited.gap("activity_log", SECOND)["close"]
    assert audited.run["subscriptions"]["refused"] == [SECOND]
    assert audited.statuses("AMA-001") == {"pass": 1}
    assert "Subscription 2" in audited.page_text


def test_an_expected_subscription_that_is_not_seen_is_a_gap(bench: Bench) -> None:
    scope = {"scope": {"expected_subscriptions": [FIRST, STRANGER]}}

    audited = bench.audit(estate(subscription(FIRST, machine("web-1"))), config=scope)

    assert audited.code == ExitCode.INCOMPLETE
    assert [gap["scope"] for gap in audited.gaps()] == [STRANGER]
    assert audited.run["subscriptions"]["expected"] == [FIRST, STRANGER]
    assert audited.run["subscriptions"]["missing"] == [STRANGER]
    assert audited.statuses("AMA-001") == {"pass": 1}


def test_an_excluded_subscription_is_neither_asked_nor_missed(bench: Bench) -> None:
    refused = subscription(SECOND, machine("sql-1"), refused=True)

    audited = bench.audit(
        estate(subscription(FIRST, machine("web-1")), refused), config={"scope": {"exclude_subscriptions": [SECOND]}}
    )

    assert audited.code == ExitCode.DELIVERED
    assert audited.run["subscriptions"]["seen"] == [FIRST]
    assert audited.requests["virtual_machines"] == audited.requests["activity_log"] == 1


def test_each_way_of_not_being_read_stands_beside_the_others(bench: Bench) -> None:
    audited = bench.audit(
        estate(
            subscription(FIRST, machine("web-1")),
            subscription(SECOND, machine("sql-1"), state="Disabled"),
            subscription(THIRD, machine("app-1"), refused=True),
        ),
        config={"scope": {"expected_subscriptions": [STRANGER]}},
    )

    assert audited.code == ExitCode.INCOMPLETE
    assert {row[1]: row[5] for row in audited.table("subscriptions")} == {
        FIRST: "Read",
        SECOND: "Disabled",
        THIRD: "Refused",
        STRANGER: "Not seen",
    }
    assert audited.run["machines"] == {"vm": 1}


def test_an_expired_token_is_one_gap_that_says_to_sign_in_again(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1"))), token="expired")

    assert audited.code == ExitCode.NOTHING_COLLECTED
    [gap] = audited.gaps()
    assert gap["status"] == 401
    assert gap["reason"].startswith("The access token was refused") and "expiry UTC time" in gap["reason"]
    assert gap["close"].startswith("Sign in again")
    assert audited.requests == {"subscriptions": 1}, "a token that is refused once is not tried on everything"


def test_a_token_that_expires_during_the_night_leaves_what_was_read(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1"), machine("web-2"), machine("web-3")))
    ended = Fault("expand=instanceView", after=1, **refusal("ExpiredAuthenticationToken", "It has expired.", 401))

    audited = bench.audit(of, ended)

    assert audited.code == ExitCode.INCOMPLETE
    assert audited.statuses("AMA-001") == {"pass": 1, "unanswered": 2}
    assert {gap["close"].split(",")[0] for gap in audited.gaps()} == {"Sign in again"}


def test_an_expected_subscription_outside_the_scope_is_looked_for_and_not_audited(bench: Bench) -> None:
    both = estate(subscription(FIRST, machine("web-1")), subscription(SECOND, machine("web-2")))

    audited = bench.audit(both, subscriptions=[FIRST], config={"scope": {"expected_subscriptions": [SECOND]}})

    assert audited.code == ExitCode.DELIVERED and audited.gaps() == []
    assert {name for name, _status, _code in audited.verdicts()} == {"web-1"}
