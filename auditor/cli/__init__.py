"""The command line, a file for each command.

Nothing heavy is imported before a command needs it: ``--help`` and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from auditor import __version__
from auditor.cli import collect, datasets, demo, doctor, evaluate, history, init, rules, run, simulate
from auditor.cli.talk import carried_out, talk_of
from auditor.workers import choose_allocator

_COMMANDS = {
    "run": (run.add, "audit the configured estate and write the report"),
    "demo": (demo.add, "audit a small simulated estate, through the same code"),
    "collect": (collect.add, "gather only, and leave a snapshot for a later evaluate"),
    "evaluate": (evaluate.add, "judge and render what collect gathered, without any Azure"),
    "doctor": (doctor.add, "say what answers, what does not, and which right closes each gap"),
    "simulate": (simulate.add, "serve a simulated Azure on loopback until interrupted"),
    "rules": (rules.add, "list, show and test rules, and how their files are written"),
    "datasets": (datasets.add, "the frames and columns that rules may name"),
    "history": (history.add, "list the nights that are kept, and compare any two"),
    "init": (init.add, "write a configuration, a rule and an exemptions file to start from"),
}


def main(
    arguments: Sequence[str] | None = None,
    log: logging.Logger | None = None,
    *,
    pause: Callable[[float], None] = time.sleep,
    stopwatch: Callable[[], float] = time.monotonic,
) -> int:
    """Run one command; returns its exit code (see :class:`auditor.errors.ExitCode`), 1 for a bug, which is told.

    A program that runs the auditor within itself (as the worker of Azure Functions does) gives ``log``, mostly
    ``logging.getLogger("auditor")``: the night then speaks through that logger to whatever handlers the program has,
    and nothing of it goes to stderr. Each record's message is a sentence, or with ``--log-format json`` the whole line
    of JSON; the numbers are fields of the record either way.

    ``pause`` waits, in seconds, where Azure or a mail server asks a night for it; ``stopwatch`` tells the seconds that
    its time budget is measured by.
    """
    choose_allocator()
    parsed = _parser().parse_args(arguments)
    with talk_of(parsed, log) as talk:
        parsed.talk, parsed.pause, parsed.stopwatch = talk, pause, stopwatch
        return carried_out(partial(parsed.command, parsed), talk)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="auditor",
        description="A read-only audit of Azure virtual machine extensions.",
        epilog="Exit codes: 0 delivered, 2 settings refused, 3 nothing collected, 4 not delivered, 5 incomplete, "
        "6 out of time, 10 findings at or above --fail-on.",
    )
    parser.add_argument("--version", action="version", version=f"auditor {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (add, what) in _COMMANDS.items():
        add(commands.add_parser(name, help=what))
    return parser
