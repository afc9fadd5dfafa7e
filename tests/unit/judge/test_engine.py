"""A night's verdicts: which rules are run, and what becomes of machines that were not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from auditor.frames import Context, build, derive
from auditor.judge import judge, not_run
from auditor.judge.verdicts import VERDICT_COLUMNS
from auditor.model.memory import EMPTY
from auditor.model.reading import Source
from auditor.model.rule import AllOf, Clause, Comparison, Condition, Exemption, NoneOf, Operator, Rule, RuleBook
from tests.unit.judge.parts import NOW, clause, rule, view_of

ALL = frozenset(Source)
NO_BEATS = ALL - {Source.HEARTBEATS}
ON = Comparison("auto_upgrade", Operator.EQUALS, "enabled")
IS_LINUX = Comparison("os", Operator.EQUALS, "linux")
SILENT = Comparison("silent_for", Operator.UNDER, NOW - NOW)


def frames(
    extensions: list[dict[str, Any]], machines: list[dict[str, Any]], scale_sets: Sequence[dict[str, Any]] = ()
) -> dict[str, pd.DataFrame]:
    told = {"extensions": extensions, "machines": machines, "scale_sets": scale_sets}
    return {name: view_of(rows, name) for name, rows in told.items()}


def judged(of: dict[str, pd.DataFrame], *rules: Rule, **more: Any) -> pd.DataFrame:
    return judge(RuleBook(rules, **more), of, ALL, NOW)


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


# --- scale sets whose instances were not read ---

MANAGED = clause("managed", Comparison("managed_by", Operator.NOT, "none"))
EXPIRED = clause("expired", Comparison("availability", Operator.EQUALS, "expired"))


def unread_set(*rules: Rule, standing: tuple[Clause, ...] = (), **scale_set: Any) -> pd.DataFrame:
    given = {"id": "/S/0", "instances_read": "no", "os": "linux", "location": "japaneast", **scale_set}
    return judged(frames([], [], [given]), *rules, standing=standing)


def test_an_unread_scale_set_has_one_unanswered_verdict_of_each_rule_over_either_frame() -> None:
    found = unread_set(rule(ON, id="A-001"), rule(IS_LINUX, id="B-001", frame="machines"))

    assert told(found) == [("A-001", "/S/0", "unanswered"), ("B-001", "/S/0", "unanswered")]
    assert found["reason_code"].tolist() == ["instances_not_read"] * 2
    assert found["machine_id"].tolist() == ["/S/0"] * 2
    assert found["row"].tolist() == [-1, -1]


@pytest.mark.parametrize(("instances_read", "spoken"), [("yes", False), ("none", False), ("no", True), (None, True)])
def test_only_a_scale_set_whose_instances_were_surely_read_or_are_listed_elsewhere_has_no_verdict(
    instances_read: str | None, spoken: bool
) -> None:
    found = unread_set(rule(ON), rule(IS_LINUX, id="B-001", frame="machines"), instances_read=instances_read)

    assert bool(told(found)) is spoken


@pytest.mark.parametrize("frame", ["extensions", "machines"])
@pytest.mark.parametrize(
    ("condition", "spoken"),
    [
        (IS_LINUX, True),
        (NoneOf((IS_LINUX,)), False),
        (Comparison("kind", Operator.EQUALS, "scale_set_instance"), True),
        (Comparison("kind", Operator.EQUALS, "arc"), False),
        (Comparison("location", Operator.EQUALS, "Japan East"), True),
        (Comparison("resource_group", Operator.EQUALS, "rg-b"), False),
        (Comparison("scale_set_id", Operator.EQUALS, "/s/0"), True),
        (Comparison("name", Operator.EQUALS, "another"), True),
        (Comparison("tags.env", Operator.EQUALS, "dev"), True),
    ],
)
def test_what_an_instance_shares_with_its_scale_set_may_leave_it_out(
    frame: str, condition: Condition, spoken: bool
) -> None:
    """What an instance has of its own (name, tags) is not known."""
    found = unread_set(rule(ON if frame == "extensions" else IS_LINUX, frame=frame, only=condition),
                       resource_group="rg-a", name="scale-set", tags='{"env": "prod"}')  # fmt: skip

    assert bool(told(found)) is spoken


def test_a_rule_over_models_does_not_speak_of_unread_instances() -> None:
    assert told(unread_set(rule(ON, applies_to=Comparison("on", Operator.EQUALS, "model")))) == []


# --- standing reasons ---


def test_a_standing_reason_leaves_a_machine_out_of_rules_over_either_frame() -> None:
    of = frames([{"auto_upgrade": "unset", "managed_by": "AKS"}], [{"id": "/M/0", "managed_by": "AKS"}])
    rules = rule(ON, id="A-001"), rule(NoneOf((IS_LINUX,)), id="B-001", frame="machines")
    of["machines"]["extensions_read"] = pd.Series(["yes"], dtype="str")

    found = judged(of, *rules, standing=(MANAGED,))

    assert found[["rule_id", "status", "reason_code"]].values.tolist() == [
        ["A-001", "not_applicable", "managed"],
        ["B-001", "not_applicable", "managed"],
    ]


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        ({"managed_by": "AKS"}, ["not_applicable", "managed", 0]),
        ({"managed_by": None, "availability": "expired"}, ["not_applicable", "expired", 1]),
        ({"managed_by": "AKS", "availability": "expired"}, ["not_applicable", "managed", 0]),
        ({"managed_by": "none", "availability": "running"}, ["unanswered", "extensions_not_read", -1]),
        ({"managed_by": None}, ["unanswered", "extensions_not_read", -1]),
    ],
)
def test_a_standing_reason_that_surely_holds_speaks_for_an_unread_machine_too(
    known: dict[str, Any], verdict: list[Any]
) -> None:
    of = frames([], [{"id": "/M/0", "extensions_read": "no", **known}])

    found = judged(of, rule(ON), standing=(MANAGED, EXPIRED))

    assert found[["status", "reason_code", "clause"]].values.tolist() == [verdict]


@pytest.mark.parametrize("frame", ["extensions", "machines"])
@pytest.mark.parametrize(
    ("managed_by", "verdict"),
    [("AKS", ["not_applicable", "managed"]), ("none", ["unanswered", "instances_not_read"])],
)
def test_a_standing_reason_speaks_for_an_unread_scale_set_too(frame: str, managed_by: str, verdict: list[str]) -> None:
    of = rule(ON if frame == "extensions" else IS_LINUX, frame=frame)

    found = unread_set(of, standing=(MANAGED,), managed_by=managed_by)

    assert found[["status", "reason_code"]].values.tolist() == [verdict]


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


LISTS = {Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES}


def test_a_tag_rests_on_the_machines_lists_any_one_of_which_will_do() -> None:
    book = RuleBook((rule(Comparison("tags.env", Operator.EQUALS, "prod")),))

    [entry] = not_run(book, ALL - LISTS)

    assert (entry.columns, entry.sources) == (("tags.env",), tuple(sorted(LISTS)))
    assert [not_run(book, ALL - (LISTS - {each})) for each in LISTS] == [(), (), ()]


def test_every_need_of_a_column_must_be_met() -> None:
    """Who manages a machine is told by a list of machines, and by the resource groups."""
    book = RuleBook((rule(MANAGED.when),))

    [entry] = not_run(book, ALL - {Source.RESOURCE_GROUPS})

    assert (entry.columns, entry.sources) == (("managed_by",), ("resource_groups",))


def test_rules_rest_on_what_the_standing_reasons_name() -> None:
    book = RuleBook((rule(ON),), standing=(MANAGED,))

    assert not_run(book, ALL - {Source.RESOURCE_GROUPS})[0].columns == ("managed_by",)
    assert not_run(book, ALL) == ()
