"""How a running night tells what it does; the stages speak to this, whoever started the night listens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

Counts = Mapping[str, int]
"""What was counted, by name: the numbers of a sentence once more, for machines. Names of the field ``extra`` of
Python's logging that are taken (``name``, ``message``, ``module``, ...) cannot be used."""
NO_COUNTS: Counts = MappingProxyType({})


class Narrator(Protocol):
    """Talk on stderr; never data, never a secret. Every method may be called from any thread."""

    def of_run(self, run_id: str | None) -> None:
        """What follows is told of this run; None: of none, as it was not to be run after all."""

    def begins(self, name: str) -> None:
        """A stage begins: what is told until the next one belongs to it."""

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None:
        """A stage has ended (or begins, where it takes long): one line with counts, and what time it took."""

    def progress(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` of ``what`` are through; called often, shown seldom."""

    def waiting(self, source: str, seconds: float, reason: str) -> None:
        """The service asked to wait ``seconds`` (Retry-After, or a quota that is used up)."""


class Silent:
    """Says nothing, for whoever has no use for the talk."""

    def of_run(self, run_id: str | None) -> None: ...

    def begins(self, name: str) -> None: ...

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None: ...

    def progress(self, what: str, done: int, total: int) -> None: ...

    def waiting(self, source: str, seconds: float, reason: str) -> None: ...


class Told(list[str]):
    """The sentences that are told when a stage has ended; ``counts`` are the numbers in them, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def tell(self, sentence: str, **counts: int) -> None:
        """Tell ``sentence``, and the numbers that it holds."""
        self.append(sentence)
        self.counts.update(counts)


def counted(number: int, noun: str) -> str:
    """``1 machine``, ``1,234 machines``: the talk is English, and its nouns take an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
