"""The run itself: what it is asked for, and what is known of it beside what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.model.reading import Source, Traffic
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.model.verdict import Severity


@dataclass(frozen=True)
class RunFacts:
    """Facts of one run. ``seconds`` by stage; ``identity`` never holds a secret; ``hashes`` are sha256 by file name.

    ``not_run``: for each rule that could not be asked, the columns that nothing configured can tell.
    """

    tool: str
    run_id: str
    as_of: datetime
    started: datetime
    ended: datetime
    seconds: Mapping[str, float]
    traffic: Mapping[Source, Traffic]
    identity: Mapping[str, str | None]
    hashes: Mapping[str, str]
    portal: str
    cloud: str
    not_run: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Order:
    """What a night is asked for: what to judge by, where to put the report, and when it is.

    ``fixed_clock``: the time was given, so every answer counts as read at ``as_of`` and the same data give the same
    report. ``fail_on``: the gravest-or-equal severity that makes the exit code 10, None for never.
    """

    settings: Settings
    rulebook: RuleBook
    config_hash: str
    output: Path
    formats: tuple[str, ...]
    as_of: datetime
    fixed_clock: bool = False
    fail_on: Severity | None = None
