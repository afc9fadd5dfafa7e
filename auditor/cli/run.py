"""``auditor run``: audit the configured estate and write the report."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime

from auditor.cli import arguments as common
from auditor.cli.running import order_of, run_night


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    common.add_output(parser, "audit-report")
    common.add_rules(parser)
    common.add_scope(parser)
    common.add_fail_on(parser)
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
