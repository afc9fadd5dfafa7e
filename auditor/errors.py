"""The errors that end a night, each with its exit code.

A fault of one subscription, machine or source is *not* here: it becomes a reading that is not complete (a gap in the
report) where the answer was asked for, and the night goes on.

Messages read: what was not done, why, what to try.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What ``auditor run`` ends with; the first that holds, in the order of this list."""

    SETTINGS_REFUSED = 2
    NOTHING_COLLECTED = 3
    OUT_OF_TIME = 6
    NOT_DELIVERED = 4
    FINDINGS = 10
    INCOMPLETE = 5
    DELIVERED = 0


INTERRUPTED = 130
"""What a shell calls a program that Ctrl-C has ended."""


FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system answers where a disk, or somebody's share of it, is full."""


def why(error: OSError) -> str:
    """What the system says, in words that go on within a sentence."""
    return (error.strerror or str(error)).lower()


class AuditorError(Exception):
    """A night that cannot go on. ``exit_code`` is what the command line ends with."""

    exit_code: ExitCode


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file that a person wrote.

    ``file`` and ``line`` say where (line 0: the file as a whole), ``field`` which setting (dotted, may be empty), and
    ``sentence`` what is wrong and what to do.
    """

    file: str
    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.sentence}" if self.field else f"{place}: {self.sentence}"


class SettingsRefused(AuditorError):
    """The configuration, a rule, an exemption or the command line cannot be used; all mistakes are told at once."""

    exit_code = ExitCode.SETTINGS_REFUSED

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutputRefused(AuditorError):
    """The output folder cannot be written; nothing is fetched for a report that could not be kept."""

    exit_code = ExitCode.SETTINGS_REFUSED


class SnapshotRefused(AuditorError):
    """A snapshot is not what was written, was made by a newer auditor, or is none; nothing of it is judged."""

    exit_code = ExitCode.SETTINGS_REFUSED


class ExtraMissing(AuditorError):
    """An optional part is asked for and its packages are not installed."""

    exit_code = ExitCode.SETTINGS_REFUSED


class OutOfTime(AuditorError):
    """The time budget is used up: what is done is kept in the archive, and the next start goes on with the night."""

    exit_code = ExitCode.OUT_OF_TIME


class NotDue(AuditorError):
    """Another run has ended the night since this one was told that it is due."""

    exit_code = ExitCode.DELIVERED


class ClockRefused(AuditorError):
    """The clock of this machine is too far from Azure's to judge by it: what is fresh would not be seen.

    ``reason`` says by how much, and ``close`` what to do about it.
    """

    exit_code = ExitCode.NOTHING_COLLECTED

    def __init__(self, reason: str, close: str) -> None:
        self.reason, self.close = reason, close
        super().__init__(f"Nothing was judged. {reason}. {close}")


class ShelfRefused(AuditorError):
    """A place where files are kept cannot be reached, read or written."""

    exit_code = ExitCode.SETTINGS_REFUSED


class ArchiveRefused(ShelfRefused):
    """The archive of nights cannot be reached, read or written, or another run is at work in it.

    Before the night nothing is fetched; after it the report is made, and was not kept.
    """

    exit_code = ExitCode.SETTINGS_REFUSED


class ArchiveBusy(ArchiveRefused):
    """Another run is at work in the archive of nights: it may be tried again when that one has ended."""
