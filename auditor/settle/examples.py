"""A rule's examples: rows with the verdict that they must get, each value typed by its column."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.dataset import Column
from auditor.model.rule import Example
from auditor.model.verdict import Status
from auditor.settle.checked import listed, mapping, shown, value_at
from auditor.settle.complaints import did_you_mean
from auditor.settle.conditions import Conditions
from auditor.settle.located import Document, Path
from auditor.settle.typed import example_value

_CODES_OF = {
    Status.FAIL: ("reasons",),
    Status.PENDING: ("early_pending", "pending"),
    Status.NOT_APPLICABLE: ("not_applicable",),
}
_STATUSES = (*_CODES_OF, Status.PASS, Status.UNANSWERED)


def read_examples(document: Document, conditions: Conditions) -> tuple[Example, ...]:
    """The examples, in the order of fail, pending, not_applicable, pass, unanswered; mistakes are complained about.

    The value of a column with bounds is one value, which is exact, or a mapping with ``low`` and ``high``, where None
    is an open end.
    """
    reader = _Reader(document, conditions)
    return tuple(example for status in _STATUSES for example in reader.examples(status))


class _Reader:
    def __init__(self, document: Document, conditions: Conditions) -> None:
        self._document = document
        self._conditions = conditions
        self._given = self._values(mapping(value_at(document.value, ("examples", "given"))), ("examples", "given"))

    def examples(self, status: Status) -> Iterator[Example]:
        """The examples that must get ``status``."""
        top: Path = ("examples", str(status))
        for position, written in enumerate(listed(value_at(self._document.value, top))):
            place = (*top, position)
            row = dict(mapping(written))
            code = self._code(status, row.pop("code", None), (*place, "code"))
            yield Example(status, {**self._given, **self._values(row, place)}, code, self._document.line(place))

    def _code(self, status: Status, code: object, path: Path) -> str | None:
        if code is None:
            return None
        sections = _CODES_OF.get(status, ())
        clauses = (each for section in sections for each in listed(value_at(self._document.value, (section,))))
        known = dict.fromkeys(mapping(clause).get("code") for clause in clauses)
        if None in known:  # the example's code may be the one that is missing, which is told there
            return str(code)
        if code not in known:
            hint = (
                did_you_mean(str(code), map(str, known))
                if known
                else f": take it out, {status} has no code of the rule's own"
            )
            self._conditions.refuse(path, f"{shown(self._document, path)} is no code of {status}{hint}")
        return str(code)

    def _values(self, row: object, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, written in mapping(row).items():
            column = self._conditions.column(name, (*path, name))
            if column is not None:
                values[name] = self._cell(column, written, (*path, name))
        return values

    def _cell(self, column: Column, written: object, path: Path) -> object:
        if not column.bounds or not isinstance(written, dict):
            return self._value(column, written, path)
        if set(written) - {"low", "high"}:
            self._conditions.refuse(path, "bounds are meant: write {low: ..., high: ...}, or one value")
        return {end: self._value(column, written.get(end), (*path, end)) for end in ("low", "high")}

    def _value(self, column: Column, written: object, path: Path) -> object:
        if written is None:
            return None
        try:
            return example_value(column, written)
        except ValueError as error:
            self._conditions.refuse(path, f"{shown(self._document, path)} {error}")
            return None
