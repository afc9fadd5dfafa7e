"""A night that is not ended, as the archive tells of it: what it was begun with, and which pieces of it are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter

from auditor.model.places import RUN_ID, UNDER_WAY

FORMAT = 1
"""Another one is not gone on with: what it has kept may mean something else."""
KEPT_FOR = timedelta(hours=20)
"""What was read longer ago is no part of tonight. Less than a day: one start a day is seldom a whole day after another,
and would tell of yesterday's night in the place of its own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece that is done: what its file must be, and how long it took in seconds. ``kind``: what sort of step."""

    kind: str
    sha256: str
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Begun:
    """``as_of`` is the time that every start of the night judges by; ``starts`` are when they began, oldest first.

    ``marks`` hold, by what a person calls it, a digest of all that the night is judged by and asked for: a start whose
    marks differ is another night. ``pieces`` by name: one that does not stand here is not done.
    """

    run_id: str
    as_of: AwareDatetime
    starts: tuple[AwareDatetime, ...]
    marks: Mapping[str, str]
    pieces: Mapping[str, Kept] = field(default_factory=dict)
    format: int = FORMAT

    def place(self, name: str) -> str:
        """Where the file of a piece lies in the archive."""
        return f"{UNDER_WAY}/{self.run_id}/{name}.zip"

    def started_again(self, at: datetime) -> Begun:
        return replace(self, starts=(*self.starts, at))

    def with_piece(self, name: str, kept: Kept) -> Begun:
        return replace(self, pieces={**self.pieces, name: kept})

    def without_steps(self) -> Begun:
        """With those pieces alone that are of no kind, as they rest on nothing that was read."""
        return replace(self, pieces={name: kept for name, kept in self.pieces.items() if not kept.kind})

    def encoded(self) -> bytes:
        return _BEGUN.dump_json(self, indent=1) + b"\n"


def begun_in(content: bytes) -> Begun:
    """Raises ValueError for what this version has not written."""
    begun = _BEGUN.validate_json(content)
    if begun.format != FORMAT or not begun.starts or not RUN_ID.fullmatch(begun.run_id):
        raise ValueError("another format")
    try:
        return replace(begun, as_of=begun.as_of.astimezone(UTC))
    except OverflowError as error:
        raise ValueError("a time that is none") from error


_BEGUN = TypeAdapter(Begun)
