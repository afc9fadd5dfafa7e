"""What a machine reads of a night: a record of Python's ``logging`` for each line, its numbers as fields of their own.

Every record has ``event`` (``stage, begins, progress, waiting, end``), ``stage``, and ``run_id`` (null until the night
is settled); the end of a night that went through belongs to no stage. Levels: ``DEBUG`` that a stage begins, and every
short wait; ``INFO`` stages, progress and waits; what the end of a night weighs stands in :data:`WEIGHT`. Whoever
listens to the logger decides what becomes of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from auditor.errors import INTERRUPTED, ExitCode
from auditor.model.narration import NO_COUNTS, Counts
from auditor.model.report import Report
from auditor.model.verdict import Status
from auditor.render.seldom import SHORT_WAIT_S, Seldom

_PROGRESS_S = 30.0
_WAIT_S = 5.0

WEIGHT: Mapping[int, int] = {
    ExitCode.DELIVERED: logging.INFO,
    ExitCode.OUT_OF_TIME: logging.INFO,
    ExitCode.INCOMPLETE: logging.WARNING,
    ExitCode.FINDINGS: logging.WARNING,
    ExitCode.SETTINGS_REFUSED: logging.ERROR,
    ExitCode.NOTHING_COLLECTED: logging.ERROR,
    ExitCode.NOT_DELIVERED: logging.ERROR,
}
"""The level of a night's last record by its exit code; a bug (1) is ``CRITICAL``."""
NO_NIGHT = "no_night"
"""How a start ends well that had no night to run: nothing was due, or it was a checkup."""


@dataclass
class LogNarrator:
    """A Narrator that speaks through ``log``, from any thread. ``quiet``: of the end alone. ``clock`` gives seconds."""

    log: logging.Logger
    quiet: bool = False
    clock: Callable[[], float] = time.monotonic
    _run_id: str | None = field(default=None, init=False)
    _stage: str = field(default="settle", init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._began, self._seldom = self.clock(), Seldom(self.clock)

    def of_run(self, run_id: str | None) -> None:
        self._run_id = run_id

    def begins(self, name: str) -> None:
        self._stage = name
        self._tell(logging.DEBUG, "begins", f"{name} begins")

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None:
        self._stage = name
        took = {} if seconds is None else {"seconds": round(seconds, 3)}
        self._tell(logging.INFO, "stage", sentence, **took, **counts)

    def progress(self, what: str, done: int, total: int) -> None:
        """Told every half minute; the last step is told by the stage's own record."""
        with self._lock:
            self._seldom.begins(what)
            due = done < total and self._seldom.due(what, _PROGRESS_S)
        if due:
            self._tell(logging.INFO, "progress", f"{what}: {done} of {total}", what=what, done=done, total=total)

    def waiting(self, source: str, seconds: float, reason: str) -> None:
        """Many threads wait for one source at once: that is told once in a while; every wait at ``DEBUG``."""
        with self._lock:
            long = seconds >= SHORT_WAIT_S and self._seldom.due(f"waiting for {source}", _WAIT_S)
        level = logging.INFO if long else logging.DEBUG
        sentence = f"{seconds:.0f} s for {source}: {reason}"
        self._tell(level, "waiting", sentence, source=source, seconds=round(seconds, 3))

    def end(
        self, code: int, sentence: str = "", fields: Mapping[str, Any] = NO_COUNTS, error: BaseException | None = None
    ) -> None:
        """The last record: how the night ended, with what was counted.

        ``sentence``: why it ended early; then the record tells in which stage. ``error``: the bug that ended it.
        """
        outcome = _outcome(code) if code or self._run_id else NO_NIGHT
        took = {"exit_code": code, "outcome": outcome, "seconds": round(self.clock() - self._began, 3)}
        told = self._fields("end", **took, **fields)
        if not sentence:
            del told["stage"]
        message = sentence or f"{outcome.replace('_', ' ')}, exit code {code}"
        self.log.log(WEIGHT.get(code, logging.CRITICAL), "%s", message, exc_info=error, extra=told)

    def _tell(self, level: int, event: str, sentence: str, **fields: Any) -> None:
        if not self.quiet:
            self.log.log(level, "%s", sentence, extra=self._fields(event, **fields))

    def _fields(self, event: str, **fields: Any) -> dict[str, Any]:
        return {"event": event, "run_id": self._run_id, "stage": self._stage, **fields}


def _outcome(code: int) -> str:
    named: Mapping[int, str] = {int(each): each.name.lower() for each in ExitCode}
    return named.get(code, "interrupted" if code == INTERRUPTED else "crashed")


def numbers_of(report: Report, folder: Path, undelivered: Sequence[str] = ()) -> dict[str, Any]:
    """What of a night is asked for the next morning, as plain fields: where the report lies, and run.json's sums."""
    run: Mapping[str, Any] = report.run
    traffic, gaps, subscriptions = run["requests"].values(), run["gaps"], run["subscriptions"]
    verdicts = {str(status): sum(each[str(status)] for each in run["counts"].values()) for status in Status}
    return {
        "machines": sum(run["machines"].values()),
        "subscriptions": len(subscriptions["seen"]),
        **{f"verdicts_{name}": count for name, count in verdicts.items()},
        "gaps": sum(not each["accepted"] for each in gaps),
        "gaps_accepted": sum(bool(each["accepted"]) for each in gaps),
        "requests": sum(each["sent"] for each in traffic),
        "retried": sum(each["retried"] for each in traffic),
        "throttled": sum(each["throttled"] for each in traffic),
        "received_bytes": sum(each["bytes"] for each in traffic),
        "undelivered": len(undelivered),
        "problems": list(undelivered),
        "folder": str(folder),
        "headline": report.headline,
    }
