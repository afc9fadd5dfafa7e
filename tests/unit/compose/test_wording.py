"""Values as people read them, and sentences that can name columns and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from auditor.compose.wording import Wording, iso, jsonable, plain
from auditor.model.dataset import FRAMES, Kind, rule_column
from auditor.model.reading import Source
from auditor.model.rule import FIXES
from auditor.model.verdict import Severity, Status

WORDING = Wording("en", "Asia/Tokyo")
COMPOSE = Path(__file__).parents[3] / "auditor" / "compose"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def shown(name: str, cells: dict[str, object], frame: str = "extensions") -> str:
    column = rule_column(frame, name)
    assert column is not None
    return WORDING.column(cells, column)[1]


def test_times_are_shown_in_the_zone_of_the_report_with_its_name() -> None:
    assert WORDING.moment(NOON) == "2026-11-22 21:00 JST"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=13, hours=23), "13 days"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(minutes=7), "7 minutes"),
    ],
)
def test_durations_read_in_their_largest_unit(duration: timedelta, text: str) -> None:
    assert WORDING.span(duration) == text


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_what_is_missing_reads_as_not_known_and_never_as_nan(missing: object) -> None:
    assert shown("installed_version", {"installed_version": missing}) == "not known"
    assert plain(missing, Kind.TEXT) is None


def test_bounds_read_as_what_they_prove() -> None:
    low, high = "days_stopped.low", "days_stopped.high"
    assert shown("days_stopped", {low: timedelta(days=14), high: pd.NaT}) == "at least 14 days"
    assert shown("days_stopped", {low: None, high: timedelta(days=2)}) == "at most 2 days"
    assert shown("days_stopped", {low: timedelta(days=3), high: timedelta(days=3)}) == "3 days"
    before = {"last_ran.low": None, "last_ran.high": pd.Timestamp(NOON)}
    assert shown("last_ran", before) == "before 2026-11-22 21:00 JST"
    both = {"last_ran.low": pd.Timestamp(NOON), "last_ran.high": pd.Timestamp(NOON + timedelta(hours=1))}
    assert shown("last_ran", both) == "between 2026-11-22 21:00 JST and 2026-11-22 22:00 JST"


def test_a_sentence_names_columns_and_nothing_else() -> None:
    row = {"installed_version": "1.38.1", "machine_name": "{location}"}
    text = "{installed_version} on {machine_name}; {__class__} {row.x} {0} {no_such_column}"
    filled = WORDING.fill(text, row, "extensions", {})
    assert filled == "1.38.1 on {location}; {__class__} {row.x} {0} {no_such_column}"


def test_values_for_machines_are_utc_and_in_seconds() -> None:
    tokyo = NOON.astimezone(WORDING._zone)
    assert iso(tokyo) == "2026-11-22T12:00:00Z"
    assert jsonable(timedelta(days=14)) == "14d"
    assert jsonable(timedelta(hours=12)) == "12h"


def test_the_catalogue_has_a_text_for_every_word_that_data_can_bring() -> None:
    for section, keys in {
        "statuses": Status,
        "cards": Status,
        "severities": Severity,
        "sources": Source,
        "fixes": FIXES,
    }.items():
        for key in keys:
            assert WORDING.say(section, key)
    operations = FRAMES["operations"]
    for section, name in (("outcomes", "outcome"),):
        column = operations.column(name)
        assert column is not None
        for word in column.words:
            assert WORDING.say(section, word)
    for action in ("write", "delete"):
        assert WORDING.say("actions", action)


def test_every_text_that_compose_asks_for_by_name_is_in_the_catalogue() -> None:
    calls = [
        match
        for file in COMPOSE.glob("*.py")
        for match in re.findall(r'say\(\s*"(\w+)", "(\w+)"', file.read_text(encoding="utf-8"))
    ]
    assert len(calls) > 30
    for section, key in calls:
        assert key in WORDING._catalogue[section], (section, key)
    tables = {
        name
        for file in COMPOSE.glob("*.py")
        for name in re.findall(r'table\(self\.wording, "(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert tables == set(WORDING._catalogue["tables"])


def test_what_is_unexplained_is_a_column_and_says_what_to_do() -> None:
    for name, told in WORDING._catalogue["unexplained"].items():
        assert rule_column("extensions", name) is not None, name
        assert told["why"]
        assert told["fix"]


@pytest.mark.parametrize(
    ("tags", "value", "text"),
    [('{"Owner": "web-team"}', "web-team", "web-team"), ("{}", "unset", "unset"), (None, None, "not known")],
)
def test_a_tag_is_told_as_rules_read_it(tags: str | None, value: str | None, text: str) -> None:
    column = rule_column("machines", "tags.owner")
    assert column is not None
    assert WORDING.column({"tags": tags}, column) == (value, text)
