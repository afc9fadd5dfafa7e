"""``auditor doctor``: say before a long run what answers and what does not; or print the least role that is enough."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.arguments import add_config, add_loudness
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.settle import Settled


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--rules", type=Path, action="append", default=[], metavar="PATH", help="rules beside the shipped (repeatable)"
    )
    parser.add_argument("--only-rules", action="store_true", help="leave the shipped rules out")
    parser.add_argument("--subscription", action="append", default=[], metavar="ID", help="only these (repeatable)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--role", action="store_true", help="ask nothing: print the least role that is enough, for az role definition"
    )
    output.add_argument("--json", action="store_true", help="for machines")
    add_loudness(parser)
    parser.epilog = (
        "Exit codes: 0 everything that tonight's rules need answers (or its gap is accepted), 2 settings refused, 3 "
        "something does not answer."
    )
    parser.set_defaults(command=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from auditor.settle import settle

    settled = settle(
        arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        subscriptions=arguments.subscription,
        environ=os.environ,
    )
    return _print_role(settled) if arguments.role else _check(settled, arguments)


def _check(settled: Settled, arguments: argparse.Namespace) -> int:
    from auditor.render.checkup import print_checkup, write_checkup
    from auditor.render.console import ConsoleNarrator, Level

    level = Level.QUIET if arguments.quiet else Level.VERBOSE if arguments.verbose else Level.NORMAL
    narrator = ConsoleNarrator(sys.stderr, level)
    from auditor.checkup import checkup  # the second that the SDK takes comes after the mistakes in the configuration

    found = checkup(settled.settings, settled.rulebook, narrator, datetime.now(UTC))
    (write_checkup if arguments.json else print_checkup)(found, sys.stdout)
    return int(found.exit_code)


def _print_role(settled: Settled) -> int:
    from auditor.model.role import least_role, remarks
    from auditor.render.role import print_role

    of = (settled.settings, settled.rulebook)
    print_role(least_role(*of), remarks(*of), sys.stdout, sys.stderr)
    return int(ExitCode.DELIVERED)
