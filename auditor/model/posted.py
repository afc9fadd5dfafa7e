"""What became of the letters of a night: who took them, and what to tell of those that were not sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a server answered for one recipient of one letter.

    ``code`` is None where nothing was answered, and ``answer`` says why. ``run_id`` is of the night that the letter
    tells of: one that was kept is of an earlier one. ``tries``: how often it was handed over for this recipient.
    """

    way: str
    server: str
    recipient: str
    run_id: str
    message_id: str
    accepted: bool
    code: int | None
    answer: str
    at: datetime
    tries: int
    attached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """``problems`` are sentences on whatever was not delivered: why, and where it is kept."""

    receipts: tuple[Receipt, ...] = ()
    problems: tuple[str, ...] = ()

    def __add__(self, other: Posted) -> Posted:
        return Posted((*self.receipts, *other.receipts), (*self.problems, *other.problems))


NOTHING_POSTED = Posted()
