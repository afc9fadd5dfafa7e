"""``auditor run``: audit the configured estate and write the report."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from auditor.cli import arguments as common
from auditor.cli.running import order_of, run_night
from auditor.model.verdict import Severity


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="FILE")
    common.add_output(parser, "audit-report")
    common.add_rules(parser)
    parser.add_argument("--subscription", action="append", default=[], metavar="ID", help="only these (repeatable)")
    parser.add_argument("--as-of", type=common.time, metavar="TIME", help="judge, and count as read, at this time")
    parser.add_argument(
        "--fail-on", choices=[str(each) for each in Severity], help="end with 10 on findings of this severity or graver"
    )
    parser.add_argument("--no-deliver", action="store_true", help="write the report and send nothing")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    from auditor.settle import settle

    settled = settle(
        arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        subscriptions=arguments.subscription,
        environ=os.environ,
    )
    order = order_of(settled, arguments, arguments.as_of or datetime.now(UTC))
    return run_night(order, arguments)
