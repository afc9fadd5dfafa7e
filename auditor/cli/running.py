"""What the commands that settle or run a night have in common: talk on stderr, the summary on stdout."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.files import FILES
from auditor.model.verdict import Severity

if TYPE_CHECKING:
    from pydantic import BaseModel

    from auditor.cli.talk import Talk
    from auditor.model.narration import Narrator
    from auditor.model.report import Report
    from auditor.model.run import Order
    from auditor.settle import Settled


def settled_by(arguments: argparse.Namespace) -> Settled:
    """What the command line and the environment ask for. Raises SettingsRefused."""
    from auditor.settle import settle

    settled = settle(
        arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        subscriptions=arguments.subscription,
        environ=os.environ,
    )
    veil_secrets(settled.settings, arguments)
    return settled


def veil_secrets(settings: BaseModel, arguments: argparse.Namespace) -> None:
    """From now on no talk shows a secret of ``settings``."""
    from auditor.model.settings import secrets_in

    talk: Talk = arguments.talk
    talk.veil.hide(*secrets_in(settings))


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
        narrowed=bool(getattr(arguments, "subscription", ())),
        fail_on=Severity(fail_on) if (fail_on := getattr(arguments, "fail_on", None)) else None,
    )


def _always() -> None:
    """A night that nobody has looked up in the schedule is wanted whatever the archive holds."""


def run_night(order: Order, arguments: argparse.Namespace, still_due: Callable[[], None] = _always) -> int:
    """Run the night; returns its exit code. ``still_due`` raises where nobody wants it any more."""
    from auditor.render.console import print_summary

    narrator = narrator_of(arguments)
    tell_settled(order, narrator)
    from auditor.nightly import night  # the second or so that pandas and the SDK take comes after the first line

    result = night(order, narrator, pause=arguments.pause, stopwatch=arguments.stopwatch, still_due=still_due)
    print_summary(result.report, result.folder, sys.stdout, result.undelivered)
    note_end(result.report, result.folder, arguments, result.undelivered)
    return int(result.exit_code)


def narrator_of(arguments: argparse.Namespace) -> Narrator:
    """What the stages speak to."""
    talk: Talk = arguments.talk
    return talk.narrator


def tell_settled(order: Order, narrator: Narrator) -> None:
    """The first line of the talk: by how much is judged."""
    from auditor.model.narration import counted

    narrator.of_run(order.run_id)
    counts = {"rules": len(order.rulebook.rules), "exemptions": len(order.rulebook.exemptions)}
    narrator.stage("settle", ", ".join(counted(number, noun[:-1]) for noun, number in counts.items()), counts=counts)


def note_end(report: Report, folder: Path, arguments: argparse.Namespace, undelivered: Sequence[str] = ()) -> None:
    """What the last record for machines tells of the night beside its exit code."""
    from auditor.render.log import numbers_of

    talk: Talk = arguments.talk
    talk.numbers |= numbers_of(report, folder, undelivered)
