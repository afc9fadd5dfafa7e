"""What the resource of an exemption can name: the form of its id tells, before anything is read."""

from __future__ import annotations

import re
from enum import StrEnum

_GROUP = "/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
_MACHINE = (
    "microsoft[.]compute/virtualmachines/[^/]+|microsoft[.]hybridcompute/machines/[^/]+"
    "|microsoft[.]compute/virtualmachinescalesets/[^/]+/virtualmachines/[^/]+"
)
_SCALE_SET = "microsoft[.]compute/virtualmachinescalesets/[^/]+"


class Form(StrEnum):
    """What a resource id is the id of."""

    MACHINE = "machine"
    """A virtual machine, an instance of a scale set, an Arc-enabled server."""
    SCALE_SET = "scale_set"
    EXTENSION = "extension"
    """On a machine, or in the model of a scale set."""
    OTHER = "other"


_FORMS = (
    (re.compile(f"{_GROUP}({_MACHINE})"), Form.MACHINE),
    (re.compile(f"{_GROUP}({_SCALE_SET})"), Form.SCALE_SET),
    (re.compile(f"{_GROUP}({_MACHINE}|{_SCALE_SET})/extensions/[^/]+"), Form.EXTENSION),
)
_MATCHES = {"machines": frozenset({Form.MACHINE}), "extensions": frozenset(Form) - {Form.OTHER}}


def form_of(resource: str) -> Form:
    """The form of a resource id, in any letter case."""
    bare = resource.lower().rstrip("/")
    return next((form for pattern, form in _FORMS if pattern.fullmatch(bare)), Form.OTHER)


def can_name_rows(resource: str, frame: str) -> bool:
    """Whether a rule over ``frame`` can have a row with this id.

    To a rule over extensions a machine's id means whatever is on it, a scale set's what is in its model. A rule over
    machines knows machines only.
    """
    return form_of(resource) in _MATCHES[frame]
