"""The shape of bodies: which keys stand where, always or sometimes, in which letter case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

_FREE = re.compile(r"(\.tags|\.settings|\.userAssignedIdentities|\.claims)$")
"""Places whose keys are anybody's."""


def mappings(body: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a body with its place; rows of a list share one place."""
    if isinstance(body, dict):
        yield place, body
        for key, value in body.items():
            if not _FREE.search(f"{place}.{key}"):
                yield from mappings(value, f"{place}.{key}")
    elif isinstance(body, list):
        for row in body:
            yield from mappings(row, f"{place}[]")


class Shape:
    """What a number of recorded bodies have in common.

    An object that was seen fewer than three times, and not in all bodies, says nothing of what it always has.
    """

    def __init__(self, bodies: Iterable[Any]) -> None:
        seen: Counter[str] = Counter()
        self.ever: dict[str, set[str]] = {}
        self.always: dict[str, set[str]] = {}
        self.bodies = 0
        for body in bodies:
            self.bodies += 1
            for place, row in mappings(body):
                seen[place] += 1
                self.ever[place] = self.ever.get(place, set()) | set(row)
                self.always[place] = self.always.get(place, set(row)) & set(row)

        self.always = {place: keys for place, keys in self.always.items() if seen[place] >= min(3, self.bodies)}

    def strange(self, body: Any) -> list[str]:
        """Where ``body`` has a key that was never recorded there, or lacks one that always was."""
        found = set()
        for place, row in mappings(body):
            ever, always = self.ever.get(place), self.always.get(place, set())
            if ever is None:
                found.add(f"{place}: an object was never recorded here")
                continue
            found |= {f"{place}.{key}: never recorded" for key in set(row) - ever}
            found |= {f"{place}.{key}: always recorded" for key in always - set(row)}
        return sorted(found)


def spellings(body: Any) -> set[str]:
    """The fixed words of all ids in a body, as they are spelled."""
    words: set[str] = set()
    for _, row in mappings(body):
        for key, value in row.items():
            if key in ("id", "resourceId") and isinstance(value, str):
                words |= {part for part in value.split("/")[1::2] if part}
    return words
