"""What a person sees in the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import pytest

from auditor.model.narration import Narrator
from auditor.model.report import RuleNote
from auditor.model.verdict import Severity, Status
from auditor.render.console import ConsoleNarrator, Level, print_summary
from tests.unit.render import sample


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that stands still until it is told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_one_line() -> None:
    stream = StringIO()
    narrator: Narrator = ConsoleNarrator(stream)
    narrator.stage("collect", "60 machines in 3 subscriptions")
    assert stream.getvalue() == "collect   60 machines in 3 subscriptions\n"


def test_progress_is_redrawn_in_place_on_a_terminal() -> None:
    stream, clock = Terminal(), Clock()
    narrator = ConsoleNarrator(stream, clock=clock)
    narrator.progress("machines", 1, 3)
    narrator.progress("machines", 2, 3)
    narrator.progress("machines", 3, 3)
    narrator.stage("collect", "done")
    assert stream.getvalue().split("\r\x1b[2K") == [
        "",
        "          machines: 1 of 3",
        "          machines: 3 of 3",
        "collect   done\n",
    ]


def test_progress_is_told_on_a_pipe_only_where_it_takes_long_and_seldom_then() -> None:
    stream, clock = StringIO(), Clock()
    narrator = ConsoleNarrator(stream, clock=clock)
    for done in range(1, 1_000):
        clock.now += 0.015625
        narrator.progress("machines", done, 1_000)
    assert stream.getvalue().splitlines() == [
        "          machines: 321 of 1,000",
        "          machines: 641 of 1,000",
        "          machines: 961 of 1,000",
    ]  # fmt: skip


def test_a_long_wait_is_told_once_for_many_threads() -> None:
    stream = StringIO()
    narrator = ConsoleNarrator(stream, clock=Clock())
    threads = [Thread(target=narrator.waiting, args=("compute", 17.0, "Retry-After")) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.getvalue() == "waiting   17 s for compute: Retry-After\n"


def test_a_short_wait_is_told_when_verbose_only() -> None:
    normal, verbose = StringIO(), StringIO()
    ConsoleNarrator(normal, clock=Clock()).waiting("compute", 0.5, "paced")
    ConsoleNarrator(verbose, Level.VERBOSE, clock=Clock()).waiting("compute", 0.5, "paced")
    assert normal.getvalue() == ""
    assert "compute: paced" in verbose.getvalue()


def test_verbose_tells_the_time_that_has_passed() -> None:
    stream, clock = StringIO(), Clock()
    narrator = ConsoleNarrator(stream, Level.VERBOSE, clock)
    clock.now += 2.5
    narrator.stage("judge", "180 verdicts")
    assert stream.getvalue() == "judge     180 verdicts [2.5 s]\n"


def test_quiet_says_nothing() -> None:
    stream = Terminal()
    narrator = ConsoleNarrator(stream, Level.QUIET)
    narrator.stage("collect", "done")
    narrator.progress("machines", 1, 1)
    narrator.waiting("compute", 60, "Retry-After")
    assert stream.getvalue() == ""


def test_a_name_cannot_command_the_terminal() -> None:
    stream = StringIO()
    ConsoleNarrator(stream).stage("collect", "vm\x1b[2J\nforged   line")
    assert stream.getvalue() == "collect   vm\ufffd[2J forged line\n"


def test_a_terminal_without_the_character_does_not_end_the_night() -> None:
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    ConsoleNarrator(stream).stage("collect", "東京")
    stream.seek(0)
    assert stream.read() == "collect   ??\n"


def rule(rule_id: str, title: str, **counts: int) -> RuleNote:
    numbers = {Status(name): number for name, number in counts.items()}
    return RuleNote(rule_id, title, Severity.HIGH, "", "", (), (), (), numbers)


def test_the_summary_in_full() -> None:
    rules = (rule("AMA-001", "Automatic upgrade is on", fail=12), rule("AMA-002", "自動更新", **{"pass": 1234}))
    stream = StringIO()
    print_summary(replace(sample.report(), rules=rules), Path("out") / "report", stream)
    assert stream.getvalue().splitlines() == [
        "Report: " + str(Path("out") / "report"),
        "",
        "         Rule                     Fails  Unanswered  Pending  Exempt  Not applicable  Passes",
        "AMA-001  Automatic upgrade is on     12           0        0       0               0       0",
        "AMA-002  自動更新                     0           0        0       0               0   1,234",
        "",
        "This audit is incomplete: 1 of 4 subscriptions was not read",
        "  - 会計システム (2222…): refused (403); assign Reader to close the gap.",
        "  - Machine <script>alert(1)</script>: 500.",
        "",
        "132 findings need action, and one subscription could not be read".replace("132", str(failing())),
    ]


def test_exemptions_to_look_at_are_told_in_one_line() -> None:
    stream = StringIO()
    told = replace(sample.report(), exemptions_to_see="Exemptions to look at: 1 expired, 2 matching nothing.")
    print_summary(told, Path("report"), stream)
    lines = stream.getvalue().splitlines()
    at = lines.index("Exemptions to look at: 1 expired, 2 matching nothing.")
    assert (lines[at - 1], lines[at + 1]) == ("", "")


def failing() -> int:
    return sum(one.status is Status.FAIL for one in sample.findings())


@pytest.mark.parametrize("banner", [True, False])
def test_the_verdict_line_comes_last(banner: bool) -> None:
    report = sample.report() if banner else sample.empty_report()
    stream = StringIO()
    print_summary(report, Path("report"), stream)
    assert stream.getvalue().splitlines()[-1] == report.headline
