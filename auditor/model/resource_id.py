"""What a resource id is the id of, by its form, and the names that stand in it: the one place that knows.

Whose a row is, and what it is about, is told by the answer that held it, never by an id. One is read only where there
is no such answer: an exemption names a resource before anything is read; the activity log, and Resource Graph's rows of
extensions, name an extension and nothing else; and commands take names in the place of addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.model.scopes import Subject

_GROUP = "/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/"
_SET = f"{_GROUP}Microsoft[.]Compute/virtualMachineScaleSets/(?P<name>[^/]+)"
_SHAPES = {
    subject: re.compile(shape, re.IGNORECASE)
    for subject, shape in {
        Subject.VM: f"{_GROUP}Microsoft[.]Compute/virtualMachines/(?P<name>[^/]+)",
        Subject.UNIFORM: f"{_SET}/virtualMachines/(?P<instance>[^/]+)",
        Subject.SCALE_SET: _SET,
        Subject.ARC: f"{_GROUP}Microsoft[.]HybridCompute/machines/(?P<name>[^/]+)",
    }.items()
}
_EXTENSIONS = "/extensions/"


@dataclass(frozen=True, slots=True)
class Names:
    """Of a machine or scale set, in the letter case of its id.

    ``name`` is the machine's, or the scale set's, whose ``instance`` is empty for the set itself.
    """

    subscription: str
    group: str
    name: str
    instance: str = ""


def subject_in(identifier: str) -> Subject | None:
    """What kind of machine or scale set ``identifier`` (in any letter case) is the id of; None where of neither.

    An instance of a flexible scale set has the id of a virtual machine, and is one.
    """
    return next((subject for subject, shape in _SHAPES.items() if shape.fullmatch(identifier)), None)


def names_in(identifier: str, subject: Subject) -> Names | None:
    """The names in the id of a ``subject``; None where it has not the form of one."""
    found = _SHAPES[subject].fullmatch(identifier)
    return Names(**found.groupdict()) if found else None


def holder_in(identifier: str) -> str | None:
    """The machine or scale set in the id of an extension; None where it is the id of something else.

    Not for an extension in a list of instances: those ids lead to a machine that does not exist (recorded).
    """
    at = identifier.lower().rfind(_EXTENSIONS)
    return identifier[:at] if at > 0 and "/" not in identifier[at + len(_EXTENSIONS) :] else None
