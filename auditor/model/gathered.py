"""What a night brought home: all that judging rests on besides rules and settings, tonight or from a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.model.memory import Memory
from auditor.model.parcel import Confirmation
from auditor.model.reading import Reading, Requests, Row


@dataclass(frozen=True)
class Gathered:
    """``shards`` are folders of frames as they were collected, in the order of their subscriptions.

    ``as_of`` is the time to judge by; ``fixed_clock``: it was given, and every answer counts as read then. ``survey``
    are the readings that span shards, ``subscriptions`` the rows of that frame. ``identity`` never holds a secret;
    ``portal`` is a base address. ``tool`` is what collected, with its version. ``again`` are the ids of what
    was read again from Resource Manager itself.
    """

    tool: str
    as_of: datetime
    fixed_clock: bool
    shards: tuple[Path, ...]
    survey: tuple[Reading, ...]
    subscriptions: tuple[Row, ...]
    memory: Memory
    traffic: Requests
    identity: Mapping[str, str | None]
    portal: str
    confirmed: Confirmation
    again: tuple[str, ...]
