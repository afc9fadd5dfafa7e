"""Single values out of answers: what is not there, or not of the promised type, is not known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.collect import values

TIMES = {
    "2024-08-26T05:52:39+00:00": datetime(2024, 8, 26, 5, 52, 39, 0, UTC),
    "2024-08-26T05:52:39Z": datetime(2024, 8, 26, 5, 52, 39, 0, UTC),
    "2024-08-26T05:52:20.8831833+00:00": datetime(2024, 8, 26, 5, 52, 20, 883183, UTC),
    "2024-08-26T06:36:35.1Z": datetime(2024, 8, 26, 6, 36, 35, 100000, UTC),
    "2019-12-17T11:21:46+08:00": datetime(2019, 12, 17, 3, 21, 46, 0, UTC),
    "2024-08-26T05:52:39": datetime(2024, 8, 26, 5, 52, 39, 0, UTC),
}


@pytest.mark.parametrize("written", TIMES)
def test_a_time_however_azure_writes_it(written: str) -> None:
    assert values.time(written) == TIMES[written]


@pytest.mark.parametrize(
    "written",
    [
        None, "", "yesterday", 1724651559, {}, "10/16/2018 6:09:32 PM", "2024-13-01T00:00:00Z",
        "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59.9999999-08:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_not_known(written: object) -> None:
    """The first and the last year are how the service writes that it knows none."""
    assert values.time(written) is None


@pytest.mark.parametrize("value", [None, "", " \t", 7, True, [], {"value": "x"}])
def test_what_is_no_text_is_not_known(value: object) -> None:
    assert values.text(value) is None


@pytest.mark.parametrize(
    ("written", "region"), [("Japan East", "japaneast"), ("westus2", "westus2"), (" ", None), (3, None)]
)
def test_a_region_is_compared_without_blanks_and_case(written: object, region: str | None) -> None:
    assert values.location(written) == region
