"""What earlier nights left behind, as far as tonight's verdicts and its report rest on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model.report import Night

Offer = tuple[str, str, str, str, str]
"""(machine kind, location, publisher, type, version), in lower case: vm and arc have lists of their own."""
Failure = tuple[str, str]
"""(rule id, resource id in lower case)."""


@dataclass(frozen=True, slots=True)
class OpenFailure:
    """A failure that no night has seen end. Ids are as Azure gave them.

    ``reason_code`` and ``reason`` (a sentence) are those of the last night that saw it fail, ``last_seen``; ``nights``
    counts such nights, ``first_seen`` is the first. ``kind``, ``on``, ``follows_model`` and ``scale_set_id`` are the
    machine's, as the frames have them: they tell which lists would show it. ``excused``: the last night that answered
    for it found it exempt; None where a night of an earlier version kept it.
    """

    rule_id: str
    resource_id: str
    machine_id: str
    machine_name: str | None
    subscription_id: str
    scale_set_id: str | None
    kind: str | None
    on: str | None
    follows_model: str | None
    severity: str
    reason_code: str
    reason: str
    first_seen: datetime
    last_seen: datetime
    nights: int
    excused: bool | None = False

    @property
    def key(self) -> Failure:
        return self.rule_id, self.resource_id.lower()


@dataclass(frozen=True, slots=True)
class KeptOperation:
    """A row of the frame ``operations``, of a machine whose failed operations are not known to be over."""

    id: str
    subscription_id: str | None
    machine_id: str
    extension_id: str | None
    action: str
    started: datetime | None
    ended: datetime | None
    outcome: str
    initiator: str | None
    caller: str | None
    error_code: str | None
    error_message: str | None
    sub_status: str | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Empty where there is no archive.

    ``first_seen`` holds the time at which a night first saw a region offer a version that earlier nights of the same
    region had not seen; versions that were there on the first night of all are not in it. ``last_unseen`` holds, for
    the same offers, the last night before that: it read the region's list completely, and the version was not in it.
    ``failing`` are the failures of last night; None where nobody remembers it, so that every failure is a new one.

    ``since`` is the night that tonight is compared with, None where there is none; ``failures`` are those that were
    open after it, and ``operations`` what they rest on, however long ago. ``nights`` are all earlier nights that are
    kept, oldest first. ``passed_over``: a sentence for each that was not trusted.

    Where an earlier run of tonight's own day is kept, ``found_today`` are failures that were open after it and are not
    among ``failures``, and ``ended_today`` what it says has become of those that are: what this run cannot see has not
    been lost by it.
    """

    first_seen: Mapping[Offer, datetime] = field(default_factory=dict)
    failing: frozenset[Failure] | None = None
    last_unseen: Mapping[Offer, datetime] = field(default_factory=dict)
    since: datetime | None = None
    failures: tuple[OpenFailure, ...] = ()
    operations: tuple[KeptOperation, ...] = ()
    nights: tuple[Night, ...] = ()
    passed_over: tuple[str, ...] = ()
    found_today: tuple[OpenFailure, ...] = ()
    ended_today: tuple[tuple[Failure, str], ...] = ()


EMPTY = Memory()
