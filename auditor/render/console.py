"""What a person sees in the terminal: a line for each stage while the night runs, and a short table at its end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from threading import Lock
from typing import TextIO

from auditor.catalogue import Catalogue
from auditor.model.narration import NO_COUNTS, Counts
from auditor.model.report import Banner, Report
from auditor.model.verdict import Status
from auditor.render.seldom import SHORT_WAIT_S, Seldom
from auditor.render.terminal import aligned, cut, encodable_in
from auditor.render.text import one_line

_REDRAW_S = 0.1
_PIPE_S = 5.0
_NAME_WIDTH = 9
_TITLE_WIDTH = 60
_CLEAR = "\r\x1b[2K"


class Level(IntEnum):
    """``QUIET`` says nothing; ``VERBOSE`` tells of every wait, and how much time has passed."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


@dataclass
class ConsoleNarrator:
    """A Narrator that writes to ``stream`` (stderr), from any thread.

    On a terminal the progress is redrawn in place; on a pipe it is told every few seconds. ``clock`` gives seconds,
    and ``veil`` hides what nobody may see.
    """

    stream: TextIO
    level: Level = Level.NORMAL
    clock: Callable[[], float] = time.monotonic
    veil: Callable[[str], str] = str
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _drawn: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        self._terminal = self.stream.isatty()
        self._began, self._seldom = self.clock(), Seldom(self.clock)

    def of_run(self, run_id: str | None) -> None:
        """A person knows which run it is."""

    def begins(self, name: str) -> None:
        """The stage's line comes at its end; until then its progress is shown."""

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None:
        """The counts stand in the sentence."""
        took = f" ({seconds:.1f} s)" if seconds is not None else ""
        elapsed = f" [{self.clock() - self._began:.1f} s]" if self.level is Level.VERBOSE else ""
        self._line(name, f"{sentence}{took}{elapsed}".strip())

    def progress(self, what: str, done: int, total: int) -> None:
        """The last step is drawn on a terminal only: on a pipe the stage's own line follows at once."""
        if self.level is Level.QUIET:
            return
        text = _talk("", f"{what}: {done:,} of {total:,}")
        finished = done >= total
        with self._lock:
            if not self._terminal:
                self._seldom.begins(what)
            if self._terminal and (self._seldom.due(what, _REDRAW_S) or finished):
                self._draw(text)
            elif not self._terminal and not finished and self._seldom.due(what, _PIPE_S):
                self._write(text + "\n")

    def waiting(self, source: str, seconds: float, reason: str) -> None:
        """Many threads wait for one source at once: that is told once in a while; short waits only when verbose."""
        verbose = self.level is Level.VERBOSE
        with self._lock:
            tell = verbose or (seconds >= SHORT_WAIT_S and self._seldom.due(f"waiting for {source}", _PIPE_S))
        if tell:
            self._line("waiting", f"{seconds:.0f} s for {source}: {reason}")

    def _line(self, name: str, sentence: str) -> None:
        if self.level is Level.QUIET:
            return
        with self._lock:
            self._write((_CLEAR if self._drawn else "") + _talk(name, sentence) + "\n")
            self._drawn = False

    def _draw(self, text: str) -> None:
        self._write(_CLEAR + cut(text, shutil.get_terminal_size().columns - 1))
        self._drawn = True

    def _write(self, text: str) -> None:
        self.stream.write(encodable_in(self.veil(text), self.stream))
        self.stream.flush()


def print_summary(report: Report, folder: Path, stream: TextIO, undelivered: Sequence[str] = ()) -> None:
    """Where the report is, counts by rule and verdict, what changed, exemptions to look at, what was not read and what
    could not be delivered; last the verdict."""
    lines = [one_line(report.words["report_written"].format(folder=folder)), ""]
    if report.rules:
        lines += [*aligned(_counts(report), numbers_from=2), ""]
    if report.changed:
        lines += [one_line(report.changed.sentence), ""]
    if report.exemptions_to_see:
        lines += [one_line(report.exemptions_to_see), ""]
    if report.banner:
        lines += [*_not_read(report.banner), ""]
    if undelivered:
        said = Catalogue(report.language).said
        lines += [*(one_line(said(each)) for each in undelivered), ""]
    lines.append(one_line(report.headline))
    stream.write(encodable_in("\n".join(lines) + "\n", stream))


def print_undelivered(undelivered: Sequence[str], stream: TextIO) -> None:
    """What could not be sent by a start that had no night of its own."""
    stream.write(encodable_in("".join(f"{one_line(each)}\n" for each in undelivered), stream))


def print_collected(report: Report, folder: Path, digest: str, stream: TextIO) -> None:
    """Where the snapshot is, what tells it from any other, and what was not read."""
    written = report.words["snapshot_written"].format(folder=folder)
    lines = [one_line(written), one_line(report.words["snapshot_digest"].format(digest=digest))]
    if report.banner:
        lines += ["", *_not_read(report.banner)]
    stream.write(encodable_in("\n".join(lines) + "\n", stream))


def _not_read(banner: Banner) -> list[str]:
    return [one_line(banner.sentence), *(f"  - {one_line(line)}" for line in banner.lines)]


def _counts(report: Report) -> list[list[str]]:
    number = Catalogue(report.language).number
    rows = [["", report.words["rule"], *(report.status_words[status] for status in Status)]]
    for rule in report.rules:
        numbers = [number(rule.counts.get(status, 0)) for status in Status]
        rows.append([rule.id, cut(one_line(rule.title), _TITLE_WIDTH), *numbers])
    return rows


def _talk(name: str, sentence: str) -> str:
    return f"{name:<{_NAME_WIDTH}} {one_line(sentence)}"
