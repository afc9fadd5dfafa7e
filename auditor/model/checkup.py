"""What a checkup found: who asks, what can be reached, what answers, and what closes each gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from auditor.errors import ExitCode
from auditor.model.reading import Reading, Service, Source
from auditor.model.settings import AcceptedGap

EVERYWHERE = ""
"""The scope of a reading over all subscriptions at once."""


class State(StrEnum):
    """How a source answered."""

    ANSWERS = "answers"
    PARTLY = "partly"
    """Some of those that were asked do not answer."""
    SILENT = "silent"
    INSTEAD = "instead"
    """The Resource Graph does not; the lists of Resource Manager answer in its place."""
    UNTRIED = "untried"
    """There was nothing to ask with, such as a machine of that kind."""


class Access(StrEnum):
    """How a subscription stands."""

    READABLE = "readable"
    DISABLED = "disabled"
    REFUSED = "refused"
    """It is there, and nothing in it may be read."""
    MISSING = "missing"
    """It is asked for or expected, and the identity cannot see it."""
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``name`` is its key in the settings; ``reason`` and ``close`` say why it was not reached, None where it was."""

    name: str
    url: str
    reason: str | None = None
    close: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    name: str | None
    access: Access
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """One source: how often it was asked, what answered (``scopes``; else what did not), how many rows, and who."""

    source: Source
    state: State
    by: Service | None = None
    scopes: tuple[str, ...] = ()
    asked: int = 0
    answered: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """What does not answer for one reason: of these ``subjects`` (sources, ``identity`` or ``endpoints``), over these
    scopes (none: everywhere). ``instead``: something else answers in its place, more slowly. ``attempts`` are the ways
    of signing in that were tried."""

    subjects: tuple[str, ...]
    scopes: tuple[str, ...]
    reason: str
    close: str
    accepted: bool = False
    instead: bool = False
    attempts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkup:
    """``rights_asked``: of how many subscriptions the rights were asked; ``sampled``: how many were asked for what
    each of them answers for itself. ``clock_ahead_s``: by how many seconds this machine's clock is ahead of Azure's,
    negative where it is behind, None where nobody told."""

    rules: tuple[str, ...]
    identity: Mapping[str, str | None]
    endpoints: tuple[Endpoint, ...]
    subscriptions: tuple[Subscription, ...] = ()
    tried: tuple[Tried, ...] = ()
    gaps: tuple[Gap, ...] = ()
    rights_asked: int = 0
    sampled: int = 0
    clock_ahead_s: float | None = None

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """Those that leave tonight's rules without something they need."""
        return tuple(gap for gap in self.gaps if not (gap.accepted or gap.instead))

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.NOTHING_COLLECTED if self.open_gaps else ExitCode.DELIVERED


def gaps_of(
    readings: Iterable[Reading], accepted: Sequence[AcceptedGap], today: date, instead: frozenset[Source]
) -> tuple[Gap, ...]:
    """One gap for all readings that are closed alike: first by reason over many scopes, then of several sources.

    Sources in ``instead`` that the Resource Graph did not tell are told by another service.
    """
    by_reason: dict[tuple[str, str, str, bool, bool], list[str]] = {}
    for each in readings:
        taken = any(entry.accepts(each.source, each.scope.lower(), today) for entry in accepted)
        close = (each.close or "").replace(f" on /subscriptions/{each.scope}", "")
        elsewhere = each.by is Service.RESOURCE_GRAPH and each.source in instead
        by_reason.setdefault((each.source, each.reason or "", close, taken, elsewhere), []).append(each.scope)
    by_close: dict[tuple[tuple[str, ...], str, str, bool, bool], list[str]] = {}
    for (source, reason, close, taken, elsewhere), scopes in by_reason.items():
        key = (tuple(dict.fromkeys(scopes)), reason, close, taken, elsewhere)
        by_close.setdefault(key, []).append(source)
    return tuple(
        Gap(tuple(sources), tuple(scope for scope in scopes if scope), reason, close, taken, elsewhere)
        for (scopes, reason, close, taken, elsewhere), sources in by_close.items()
    )
