"""What the commands that settle or run a night have in common: talk on stderr, the summary on stdout."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from auditor.model.files import FILES
from auditor.model.verdict import Severity

if TYPE_CHECKING:
    from auditor.model.narration import Narrator
    from auditor.model.run import Order
    from auditor.settle import Settled


def settled_by(arguments: argparse.Namespace) -> Settled:
    """What the command line and the environment ask for. Raises SettingsRefused."""
    from auditor.settle import settle

    return settle(
        arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        subscriptions=arguments.subscription,
        environ=os.environ,
    )


def order_of(settled: Settled, arguments: argparse.Namespace, as_of: datetime) -> Order:
    """The night that is asked for; what the command does not take has its default."""
    from auditor.model.run import Order

    return Order(
        settings=settled.settings,
        rulebook=settled.rulebook,
        config_hash=settled.config_hash,
        output=arguments.output,
        formats=tuple(dict.fromkeys(getattr(arguments, "format", None) or FILES)),
        as_of=as_of,
        fixed_clock=getattr(arguments, "as_of", None) is not None,
        deliver=not getattr(arguments, "no_deliver", False),
        fail_on=Severity(fail_on) if (fail_on := getattr(arguments, "fail_on", None)) else None,
    )


def run_night(order: Order, arguments: argparse.Namespace) -> int:
    """Run the night; returns its exit code."""
    from auditor.render.console import print_summary

    narrator = narrator_of(arguments)
    tell_settled(order, narrator)
    from auditor.nightly import night  # the second or so that pandas and the SDK take comes after the first line

    result = night(order, narrator)
    print_summary(result.report, result.folder, sys.stdout, result.undelivered)
    return int(result.exit_code)


def narrator_of(arguments: argparse.Namespace) -> Narrator:
    """Talk on stderr, as loud as --verbose and --quiet say."""
    from auditor.render.console import ConsoleNarrator, Level

    level = Level.QUIET if arguments.quiet else Level.VERBOSE if arguments.verbose else Level.NORMAL
    return ConsoleNarrator(sys.stderr, level)


def tell_settled(order: Order, narrator: Narrator) -> None:
    """The first line of the talk: by how much is judged."""
    narrator.stage("settle", f"{len(order.rulebook.rules)} rules, {len(order.rulebook.exemptions)} exemptions")
