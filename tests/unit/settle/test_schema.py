"""The JSON schema of rules, held against rules that settling takes and refuses; ``jsonschema`` is the judge."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from auditor.model.dataset import JUDGED, VIEWS, Column, Kind
from auditor.model.operators import operators_of
from auditor.model.rule import FIXES, LISTS, Operator
from auditor.resources import rules_folder
from auditor.settle.checked import mapping
from auditor.settle.located import parse_document, read_document
from auditor.settle.schema import rule_schema
from auditor.settle.shape import RuleShape
from tests.unit.settle.desk import RULE, Desk

SCHEMA = rule_schema()
JUDGE = Draft7Validator(SCHEMA)
SHIPPED = sorted(rules_folder().glob("???-???*.yaml"))
WRITTEN: dict[str, Any] = dict(mapping(parse_document("MY-001.yaml", RULE.encode()).value))


def refused(rule: object) -> list[str]:
    return [error.json_path for error in JUDGE.iter_errors(rule)]


def test_it_is_a_schema_of_draft_7() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rule_is_valid(path: Any) -> None:
    assert refused(read_document(path).value) == []


def test_the_smallest_rule_is_valid_and_every_key_is_described() -> None:
    assert refused(WRITTEN) == []
    assert set(SCHEMA["properties"]) == {field.alias or name for name, field in RuleShape.model_fields.items()}
    assert all(each["description"] for each in SCHEMA["properties"].values())


def changed(*path: str, value: object) -> dict[str, Any]:
    rule = copy.deepcopy(WRITTEN)
    at = rule
    for key in path[:-1]:
        at = at.setdefault(key, {})
    at[path[-1]] = value
    return rule


WRONG: dict[str, dict[str, Any]] = {
    "an id in small letters": changed("id", value="my-001"),
    "no such severity": changed("severity", value="grave"),
    "no such frame": changed("frame", value="operations"),
    "an unknown key": changed("expects", value={}),
    "no title in English": changed("title", value={"ja": "題"}),
    "no such column": changed("expect", value={"days_stoped": {"under": "7d"}}),
    "a column of the other frame": changed("expect", value={"publisher": {"equals": "x"}}) | {"frame": "machines"},
    "no operator": changed("expect", value={"days_stopped": "7d"}),
    "no such operator": changed("expect", value={"days_stopped": {"below": "7d"}}),
    "an order among words": changed("expect", value={"auto_upgrade": {"over": "enabled"}}),
    "a pattern over a word": changed("expect", value={"auto_upgrade": {"matches": "en*"}}),
    "no word of the column": changed("expect", value={"auto_upgrade": {"equals": "on"}}),
    "one word where several are meant": changed("expect", value={"auto_upgrade": {"in": "enabled"}}),
    "a version that YAML made a number": changed("expect", value={"installed_version": {"at_least": 1.3}}),
    "a number in quotes": changed("expect", value={"releases_behind": {"at_most": "2"}}),
    "a duration without a unit": changed("expect", value={"days_stopped": {"under": "7"}}),
    "a time that is compared": changed("expect", value={"last_ran": {"equals": "2026-01-31T00:00:00Z"}}),
    "an empty condition": changed("expect", value={}),
    "an empty group": changed("expect", value={"any_of": []}),
    "a wrong column deep in a group": changed("expect", value={"any_of": [{"none_of": [{"os": {"is": "linux"}}]}]}),
    "no such fix": changed("reasons", value=[{"code": "x", "text": {"en": "X."}, "fix": "pray"}]),
    "a code of the auditor's own": changed("reasons", value=[{"code": "not_known", "text": {"en": "X."}}]),
    "a wrong condition of a reason": changed(
        "reasons", value=[{"code": "x", "when": {"os": {"over": "linux"}}, "text": {"en": "X."}}]
    ),
    "no reason": changed("reasons", value=[]),
    "a page without https": changed("sources", value=["http://contoso.com"]),
    "an example with no such column": changed("examples", value={"pass": [{"days_stoped": "1d"}]}),
    "an example with no such word": changed("examples", value={"fail": [{"auto_upgrade": "on"}]}),
    "a verdict that no example can have": changed("examples", value={"exempt": [{}]}),
}


def as_yaml(rule: object) -> str:
    import json  # YAML is a superset of JSON

    return json.dumps(rule)


@pytest.mark.parametrize("name", WRONG)
def test_what_the_schema_refuses_settling_refuses_too(desk: Desk, name: str) -> None:
    assert refused(WRONG[name]) != []
    assert desk.told_of_rule(as_yaml(WRONG[name])) != []


# --- columns, operators, words ---

_SAMPLES: dict[Kind, object] = {
    Kind.TEXT: "x",
    Kind.VERSION: "1.30",
    Kind.NUMBER: 1,
    Kind.FLAG: True,
    Kind.DURATION: "7d",
}


def comparison_of(column: Column, operator: Operator) -> dict[str, object]:
    value = column.words[0] if column.words else _SAMPLES.get(column.kind, "x")
    return {column.name: {str(operator): [value] if operator in LISTS else value}}


def columns() -> Iterator[tuple[str, Column]]:
    return ((frame, column) for frame in JUDGED for column in VIEWS[frame])


@pytest.mark.parametrize("frame", JUDGED)
def test_columns_and_operators_are_those_that_settling_takes(desk: Desk, frame: str) -> None:
    """Each column with each operator, and the two agree about every one."""
    tried = [(column, operator) for column in VIEWS[frame] for operator in Operator]
    rules = [{**changed("expect", value=comparison_of(*each)), "frame": frame, "params": {}} for each in tried]
    for rule in rules:
        rule["reasons"] = [{"code": "x", "text": {"en": "X."}}]

    by_schema = [not refused(rule) for rule in rules]

    assert by_schema == [operator in operators_of(column.kind) for column, operator in tried]
    together = {"any_of": [rule["expect"] for rule, good in zip(rules, by_schema, strict=True) if good]}
    wrong = [rule["expect"] for rule, good in zip(rules, by_schema, strict=True) if not good]
    desk.write("MY-001.yaml", as_yaml({**rules[0], "expect": together}))
    desk.settle(rules=[desk.folder / "MY-001.yaml"])
    told = desk.told_of_rule(as_yaml({**rules[0], "expect": {"any_of": wrong}}))
    assert len(told) == len(wrong)


@pytest.mark.parametrize(
    "value",
    [
        {"tags.owner": {"matches": "team-*"}},
        {"days_stopped": {"under": "$limit"}},
        {"all_of": [{"os": {"equals": "linux"}}, {"none_of": [{"location": {"in": ["japaneast"]}}]}]},
    ],
)
def test_tags_parameters_and_groups_are_known(value: object) -> None:
    assert refused(changed("expect", value=value)) == []


@pytest.mark.parametrize(
    "row",
    [
        {"days_stopped": {"low": "1d", "high": None}},
        {"days_stopped": None, "code": "stopped_long"},
        {"created_at": "2026-01-31T03:00:00Z", "tags.owner": "me", "auto_upgrade_minor": False},
    ],
)
def test_rows_of_examples_are_known(row: object) -> None:
    assert refused(changed("examples", value={"given": row, "fail": [row]})) == []


def test_an_editor_can_complete_fixes_words_and_columns() -> None:
    definitions = SCHEMA["$defs"]
    [fix] = [each for each in definitions["ReasonShape"]["properties"]["fix"]["anyOf"] if "enum" in each]
    assert set(fix["enum"]) == FIXES
    test: Callable[[str], dict[str, Any]] = definitions["extensions.condition"]["properties"].get
    assert test("auto_upgrade")["properties"]["equals"]["anyOf"][0]["enum"] == ["enabled", "disabled", "unset"]
    for frame, column in columns():
        described = definitions[f"{frame}.row"]["properties"].get(column.name, {"description": column.meaning})
        assert column.meaning in described["description"]
