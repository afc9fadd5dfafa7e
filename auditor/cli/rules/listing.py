"""``auditor rules list``: the rules, and what a configuration changes of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.rules.exempting import list_exemptions
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.compose.wording import Wording
    from auditor.model.rule import Rule


def add(parser: argparse.ArgumentParser) -> None:
    common.add_rules(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="show what this configuration changes")
    parser.add_argument("--exemptions", action="store_true", help=f"list the exemptions (--config: {common.CONFIG})")
    parser.add_argument("--as-of", type=common.time, metavar="TIME", help="with --exemptions: how they stand then")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_list)


def _list(arguments: argparse.Namespace) -> int:
    if arguments.exemptions:
        return list_exemptions(arguments)
    from auditor.cli.paper import put, put_json
    from auditor.compose.wording import Wording
    from auditor.render.terminal import aligned
    from auditor.settle import settle

    packs = {"rules": arguments.rules, "only_rules": arguments.only_rules}
    rules = settle(arguments.config, **packs, environ=os.environ).rulebook.rules
    shipped = {rule.id: rule for rule in settle(None, **packs, environ={}).rulebook.rules}
    wording = Wording("en", "UTC")
    changes = {rule.id: list(_changes(rule, shipped[rule.id], wording)) for rule in rules}
    if arguments.json:
        put_json([_as_json(rule, wording, changes[rule.id]) for rule in rules])
    else:
        rows = [_row(rule, wording, changes[rule.id]) for rule in rules]
        put(aligned([("Rule", "Severity", "Enabled", "Title"), *rows]))
        told = [(rule, change) for rule, found in changes.items() for change in found]
        put(["", f"Changed by {arguments.config}:", *aligned(told)] if told else [])
    return int(ExitCode.DELIVERED)


def _row(rule: Rule, wording: Wording, changed: list[str]) -> tuple[str, ...]:
    sign = " *" if changed else ""
    return rule.id + sign, str(rule.severity), "yes" if rule.enabled else "no", wording.text_of(rule.title)


def _changes(rule: Rule, before: Rule, wording: Wording) -> Iterator[str]:
    """What the configuration makes of a rule, beside what its file says."""
    if rule.enabled != before.enabled:
        yield "enabled" if rule.enabled else "disabled"
    if rule.severity != before.severity:
        yield f"severity: {rule.severity} (was {before.severity})"
    for name, value in rule.params.items():
        if value != before.params[name]:
            yield f"params.{name}: {wording.exact(value)} (was {wording.exact(before.params[name])})"
    if rule.only != before.only:
        yield f"only: {wording.condition(rule.only)}"


def _as_json(rule: Rule, wording: Wording, changed: list[str]) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": str(rule.severity),
        "enabled": rule.enabled,
        "title": wording.text_of(rule.title),
        "frame": rule.frame,
        "file": rule.path,
        "changed": changed,
    }
