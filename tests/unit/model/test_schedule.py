"""The windows of nights on the time line: in every zone, past midnight, and where summer time begins or ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from auditor.model.schedule import Schedule, last_window

ZONES = (
    "UTC",
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
)
SECOND = timedelta(seconds=1)
CLOCKS = st.times().map(lambda each: each.strftime("%H:%M"))
MOMENTS = st.integers(1_300_000_000, 1_900_000_000).map(lambda each: datetime.fromtimestamp(each, UTC))
"""2011 to 2030."""


def schedule(opens: str, until: str) -> Schedule:
    return Schedule.model_validate({"from": opens, "until": until})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(opens=CLOCKS, until=CLOCKS, zone=st.sampled_from(ZONES), now=MOMENTS)
@example("02:30", "03:00", "Europe/Berlin", utc("2026-03-29T01:10"))
@example("02:30", "02:45", "Europe/Berlin", utc("2026-10-25T01:35"))
@example("12:00", "11:59", "Pacific/Apia", utc("2011-12-30T12:00"))
def test_every_moment_belongs_to_one_night_and_no_window_is_empty(
    opens: str, until: str, zone: str, now: datetime
) -> None:
    assume(opens != until)
    planned = schedule(opens, until)

    window = last_window(planned, zone, now)

    assert window.opened <= now < window.next_opens and window.owns(now)
    assert window.opened < window.closes
    assert last_window(planned, zone, window.opened) == window == last_window(planned, zone, window.next_opens - SECOND)
    assert last_window(planned, zone, window.next_opens).opened == window.next_opens


@given(opens=CLOCKS, until=CLOCKS, zone=st.sampled_from(ZONES), now=MOMENTS)
def test_it_opens_and_closes_when_clocks_show_it_unless_summer_time_is_at_work(
    opens: str, until: str, zone: str, now: datetime
) -> None:
    assume(opens != until)
    window = last_window(schedule(opens, until), zone, now)
    offsets = {
        (window.opened + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset() for hours in (-25, 0, 50)
    }
    assume(len(offsets) == 1)

    shown = [f"{moment.astimezone(ZoneInfo(zone)):%H:%M}" for moment in (window.opened, window.closes)]

    assert shown == [opens, until]
    assert window.next_opens - window.opened == timedelta(days=1)
    assert window.closes < window.next_opens


@pytest.mark.parametrize(
    ("opens", "until", "now", "opened", "closes"),
    [
        ("02:00", "06:00", "2026-11-22T03:00", "2026-11-22T01:00", "2026-11-22T05:00"),
        ("22:00", "04:00", "2026-11-22T00:30", "2026-11-21T21:00", "2026-11-22T03:00"),
        ("02:00", "06:00", "2026-03-29T03:00", "2026-03-29T00:00", "2026-03-29T04:00"),  # 02:00 is not there: at 01:00
        ("01:30", "06:00", "2026-03-29T03:00", "2026-03-29T00:30", "2026-03-29T04:00"),  # an hour shorter
        ("01:30", "06:00", "2026-10-25T04:00", "2026-10-24T23:30", "2026-10-25T05:00"),  # an hour longer
        (
            "02:30",
            "06:00",
            "2026-10-25T01:30",
            "2026-10-25T00:30",
            "2026-10-25T05:00",
        ),  # once, though it is shown twice
    ],
)
def test_windows_of_berlin(opens: str, until: str, now: str, opened: str, closes: str) -> None:
    window = last_window(schedule(opens, until), "Europe/Berlin", utc(now))

    assert (window.opened, window.closes) == (utc(opened), utc(closes))


def test_the_last_minute_is_open_and_the_end_is_not() -> None:
    window = last_window(schedule("02:00", "06:00"), "UTC", utc("2026-11-22T12:00"))

    assert window.is_open(utc("2026-11-22T02:00")) and window.is_open(utc("2026-11-22T05:59"))
    assert not window.is_open(utc("2026-11-22T06:00")) and not window.is_open(utc("2026-11-22T01:59"))
