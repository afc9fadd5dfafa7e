"""Which readings lie over a row: the scopes that a source was asked for on behalf of a machine, a model, an extension.

The one place that knows how :class:`auditor.model.reading.Source` cuts the estate. What a row is about decides who
tells of it: a virtual machine, an instance of a flexible scale set among them, is in its subscription's list; an
instance of a uniform scale set is in its scale set's list; an Arc-enabled server is Microsoft.HybridCompute's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from auditor.model.reading import Source, version_scope


class Subject(StrEnum):
    """What a row is about."""

    VM = "vm"
    """A virtual machine; an instance of a flexible scale set is one."""
    UNIFORM = "uniform"
    """An instance of a uniform scale set."""
    ARC = "arc"
    SCALE_SET = "scale_set"
    """A scale set, or an extension in its model."""


class Cut(StrEnum):
    """What a scope names."""

    TENANT = "tenant"
    """All that the identity can see: of the list of subscriptions itself."""
    SUBSCRIPTION = "subscription"
    MACHINE = "machine"
    """The machine or scale set itself."""
    SCALE_SET = "scale_set"
    """The scale set that an instance belongs to, or the scale set itself."""
    OFFER = "offer"
    """Location, publisher and type."""


_VMS = frozenset({Subject.VM})
_ARC = frozenset({Subject.ARC})
_COMPUTE = frozenset(Subject) - _ARC

LIES_OVER: Final[Mapping[Source, tuple[frozenset[Subject], tuple[Cut, ...]]]] = {
    Source.SUBSCRIPTIONS: (frozenset(Subject), (Cut.SUBSCRIPTION, Cut.TENANT)),
    Source.RESOURCE_GROUPS: (frozenset(Subject), (Cut.SUBSCRIPTION,)),
    Source.VIRTUAL_MACHINES: (_VMS, (Cut.SUBSCRIPTION,)),
    Source.SCALE_SETS: (_COMPUTE, (Cut.SCALE_SET, Cut.SUBSCRIPTION)),
    Source.SCALE_SET_INSTANCES: (frozenset({Subject.UNIFORM, Subject.SCALE_SET}), (Cut.SCALE_SET,)),
    Source.ARC_MACHINES: (_ARC, (Cut.MACHINE, Cut.SUBSCRIPTION)),
    Source.EXTENSIONS: (_VMS, (Cut.SUBSCRIPTION,)),
    Source.ARC_EXTENSIONS: (_ARC, (Cut.MACHINE, Cut.SUBSCRIPTION)),
    Source.INSTANCE_VIEW: (frozenset({Subject.VM, Subject.UNIFORM}), (Cut.MACHINE,)),
    Source.EXTENSION_VERSIONS: (_COMPUTE, (Cut.OFFER,)),
    Source.ARC_EXTENSION_VERSIONS: (_ARC, (Cut.OFFER,)),
    Source.ACTIVITY_LOG: (_COMPUTE, (Cut.SUBSCRIPTION,)),
    Source.ARC_ACTIVITY_LOG: (_ARC, (Cut.SUBSCRIPTION,)),
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS: (frozenset(Subject), (Cut.MACHINE, Cut.SCALE_SET, Cut.SUBSCRIPTION)),
}
"""By source: the subjects that it speaks of, and how its scopes are cut, the most specific first.

Management groups, heartbeats and data collection rules are not among them: a machine may report to any workspace, so
every reading of heartbeats lies over every machine, and rules may stand in any subscription.
Rules are associated with a uniform scale set as a whole, and with an instance of a flexible one by itself, as with any
virtual machine: no flexible set is asked for its own.
"""


def scopes_of(source: Source, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes, in lower case and the most specific first, whose reading of ``source`` lies over ``row``.

    ``row`` is of the frames machines, scale_sets, extensions (a rule's view of them, with the machine's columns) or
    operations. Empty where the source does not speak of what the row is about, where the row lacks what the scope is
    made of, and for management groups, heartbeats and data collection rules.
    """
    if source not in LIES_OVER:
        return ()
    subjects, cuts = LIES_OVER[source]
    subject = subject_of(row)
    if subject is not None and subject not in subjects:
        return ()
    return tuple(scope.lower() for scope in (_scope(cut, row, subject) for cut in cuts) if scope)


def subject_of(row: Mapping[str, Any]) -> Subject | None:
    """What the row is about; None where nothing says so, as in a row of the frame operations.

    An instance of a flexible scale set follows no model: that tells it from one of a uniform scale set.
    """
    kind = _text(row, "kind")
    if kind == "scale_set" or _text(row, "on") == "model" or "orchestration_mode" in row:
        return Subject.SCALE_SET
    if kind == "scale_set_instance":
        return Subject.VM if _text(row, "follows_model") == "none" else Subject.UNIFORM
    return Subject(kind) if kind else None


def _scope(cut: Cut, row: Mapping[str, Any], subject: Subject | None) -> str | None:
    match cut:
        case Cut.TENANT:
            return str(Cut.TENANT)
        case Cut.SUBSCRIPTION:
            return _text(row, "subscription_id")
        case Cut.MACHINE:
            return _itself(row)
        case Cut.SCALE_SET:
            named = _itself(row) if subject is Subject.SCALE_SET else _text(row, "scale_set_id")
            return None if named == "none" else named
        case Cut.OFFER:
            location, publisher, kind = (_text(row, key) for key in ("location", "publisher", "type"))
            return version_scope(location, publisher, kind) if location and publisher and kind else None


def _itself(row: Mapping[str, Any]) -> str | None:
    return _text(row, "machine_id") or _text(row, "id")


def _text(row: Mapping[str, Any], key: str) -> str | None:
    """The text, or None where it is absent or missing in any way: a frame's missing text is a number."""
    value = row.get(key)
    return value if isinstance(value, str) and value else None
