"""``auditor run``: audit the configured estate and write the report."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.running import narrator_of, order_of, run_night, settled_by
from auditor.errors import ArchiveBusy, ExitCode, NotDue, Problem, SettingsRefused

if TYPE_CHECKING:
    from auditor.cli.talk import Talk
    from auditor.model.run import Order
    from auditor.stores import Store


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    common.add_output(parser, "audit-report")
    common.add_rules(parser)
    common.add_scope(parser)
    common.add_fail_on(parser)
    parser.add_argument("--no-deliver", action="store_true", help="write the report and send nothing")
    parser.add_argument("--if-due", action="store_true", help="only where schedule says so; else end at once")
    parser.add_argument("--late", action="store_true", help="with --if-due: make up for a night that was missed")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.late and not arguments.if_due:
        raise SettingsRefused([Problem("--late", 0, "", "goes with --if-due only: without it a night is always run")])
    order = order_of(settled_by(arguments), arguments, arguments.as_of or datetime.now(UTC))
    return _if_due(order, arguments) if arguments.if_due else run_night(order, arguments)


def _if_due(order: Order, arguments: argparse.Namespace) -> int:
    """The night, where one is due; a tick while another run is at work is no failure."""
    from auditor.schedule import due
    from auditor.stores import letters_wait, open_store

    narrator, store = narrator_of(arguments), open_store(order.settings)
    config = str(arguments.config)
    asked = partial(due, order.settings, store, order.as_of, late=arguments.late, narrow=order.narrowed, config=config)

    def still_due() -> None:
        answer = asked()
        if not answer.night:
            raise NotDue(answer.why)

    try:
        answer = asked()
        narrator.stage("schedule", answer.why)
        if answer.night:
            return run_night(order, arguments, still_due)
        return _send_waiting(order, store, arguments) if letters_wait(order, store) else int(ExitCode.DELIVERED)
    except (ArchiveBusy, NotDue) as error:
        narrator.of_run(None)
        narrator.stage("schedule", str(error))
        return int(ExitCode.DELIVERED)


def _send_waiting(order: Order, store: Store | None, arguments: argparse.Namespace) -> int:
    """Letters that no server took while the night lasted are tried at every tick."""
    from auditor.deliver import send_waiting
    from auditor.model.narration import Told
    from auditor.model.posted import NOTHING_POSTED
    from auditor.model.telling import tell_posted
    from auditor.render.console import print_undelivered

    posted = send_waiting(order.settings, store, order.output, arguments.pause)
    if posted == NOTHING_POSTED:
        return int(ExitCode.DELIVERED)
    told = Told()
    tell_posted(told, posted)
    narrator_of(arguments).stage("outbox", " ".join(told), counts=told.counts)
    print_undelivered(posted.problems, sys.stdout)
    talk: Talk = arguments.talk
    talk.numbers |= {"undelivered": len(posted.problems), "problems": list(posted.problems)}
    return int(ExitCode.NOT_DELIVERED if posted.problems else ExitCode.DELIVERED)
