"""How a command speaks beside its data, to people or to machines; and how it says that it has ended.

Every command ends here, however it ends: with an exit code, with a sentence (AuditorError), or with a bug.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from auditor.errors import INTERRUPTED, AuditorError, ExitCode
from auditor.model.veil import Veil

if TYPE_CHECKING:
    from auditor.model.narration import Narrator
    from auditor.render.log import LogNarrator

BUG = 1
"""Python's own exit code for a program that raised what nobody caught."""


class Talk(Protocol):
    """``veil`` hides the secrets of the configuration from now on; ``numbers`` are told at the end."""

    veil: Veil
    numbers: dict[str, Any]

    @property
    def narrator(self) -> Narrator:
        """What the stages speak to."""

    def ended(self, code: int) -> int:
        """The command has done what it can. Returns ``code``."""

    def refused(self, code: int, sentence: str) -> int:
        """The command ends with a sentence for whoever started it. Returns ``code``."""

    def crashed(self, error: Exception) -> int:
        """A bug ends the command. Returns the exit code."""


@dataclass
class ToPeople:
    """Sentences on stderr."""

    arguments: argparse.Namespace
    veil: Veil = field(default_factory=Veil)
    numbers: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def narrator(self) -> Narrator:
        """As loud as --verbose and --quiet say."""
        from auditor.render.console import ConsoleNarrator, Level

        told = self.arguments
        level = Level.QUIET if told.quiet else Level.VERBOSE if told.verbose else Level.NORMAL
        return ConsoleNarrator(sys.stderr, level, veil=self.veil.over)

    def ended(self, code: int) -> int:
        """The summary on stdout says it."""
        return code

    def refused(self, code: int, sentence: str) -> int:
        if sentence:
            print(self.veil.over(sentence), file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        return code

    def crashed(self, error: Exception) -> int:
        lines = "".join(traceback.format_exception(error))
        print(self.veil.over(lines), end="", file=sys.stderr)  # noqa: T201 - as Python itself would
        return BUG


@dataclass
class ToMachines:
    """Records of ``logging``, the last of which says how it ended."""

    narrator: LogNarrator
    veil: Veil
    numbers: dict[str, Any] = field(default_factory=dict)

    def ended(self, code: int) -> int:
        self.narrator.end(code, fields=self.numbers)
        return code

    def refused(self, code: int, sentence: str) -> int:
        self.narrator.end(code, sentence or "Interrupted.", self.numbers)
        return code

    def crashed(self, error: Exception) -> int:
        self.narrator.end(BUG, f"A bug ended it: {error!r}", self.numbers, error)
        return BUG


@contextmanager
def talk_of(arguments: argparse.Namespace, log: logging.Logger | None) -> Iterator[Talk]:
    """To people, unless the command line or a host that brings its own ``log`` wants records."""
    as_json = getattr(arguments, "log_format", "text") == "json"
    if log is None and not as_json:
        yield ToPeople(arguments)
        return
    from auditor.cli.listeners import of_host, on_stderr
    from auditor.render.log import LogNarrator

    veil, verbose = Veil(), getattr(arguments, "verbose", False)
    listening = of_host(log, veil, as_json=as_json) if log else on_stderr(veil, verbose=verbose)
    with listening as heard:
        yield ToMachines(LogNarrator(heard, quiet=getattr(arguments, "quiet", False)), veil)


def carried_out(command: Callable[[], int], talk: Talk) -> int:
    """Run the command to its end, whatever that is; returns the exit code."""
    try:
        code = command()
    except AuditorError as error:
        return talk.refused(int(error.exit_code), str(error))
    except ModuleNotFoundError as error:
        return talk.refused(int(ExitCode.SETTINGS_REFUSED), _not_installed(error))
    except KeyboardInterrupt:
        return talk.refused(INTERRUPTED, "")  # a person knows what he did
    except Exception as error:  # noqa: BLE001 - a bug, told as Python would, without the secrets that it may quote
        return talk.crashed(error)
    return talk.ended(code)


def _not_installed(error: ModuleNotFoundError) -> str:
    return (
        f"Nothing was done: this Python ({sys.executable}) has no package {error.name}. "
        "Install the auditor into it (python -m pip install .), or run the Python of the environment that has it."
    )
