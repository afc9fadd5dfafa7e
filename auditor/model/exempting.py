"""What the resource of an exemption can name: the form of its id tells, before anything is read."""

from __future__ import annotations

from enum import StrEnum

from auditor.model.resource_id import holder_in, subject_in
from auditor.model.scopes import Subject


class Form(StrEnum):
    """What a resource id is the id of."""

    MACHINE = "machine"
    """A virtual machine, an instance of a scale set, an Arc-enabled server."""
    SCALE_SET = "scale_set"
    EXTENSION = "extension"
    """On a machine, or in the model of a scale set."""
    OTHER = "other"


_MATCHES = {"machines": frozenset({Form.MACHINE}), "extensions": frozenset(Form) - {Form.OTHER}}


def form_of(resource: str) -> Form:
    """The form of a resource id, in any letter case."""
    bare = resource.rstrip("/")
    subject = subject_in(bare)
    if subject:
        return Form.SCALE_SET if subject is Subject.SCALE_SET else Form.MACHINE
    return Form.EXTENSION if subject_in(holder_in(bare) or "") else Form.OTHER


def can_name_rows(resource: str, frame: str) -> bool:
    """Whether a rule over ``frame`` can have a row with this id.

    To a rule over extensions a machine's id means whatever is on it, a scale set's what is in its model. A rule over
    machines knows machines only.
    """
    return form_of(resource) in _MATCHES[frame]
