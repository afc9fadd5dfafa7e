"""Whose the operations of the activity log are: an event names a resource, and not always the extension's.

An upgrade of Arc is logged on the machine and the write of a scale set on the set; which extension it was about, only
their errors tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auditor.frames.cells import Mask, among, looked_up, lower, moment, present, records
from auditor.frames.failures import Operation

OWN = ("write", "delete")
"""What is logged on the extension itself."""
_ABOUT = ("name", "publisher", "type", "auto_upgrade")

_Row = Mapping[str, Any]
_Choice = Callable[[_Row, Mapping[int, _Row]], Sequence[int]]
"""From an operation on a machine or scale set and the rows of its extensions, those that it was about."""


def operations_by_row(view: pd.DataFrame, operations: pd.DataFrame) -> dict[int, list[Operation]]:
    """The operations on each extension, by the row's position; rows without any are not among them."""
    found: dict[int, list[Operation]] = defaultdict(list)
    _add_own(found, view, operations[operations["action"].isin(OWN) & operations["extension_id"].notna()])
    _add_chosen(found, view, "machine", operations[operations["action"].eq("upgrade")], _upgraded)
    _add_chosen(found, view, "model", operations[operations["action"].eq("scale_set_write")], _written_with_its_set)
    return found


def _add_own(found: dict[int, list[Operation]], view: pd.DataFrame, operations: pd.DataFrame) -> None:
    by_extension: dict[str, list[Operation]] = defaultdict(list)
    for row in records(operations):
        by_extension[row["extension_id"].lower()].append(operation_of(row))
    ids, names = lower(view["id"]), ids_by_name(view)
    touched = np.flatnonzero(among(ids, by_extension) | among(names, by_extension))
    for at, *keys in zip(touched.tolist(), ids.iloc[touched].tolist(), names.iloc[touched].tolist(), strict=True):
        for key in set(keys):
            found[at].extend(by_extension.get(key, ()))


def ids_by_name(extensions: pd.DataFrame) -> pd.Series[Any]:
    """An extension's id made of its machine's and its name, in lower case: what the activity log calls it.

    The answer that holds a scale set's instances spells other ids, of machines that are nowhere.
    """
    return lower(extensions["machine_id"]) + "/extensions/" + lower(extensions["name"])


def _add_chosen(
    found: dict[int, list[Operation]], view: pd.DataFrame, where: str, operations: pd.DataFrame, choose: _Choice
) -> None:
    owners = lower(view["machine_id"])
    touched = np.flatnonzero(view["on"].eq(where) & among(owners, lower(operations["machine_id"])))
    rows_of: dict[str, dict[int, _Row]] = defaultdict(dict)
    about = records(view.iloc[touched][list(_ABOUT)])
    for at, owner, row in zip(touched.tolist(), owners.iloc[touched].tolist(), about, strict=True):
        rows_of[owner][at] = row
    for operation in records(operations):
        chosen = choose(operation, rows_of.get(operation["machine_id"].lower(), {}))
        for position in chosen:
            found[position].append(operation_of(operation, certain=len(chosen) == 1))


def _upgraded(operation: _Row, rows: Mapping[int, _Row]) -> Sequence[int]:
    """Those that the error names, else all that may be upgraded: on Arc a flag that is not set means that it may."""
    return _named(operation, rows) or [at for at, row in rows.items() if row["auto_upgrade"] != "disabled"]


def _written_with_its_set(operation: _Row, rows: Mapping[int, _Row]) -> Sequence[int]:
    """A failed write of a scale set counts only if its error is an extension's: a failed scale-out is not ours.

    One that succeeded put the whole model; of one without an end nobody knows what it was about.
    """
    if operation["outcome"] == "succeeded":
        return list(rows)
    told = _told(operation).lower()
    if operation["outcome"] != "failed" or "extension" not in told:
        return ()
    return _named(operation, rows) or (list(rows) if "vmextension" in told else ())


def _named(operation: _Row, rows: Mapping[int, _Row]) -> list[int]:
    told = _told(operation)
    return [at for at, row in rows.items() if told and any(_names(told, each) for each in _names_of(row))]


def _told(operation: _Row) -> str:
    return " ".join(filter(None, (present(operation[name]) for name in ("error_code", "error_message"))))


def _names_of(row: _Row) -> list[str]:
    name, publisher, kind = (present(row[each]) for each in ("name", "publisher", "type"))
    return [each for each in (name, kind, f"{publisher}.{kind}" if publisher and kind else None) if each]


def _names(text: str, name: str) -> bool:
    """Whether ``text`` holds ``name`` as a word of its own: not ``AMA`` in ``AMA-2``, nor in ``Contoso.AMA``."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def operation_of(row: _Row, *, certain: bool = True) -> Operation:
    """A row of the frame ``operations``; ``certain``: it was surely about the extension that it is held against."""
    code, message, status = (present(row[name]) for name in ("error_code", "error_message", "sub_status"))
    return Operation(
        action=row["action"],
        started=moment(row["started"]),
        ended=moment(row["ended"]),
        outcome=row["outcome"],
        initiator=row["initiator"],
        codes=tuple(filter(None, (code, status))),
        error=": ".join(filter(None, (code, message))) or "none",
        certain=certain,
    )


def orphaned_failures(
    machines: pd.DataFrame, extensions: pd.DataFrame, operations: pd.DataFrame, known: Mask
) -> pd.Series[Any]:
    """The last failed write of an extension that the machine does not have: name, time and error, or none.

    ``known`` where both the log and the machine's extensions were completely read.
    """
    failed = operations[
        operations["action"].eq("write") & operations["outcome"].eq("failed") & operations["extension_id"].notna()
    ]
    keys = lower(failed["extension_id"])
    wanted = keys.tolist()
    there = {
        each for ids in (lower(extensions["id"]), ids_by_name(extensions)) for each in ids[among(ids, wanted)].tolist()
    }
    orphans = failed[[key not in there for key in wanted]]
    last: dict[str, tuple[Any, str]] = {}
    for row in records(orphans):
        operation = operation_of(row)
        name = row["extension_id"].rsplit("/", 1)[-1]
        told = f"{name}, {operation.at:%Y-%m-%dT%H:%M:%SZ}" + f": {operation.error}" * (operation.error != "none")
        machine = row["machine_id"].lower()
        last[machine] = max(last.get(machine, (operation.at, "")), (operation.at, told))
    texts = pd.Series({machine: text for machine, (_at, text) in last.items()}, dtype="str")
    return looked_up(texts, lower(machines["id"])).fillna("none").where(known)
