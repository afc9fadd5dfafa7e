"""What a night is judged by, as texts: what a snapshot keeps of it, and what has changed of it since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Role(StrEnum):
    """What a file is read as."""

    RULES = "rules"
    RELEASES = "releases"
    STANDING = "standing"
    UPGRADABLE = "automatic-upgrade"
    EXEMPTIONS = "exemptions"


@dataclass(frozen=True)
class Text:
    """A file byte for byte. ``name`` is the one of :attr:`RuleBook.hashes`; ``shipped``: it came with the auditor."""

    role: Role
    name: str
    digest: str
    shipped: bool
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Grounds:
    """All that is judged by. ``config`` is the configuration as YAML, without the way into Azure; ``${NAME}`` is not
    filled in.

    ``config_hash`` is the sha256 of the configuration as it was, empty where there is none. ``marks`` hold, by rule and
    by what else verdicts rest on, what changes whenever it does.
    """

    config: str
    config_hash: str
    texts: tuple[Text, ...]
    marks: Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """The same as it lies in a snapshot: ``config`` and the files are there, ``texts`` have no content."""

    config: Path
    config_hash: str
    files: Mapping[Role, tuple[Path, ...]]
    texts: tuple[Text, ...]
    marks: Mapping[str, str]

    @property
    def digests(self) -> Mapping[str, str]:
        """sha256 by name, as :attr:`Order.hashes` has them."""
        return {"config": self.config_hash, **{text.name: text.digest for text in self.texts}}


@dataclass(frozen=True)
class Changes:
    """Names of what differs between then and now, sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        """``changed: AMA-002; added: AMA-005``."""
        told = {"changed": self.changed, "added": self.added, "removed": self.removed}
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in told.items() if names)

    @classmethod
    def between(cls, then: Mapping[str, str], now: Mapping[str, str]) -> Changes:
        return cls(
            added=tuple(sorted(now.keys() - then.keys())),
            removed=tuple(sorted(then.keys() - now.keys())),
            changed=tuple(sorted(name for name in then.keys() & now.keys() if then[name] != now[name])),
        )


@dataclass(frozen=True)
class Again:
    """Of a report made again from a snapshot: which one it is, and what has changed since.

    ``tool`` collected it. ``changes`` are of what it is judged by now. ``hashes`` are the snapshot's own, and those of
    what it keeps and is not judged by any more.
    """

    tool: str
    changes: Changes
    hashes: Mapping[str, str]
