"""Which scopes were completely read: what decides between "there is nothing" and "not known"."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from auditor.model.reading import Source


@dataclass(frozen=True)
class Coverage:
    """Complete and incomplete scopes (lower case) by source."""

    complete: frozenset[tuple[str, str]]
    incomplete: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, readings: pd.DataFrame) -> Coverage:
        keys = list(zip(readings["source"], readings["scope"], readings["complete"], strict=True))
        incomplete = frozenset((source, scope) for source, scope, complete in keys if complete == "no")
        return cls(frozenset((source, scope) for source, scope, _complete in keys) - incomplete, incomplete)

    def covers(self, source: Source, scope: str) -> bool:
        """Whether ``scope`` was asked for and completely answered."""
        return (str(source), scope.lower()) in self.complete

    def covers_all(self, source: Source) -> bool:
        """Whether the source was asked at all, and every answer was complete."""
        asked = any(name == str(source) for name, _scope in self.complete)
        return asked and not any(name == str(source) for name, _scope in self.incomplete)
