"""A night's verdicts: which rules are run, and what becomes of machines that were not read."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from auditor.frames import Context, build, derive
from auditor.judge import judge, not_run
from auditor.judge.engine import VERDICT_COLUMNS
from auditor.model.memory import EMPTY
from auditor.model.reading import Source
from auditor.model.rule import AllOf, Comparison, Condition, Exemption, NoneOf, Operator, Rule, RuleBook
from tests.unit.judge.parts import NOW, clause, rule, view_of

ALL = frozenset(Source)
NO_BEATS = ALL - {Source.HEARTBEATS}
ON = Comparison("auto_upgrade", Operator.EQUALS, "enabled")
SILENT = Comparison("silent_for", Operator.UNDER, NOW - NOW)


def frames(extensions: list[dict[str, Any]], machines: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    return {"extensions": view_of(extensions), "machines": view_of(machines, "machines")}


def judged(of: dict[str, pd.DataFrame], *rules: Rule, exemptions: tuple[Exemption, ...] = ()) -> pd.DataFrame:
    return judge(RuleBook(rules, exemptions=exemptions), of, ALL, NOW)


def told(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(found["rule_id"], found["resource_id"], found["status"].map(str), strict=True))


EMPTY_FRAMES = derive(build({}, []), Context((), EMPTY, {}, NOW))


@pytest.mark.parametrize(
    ("rules", "configured"),
    [((), ALL), ((rule(ON),), ALL), ((rule(SILENT),), NO_BEATS), ((rule(ON, enabled=False),), ALL)],
    ids=["no rules", "no rows", "all rules not run", "all rules disabled"],
)
def test_without_anything_to_judge_there_are_columns_and_no_rows(rules: tuple[Rule, ...], configured: Any) -> None:
    found = judge(RuleBook(rules), EMPTY_FRAMES, configured, NOW)

    assert (list(found.columns), len(found)) == (list(VERDICT_COLUMNS), 0)


def test_verdicts_come_by_rule_and_row() -> None:
    of = frames([{"auto_upgrade": "enabled"}, {"auto_upgrade": "unset"}], [])

    found = judged(of, rule(ON, id="B-001"), rule(NoneOf((ON,)), id="A-001"))

    assert told(found) == [
        ("B-001", "/e/0", "pass"),
        ("B-001", "/e/1", "fail"),
        ("A-001", "/e/0", "fail"),
        ("A-001", "/e/1", "pass"),
    ]
    assert list(found.index) == [0, 1, 2, 3]


def test_the_types_of_the_columns_do_not_depend_on_what_was_found() -> None:
    """They are written to one format, and read together with other shards'."""
    full = frames([{"auto_upgrade": "unset"}], [{"id": "/m/0", "extensions_read": "yes"}])
    unread = frames([], [{"id": "/m/0", "extensions_read": "no"}])

    types = [dict(judged(of, rule(ON)).dtypes) for of in (full, unread, frames([], []))]

    assert types[0] == types[1] == types[2]


# --- machines that were not read ---


def unread(*rules: Rule, exemptions: tuple[Exemption, ...] = (), **machine: Any) -> pd.DataFrame:
    return judged(frames([], [{"id": "/M/0", "extensions_read": "no", **machine}]), *rules, exemptions=exemptions)


def test_an_unread_machine_has_one_unanswered_verdict_of_each_extension_rule() -> None:
    found = unread(rule(ON, id="A-001"), rule(ON, id="B-001"))

    assert told(found) == [("A-001", "/M/0", "unanswered"), ("B-001", "/M/0", "unanswered")]
    assert found["reason_code"].tolist() == ["extensions_not_read"] * 2
    assert found["machine_id"].tolist() == ["/M/0"] * 2
    assert found["row"].tolist() == [-1, -1]


def test_a_machine_of_which_nobody_knows_whether_it_was_read_was_not() -> None:
    assert told(unread(rule(ON), extensions_read=None)) == [("TEST-001", "/M/0", "unanswered")]


def test_a_machine_that_was_read_and_has_no_extension_has_no_verdict() -> None:
    assert told(unread(rule(ON), extensions_read="yes")) == []


def test_a_rule_over_machines_judges_an_unread_machine_once() -> None:
    found = unread(rule(Comparison("os", Operator.EQUALS, "linux"), frame="machines"), os="linux")

    assert told(found) == [("TEST-001", "/M/0", "pass")]


def test_an_exemption_does_not_hide_an_unread_machine() -> None:
    from datetime import date

    exempt = Exemption("TEST-001", "me", "r", "T-1", date(2030, 1, 1), resource="/M/0")

    assert told(unread(rule(ON), exemptions=(exempt,))) == [("TEST-001", "/M/0", "unanswered")]


IS_LINUX = Comparison("os", Operator.EQUALS, "linux")


@pytest.mark.parametrize("part", ["only", "applies_to"])
@pytest.mark.parametrize(
    ("condition", "spoken"),
    [
        (IS_LINUX, True),
        (NoneOf((IS_LINUX,)), False),
        (Comparison("tags.env", Operator.EQUALS, "prod"), True),
        (Comparison("tags.env", Operator.EQUALS, "dev"), False),
        (Comparison("machine_name", Operator.EQUALS, "web-1"), True),
        (Comparison("machine_name", Operator.EQUALS, "web-2"), False),
        (Comparison("location", Operator.EQUALS, "japaneast"), True),
        (Comparison("publisher", Operator.EQUALS, "contoso"), True),
        (Comparison("name", Operator.EQUALS, "web-2"), True),
        (Comparison("on", Operator.EQUALS, "model"), False),
        (AllOf((Comparison("publisher", Operator.EQUALS, "contoso"), NoneOf((IS_LINUX,)))), False),
    ],
)
def test_a_rule_that_surely_leaves_a_machine_out_does_not_speak_of_it_when_it_is_unread(
    part: str, condition: Condition, spoken: bool
) -> None:
    """What its extensions are is not known, and what the list says of the machine is."""
    found = unread(rule(ON, **{part: condition}), os="linux", tags='{"env": "prod"}', name="web-1")

    assert bool(told(found)) is spoken


# --- rules that are not run ---


def test_a_rule_is_not_run_where_nothing_configured_tells_a_column_that_it_names() -> None:
    book = RuleBook((rule(ON, id="A-001"), rule(ON, id="B-001", reasons=(clause("silent", SILENT), clause("last")))))

    [entry] = not_run(book, NO_BEATS)
    found = judge(book, frames([{"auto_upgrade": "enabled"}], []), NO_BEATS, NOW)

    assert (entry.rule_id, entry.columns, entry.sources) == ("B-001", ("silent_for",), ("heartbeats",))
    assert told(found) == [("A-001", "/e/0", "pass")]
    assert not_run(book, ALL) == ()


def test_a_rule_that_is_not_run_does_not_judge_unread_machines_either() -> None:
    found = judge(RuleBook((rule(SILENT),)), frames([], [{"id": "/m/0", "extensions_read": "no"}]), NO_BEATS, NOW)

    assert len(found) == 0


def test_a_column_that_a_source_only_helps_does_without_it() -> None:
    assert not_run(RuleBook((rule(Comparison("last_failure", Operator.EQUALS, "none")),)), NO_BEATS) == ()


def test_a_disabled_rule_is_not_among_those_that_could_not_be_run() -> None:
    assert not_run(RuleBook((rule(SILENT, enabled=False),)), NO_BEATS) == ()


def test_a_tag_rests_on_the_machine_list() -> None:
    book = RuleBook((rule(Comparison("tags.env", Operator.EQUALS, "prod")),))

    [entry] = not_run(book, ALL - {Source.VIRTUAL_MACHINES})

    assert entry.columns == ("tags.env",)
