"""What happens often is told seldom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SHORT_WAIT_S = 2.0
"""A wait that is not worth a line."""


@dataclass
class Seldom:
    """When each thing was told last; ``clock`` gives seconds. Of several threads one at a time may ask."""

    clock: Callable[[], float]
    _told_at: dict[str, float] = field(default_factory=dict)

    def begins(self, what: str) -> None:
        """It counts as told now, unless it was told before."""
        self._told_at.setdefault(what, self.clock())

    def due(self, what: str, pause_s: float) -> bool:
        """Whether ``what`` was last told ``pause_s`` seconds ago, or never; then it counts as told now."""
        now = self.clock()
        if now - self._told_at.get(what, float("-inf")) < pause_s:
            return False
        self._told_at[what] = now
        return True
