"""The examples of each shipped rule, run through the judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from auditor.judge import check_examples
from auditor.model.rule import Example, Rule
from auditor.model.verdict import Status
from auditor.settle import settle

RULES = settle(None, environ={}).rulebook.rules


def examples() -> Iterator[Any]:
    for rule in RULES:
        for example in rule.examples:
            yield pytest.param(rule, example, id=f"{rule.id}:{example.line}-{example.code or example.status}")


@pytest.mark.parametrize(("rule", "example"), list(examples()))
def test_the_example_comes_out_as_the_rule_says(rule: Rule, example: Example) -> None:
    assert check_examples(replace(rule, examples=(example,))) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_reason_of_a_rule_has_an_example(rule: Rule) -> None:
    clauses = (*rule.not_applicable, *rule.early_pending, *rule.pending, *rule.reasons)

    assert {each.code for each in clauses} == {each.code for each in rule.examples if each.code}
    assert {each.status for each in rule.examples} >= {Status.PASS, Status.FAIL, Status.UNANSWERED}


@pytest.mark.parametrize(("rule", "example"), list(examples()))
def test_taking_a_value_of_an_example_away_leaves_its_verdict_or_makes_it_unanswered(
    rule: Rule, example: Example
) -> None:
    for name in set(example.values) & set(rule.columns()):
        poorer = replace(example, values={**example.values, name: None}, code=None)
        asked = [replace(poorer, status=status) for status in (example.status, Status.UNANSWERED)]

        assert any(check_examples(replace(rule, examples=(each,))) == [] for each in asked), name
