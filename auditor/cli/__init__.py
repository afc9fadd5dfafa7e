"""The command line, a file for each command.

Nothing heavy is imported before a command needs it: ``--help`` and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from auditor import __version__
from auditor.cli import collect, datasets, demo, doctor, evaluate, history, init, rules, run, simulate
from auditor.errors import AuditorError, ExitCode
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (see :class:`auditor.errors.ExitCode`)."""
    choose_allocator()
    parsed = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except AuditorError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        return int(error.exit_code)
    except ModuleNotFoundError as error:
        print(_not_installed(error), file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        return int(ExitCode.SETTINGS_REFUSED)
    except KeyboardInterrupt:
        return 130


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


def _not_installed(error: ModuleNotFoundError) -> str:
    return (
        f"Nothing was done: this Python ({sys.executable}) has no package {error.name}. "
        "Install the auditor into it (python -m pip install .), or run the Python of the environment that has it."
    )
