"""Values as people read them, and sentences that can name columns and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from auditor.compose.coverage import STATES
from auditor.compose.exempting import Outcome
from auditor.compose.operations import ON_EXTENSIONS, WITHOUT_EXTENSION
from auditor.compose.reasons import sentences
from auditor.compose.rows import View, python
from auditor.compose.wording import Wording, iso, jsonable
from auditor.frames.build import DTYPES
from auditor.model.dataset import FRAMES, VIEWS, Kind, rule_column
from auditor.model.duration import parse_duration
from auditor.model.reading import Source
from auditor.model.report import EXEMPTION_LISTS
from auditor.model.rule import FIXES, AllOf, AnyOf, Comparison, NoneOf, Operator
from auditor.model.settings import Settings
from auditor.model.verdict import Severity, Status
from tests.unit.compose import parts

WORDING = Wording("en", "Asia/Tokyo")
COMPOSE = Path(__file__).parents[3] / "auditor" / "compose"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def shown(name: str, raw: object, frame: str = "extensions") -> str:
    column = rule_column(frame, name)
    assert column is not None
    return WORDING.told(column, raw)[1]


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


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_missing_reads_as_not_known_and_never_as_nan(kind: Kind) -> None:
    cells = python(pd.Series([None], dtype=DTYPES[kind]), kind)
    assert cells == [None]
    assert shown("installed_version", cells[0]) == "not known"


def test_bounds_read_as_what_they_prove() -> None:
    assert shown("days_stopped", (timedelta(days=14), None)) == "at least 14 days"
    assert shown("days_stopped", (None, timedelta(days=2))) == "at most 2 days"
    assert shown("days_stopped", (timedelta(days=3), timedelta(days=3))) == "3 days"
    assert shown("days_stopped", (None, None)) == "not known"
    assert shown("last_ran", (None, NOON)) == "before 2026-11-22 21:00 JST"
    both = (NOON, NOON + timedelta(hours=1))
    assert shown("last_ran", both) == "between 2026-11-22 21:00 JST and 2026-11-22 22:00 JST"


def test_a_sentence_names_columns_and_nothing_else() -> None:
    seen = parts.framed(VIEWS["extensions"], [{"installed_version": "1.38.1", "machine_name": "{location}"}])
    rows = View(seen, "extensions").rows()
    text = "{installed_version} on {machine_name}; {__class__} {row.x} {0} {no_such_column} {days}"
    filled = sentences(text, rows, {"days": timedelta(days=2)}, WORDING)
    assert filled == ["1.38.1 on {location}; {__class__} {row.x} {0} {no_such_column} 2 days"]


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
    for section, name in (("outcomes", "outcome"), ("initiators", "initiator")):
        column = operations.column(name)
        assert column is not None
        for word in column.words:
            assert WORDING.say(section, word)
    for action in (*ON_EXTENSIONS, *WITHOUT_EXTENSION):
        assert WORDING.say("actions", action)
    failures = FRAMES["extensions"].column("last_failure")
    assert failures
    for word in failures.words:
        assert WORDING.say("failures", word)
    for kind in ("vm", "scale_set_instance", "arc", "scale_set", "scale_sets"):
        assert WORDING.say("kinds", kind)
    for state in (*STATES, "expected", "seen"):
        assert WORDING.say("subscription_reads", state)


def test_every_text_that_compose_asks_for_by_name_is_in_the_catalogue() -> None:
    calls = [
        match
        for file in COMPOSE.glob("*.py")
        for match in re.findall(r'say\(\s*"(\w+)", "(\w+)"', file.read_text(encoding="utf-8"))
    ]
    assert len(calls) > 30
    for section, key in calls:
        assert key in WORDING.sections[section], (section, key)
    tables = {
        name
        for file in COMPOSE.glob("*.py")
        for name in re.findall(r'table\((?:self\.)?(?:coverage\.)?wording, "(\w+)"', file.read_text(encoding="utf-8"))
    }
    exemptions = {"exemptions", *(f"exemptions_{name}" for name in EXEMPTION_LISTS)}
    assert tables | exemptions == set(WORDING.sections["tables"])
    assert {*Outcome, *(f"count_{name}" for name in EXEMPTION_LISTS)} <= set(WORDING.sections["exempting"])


@pytest.mark.parametrize(
    ("written", "read"),
    [("7d", "7 days"), ("36h", "36h"), ("24h", "1 day"), ("5h", "5 hours"), ("90m", "90m"), ("30s", "30s")],
)
def test_a_value_of_a_rule_is_not_rounded(written: str, read: str) -> None:
    assert WORDING.exact(parse_duration(written)) == read
    headings = {
        key for file in COMPOSE.glob("*.py") for key in re.findall(r'cell\("(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert headings <= set(WORDING.sections["labels"])


def test_what_is_unexplained_is_a_column_and_says_what_to_do() -> None:
    for name, entries in WORDING.sections["unexplained"].items():
        assert rule_column("extensions", name) is not None, name
        for told in entries:
            assert set(told) <= {"kind", "availability", "on", "why", "fix"}, name
            assert told["why"], name
            assert told["fix"], name
        assert set(entries[-1]) == {"why", "fix"}, f"{name}: the last entry is for every row"


def test_the_first_explanation_that_fits_the_row_is_taken() -> None:
    away = WORDING.unexplained("installed_version", {"kind": "arc", "availability": "disconnected"})
    here = WORDING.unexplained("installed_version", {"kind": "arc", "availability": "running"})
    machine = WORDING.unexplained("installed_version", {"kind": "vm", "availability": "running"})
    assert "disconnected since {status_changed_at}" in away[0]
    assert len({away, here, machine}) == 3
    assert WORDING.unexplained("location", {}) == ("", "")


def test_every_fix_for_a_kind_is_a_fix_and_a_kind() -> None:
    for key in WORDING.sections["fixes"]:
        fix, _dot, kind = key.partition(".")
        assert fix in FIXES, key
        assert kind in ("", "vm", "scale_set_instance", "arc", "scale_set"), key
    assert set(WORDING.sections["portal_ways"]) <= {
        f"{fix}{kind}" for fix in FIXES for kind in ("", ".vm", ".arc", ".scale_set", ".scale_set_instance")
    }
    assert WORDING.fix("upgrade_now", "arc") != WORDING.fix("upgrade_now", "vm") == WORDING.fix("upgrade_now", None)


@pytest.mark.parametrize(
    ("tags", "value", "text"),
    [('{"Owner": "web-team"}', "web-team", "web-team"), ("{}", "unset", "unset"), (None, None, "not known")],
)
def test_a_tag_is_told_as_rules_read_it(tags: str | None, value: str | None, text: str) -> None:
    column = rule_column("machines", "tags.owner")
    assert column is not None
    assert WORDING.told(column, tags) == (value, text)


def test_a_condition_reads_as_it_is_written_none_of_and_any_of_too() -> None:
    tests = tuple(Comparison(f"tags.{name}", Operator.EQUALS, "prod") for name in ("env", "tier"))
    assert WORDING.condition(AllOf(tests)) == "tags.env equals prod, tags.tier equals prod"
    assert WORDING.condition(AnyOf(tests)) == "any of (tags.env equals prod; tags.tier equals prod)"
    assert WORDING.condition(AllOf((NoneOf(tests[:1]),))) == "none of (tags.env equals prod)"
    late = Comparison("silent_for", Operator.AT_MOST, timedelta(days=1))
    assert WORDING.condition(late) == "silent_for at_most 1 day"


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ({}, "All subscriptions that the identity can see"),
        ({"subscriptions": (parts.SHOP,)}, "one named subscription"),
        ({"management_groups": ("a", "b")}, "all subscriptions below 2 management groups"),
        (
            {"exclude_subscriptions": (parts.SHOP,)},
            "All subscriptions that the identity can see, without 1 that the configuration excludes",
        ),
    ],
)
def test_the_subtitle_says_what_was_to_be_audited(scope: dict[str, object], sentence: str) -> None:
    assert parts.report_of(settings=Settings.model_validate({"scope": scope})).subtitle == sentence


def test_no_fix_on_an_arc_enabled_server_speaks_of_a_virtual_machine() -> None:
    assert "virtual machine" in WORDING.fix("enable_automatic_upgrade", "vm")
    assert not [fix for fix in FIXES if "virtual machine" in WORDING.fix(fix, "arc")]
