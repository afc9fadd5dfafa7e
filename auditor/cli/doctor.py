"""``auditor doctor``: say before a long run what answers and what does not; or print the least role that is enough."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.running import narrator_of, settled_by
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.settle import Settled


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    common.add_rules(parser)
    common.add_subscriptions(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--role", action="store_true", help="ask nothing: print the least role that is enough, for az role definition"
    )
    output.add_argument("--json", action="store_true", help="for programs")
    common.add_loudness(parser)
    parser.epilog = (
        "Exit codes: 0 everything that tonight's rules need answers (or its gap is accepted), 2 settings refused, 3 "
        "something does not answer."
    )
    parser.set_defaults(command=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    settled = settled_by(arguments)
    return _print_role(settled) if arguments.role else _check(settled, arguments)


def _check(settled: Settled, arguments: argparse.Namespace) -> int:
    from auditor.render.checkup import print_checkup, write_checkup

    narrator = narrator_of(arguments)
    from auditor.checkup import checkup  # the second that the SDK takes comes after the mistakes in the configuration

    found = checkup(settled.settings, settled.rulebook, narrator, datetime.now(UTC))
    if arguments.json:
        write_checkup(found, sys.stdout)
    else:
        print_checkup(found, sys.stdout, settled.settings.report.language)
    return int(found.exit_code)


def _print_role(settled: Settled) -> int:
    from auditor.model.role import least_role, remarks
    from auditor.render.role import print_role

    of = (settled.settings, settled.rulebook)
    print_role(least_role(*of), remarks(*of), sys.stdout, sys.stderr, settled.settings.report.language)
    return int(ExitCode.DELIVERED)
