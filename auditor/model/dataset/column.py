"""What a column and a frame are: how values are typed, and which readings they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.reading import Source


class Kind(StrEnum):
    """How a column's values are typed and compared."""

    TEXT = "text"
    WORD = "word"
    """One of a closed list of words."""
    VERSION = "version"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    DURATION = "duration"
    TAGS = "tags"
    """Name and value pairs, kept as JSON text; a rule reads one as ``tags.NAME``: ``unset`` where there is none."""


Need = tuple[Source, ...]
"""Sources any one of which tells: which of them does depends on the kind of machine and on how the estate is read."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``property`` is the Azure property it comes from; ``rests_on`` the needs whose readings cover it.

    Every need must be met, each by any one of its sources. ``helped_by`` are optional sources: where one is configured
    the column knows more. ``bounds`` columns are stored as two, ``NAME.low`` and ``NAME.high``: the truth lies between
    them, and a missing end is open. ``inputs`` are the columns without which a derived one is missing, ``beside`` those
    that explain it: a finding shows both.
    ``told_by`` and ``told_at`` name the columns that say, row by row, which source told this one and when.
    """

    name: str
    kind: Kind
    meaning: str
    property: str = ""
    rests_on: tuple[Need, ...] = ()
    helped_by: tuple[Source, ...] = ()
    words: tuple[str, ...] = ()
    bounds: bool = False
    derived: bool = False
    inputs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    told_by: str = ""
    told_at: str = ""

    def stored(self) -> tuple[str, ...]:
        """The names under which the column is stored."""
        return (f"{self.name}.low", f"{self.name}.high") if self.bounds else (self.name,)


@dataclass(frozen=True, slots=True)
class Frame:
    """A table of the data set: what a row is, its key, its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)
