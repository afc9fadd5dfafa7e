"""What a machine reads of a night."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import INTERRUPTED, ExitCode
from auditor.model.narration import Narrator
from auditor.model.verdict import Status
from auditor.render.log import LogNarrator, numbers_of
from tests.unit.render import sample


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Heard(logging.Handler):
    """Keeps the records that it is given."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def fields(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(record.__dict__.get(name) for name in names) for record in self.records]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def log(heard: Heard) -> Iterator[logging.Logger]:
    logger = logging.Logger("auditor", logging.DEBUG)
    logger.addHandler(heard)
    return logger


def test_the_numbers_of_a_stage_are_fields_of_its_record(log: logging.Logger, heard: Heard) -> None:
    narrator: Narrator = LogNarrator(log)
    narrator.of_run("20261122T030017Z-01234567")
    narrator.stage("audit", "60 machines in 2 shards", 3.99951, {"machines": 60, "shards": 2})

    [record] = heard.records
    assert (record.levelname, record.getMessage()) == ("INFO", "60 machines in 2 shards")
    assert heard.fields("event", "stage", "run_id", "seconds", "machines", "shards") == [
        ("stage", "audit", "20261122T030017Z-01234567", 4.0, 60, 2)
    ]


def test_what_is_told_within_a_stage_belongs_to_it(log: logging.Logger, heard: Heard) -> None:
    narrator = LogNarrator(log)
    narrator.waiting("subscriptions", 3, "later")
    narrator.begins("audit")
    narrator.waiting("instance_view", 3, "later")

    assert heard.fields("event", "stage", "levelname") == [
        ("waiting", "settle", "INFO"), ("begins", "audit", "DEBUG"), ("waiting", "audit", "INFO"),
    ]  # fmt: skip


def test_progress_is_told_every_half_minute_and_not_at_its_end(log: logging.Logger, heard: Heard) -> None:
    clock = Clock()
    narrator = LogNarrator(log, clock=clock)
    for done in range(1, 101):
        clock.now += 1
        narrator.progress("machines", done, 100)

    assert heard.fields("event", "what", "done", "total") == [
        ("progress", "machines", 31, 100), ("progress", "machines", 61, 100), ("progress", "machines", 91, 100),
    ]  # fmt: skip


def test_waits_of_many_threads_are_one_line_and_every_wait_is_there_for_who_debugs(
    log: logging.Logger, heard: Heard
) -> None:
    narrator = LogNarrator(log, clock=Clock())
    for _thread in range(3):
        narrator.waiting("compute", 17, "Retry-After")
    narrator.waiting("graph", 0.5, "paced")

    assert heard.fields("levelname", "source", "seconds") == [
        ("INFO", "compute", 17), ("DEBUG", "compute", 17), ("DEBUG", "compute", 17), ("DEBUG", "graph", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "level", "outcome"),
    [
        (ExitCode.DELIVERED, "INFO", "delivered"),
        (ExitCode.OUT_OF_TIME, "INFO", "out_of_time"),
        (ExitCode.INCOMPLETE, "WARNING", "incomplete"),
        (ExitCode.FINDINGS, "WARNING", "findings"),
        (ExitCode.SETTINGS_REFUSED, "ERROR", "settings_refused"),
        (ExitCode.NOTHING_COLLECTED, "ERROR", "nothing_collected"),
        (ExitCode.NOT_DELIVERED, "ERROR", "not_delivered"),
        (INTERRUPTED, "CRITICAL", "interrupted"),
        (1, "CRITICAL", "crashed"),
    ],
)
def test_the_end_weighs_what_its_exit_code_weighs(
    code: int, level: str, outcome: str, log: logging.Logger, heard: Heard
) -> None:
    narrator = LogNarrator(log)
    narrator.of_run("20261122T030017Z-01234567")
    narrator.end(code, fields={"gaps": 7})

    assert heard.fields("event", "levelname", "exit_code", "outcome", "gaps") == [("end", level, code, outcome, 7)]
    assert "stage" not in heard.records[0].__dict__


def test_a_start_without_a_night_does_not_say_that_one_was_delivered(log: logging.Logger, heard: Heard) -> None:
    narrator = LogNarrator(log)
    narrator.stage("schedule", "nothing is due")
    narrator.end(ExitCode.DELIVERED)

    assert heard.fields("outcome", "run_id")[1:] == [("no_night", None)]


def test_an_early_end_tells_why_and_in_which_stage(log: logging.Logger, heard: Heard) -> None:
    clock = Clock()
    narrator = LogNarrator(log, clock=clock)
    narrator.begins("recall")
    clock.now += 2.5
    narrator.end(ExitCode.SETTINGS_REFUSED, "The archive could not be read.")

    assert heard.fields("event", "stage", "message", "seconds")[1:] == [
        ("end", "recall", None, 2.5),
    ]
    assert heard.records[1].getMessage() == "The archive could not be read."


def test_quiet_tells_the_end_alone(log: logging.Logger, heard: Heard) -> None:
    narrator = LogNarrator(log, quiet=True)
    narrator.begins("audit")
    narrator.stage("audit", "60 machines")
    narrator.waiting("compute", 17, "Retry-After")
    narrator.end(0)

    assert heard.fields("event") == [("end",)]


def test_the_sums_of_a_night_are_those_of_run_json() -> None:
    none = dict.fromkeys(map(str, Status), 0)
    asked = {"sent": 7, "retried": 2, "throttled": 1, "bytes": 4_096}
    run = {
        "machines": {"vm": 3, "arc": 1},
        "subscriptions": {"seen": ["1", "2"]},
        "counts": {"AMA-001": {**none, "fail": 2, "pass": 1}, "AMA-002": {**none, "fail": 1}},
        "gaps": [{"accepted": True}, {"accepted": False}, {"accepted": False}],
        "requests": {"subscriptions": asked, "instance_view": asked},
    }
    report = replace(sample.report(), run=run)

    assert numbers_of(report, Path("out"), ("The letter was not sent.",)) == {
        "machines": 4,
        "subscriptions": 2,
        **{f"verdicts_{name}": count for name, count in none.items()},
        "verdicts_fail": 3,
        "verdicts_pass": 1,
        "gaps": 2,
        "gaps_accepted": 1,
        "requests": 14,
        "retried": 4,
        "throttled": 2,
        "received_bytes": 8_192,
        "undelivered": 1,
        "problems": ["The letter was not sent."],
        "folder": "out",
        "headline": report.headline,
    }
