"""What earlier nights left behind, as far as tonight's verdicts rest on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Offer = tuple[str, str, str, str, str]
"""(machine kind, location, publisher, type, version), in lower case: vm and arc have lists of their own."""
Failure = tuple[str, str]
"""(rule id, resource id in lower case)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Empty where there is no archive yet.

    ``first_seen`` holds the time at which a night first saw a region offer a version that earlier nights of the same
    region had not seen; versions that were there on the first night of all are not in it. ``last_unseen`` holds, for
    the same offers, the last night before that: it read the region's list completely, and the version was not in it.
    ``failing`` are the failures of last night; None where nobody remembers it, so that every failure is a new one.
    """

    first_seen: Mapping[Offer, datetime] = field(default_factory=dict)
    failing: frozenset[Failure] | None = None
    last_unseen: Mapping[Offer, datetime] = field(default_factory=dict)


EMPTY = Memory()
