"""Operations as evidence, and those of them that failed or have no end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditor.compose.answers import Answer
from auditor.compose.rows import python
from auditor.compose.wording import Wording, iso
from auditor.model.dataset import OPERATIONS
from auditor.model.reading import Source
from auditor.model.report import Evidence

ON_EXTENSIONS = frozenset({"write", "delete"})
WITHOUT_EXTENSION = frozenset({"upgrade", "scale_set_write"})
"""Actions on a machine or a scale set that put extensions: the event does not say which."""

Operation = Mapping[str, Any]


@dataclass(frozen=True)
class Operations:
    """A shard's operations by what they were on, in order of time."""

    by_extension: Mapping[str, Sequence[Operation]]
    by_machine: Mapping[str, Sequence[Operation]]
    """Those that put extensions without naming them."""
    orphaned: Mapping[str, Sequence[Operation]]
    """By machine, the failed ones on an extension that no machine has."""

    @classmethod
    def of(cls, operations: pd.DataFrame, extensions: pd.DataFrame) -> Operations:
        wanted = operations[operations["action"].isin([*ON_EXTENSIONS, *WITHOUT_EXTENSION])]
        own_ids = ids_by_any_name(extensions)
        found: tuple[dict[str, list[Operation]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
        by_extension, by_machine, orphaned = found
        for row in records(wanted.sort_values(["started", "ended", "id"])):
            machine, logged = str(row["machine_id"]).lower(), str(row["extension_id"] or "").lower()
            if row["action"] in WITHOUT_EXTENSION:
                by_machine[machine].append(row)
                continue
            by_extension[own_ids.get(logged, logged)].append(row)
            if row["outcome"] == "failed" and logged not in own_ids:
                orphaned[machine].append(row)
        return cls(*found)

    def about(self, columns: frozenset[str], resource: str, machine: str) -> list[Operation]:
        """The operations that a rule naming ``columns`` rests on, for one resource of a machine (ids in lower case)."""
        told: list[Operation] = []
        if "last_failure" in columns:
            told += [*self.by_extension.get(resource, ()), *self.by_machine.get(machine, ())]
        if "monitor_agents" in columns:
            told += self.orphaned.get(machine, ())
        return told


def ids_by_any_name(extensions: pd.DataFrame) -> dict[str, str]:
    """The ids of extensions by every id that the activity log may call them, all in lower case.

    The log makes an id of the machine's and the extension's name; the answer that holds a scale set's instances spells
    others, of machines that are nowhere.
    """
    own = extensions["id"].str.lower()
    logged = extensions["machine_id"].str.lower() + "/extensions/" + extensions["name"].str.lower()
    return {**dict(zip(logged.dropna(), own[logged.notna()], strict=True)), **dict(zip(own, own, strict=True))}


def records(operations: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with Python values; what is missing is None."""
    columns = {column.name: python(operations[column.name], column.kind) for column in OPERATIONS}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def error_of(operation: Operation) -> str:
    """Code and message, as far as they are known."""
    return ": ".join(part for part in (operation["error_code"], operation["error_message"]) if part)


def as_evidence(operation: Operation, answer: Answer | None, wording: Wording) -> Evidence:
    """An operation with outcome, times, initiator, caller and error."""
    started, ended = operation["started"], operation["ended"]
    value = {
        "action": operation["action"],
        "outcome": operation["outcome"],
        "started": iso(started) if started else None,
        "ended": iso(ended) if ended else None,
        "initiator": operation["initiator"],
        "caller": operation["caller"],
        "error_code": operation["error_code"],
        "error_message": operation["error_message"],
    }
    shown = wording.say(
        "texts",
        "operation_shown",
        action=wording.say("actions", operation["action"]),
        outcome=wording.say("outcomes", operation["outcome"]),
        started=wording.moment(started) if started else wording.say("texts", "without_start"),
        ended=wording.moment(ended) if ended else wording.say("texts", "without_end"),
        by=begun_by(operation, wording),
    )
    error = error_of(operation)
    shown += wording.say("texts", "operation_error", error=error) if error else ""
    source = str(answer.source if answer else Source.ACTIVITY_LOG)
    return Evidence("operation", wording.label("operation"), value, shown, source, answer.read_at if answer else None)


def begun_by(operation: Operation, wording: Wording) -> str:
    """The caller, and what kind of initiator that is, as far as either is known."""
    caller, initiator = operation["caller"], operation["initiator"]
    word = wording.say("initiators", initiator)
    if caller in (None, initiator, word):
        return word
    return str(caller) if initiator == "unknown" else wording.say("texts", "begun_by", caller=caller, initiator=word)
