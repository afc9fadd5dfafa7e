"""Conditions over a frame, by Kleene's three values, a whole column at a time.

A comparison with a missing value is unknown. A column of which only bounds are known is true or false only where both
bounds agree. Property: taking a value away leaves the answer as it was, or makes it unknown.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import orjson
import pandas as pd

from auditor.model.dataset import Column, Kind, rule_column
from auditor.model.rule import LISTS, AllOf, AnyOf, Comparison, Condition, NoneOf, Operator, Value
from auditor.model.version import Version

Mask = np.ndarray[Any, np.dtype[np.bool_]]
UNSET = "unset"
"""What ``tags.NAME`` is where the tags were read and there is no such tag."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Two masks over the rows: known to be true, known to be false; neither is unknown."""

    true: Mask
    false: Mask

    @property
    def unknown(self) -> Mask:
        return ~(self.true | self.false)

    @classmethod
    def constant(cls, rows: int, value: bool) -> Truth:
        return cls(np.full(rows, value), np.full(rows, not value))

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.true & other.true, self.false | other.false)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.true | other.true, self.false & other.false)

    def __invert__(self) -> Truth:
        return Truth(self.false, self.true)


def evaluate(condition: Condition, view: pd.DataFrame, frame: str) -> Truth:
    """The truth of ``condition`` for each row of ``view``, a frame as rules see it."""
    return _weighed(condition, view, frame)[0]


def blame(condition: Condition, view: pd.DataFrame, frame: str) -> dict[str, Mask]:
    """For each column of ``condition`` the rows for which it is what leaves the condition unknown."""
    return _weighed(condition, view, frame)[1]


def _weighed(condition: Condition, view: pd.DataFrame, frame: str) -> tuple[Truth, dict[str, Mask]]:
    if isinstance(condition, Comparison):
        column = rule_column(frame, condition.column)
        if column is None:
            raise KeyError(f"{condition.column} is no column of {frame}; the rule book should have refused it")
        truth = _compare(condition, column, view)
        return truth, {condition.column: truth.unknown}
    parts = [_weighed(part, view, frame) for part in condition.parts]
    truth = _joined(condition, [part for part, _blamed in parts], len(view))
    blamed: dict[str, Mask] = {}
    for _part, columns in parts:
        for name, mask in columns.items():
            blamed[name] = blamed.get(name, False) | (mask & truth.unknown)
    return truth, blamed


def _joined(condition: AllOf | AnyOf | NoneOf, parts: list[Truth], rows: int) -> Truth:
    if isinstance(condition, AllOf):
        return reduce(lambda one, other: one & other, parts, Truth.constant(rows, True))
    either = reduce(lambda one, other: one | other, parts, Truth.constant(rows, False))
    return either if isinstance(condition, AnyOf) else ~either


def _compare(comparison: Comparison, column: Column, view: pd.DataFrame) -> Truth:
    if column.name == "location":
        return _compare_regions(comparison, view)
    holds = _test(comparison)
    if column.bounds:
        low, high = (_coded(view[name], column.kind) for name in column.stored())
        return _between(comparison, holds, low, high)
    values = _tag(view["tags"], column.name) if column.name.startswith("tags.") else view[column.name]
    return _pointwise(_coded(values, column.kind), holds)


def _compare_regions(comparison: Comparison, view: pd.DataFrame) -> Truth:
    """``Japan East`` and ``japaneast`` are one region: compared without blanks."""
    given = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    bare = tuple("".join(str(value).split()) for value in given)
    wanted = replace(comparison, value=bare if isinstance(comparison.value, tuple) else bare[0])
    return _pointwise(_coded(view["location"].str.replace(" ", ""), Kind.TEXT), _test(wanted))


class Coded(NamedTuple):
    """A column: its distinct values, of which the last stands for what is missing, and for each row the place of its
    own among them."""

    places: np.ndarray[Any, np.dtype[np.int64]]
    values: list[Any]


def _coded(column: pd.Series[Any], kind: Kind) -> Coded:
    """Few distinct values, many rows: only the distinct ones become Python values."""
    places, distinct = pd.factorize(column)
    values = [*values_of(pd.Series(distinct), kind), None]
    return Coded(places % len(values), values)  # what is missing has -1


def _pointwise(column: Coded, holds: Callable[[Any], bool]) -> Truth:
    """Each distinct value is tried once."""
    return _spread([None if value is None else holds(value) for value in column.values], column.places)


def _between(comparison: Comparison, holds: Callable[[Any], bool], low: Coded, high: Coded) -> Truth:
    """True or false only if every value between the bounds agrees; an open end leaves room for any value.

    Each distinct pair of bounds is tried once.
    """
    pairs, places = np.unique(low.places * len(high.values) + high.places, return_inverse=True)
    ends = ((low.values[at // len(high.values)], high.values[at % len(high.values)]) for at in pairs.tolist())
    return _spread([_spans(comparison, holds, *each) for each in ends], places)


def _spread(answers: Sequence[bool | None], places: np.ndarray[Any, np.dtype[np.int64]]) -> Truth:
    """The answers on distinct values as those on all rows."""
    true, false = (np.array([each is word for each in answers], dtype=bool) for word in (True, False))
    return Truth(true[places], false[places])


def _spans(comparison: Comparison, holds: Callable[[Any], bool], low: Any, high: Any) -> bool | None:
    if low is not None and low == high:
        return holds(low)
    if comparison.operator in (Operator.OVER, Operator.AT_LEAST):
        return True if low is not None and holds(low) else False if high is not None and not holds(high) else None
    if comparison.operator in (Operator.UNDER, Operator.AT_MOST):
        return True if high is not None and holds(high) else False if low is not None and not holds(low) else None
    return _outside(comparison, low, high)


def _outside(comparison: Comparison, low: Any, high: Any) -> bool | None:
    """Equality against a span: known to differ where no wanted value lies within the bounds, else unknown."""
    wanted = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    within = any((low is None or low <= value) and (high is None or value <= high) for value in wanted)
    if within:
        return None
    return comparison.operator in (Operator.NOT, Operator.NOT_IN)


def _test(comparison: Comparison) -> Callable[[Any], bool]:
    """The comparison as a function of one known value."""
    value = comparison.value
    if comparison.operator in LISTS:
        wanted = frozenset(_folded(each) for each in (value if isinstance(value, tuple) else (value,)))
        inside = comparison.operator is Operator.IN
        return lambda found: (_folded(found) in wanted) is inside
    one: Any = _folded(value)  # type: ignore[arg-type]  # only the lists take several values
    match comparison.operator:
        case Operator.EQUALS:
            return lambda found: bool(_folded(found) == one)
        case Operator.NOT:
            return lambda found: bool(_folded(found) != one)
        case Operator.AT_MOST:
            return lambda found: bool(found <= one)
        case Operator.AT_LEAST:
            return lambda found: bool(found >= one)
        case Operator.UNDER:
            return lambda found: bool(found < one)
        case Operator.OVER:
            return lambda found: bool(found > one)
        case _:
            pattern = str(one).replace("[", "[[]")  # only * and ? are special
            return lambda found: fnmatch.fnmatchcase(str(_folded(found)), pattern)


def _folded(value: Value) -> Value:
    """Text is compared without case."""
    return value.casefold() if isinstance(value, str) else value


def values_of(column: pd.Series[Any], kind: Kind) -> list[Any]:
    """The column as Python values; missing, and text that is no version where one is meant, is None."""
    missing = column.isna().to_numpy()
    found = column.tolist()
    if kind is Kind.VERSION:
        read = {text: Version.read(text) for text in set(column.dropna())}
        return [None if gone else read[text] for text, gone in zip(found, missing, strict=True)]
    if kind is Kind.DURATION:
        return [
            None if gone else timedelta(seconds=each.total_seconds()) for each, gone in zip(found, missing, strict=True)
        ]
    return [None if gone else each for each, gone in zip(found, missing, strict=True)]


def _tag(tags: pd.Series[Any], column: str) -> pd.Series[Any]:
    """One tag of each row, null where it is not known; Azure does not tell the case of a tag's name apart."""
    name = column.removeprefix("tags.").casefold()

    def one(text: str) -> str | None:
        pairs = {str(key).casefold(): value for key, value in orjson.loads(text).items()}
        value = pairs.get(name, UNSET)
        return None if value is None else str(value)

    return tags.map(one, na_action="ignore")
