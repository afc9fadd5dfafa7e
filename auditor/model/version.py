"""Versions of extensions, as Azure writes them: two to four numeric parts, ordered part by part.

Text order is not version order: the service lists ``1.4.905.3`` after ``1.4.3320.3``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_PATTERN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12}){1,3}", re.ASCII)

Release = tuple[int, int]
"""A release is a distinct (major, minor): several hotfixes of one minor are one release."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; missing parts count as zero, so ``1.35.1`` equals ``1.35.1.0``."""

    text: str
    parts: tuple[int, int, int, int]

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``text``; raises ValueError where it is not two to four numbers with dots between."""
        stripped = text.strip()
        if not _PATTERN.fullmatch(stripped):
            raise ValueError(f"{text!r} is not a version: two to four numbers with dots between are meant")
        numbers = [int(part) for part in stripped.split(".")]
        padded = (*numbers, 0, 0)
        return cls(stripped, (padded[0], padded[1], padded[2], padded[3]))

    @classmethod
    def read(cls, text: object) -> Version | None:
        """The same for data that came from outside: None where it is not a version."""
        try:
            return cls.parse(text) if isinstance(text, str) else None
        except ValueError:
            return None

    @property
    def sort_key(self) -> str:
        """A text whose order is that of versions, for what sorts texts only (12 digits are the most of a part)."""
        return ".".join(f"{part:012}" for part in self.parts)

    @property
    def major(self) -> int:
        return self.parts[0]

    @property
    def release(self) -> Release:
        return self.parts[0], self.parts[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.parts == other.parts

    def __lt__(self, other: Version) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __str__(self) -> str:
        return self.text
