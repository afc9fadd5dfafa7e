"""The run itself: what it is asked for, and what is known of it beside what it found."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from auditor.model.grounds import Again
from auditor.model.narration import Narrator, Told
from auditor.model.parcel import NOTHING_CONFIRMED, Confirmation
from auditor.model.past import NO_PAST, Past
from auditor.model.reading import Requests
from auditor.model.report import Night
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.model.verdict import Severity


@dataclass(frozen=True)
class Order:
    """What a night is asked for: what to judge by, where to put the report, and when it is.

    ``fixed_clock``: the time was given, so every answer counts as read at ``as_of`` and the same data give the same
    report. ``fail_on``: the gravest-or-equal severity that makes the exit code 10, None for never. ``checked``: folders
    whose rules have done what their examples say. ``deliver``: whether letters are sent where the configuration names
    receivers. ``narrowed``: this run was asked for some subscriptions, whatever the configuration names.
    """

    settings: Settings
    rulebook: RuleBook
    config_hash: str
    output: Path
    formats: tuple[str, ...]
    as_of: datetime
    fixed_clock: bool = False
    fail_on: Severity | None = None
    checked: tuple[Path, ...] = ()
    deliver: bool = True
    narrowed: bool = False

    @property
    def clock(self) -> Callable[[], datetime]:
        """When an answer counts as read: never before the night, though its machine's clock be put back in the run."""
        return (lambda: self.as_of) if self.fixed_clock else (lambda: max(datetime.now(UTC), self.as_of))

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """sha256 of the configuration and of every rule file."""
        return {"config": self.config_hash, **self.rulebook.hashes}

    @property
    def run_id(self) -> str:
        """The time to judge by, what is judged with, and of what: the same data give the same id.

        The scope may come from the command line or the environment, where the configuration's hash does not tell of it.
        """
        asked = {**self.hashes, "scope": self.settings.scope.model_dump_json()}
        stamp = hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:8]
        return f"{self.as_of:%Y%m%dT%H%M%SZ}-{stamp}"


@dataclass
class Watch:
    """When this start of the night began, seconds by stage, and what the narrator is told at the end of each stage.

    ``earlier`` are the starts of the same night before this one, oldest first.
    """

    narrator: Narrator
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    earlier: tuple[datetime, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter, repr=False)

    @property
    def ended(self) -> datetime:
        """When it ended, if that is now: never before it began, though the machine's clock be put back in the run."""
        return max(datetime.now(UTC), self.started + timedelta(seconds=time.perf_counter() - self._began))

    @property
    def starts(self) -> tuple[datetime, ...]:
        return (*self.earlier, self.started)

    @contextmanager
    def stage(self, name: str) -> Iterator[Told]:
        """Times what happens within; the texts and counts put into the list are told when it has ended."""
        self.narrator.begins(name)
        began = time.perf_counter()
        told = Told()
        yield told
        self.seconds[name] = time.perf_counter() - began
        self.narrator.stage(name, " ".join(told), self.seconds[name], told.counts)


@dataclass(frozen=True)
class RunFacts:
    """Facts of one run, beside what it found. ``identity`` never holds a secret; ``portal`` is a base address.

    ``watch`` still runs: composing takes time too. ``not_run``: for each rule that could not be asked, the columns that
    nothing configured can tell. ``confirmed``: what reading again from Resource Manager itself changed. ``again``: of
    which snapshot it was made again, None on the night itself. ``reach``: for each exemption the subscriptions, by id
    in lower case, in which it may name something; empty where nobody asked. ``past``: what became of earlier failures;
    ``nights``: the earlier nights that are remembered, oldest first; ``passed_over``: a sentence for each that was not.
    """

    tool: str
    watch: Watch
    traffic: Requests
    identity: Mapping[str, str | None]
    portal: str
    not_run: Mapping[str, tuple[str, ...]]
    confirmed: Confirmation = NOTHING_CONFIRMED
    again: Again | None = None
    reach: tuple[frozenset[str], ...] = ()
    past: Past = NO_PAST
    nights: tuple[Night, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def hashes(self) -> Mapping[str, str]:
        """Those that a snapshot brings beside the order's own."""
        return self.again.hashes if self.again else {}
