"""How far a clock is off: as little as each answer proves, and what most of them prove."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auditor.collect.clocks import Clocks, moment_of, told
from auditor.errors import ClockRefused

THERE = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 03:00:00 GMT"
QUICK = timedelta(milliseconds=200)


def clocks(*answers: tuple[timedelta, timedelta], date: str | None = DATE) -> Clocks:
    """What was compared of answers, each with how far this machine's clock was ahead, and how long it took."""
    compared = Clocks()
    for ahead, took in answers:
        compared.heard(THERE + ahead, THERE + ahead + took, date)
    return compared


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("ahead", "took", "proved"),
    [
        (seconds(0), QUICK, seconds(0)),
        (seconds(0.9), QUICK, seconds(0)),  # dates know no parts of a second
        (seconds(-0.1), QUICK, seconds(0)),
        (seconds(11), QUICK, seconds(10)),
        (seconds(-10.2), QUICK, seconds(-10)),
        (seconds(-600), seconds(600), seconds(0)),  # it may have been dated at its end
        (seconds(-7200), seconds(600), seconds(-6600)),
    ],
)
def test_an_answer_proves_no_more_than_its_round_trip_leaves(
    ahead: timedelta, took: timedelta, proved: timedelta
) -> None:
    assert clocks((ahead, took)).ahead == proved


@pytest.mark.parametrize("date", [None, "", "soon", "17", "Wed, 99 Foo"])
def test_an_answer_without_a_date_tells_nothing(date: str | None) -> None:
    compared = clocks((seconds(-7200), QUICK), date=date)
    assert (compared.ahead, compared.complaint) == (None, None)
    compared.check()


def test_neither_one_odd_server_nor_a_slow_answer_decides() -> None:
    hour = (seconds(3600), QUICK)
    agrees, slow = (seconds(0), QUICK), (seconds(-7200), seconds(7200))
    assert clocks(agrees, hour, agrees).complaint is None
    assert clocks((seconds(-7200), QUICK), slow, (seconds(-7200), QUICK)).ahead == seconds(-7199.8)


def test_answers_that_contradict_each_other_tell_nothing() -> None:
    """What repeats answers of long ago gives each its own date."""
    days = [(timedelta(days=each), QUICK) for each in (20, 33, 47, 90, 200)]
    compared = clocks(*days)
    assert (compared.ahead, compared.complaint) == (None, None)
    compared.check()


@pytest.mark.parametrize("years", [2, -2])
def test_a_date_by_which_no_certificate_would_hold_was_told_by_no_clock(years: int) -> None:
    assert clocks((timedelta(days=365 * years), QUICK)).ahead is None


def test_a_clock_that_is_set_during_the_night_leaves_what_was_compared_at_its_beginning() -> None:
    """The time to judge by was taken by the clock as it was then."""
    wrong = (seconds(-7200), QUICK)
    assert clocks(*[wrong] * 51, *[(seconds(0), QUICK)] * 200).complaint is not None


def test_a_clock_that_was_put_back_between_question_and_answer_tells_nothing() -> None:
    assert clocks((seconds(0), seconds(-3600))).ahead is None


@pytest.mark.parametrize(
    ("ahead", "complains", "refuses"),
    [(301, False, False), (302, True, False), (1801, True, False), (1802, True, True), (-301, True, False)],
)
def test_minutes_are_borne_with_a_complaint_and_half_an_hour_is_not(
    ahead: float, complains: bool, refuses: bool
) -> None:
    compared = clocks((seconds(ahead), QUICK))
    assert (compared.complaint is not None) is complains
    if refuses:
        with pytest.raises(ClockRefused, match="Set the clock"):
            compared.check()
    else:
        compared.check()


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (timedelta(minutes=12), "12 min ahead of"),
        (timedelta(days=-2, hours=-3, minutes=-5), "2 d 3 h 5 min behind"),
        (timedelta(hours=-3), "3 h behind"),
    ],
)
def test_the_span_is_told_in_whole_minutes(ahead: timedelta, sentence: str) -> None:
    assert told(ahead) == f"the clock of this machine is {sentence} that of Azure"


def test_dates_of_http_are_read_in_each_of_its_forms() -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats"""
    written = (DATE, "Sunday, 22-Nov-26 03:00:00 GMT", "Sun Nov 22 03:00:00 2026")
    assert [moment_of(each) for each in written] == [THERE] * 3
