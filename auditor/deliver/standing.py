"""How it stands with a letter: whom it is for, who has it, and what was answered for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field, TypeAdapter

from auditor.model.letter import Envelope
from auditor.model.posted import Receipt


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one letter, which goes out by one way: ``way`` was its place in ``deliver`` when it was written.

    ``receipts`` are the last answers; ``accepted`` have it by the word of an earlier version, which kept no receipts.
    ``done``: nobody is waiting for it any more. A field that a later version adds, here or to the envelope, has a
    default: letters that wait are read by that version.
    """

    envelope: Envelope
    written: datetime
    way: Annotated[int, Field(ge=0)]
    recipients: tuple[str, ...]
    accepted: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    done: bool = False

    @property
    def name(self) -> str:
        """Of its files: the letter of a night and of a way."""
        return f"{self.envelope.run_id}-{self.way}"

    @property
    def have_it(self) -> frozenset[str]:
        return frozenset((*self.accepted, *(each.recipient for each in self.receipts if each.accepted)))

    @property
    def waiting(self) -> tuple[str, ...]:
        """Those of its recipients who have it not."""
        return tuple(each for each in self.recipients if each not in self.have_it)

    def answered(self, receipts: Iterable[Receipt]) -> Standing:
        """With newer answers in the place of the former ones; who has it keeps it."""
        told = {each.recipient: each for each in self.receipts}
        told |= {each.recipient: each for each in receipts if each.recipient not in self.have_it}
        return replace(self, receipts=tuple(told.values()))

    def with_told(self, other: Standing) -> Standing:
        """With what another place knows of the same letter."""
        return replace(self.answered(other.receipts), done=self.done or other.done)

    def encoded(self) -> bytes:
        return _STANDINGS.dump_json(self, indent=1) + b"\n"


_STANDINGS = TypeAdapter(Standing)


def standing_of(content: bytes, name: str) -> Standing:
    """Raises ValueError where that is not what was written of the letter ``name``."""
    told = _STANDINGS.validate_json(content)
    if told.name != name:
        raise ValueError(f"says that it is {told.name[:40]!r}")
    return told
