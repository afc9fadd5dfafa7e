"""Settings of the contract that are not built yet: refused with "not yet" and what works instead, never ignored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditor.settle.checked import value_at
from auditor.settle.complaints import Complaints
from auditor.settle.located import Document, Path


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """Where ``wants`` holds of the value at ``path``, ``sentence`` is the answer."""

    path: Path
    wants: Callable[[object], bool]
    sentence: str


def _other_than(known: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value != known


UNBUILT = (
    Unbuilt(
        ("workers", "kind"),
        _other_than("local"),
        "not yet: write local, which works with threads on this machine",
    ),
)


def refuse_unbuilt(document: Document, complaints: Complaints) -> None:
    """Complain about every setting of ``document`` that is not built yet."""
    for setting in UNBUILT:
        if setting.wants(value_at(document.value, setting.path)):
            complaints.add(document, setting.path, setting.sentence)
