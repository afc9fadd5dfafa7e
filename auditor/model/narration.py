"""How a running night tells a person what it does; the stages speak to this, the console listens."""

from __future__ import annotations

from typing import Protocol


class Narrator(Protocol):
    """Talk on stderr; never data, never a secret. Every method may be called from any thread."""

    def stage(self, name: str, sentence: str) -> None:
        """A stage has ended (or begins, where it takes long): one line with counts."""

    def progress(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` of ``what`` are through; called often, shown seldom."""

    def waiting(self, source: str, seconds: float, reason: str) -> None:
        """The service asked to wait ``seconds`` (Retry-After, or a quota that is used up)."""


class Silent:
    """Says nothing: for tests and for ``--quiet``."""

    def stage(self, name: str, sentence: str) -> None: ...

    def progress(self, what: str, done: int, total: int) -> None: ...

    def waiting(self, source: str, seconds: float, reason: str) -> None: ...
