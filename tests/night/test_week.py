"""A week of nights, unattended: the estate changes between them, and something fails in every one.

What the reports must say is worked out from the plan of the week (:mod:`tests.night.week`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage

import pyarrow.parquet as pq
import pytest

from auditor.errors import ExitCode
from auditor.simulator import Simulator
from tests.mailbox import MailServer, serving
from tests.night.happenings import Happenings
from tests.night.parts import YOUNG, open_bench
from tests.night.week import (
    ACCEPTED,
    AGENTS,
    BROKEN,
    EXPIRED,
    KILLED,
    LEDGER,
    NEW_RELEASE,
    NIGHTS,
    REFUSED,
    SECRET,
    THE_WEEK,
    THROTTLED,
    Week,
    at,
    estate_of,
    expected,
    is_there,
    settings,
)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    with ExitStack() as opened:
        bench, sky, mail = open_bench(tmp_path_factory.mktemp("week"), opened), Happenings(), MailServer()
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AUDITOR_SECRET", SECRET)
        with serving(mail):
            pass  # an address at which nobody answers yet
        told = Week(bench, bench.opened(Simulator(estate_of(1), weather=sky)), sky, mail)
        bench.config(told.azure, settings(mail))
        for night, happens in zip(NIGHTS, THE_WEEK, strict=True):
            told.passes_to(night)
            if night == REFUSED:
                opened.enter_context(serving(mail))
            happens(told)
        assert sky.awaited == 0, "all that was planned has happened"
        yield told


def test_each_night_ends_with_the_code_of_what_failed(week: Week) -> None:
    assert [each.codes for each in week.nights] == [
        [ExitCode.NOT_DELIVERED],
        [ExitCode.INCOMPLETE],
        [ExitCode.DELIVERED],
        [-9, ExitCode.DELIVERED],
        [ExitCode.DELIVERED],
        [ExitCode.NOT_DELIVERED],
        [ExitCode.NOT_DELIVERED, ExitCode.DELIVERED],
    ]


def test_every_failure_is_what_it_was_planned_to_be_and_since_when(week: Week) -> None:
    for night, planned in zip(week.nights, expected(), strict=True):
        told = {
            (each["machine_name"], each["rule_id"]): (each["change"], each["first_seen"])
            for each in night.findings
            if each["status"] == "fail"
        }
        assert told == planned.failing, night.number


def test_what_fails_no_more_is_fixed_gone_or_no_longer_visible(week: Week) -> None:
    for night, planned in zip(week.nights, expected(), strict=True):
        rows = pq.read_table(week.archive / "nights" / night.run_id / "departed.parquet").to_pylist()
        assert {(row["machine_name"], row["rule_id"]): row["change"] for row in rows} == planned.departed, night.number


def test_the_numbers_add_up_with_the_plan(week: Week) -> None:
    for night, planned in zip(week.nights[1:], expected()[1:], strict=True):
        counts = Counter(change for change, _first in planned.failing.values())
        counts.update(planned.departed.values())
        assert +Counter(night.run["changes"]["counts"]) == counts, night.number


def test_whoever_was_killed_goes_on_where_he_was(week: Week) -> None:
    """What was read before is not read again, and the night has the time at which it was begun."""
    killed_, resumed = week.nights[KILLED - 1].said

    assert "survey 2 subscriptions" in killed_ and "audit" not in killed_
    assert "resume the night of 2026-11-25 03:00 UTC goes on (start 2); kept: the survey" in resumed
    assert week.surveys[KILLED] == 1, "in two starts"
    assert len(week.nights[KILLED - 1].run["starts"]) == 2


def test_a_change_of_the_reason_is_told_as_such(week: Week) -> None:
    changed = {
        each["machine_name"]: each["reason_code"] for each in week.nights[4].findings if each["change"] == "changed"
    }

    assert changed == {"web-5": "unset", "web-4": "disabled"}, "the exemption of the latter has ended"


def test_what_is_accepted_is_neither_new_nor_fixed(week: Week) -> None:
    verdicts = [
        (each["status"], each["change"])
        for night in week.nights[1:6]
        for each in night.findings
        if (each["machine_name"], each["rule_id"]) == (ACCEPTED[0], "AMA-001")
    ]
    assert verdicts == [("fail", "new"), ("exempt", None), ("exempt", None), ("fail", "changed"), ("fail", "still")]


def test_where_a_subscription_refused_there_are_gaps_and_no_pass(week: Week) -> None:
    night = week.nights[REFUSED - 1]

    assert {gap["scope"] for gap in night.run["gaps"]} == {LEDGER}
    assert {"virtual_machines", "activity_log"} <= {gap["source"] for gap in night.run["gaps"]}
    assert night.run["subscriptions"]["refused"] == [LEDGER]
    assert not night.verdicts(LEDGER)["pass"] and not night.verdicts(LEDGER)["fail"]
    assert night.run["changes"]["unanswered"] == len(expected()[REFUSED - 1].carried) == 3


def test_where_a_source_was_broken_its_rule_is_unanswered_and_no_other(week: Week) -> None:
    night = week.nights[BROKEN - 1]
    machines = [name for name in AGENTS if name.startswith("db-") and is_there(name, BROKEN)]

    (gap,) = night.run["gaps"]
    assert (gap["source"], gap["scope"], gap["status"]) == ("activity_log", LEDGER, 500)
    unlogged = {
        (each["machine_name"], each["status"])
        for each in night.findings
        if each["rule_id"] == "AMA-003" and each["subscription_id"] == LEDGER
    }
    assert unlogged == {(name, "unanswered") for name in machines}
    assert night.verdicts(LEDGER)["pass"] > 0, "what rests on other sources is judged"


def test_on_no_other_night_is_there_a_gap(week: Week) -> None:
    assert [night.number for night in week.nights if night.run["gaps"]] == [REFUSED, BROKEN]


def test_run_json_tells_what_failed_in_the_night(week: Week) -> None:
    runs = {night.number: night.run for night in week.nights}

    assert [each["answer"] for each in runs[1]["receipts"]] == ["Connection refused"]
    assert runs[REFUSED]["exit_code"] == ExitCode.INCOMPLETE
    requests = runs[THROTTLED]["requests"]
    assert sum(each["throttled"] for each in requests.values()) == 5
    assert sum(each["retried"] for each in requests.values()) == 6, "the one 503 too"
    assert runs[EXPIRED]["requests"]["activity_log"]["retried"] > 0, "with another token"
    assert [each["code"] for each in runs[BROKEN]["receipts"]] == [554]


def test_the_archive_holds_every_night_whole_and_its_page_lists_them(week: Week) -> None:
    page = (week.archive / "index.html").read_text("utf-8")

    assert sorted(each.name for each in (week.archive / "nights").iterdir()) == [each.run_id for each in week.nights]
    assert re.findall(r'href="nights/([^/"]+)/report.html"', page) == [each.run_id for each in reversed(week.nights)]
    assert not list(week.archive.rglob("*.partial"))
    for night in week.nights:
        kept = json.loads((week.archive / "nights" / night.run_id / "night.json").read_bytes())
        assert (kept["complete"], kept["collected"]) == (night.number not in (REFUSED, BROKEN), True)


def test_every_letter_arrives_once(week: Week) -> None:
    """By its id, and with the very words of its night; those that had to wait come before the next night's own."""
    arrived = [(mail["Message-ID"], _text(mail)) for mail in week.mail.mails]

    assert [identifier for identifier, _text in arrived] == [f"<{night.run_id}-0@example.com>" for night in week.nights]
    for night, (_identifier, text) in zip(week.nights, arrived, strict=True):
        words = [line.strip() for line in night.letter.splitlines() if line.strip() and "report.html" not in line]
        assert [line for line in words if line not in text] == [], night.number
    assert not list(week.folder.glob("*.outbox")), "none is left"


def test_each_subject_counts_what_is_new_and_what_could_not_be_read(week: Week) -> None:
    subjects = [str(mail["Subject"]) for mail in week.mail.mails]

    for subject, planned in zip(subjects[1:], expected()[1:], strict=True):
        changes = Counter(change for change, _first in planned.failing.values())
        assert subject.startswith(f"{changes['new'] or 'no'} new failure")
        assert f"{changes['still']} still" in subject
    assert "1 subscription could not be read" in subjects[REFUSED - 1]
    assert "one question was not fully answered" in subjects[BROKEN - 1]


def test_the_region_has_its_new_release_since_the_night_that_saw_it(week: Week) -> None:
    """Other regions do not have it; what was there on the first night has no such date."""
    last = pq.read_table(week.archive / "nights" / week.nights[-1].run_id / "versions.parquet").to_pylist()
    seen = {(row["location"], row["version"]): (row["first_seen"], row["last_unseen"]) for row in last}

    assert seen["japaneast", YOUNG] == (at(NEW_RELEASE), at(NEW_RELEASE - 1))
    assert ("westeurope", YOUNG) not in seen
    assert {told for (_region, version), told in seen.items() if version != YOUNG} == {(None, None)}


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
