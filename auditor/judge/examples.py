"""A rule's examples are its tests: each is a row, and the verdict that the rule must give to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from auditor.errors import Problem
from auditor.judge.engine import judge_rows
from auditor.judge.views import view_of
from auditor.model.dataset import VIEWS, Column, Kind
from auditor.model.rule import Example, Rule

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def check_examples(rule: Rule) -> list[Problem]:
    """A problem for each example of ``rule`` that comes out otherwise; empty where all are right."""
    told = ((example, _check(rule, example)) for example in rule.examples)
    file = Path(rule.path).name or rule.id
    return [
        Problem(file, example.line, f"examples.{example.status}", sentence) for example, sentence in told if sentence
    ]


def _check(rule: Rule, example: Example) -> str:
    verdicts = judge_rows(rule, _row(rule, example.values), (), _ANY_TIME)
    if verdicts.empty:
        return "the rule does not speak of this row: its applies_to is false"
    status, code = verdicts["status"].iloc[0], verdicts["reason_code"].iloc[0]
    if status != example.status:
        return f"the rule's verdict on this row is {status} ({code}): correct the example or the rule"
    if example.code is not None and code != example.code:
        return f"the rule's reason code for this row is {code}, not {example.code}: correct the example or the rule"
    return ""


def _row(rule: Rule, values: Mapping[str, object]) -> pd.DataFrame:
    """A view of one row; columns that the example does not name are missing."""
    given = {**values, "tags": _tags(rule, values)}
    stored = {name: value for column in VIEWS[rule.frame] for name, value in _stored(column, given).items()}
    return view_of(rule.frame, {name: [value] for name, value in stored.items()})


def _tags(rule: Rule, values: Mapping[str, object]) -> str:
    """The row's tags: those of the example, and as not known those that only the rule names."""
    given = {name.casefold(): value for name, value in values.items() if name.startswith("tags.")}
    named = {name.casefold(): None for name in rule.columns() if name.startswith("tags.")}
    return json.dumps({name.removeprefix("tags."): value for name, value in {**named, **given}.items()})


def _stored(column: Column, values: Mapping[str, object]) -> dict[str, object]:
    value = values.get(column.name)
    if column.kind is Kind.VERSION and value is not None:
        value = str(value)
    if column.bounds:
        ends = value if isinstance(value, Mapping) else {"low": value, "high": value}
        return {name: ends.get(name.rsplit(".", 1)[1]) for name in column.stored()}
    return {column.name: value}
