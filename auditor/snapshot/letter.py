"""night.json: what was gathered besides frames, and which files it was judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter

from auditor.model.gathered import Gathered
from auditor.model.grounds import Grounds, Role
from auditor.model.memory import Failure, KeptOperation, Memory, Offer, OpenFailure
from auditor.model.parcel import Confirmation
from auditor.model.reading import Reading, Requests
from auditor.model.report import Night

NIGHT = "night.json"
CONFIG = "config.yaml"
SHARDS = "shards"


Portal = Annotated[str, StringConstraints(pattern=r"^https://")]
"""It becomes the links of the report: nothing but https is one."""


@dataclass(frozen=True)
class Remembered:
    """Memory, whose keys are more than JSON's keys can be."""

    first_seen: tuple[tuple[Offer, datetime], ...]
    failing: tuple[Failure, ...] | None
    last_unseen: tuple[tuple[Offer, datetime], ...] = ()
    since: datetime | None = None
    failures: tuple[OpenFailure, ...] = ()
    operations: tuple[KeptOperation, ...] = ()
    nights: tuple[Night, ...] = ()
    passed_over: tuple[str, ...] = ()
    found_today: tuple[OpenFailure, ...] = ()
    ended_today: tuple[tuple[Failure, str], ...] = ()


@dataclass(frozen=True)
class Named:
    """A file of rules or the like: it lies at ``role/name``."""

    role: Role
    name: str
    shipped: bool


@dataclass(frozen=True)
class Letter:
    """All of night.json. A field that a later version adds has a default."""

    tool: str
    as_of: datetime
    fixed_clock: bool
    shards: tuple[str, ...]
    survey: tuple[Reading, ...]
    subscriptions: tuple[dict[str, str | None], ...]
    memory: Remembered
    traffic: Requests
    identity: Mapping[str, str | None]
    portal: Portal
    confirmed: Confirmation
    again: tuple[str, ...]
    config_hash: str
    files: tuple[Named, ...]
    marks: Mapping[str, str]


_LETTER, _REMEMBERED = TypeAdapter(Letter), TypeAdapter(Remembered)


def encoded(gathered: Gathered, grounds: Grounds) -> bytes:
    """night.json as it lies in a snapshot; shards and files are named, and lie beside it."""
    letter = Letter(
        tool=gathered.tool,
        as_of=gathered.as_of,
        fixed_clock=gathered.fixed_clock,
        shards=tuple(shard.name for shard in gathered.shards),
        survey=gathered.survey,
        subscriptions=tuple(
            {name: None if value is None else str(value) for name, value in row.items()}
            for row in gathered.subscriptions
        ),
        memory=_remembered(gathered.memory),
        traffic=gathered.traffic,
        identity=gathered.identity,
        portal=gathered.portal,
        confirmed=gathered.confirmed,
        again=gathered.again,
        config_hash=grounds.config_hash,
        files=tuple(Named(text.role, text.name, text.shipped) for text in grounds.texts),
        marks=grounds.marks,
    )
    return _LETTER.dump_json(letter, indent=1) + b"\n"


def decoded(content: bytes) -> Letter:
    """Raises pydantic's ValidationError, which is a ValueError."""
    letter = _LETTER.validate_json(content)
    return replace(letter, as_of=letter.as_of.astimezone(UTC))


def gathered_in(folder: Path, letter: Letter) -> Gathered:
    """What was gathered, with its shards where they lie in the snapshot ``folder``."""
    return Gathered(
        tool=letter.tool,
        as_of=letter.as_of,
        fixed_clock=letter.fixed_clock,
        shards=tuple(folder / SHARDS / name for name in letter.shards),
        survey=letter.survey,
        subscriptions=tuple({**row} for row in letter.subscriptions),
        memory=_memory(letter.memory),
        traffic=letter.traffic,
        identity=letter.identity,
        portal=letter.portal,
        confirmed=letter.confirmed,
        again=letter.again,
    )


def encoded_memory(memory: Memory) -> bytes:
    """Memory alone, as it lies in night.json."""
    return _REMEMBERED.dump_json(_remembered(memory))


def decoded_memory(content: bytes) -> Memory:
    """Raises pydantic's ValidationError, which is a ValueError."""
    return _memory(_REMEMBERED.validate_json(content))


def _remembered(memory: Memory) -> Remembered:
    return Remembered(
        tuple(sorted(memory.first_seen.items())),
        None if memory.failing is None else tuple(sorted(memory.failing)),
        tuple(sorted(memory.last_unseen.items())),
        memory.since,
        memory.failures,
        memory.operations,
        memory.nights,
        memory.passed_over,
        memory.found_today,
        memory.ended_today,
    )


def _memory(told: Remembered) -> Memory:
    first_seen, last_unseen = (
        {offer: seen.astimezone(UTC) for offer, seen in offers} for offers in (told.first_seen, told.last_unseen)
    )
    return Memory(
        first_seen=first_seen,
        failing=None if told.failing is None else frozenset(told.failing),
        last_unseen=last_unseen,
        since=told.since,
        failures=told.failures,
        operations=told.operations,
        nights=told.nights,
        passed_over=told.passed_over,
        found_today=told.found_today,
        ended_today=told.ended_today,
    )
