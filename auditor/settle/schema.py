"""The JSON schema of a rule's file, so that editors complete and check it while it is written.

Made from the shapes that files are checked with, and from the declared columns: what the schema refuses, settling
refuses too, but for keys with nothing behind them. Settling refuses more: what takes reading two places at once, such
as a parameter that nothing refers to. Draft 7, which yaml-language-server reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.model.dataset import FRAMES, JUDGED, VIEWS, Column, Kind
from auditor.model.operators import operators_of
from auditor.model.rule import LISTS
from auditor.model.verdict import Status
from auditor.settle.shape import SECTIONS, RuleShape

Schema = dict[str, Any]

_PARAMETER: Schema = {"type": "string", "pattern": "^[$]", "description": "a parameter of the rule"}
_DURATION: Schema = {"type": "string", "pattern": "^\\s*[0-9]{1,6}\\s*[dhms]\\s*$"}
_VERSION: Schema = {"type": "string", "pattern": "^\\s*[0-9]{1,12}([.][0-9]{1,12}){1,3}\\s*$"}
_TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}.*(Z|[+-][0-9:.]+)$"}
_VALUES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.VERSION: _VERSION,
    Kind.NUMBER: {"type": "integer"},
    Kind.FLAG: {"type": "boolean"},
    Kind.DURATION: _DURATION,
    Kind.TIME: _TIME,
}
_TAG = Column("tags.NAME", Kind.TEXT, "a tag of the machine; unset where it has no such tag")
_GROUPS = {"all_of": "all of these hold", "any_of": "one of these holds", "none_of": "none of these holds"}


def rule_schema() -> Schema:
    """The schema, made anew."""
    shape = RuleShape.model_json_schema(by_alias=True)
    definitions = {name: _without_titles(each) for name, each in shape.pop("$defs").items()}
    definitions |= {f"{kind}.test": _test_of(_VALUES[kind], kind) for kind in _VALUES if operators_of(kind)}
    for frame in JUDGED:
        definitions |= {f"{frame}.condition": _condition(frame), f"{frame}.row": _row(frame)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_without_titles(shape),
        "title": "A rule of the auditor",
        "allOf": [_of_frame(frame) for frame in JUDGED],
        "$defs": definitions,
    }


def _of_frame(frame: str) -> Schema:
    """What a rule over ``frame`` may name."""
    condition, row = ({"$ref": f"#/$defs/{frame}.{what}"} for what in ("condition", "row"))
    optional = {"anyOf": [condition, {"type": "null"}]}
    clauses = {"items": {"properties": {"when": optional}}}
    statuses = [str(status) for status in Status if status is not Status.EXEMPT]
    examples = {"given": row, **{status: {"items": row} for status in statuses}}
    return {
        "if": {"properties": {"frame": {"const": frame}}, "required": ["frame"]},
        "then": {
            "properties": {
                "applies_to": optional,
                "expect": condition,
                **dict.fromkeys(SECTIONS, clauses),
                "examples": {"properties": examples},
            }
        },
    }


# --- conditions ---


def _condition(frame: str) -> Schema:
    parts = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{frame}.condition"}}
    groups = {name: {**parts, "description": what} for name, what in _GROUPS.items()}
    columns = {column.name: _test(column) for column in VIEWS[frame] if operators_of(column.kind)}
    return {
        "type": "object",
        "description": f"All of it must hold. A row is {FRAMES[frame].row}.",
        "properties": {**groups, **columns},
        "patternProperties": {"^tags[.].": _test(_TAG)},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _test(column: Column) -> Schema:
    """What a column is compared with, by operator; words are the column's own."""
    of_kind = {"$ref": f"#/$defs/{column.kind}.test"}
    test = _test_of(_value(column), column.kind) if column.kind is Kind.WORD else {"allOf": [of_kind]}
    return {"description": _described(column), **test}


def _test_of(value: Schema, kind: Kind) -> Schema:
    operand = {"anyOf": [value, _PARAMETER]}
    several = {"type": "array", "minItems": 1, "items": operand}
    operators = operators_of(kind)
    return {
        "type": "object",
        "properties": {str(operator): several if operator in LISTS else operand for operator in operators},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _value(column: Column) -> Schema:
    return {"enum": list(column.words)} if column.kind is Kind.WORD else _VALUES[column.kind]


def _described(column: Column) -> str:
    return f"{column.kind}: {column.meaning}" + (f" ({column.property})" if column.property else "")


# --- examples ---


def _row(frame: str) -> Schema:
    """A row by column: what is null or left out is not known."""
    columns = {column.name: _cell(column) for column in VIEWS[frame] if column.kind is not Kind.TAGS}
    code = {"type": ["string", "null"], "description": "the reason code that the verdict must have"}
    return {
        "type": "object",
        "properties": {"code": code, **columns},
        "patternProperties": {"^tags[.].": _cell(_TAG)},
        "additionalProperties": False,
    }


def _cell(column: Column) -> Schema:
    return {"anyOf": list(_cells(column)), "description": _described(column)}


def _cells(column: Column) -> Iterator[Schema]:
    value, nothing = _value(column), {"type": "null"}
    yield from (value, nothing)
    if column.bounds:
        end = {"anyOf": [value, nothing]}
        yield {"type": "object", "properties": {"low": end, "high": end}, "additionalProperties": False}


def _without_titles(schema: Any) -> Any:
    """pydantic names every key after itself; that tells a reader nothing. ``title`` is a key of a rule, too."""
    if isinstance(schema, list):
        return [_without_titles(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    named = {
        key: {name: _without_titles(each) for name, each in below.items()}
        for key, below in schema.items()
        if key == "properties"
    }
    rest = {key: _without_titles(below) for key, below in schema.items() if key not in ("properties", "title")}
    return {**rest, **named}
