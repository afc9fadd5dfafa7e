"""Random rules over random rows, and a naive reference that judges a row at a time, as DESIGN says it in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from auditor.frames.build import DTYPES
from auditor.model.dataset import FRAMES, VIEWS, Column, Kind, rule_column
from auditor.model.rule import (
    ALWAYS,
    LISTS,
    ORDERING,
    AllOf,
    AnyOf,
    Clause,
    Comparison,
    Condition,
    NoneOf,
    Operator,
    Rule,
)
from auditor.model.verdict import Severity
from auditor.model.version import Version

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
Row = dict[str, Any]
"""A row of the view by stored column; what is absent or None is missing."""

property_over = settings(max_examples=50)
"""Judging a frame is slower than making one: fewer examples than usual."""

# --- rows ---

_NAMED = (
    *("publisher", "on", "auto_upgrade", "auto_upgrade_minor", "installed_version", "releases_behind"),
    *("days_stopped", "silent_for", "tags.env", "tags.Owner"),
)
COLUMNS = tuple(column for name in _NAMED if (column := rule_column("extensions", name)) is not None)
"""One of each kind that can be compared, with bounds and without, and two tags."""

HALF_DAY = timedelta(hours=12)
DAYS = [number * HALF_DAY for number in range(9)]
TEXTS = ["", "alpha", "ALPHA", "alphabet", "b[x]", "unset", "nan"]
VERSIONS = ["1.2", "1.2.0.0", "1.10", "1.9.9", "2.0.1"]
NUMBERS = [0, 1, 2, 3]


def _values(column: Column) -> list[Any]:
    """Known values of a column, as a frame holds them."""
    by_kind: dict[Kind, list[Any]] = {
        Kind.TEXT: TEXTS,
        Kind.WORD: list(column.words),
        Kind.VERSION: [*VERSIONS, "newest"],
    }
    return {**by_kind, Kind.NUMBER: NUMBERS, Kind.FLAG: [True, False], Kind.DURATION: DAYS}[column.kind]


def _ends(name: str) -> st.SearchStrategy[Row]:
    span = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)
    opened = st.tuples(span, st.booleans(), st.booleans())
    return opened.map(
        lambda drawn: {
            f"{name}.low": None if drawn[1] else drawn[0][0],
            f"{name}.high": None if drawn[2] else drawn[0][1],
        }
    )


def _cells(column: Column) -> st.SearchStrategy[Row]:
    if column.bounds:
        return _ends(column.name)
    return st.sampled_from([None, *_values(column)]).map(lambda value: {column.name: value})


def _tags() -> st.SearchStrategy[Row | None]:
    """Tags as the collector writes them; None where they were not read."""
    pairs = st.dictionaries(st.sampled_from(["env", "ENV", "owner"]), st.sampled_from(TEXTS), max_size=2)
    once = pairs.map(lambda told: {name: text for name, text in told.items() if not (name == "ENV" and "env" in told)})
    return st.none() | once


ROWS: st.SearchStrategy[Row] = st.tuples(
    *(_cells(column) for column in COLUMNS if not column.name.startswith("tags.")),
    _tags().map(lambda tags: {"tags": None if tags is None else json.dumps(tags)}),
).map(lambda cells: {name: value for cell in cells for name, value in cell.items()})


def view_of(rows: Sequence[Mapping[str, Any]], frame: str = "extensions") -> pd.DataFrame:
    """The rows as a frame, as rules see it, with ids of their own where they have none."""
    own = [{"id": f"/e/{at}", "machine_id": f"/m/{at}", **row} for at, row in enumerate(rows)]
    declared = {**FRAMES, **VIEWS}[frame]
    return pd.DataFrame(
        {
            stored: pd.Series([row.get(stored) for row in own], dtype=DTYPES[column.kind])
            for column in declared
            for stored in column.stored()
        },
        index=pd.RangeIndex(len(own)),
    )


# --- conditions and rules ---


def _wanted(column: Column) -> list[Any]:
    """Values as a settled rule holds them."""
    return [Version.parse(name) for name in VERSIONS] if column.kind is Kind.VERSION else _values(column)


def _operators(column: Column) -> list[Operator]:
    """What settle lets a rule ask of the column."""
    ordered = column.kind in (Kind.VERSION, Kind.NUMBER, Kind.DURATION)
    operators = [each for each in Operator if each not in ORDERING or ordered]
    return [each for each in operators if each is not Operator.MATCHES or column.kind is Kind.TEXT]


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    column = draw(st.sampled_from(COLUMNS))
    operator = draw(st.sampled_from(_operators(column)))
    wanted = st.sampled_from(_wanted(column))
    if operator in LISTS:
        return Comparison(column.name, operator, tuple(draw(st.lists(wanted, min_size=1, max_size=3))))
    if operator is Operator.MATCHES:
        return Comparison(column.name, operator, draw(st.sampled_from(["*", "a*", "?lpha", "*[x]", "AL*bet", ""])))
    return Comparison(column.name, operator, draw(wanted))


def _groups(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(parts.map(AllOf), parts.map(AnyOf), parts.map(NoneOf))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(comparisons(), _groups, max_leaves=5)


def clauses(prefix: str, most: int = 2) -> st.SearchStrategy[tuple[Clause, ...]]:
    found = st.lists(CONDITIONS, max_size=most)
    return found.map(lambda whens: tuple(clause(f"{prefix}_{at}", when) for at, when in enumerate(whens)))


def clause(code: str, when: Condition = ALWAYS) -> Clause:
    return Clause(code, when, {"en": code})


def rule(expect: Condition, **more: Any) -> Rule:
    defaults: dict[str, Any] = {"reasons": (clause("because"),), "why": {"en": "w"}, "title": {"en": "t"}}
    given = {"id": "TEST-001", "severity": Severity.LOW, "frame": "extensions", **defaults, **more}
    return Rule(expect=expect, **given)


RULES: st.SearchStrategy[Rule] = st.builds(
    lambda expect, applies, only, excluded, early, pending, reasons: rule(
        expect,
        applies_to=applies,
        only=only,
        not_applicable=excluded,
        early_pending=early,
        pending=pending,
        reasons=(*reasons, clause("last")),
    ),
    CONDITIONS,
    st.just(ALWAYS) | CONDITIONS,
    st.just(ALWAYS) | CONDITIONS,
    clauses("excluded"),
    clauses("early"),
    clauses("pending"),
    clauses("reason"),
)

# --- the reference ---

Kleene = bool | None
GRID = [number * HALF_DAY for number in (*range(-1, 11), 14, 15, 16, 17, 729, 730, 731, 732, 733)]
"""All durations between which the drawn bounds and the wanted values can tell apart, and some beyond."""


def naive(condition: Condition, row: Mapping[str, Any]) -> Kleene:
    """True, False, or None for unknown."""
    if isinstance(condition, Comparison):
        return _naive_comparison(condition, row)
    parts = [naive(part, row) for part in condition.parts]
    if isinstance(condition, AllOf):
        return naive_all(parts)
    either = naive_any(parts)
    return either if isinstance(condition, AnyOf) or either is None else not either


def naive_all(parts: Iterable[Kleene]) -> Kleene:
    told = list(parts)
    return False if False in told else None if None in told else True


def naive_any(parts: Iterable[Kleene]) -> Kleene:
    told = list(parts)
    return True if True in told else None if None in told else False


def _naive_comparison(test: Comparison, row: Mapping[str, Any]) -> Kleene:
    """True or false where all values that the cell may stand for agree."""
    answers = {_holds(test, value) for value in _possible(test.column, row)}
    return answers.pop() if len(answers) == 1 and None not in answers else None


def _possible(name: str, row: Mapping[str, Any]) -> list[Any]:
    """The values that the truth may have: several where only bounds are known; None for "anything at all"."""
    column = rule_column("extensions", name)
    assert column is not None
    if column.bounds:
        low, high = row.get(f"{name}.low"), row.get(f"{name}.high")
        ends = {each for each in (low, high) if each is not None}
        return [each for each in {*GRID, *ends} if (low is None or low <= each) and (high is None or each <= high)]
    if name.startswith("tags."):
        tags = row.get("tags")
        pairs = {} if tags is None else {key.lower(): text for key, text in json.loads(tags).items()}
        return [None if tags is None else pairs.get(name[5:].lower(), "unset")]
    value = row.get(name)
    return [Version.read(value) if column.kind is Kind.VERSION else value]


def _holds(test: Comparison, value: Any) -> Kleene:
    if value is None:
        return None
    found = _plain(value)
    several = test.value if isinstance(test.value, tuple) else (test.value,)
    wanted = [_plain(each) for each in several]
    match test.operator:
        case Operator.EQUALS | Operator.IN:
            return found in wanted
        case Operator.NOT | Operator.NOT_IN:
            return found not in wanted
        case Operator.AT_MOST:
            return bool(found <= wanted[0])
        case Operator.AT_LEAST:
            return bool(found >= wanted[0])
        case Operator.UNDER:
            return bool(found < wanted[0])
        case Operator.OVER:
            return bool(found > wanted[0])
        case Operator.MATCHES:
            return fnmatchcase(found, wanted[0].replace("[", "[[]"))


def _plain(value: Any) -> Any:
    """Versions as four numbers, text in lower case."""
    if isinstance(value, Version):
        parts = [int(part) for part in value.text.split(".")]
        return [*parts, 0, 0, 0][:4]
    return value.lower() if isinstance(value, str) else value


def naive_verdict(of: Rule, row: Mapping[str, Any], standing: Sequence[Clause] = ()) -> tuple[str | None, str | None]:
    """Verdict and reason code in the words of DESIGN section 5; None where the rule does not speak of the row."""
    not_applicable = (*standing, *of.not_applicable)

    def first(found: Iterable[Clause]) -> str:
        return next(each.code for each in found if naive(each.when, row) is True)

    applies = naive_all([naive(of.only, row), naive(of.applies_to, row)])
    excluded = naive_any(naive(each.when, row) for each in not_applicable)
    early = naive_any(naive(each.when, row) for each in of.early_pending)
    expected = naive(of.expect, row)
    pending = naive_any(naive(each.when, row) for each in of.pending)
    if applies is False:
        return None, None
    if applies is None:
        return "unanswered", "not_known"
    if excluded is not False:  # settled whole: else a value taken away could turn not_applicable into pending
        return ("not_applicable", first(not_applicable)) if excluded else ("unanswered", "not_known")
    if early is True:
        return "pending", first(of.early_pending)
    if None in (early, expected):
        return "unanswered", "not_known"
    if expected is True:
        return "pass", "as_expected"
    if pending is True:
        return "pending", first(of.pending)
    if pending is None:
        return "unanswered", "not_known"
    return "fail", first(of.reasons)
