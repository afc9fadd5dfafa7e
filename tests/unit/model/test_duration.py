"""Durations are written and read back without loss."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.duration import parse_duration, write_duration


@given(st.integers(0, 999_999))
def test_what_is_written_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(write_duration(duration)) == duration


@given(st.integers(0, 999_999), st.sampled_from("dhms"))
def test_what_is_read_is_written_no_longer_than_it_was(number: int, unit: str) -> None:
    text = f"{number}{unit}"
    written = write_duration(parse_duration(text))
    assert parse_duration(written) == parse_duration(text)
    assert len(written) <= len(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("14d", timedelta(days=14)),
        ("36h", timedelta(hours=36)),
        ("90m", timedelta(minutes=90)),
        ("30s", timedelta(seconds=30)),
        ("0d", timedelta()),
        (" 7 d ", timedelta(days=7)),
    ],
)
def test_the_units(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("duration", "text"), [(timedelta(hours=48), "2d"), (timedelta(minutes=90), "90m"), (timedelta(), "0d")]
)
def test_the_largest_whole_unit_is_written(duration: timedelta, text: str) -> None:
    assert write_duration(duration) == text


@pytest.mark.parametrize("text", ["", "14", "d", "1.5d", "-1d", "14 days", "1w", "1d12h", "P14D", "１４d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write a whole number and d, h, m or s"):
        parse_duration(text)
