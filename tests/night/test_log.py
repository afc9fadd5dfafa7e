"""The log of a night for machines: what an operator asks of it the next morning."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main
from auditor.errors import ExitCode
from auditor.render.log import WEIGHT
from auditor.simulator import Fault, Simulator
from tests.mailbox import MailServer, serving
from tests.night.parts import (
    FIRST,
    OLD,
    SECOND,
    TOKEN,
    Bench,
    agent,
    estate,
    machine,
    refusal,
    subscription,
)
from tests.real_parts import require

PAGE = (Path(__file__).parents[2] / "deploy/log.md").read_text(encoding="utf-8")
QUESTIONS = [line.strip() for line in PAGE.splitlines() if line.strip().startswith("jq ")]
STAGES = ["settle", "recall", "survey", "audit", "confirm", "compose", "render", "remember", "deliver"]
CLOSED = Fault(rf"/subscriptions/{SECOND}/", **refusal())
LATER = Fault("/web-1", headers={"Retry-After": "1"}, times=1, **refusal("TooManyRequests", "Later", 429))


@dataclass(frozen=True)
class Logged:
    """A command that has ended: its exit code, and each line of stderr as JSON."""

    code: int
    lines: Sequence[dict[str, Any]]
    output: Path

    def one(self, **wanted: object) -> dict[str, Any]:
        """The one line with these values."""
        [found] = [line for line in self.lines if wanted.items() <= line.items()]
        return found

    @property
    def run(self) -> dict[str, Any]:
        return dict(json.loads((self.output / "run.json").read_bytes()))


@dataclass(frozen=True)
class Machine:
    """Starts commands with a log for machines."""

    output: Path
    capsys: pytest.CaptureFixture[str]

    def start(self, command: str, *more: str) -> Logged:
        self.capsys.readouterr()
        code = main([command, "--output", str(self.output), "--log-format", "json", *more])
        lines = [json.loads(line) for line in self.capsys.readouterr().err.splitlines()]
        return Logged(code, lines, self.output)


@pytest.fixture
def shell(bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    return Machine(bench.folder / "report", capsys)


def simulated(bench: Bench, *faults: Fault) -> Simulator:
    stale = machine("web-1", agent("Linux", OLD, auto_upgrade=False))
    of = estate(subscription(FIRST, stale, machine("web-2")), subscription(SECOND, machine("db-1"), name="Ledger"))
    return bench.simulate(of, *faults)


def test_the_morning_after(bench: Bench, shell: Machine) -> None:
    """One line a stage with its seconds, and a last one that says how it ended: the numbers of run.json."""
    with serving(MailServer()) as server:
        way = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "a@example.com"}
        changes = {"archive": {"url": "file:./archive"}, "deliver": [{"smtp": {**way, "to": "b@example.com"}}]}
        config = bench.config(simulated(bench, CLOSED, LATER), changes)
        logged = shell.start("run", "--config", str(config), "--format", "json")

    assert logged.code == ExitCode.INCOMPLETE
    run = logged.run
    stages = [line for line in logged.lines if line["event"] == "stage"]
    assert [line["stage"] for line in stages] == STAGES
    assert {line["run_id"] for line in logged.lines} == {run["run_id"]}
    told = {line["stage"]: line["seconds"] for line in stages if line["stage"] != "settle"}
    assert told == pytest.approx(run["seconds"], abs=0.001)
    assert logged.one(event="stage", stage="audit")["machines"] == sum(run["machines"].values()) == 2
    assert logged.one(event="stage", stage="deliver", recipients=1, accepted=1, level="INFO")
    assert logged.one(event="stage", stage="remember", kept=1)

    end = logged.lines[-1]
    assert (end["event"], end["level"], end["outcome"], end["exit_code"]) == ("end", "WARNING", "incomplete", 5)
    assert end["verdicts_fail"] == sum(each["fail"] for each in run["counts"].values()) > 0
    assert end["gaps"] == len(run["gaps"]) > 0
    sent = {key: sum(each[key] for each in run["requests"].values()) for key in ("sent", "throttled")}
    assert (end["requests"], end["throttled"]) == (sent["sent"], sent["throttled"])
    assert end["throttled"] == 1
    asked = ("survey", "audit", "confirm")
    assert sum(line["requests"] for line in stages if line["stage"] in asked) == end["requests"]
    assert (end["undelivered"], end["problems"], end["folder"]) == (0, [], str(logged.output))

    run_id = run["run_id"]
    ended = [[run_id, "incomplete", end["verdicts_fail"], end["gaps"], 0]]
    assert [jq(question, logged) for question in QUESTIONS] == [
        ended, [[run_id, logged.one(event="stage", stage="audit")["seconds"]]], [[run_id, "audit", 1]],
    ]  # fmt: skip


def jq(question: str, logged: Logged) -> list[Any]:
    """What the page's command answers to these lines."""
    lines = "".join(f"{json.dumps(line)}\n" for line in logged.lines)
    command = [require("jq"), *shlex.split(question)[1:-1]]
    told = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_a_letter_that_is_lost_for_tonight_is_in_the_last_line(bench: Bench, shell: Machine) -> None:
    with serving(MailServer(answers=["554 5.7.1 Refused"])) as server:
        way = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "a@example.com"}
        config = bench.config(simulated(bench), {"deliver": [{"smtp": {**way, "to": "b@example.com"}}]})
        logged = shell.start("run", "--config", str(config), "--format", "json", "-q")

    [end] = logged.lines
    assert (logged.code, end["level"], end["outcome"], end["undelivered"]) == (4, "ERROR", "not_delivered", 1)
    assert "554 5.7.1 Refused" in end["problems"][0]


def test_collect_and_evaluate_are_told_alike(bench: Bench, shell: Machine) -> None:
    config, snapshot = bench.config(simulated(bench)), bench.folder / "snapshot"
    collected = Machine(snapshot, shell.capsys).start("collect", "--config", str(config))
    judged = shell.start("evaluate", "--snapshot", str(snapshot), "--format", "json")

    assert (collected.code, judged.code) == (0, 0)
    assert collected.one(event="stage", stage="snapshot")["shards"] == 1
    assert judged.one(event="stage", stage="judge")["machines"] == 3
    ends = [each.lines[-1] for each in (collected, judged)]
    assert {(end["run_id"], end["verdicts_fail"], end["requests"]) for end in ends} == {
        (judged.run["run_id"], ends[0]["verdicts_fail"], ends[0]["requests"])
    }


def test_an_archive_that_cannot_be_read_ends_the_night_in_one_line(bench: Bench, shell: Machine) -> None:
    (bench.folder / "archive").write_text("in the way")
    config = bench.config(simulated(bench), {"archive": {"url": "file:./archive"}})
    logged = shell.start("run", "--config", str(config))

    [settled, end] = logged.lines
    assert (settled["stage"], end["event"], end["level"], end["exit_code"]) == ("settle", "end", "ERROR", 2)
    assert end["message"].startswith(f"The archive {bench.folder / 'archive'} could not be")


def test_the_page_tells_every_level_event_and_field(bench: Bench, shell: Machine) -> None:
    """What a night really says is what the page says that it says."""
    logged = shell.start(
        "run", "--config", str(bench.config(simulated(bench, CLOSED, LATER))), "--format", "json", "-v"
    )

    words = {f"`{word}`" for line in logged.lines for word in (line["level"], line["event"], line.get("stage"))}
    assert {word for word in words - {"`None`"} if word not in PAGE} == set()
    told = ("time", "level", "logger", "event", "stage", "run_id", "message", "seconds")
    assert all(f"| `{name}` |" in PAGE for name in told)
    assert set(told) <= set(logged.one(event="stage", stage="audit"))
    assert {int(number) for number in re.findall(r"(?:with|or|,) (\d+) \(", PAGE)} >= set(WEIGHT) - {0}
