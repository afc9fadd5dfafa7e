"""The standing reasons -> Clauses: what leaves a machine out of every rule, whichever frame the rule asks for."""

from __future__ import annotations

from auditor.model.dataset import JUDGED, machine_column_in_extensions
from auditor.model.rule import ALWAYS, Clause, Condition, comparisons_of
from auditor.settle.checked import check, entries, mapping, value_at
from auditor.settle.complaints import Complaints
from auditor.settle.conditions import Conditions
from auditor.settle.located import Document, Path
from auditor.settle.shape import StandingShape
from auditor.settle.texts import check_words, read_words

MANAGED = "managed"
"""Code of the reason that ``scope.managed_machines`` switches on and off."""


def read_standing(document: Document, complaints: Complaints) -> tuple[Clause, ...]:
    """The reasons of ``document``; mistakes go to ``complaints``. Every column must be one of both judged frames."""
    positions = entries(document, complaints, of="reasons", begins="code")
    clauses = (_clause(document, (position,), complaints) for position in positions)
    return tuple(clause for clause in clauses if clause is not None)


def _clause(document: Document, path: Path, complaints: Complaints) -> Clause | None:
    shape = check(StandingShape, document, complaints, path)
    written = mapping(value_at(document.value, path))
    when: Condition = ALWAYS
    for frame in JUDGED:
        conditions = Conditions(document, frame, complaints)
        check_words(written.get("text"), (*path, "text"), conditions, of_row=True)
        when = conditions.read(written.get("when"), (*path, "when"))
    for name in (test.column for test in comparisons_of(when)):
        if machine_column_in_extensions(name) != name:
            sentence = f"{name} is the extension's own to a rule over extensions: name a column that means the machine"
            complaints.add(document, (*path, "when", name), sentence)
    return Clause(shape.code, when, read_words(written.get("text"), {})) if shape else None
