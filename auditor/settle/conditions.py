"""Conditions and parameters as they are written -> comparisons, each value typed by the column it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.model.dataset import VIEWS, Column, Kind, rule_column
from auditor.model.operators import NOT_COMPARED, ORDERED
from auditor.model.rule import (
    ALWAYS,
    LISTS,
    ORDERING,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    NoneOf,
    Operator,
    Value,
)
from auditor.settle.checked import shown
from auditor.settle.complaints import Complaints, did_you_mean
from auditor.settle.located import Document, Path
from auditor.settle.typed import typed

_GROUPS: dict[str, Callable[[tuple[Condition, ...]], Condition]] = {"all_of": AllOf, "any_of": AnyOf, "none_of": NoneOf}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's written value and where it stands: in the rule, or in the configuration that changes it."""

    written: object
    document: Document
    path: Path


@dataclass
class Parameters:
    """The parameters of one rule. A parameter takes the type of the column that it is compared with.

    ``used`` are those that a condition refers to, ``values`` what became of them.
    """

    written: dict[str, Parameter] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    values: dict[str, Value] = field(default_factory=dict)


class Conditions:
    """Reads the conditions of one frame out of one document."""

    def __init__(self, document: Document, frame: str, complaints: Complaints) -> None:
        self.frame = frame
        self.parameters = Parameters()
        self._document = document
        self._complaints = complaints

    def read(self, written: object, path: Path) -> Condition:
        """The condition that is ``written`` at ``path``; all that it lists must hold. ALWAYS where it has mistakes."""
        if not isinstance(written, dict) or not written:
            self.refuse(path, "a condition is meant: write 'column: {equals: value}', one or more")
            return ALWAYS
        parts: list[Condition] = []
        for key, below in written.items():
            place = (*path, key)
            parts += [self._group(key, below, place)] if key in _GROUPS else self._comparisons(key, below, place)
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def column(self, name: str, path: Path) -> Column | None:
        """The declared column ``name``; one that there is not is complained about at ``path``."""
        column = rule_column(self.frame, name)
        if column is None:
            known = [known.name for known in VIEWS[self.frame]] + ["tags.NAME"]
            self.refuse(path, f"the frame {self.frame} has no column {name!r}{did_you_mean(name, known)}")
        return column

    def refuse(self, path: Path, sentence: str) -> None:
        """Complain about what stands at ``path`` of this document."""
        self._complaints.add(self._document, path, sentence)

    def _group(self, key: str, below: object, path: Path) -> Condition:
        if not isinstance(below, list) or not below:
            self.refuse(path, f"{key} takes a list of conditions, each a line '- column: {{equals: value}}'")
            return ALWAYS
        return _GROUPS[key](tuple(self.read(part, (*path, position)) for position, part in enumerate(below)))

    def _comparisons(self, name: str, below: object, path: Path) -> list[Condition]:
        column = self.column(name, path)
        if column is None:
            return []
        if column.kind in NOT_COMPARED:
            self.refuse(path, _INSTEAD[column.kind])
            return []
        if not isinstance(below, dict) or not below:
            self.refuse(path, f"an operator is missing: write '{name}: {{equals: value}}'")
            return []
        return [
            Comparison(name, Operator(operator), value)
            for operator, written in below.items()
            if (value := self._operand(column, operator, written, (*path, operator))) is not None
        ]

    def _operand(self, column: Column, operator: str, written: object, path: Path) -> Value | tuple[Value, ...] | None:
        if operator not in list(Operator):
            self.refuse(path, f"there is no operator {operator!r}{did_you_mean(operator, list(Operator))}")
        elif operator in ORDERING and column.kind not in ORDERED:
            self.refuse(path, f"{column.name} is a {column.kind} and has no order: use equals, not, in or not_in")
        elif operator == Operator.MATCHES and column.kind is not Kind.TEXT:
            self.refuse(path, f"{column.name} is a {column.kind}, and matches is for texts: use equals or in")
        elif operator in LISTS:
            return self._several(column, operator, written, path)
        else:
            return self._value(column, written, path)
        return None

    def _several(self, column: Column, operator: str, written: object, path: Path) -> tuple[Value, ...] | None:
        if not isinstance(written, list) or not written:
            self.refuse(path, f"{operator} takes a list: write [one, two]")
            return None
        values = [self._value(column, item, (*path, position)) for position, item in enumerate(written)]
        return tuple(value for value in values if value is not None)

    def _value(self, column: Column, written: object, path: Path) -> Value | None:
        name = written[1:] if isinstance(written, str) and written.startswith("$") else None
        if name is None:
            return _typed(column, Parameter(written, self._document, path), self._complaints)
        if name not in self.parameters.written:
            hint = did_you_mean(name, self.parameters.written) if self.parameters.written else ", which is empty"
            self.refuse(path, f"{shown(self._document, path)} names no parameter under params{hint}")
            return None
        self.parameters.used.add(name)
        value = _typed(column, self.parameters.written[name], self._complaints)
        if value is not None:
            self.parameters.values[name] = value
        return value


_INSTEAD = {
    Kind.TIME: "times are not compared: use a duration such as days_stopped or silent_for",
    Kind.TAGS: "tags are read one by one: write tags.NAME",
}


def _typed(column: Column, parameter: Parameter, complaints: Complaints) -> Value | None:
    try:
        return typed(column, parameter.written)
    except ValueError as error:
        value = shown(parameter.document, parameter.path)
        complaints.add(parameter.document, parameter.path, f"{value} {error}")
        return None
