"""The section ``schedule``: when nights may begin."""

from __future__ import annotations

from datetime import time

import pytest

from tests.unit.settle.desk import Desk

ARCHIVE = "archive: {url: 'file:./archive'}\n"


@pytest.mark.parametrize(
    ("schedule", "opens", "until"),
    [('{from: "02:00", until: "06:00"}', time(2), time(6)), ("{from: 22:30, until: 00:15}", time(22, 30), time(0, 15))],
)
def test_it_is_two_times_of_the_day(desk: Desk, schedule: str, opens: time, until: time) -> None:
    settled = desk.settle(f"{ARCHIVE}schedule: {schedule}\n").settings.schedule

    assert settled and (settled.opens, settled.until) == (opens, until)


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        (
            '{from: "2:00", until: "06:00"}',
            "config.yaml:2: schedule.from: '2:00' is not a time of the day: write",
        ),
        ('{from: "24:00", until: "06:00"}', "'24:00' is not a time of the day"),
        ("{from: 2, until: 06:00}", "schedule.from: 2 is not a time of the day"),
        ('{from: "02:00:30", until: "06:00"}', "'02:00:30' is not a time of the day"),
        ('{from: "02:00"}', "schedule.until: is missing"),
        (
            '{from: "02:00", until: "02:00"}',
            "schedule.until: is the same as from, so no night could begin: write another time",
        ),
        ('{from: "02:00", until: "06:00", zone: UTC}', "there is no such setting"),
    ],
)
def test_each_mistake_says_what_to_write(desk: Desk, schedule: str, told: str) -> None:
    (line,) = desk.told(f"{ARCHIVE}schedule: {schedule}\n")

    assert told in line


def test_it_needs_an_archive_to_see_which_nights_have_been(desk: Desk) -> None:
    (line,) = desk.told('schedule: {from: "02:00", until: "06:00"}\n')

    assert line.startswith("config.yaml:1: schedule: needs an archive: ")
