"""``auditor evaluate``: judge and render what collect gathered, without any Azure."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.running import narrator_of, note_end, order_of, tell_settled, veil_secrets
from auditor.errors import OutputRefused
from auditor.resources import rules_folder

if TYPE_CHECKING:
    from auditor.model.grounds import Again
    from auditor.model.narration import Narrator
    from auditor.settle import Settled
    from auditor.snapshot import Opened


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--snapshot", type=Path, required=True, metavar="SNAPSHOT", help="what collect has written")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="another configuration than the one it was collected with"
    )
    common.add_output(parser, "audit-report")
    common.add_rules(parser)
    common.add_fail_on(parser)
    parser.set_defaults(command=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    """Without --config and --rules what the snapshot keeps of both is judged by: it gives the same report again."""
    from auditor.settle import settle_again
    from auditor.snapshot import open_snapshot

    _check_apart(arguments.output, arguments.snapshot)
    opened = open_snapshot(arguments.snapshot)
    settled = settle_again(
        opened.kept,
        config=arguments.config,
        rules=arguments.rules,
        only_rules=arguments.only_rules,
        environ=os.environ,
    )
    veil_secrets(settled.settings, arguments)
    gathered = opened.gathered
    order = order_of(settled, arguments, gathered.as_of)
    order = replace(order, fixed_clock=gathered.fixed_clock, checked=(arguments.snapshot,))
    narrator, again = narrator_of(arguments), _again(opened, settled)
    narrator.stage("snapshot", f"of {gathered.as_of:%Y-%m-%d %H:%M} UTC, collected by {gathered.tool}")
    tell_settled(order, narrator)
    _tell_changes(opened, again, arguments, narrator)
    from auditor.nightly import judge_again
    from auditor.render.console import print_summary

    result = judge_again(order, gathered, again, narrator)
    print_summary(result.report, result.folder, sys.stdout)
    note_end(result.report, result.folder, arguments)
    return int(result.exit_code)


def _check_apart(output: Path, snapshot: Path) -> None:
    if output.resolve().is_relative_to(snapshot.resolve()):
        raise OutputRefused(
            f"The report was not written to {output}: it lies in the snapshot, which would not be what was written any "
            "more. Choose another folder with --output."
        )


def _again(opened: Opened, settled: Settled) -> Again:
    from auditor.model.grounds import Again
    from auditor.settle import since

    now = {"config": settled.config_hash, **settled.rulebook.hashes}
    differing = {f"snapshot/{name}": digest for name, digest in opened.kept.digests.items() if now.get(name) != digest}
    return Again(opened.gathered.tool, since(opened.kept, settled.grounds), {"snapshot": opened.digest, **differing})


def _tell_changes(opened: Opened, again: Again, arguments: argparse.Namespace, narrator: Narrator) -> None:
    from auditor.settle import shipped_since

    if again.changes:
        narrator.stage("rules", f"not those of the snapshot: {again.changes}")
    shipped = shipped_since(opened.kept)
    if shipped and not (arguments.rules or arguments.only_rules):
        sentence = f"as they were collected; those that ship now differ: {shipped}. To judge by them: --rules"
        narrator.stage("rules", f"{sentence} {rules_folder()}")
