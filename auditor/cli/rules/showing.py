"""``auditor rules show``: one rule in words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.compose.wording import Wording
    from auditor.model.rule import Clause, Rule

_CODE_WIDTH = 26


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="such as AMA-001")
    common.add_rules(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="show the rule as this configuration changes it")
    parser.set_defaults(command=_show)


def _show(arguments: argparse.Namespace) -> int:
    from auditor.cli.paper import put
    from auditor.compose.wording import Wording
    from auditor.settle import settle

    settled = settle(arguments.config, rules=arguments.rules, only_rules=arguments.only_rules, environ=os.environ)
    rule = find_rule(settled.rulebook.rules, arguments.id, "auditor rules show")
    put(_lines(rule, Wording("en", "UTC")))
    return int(ExitCode.DELIVERED)


def find_rule(rules: Sequence[Rule], name: str, where: str) -> Rule:
    """The rule of that id, in any letter case. Raises SettingsRefused where there is none."""
    from auditor.cli.paper import refuse
    from auditor.settle.complaints import did_you_mean

    found = next((rule for rule in rules if rule.id.lower() == name.lower()), None)
    if found is None:
        raise refuse(where, f"there is no rule {name!r}{did_you_mean(name, [rule.id for rule in rules])}")
    return found


def _lines(rule: Rule, wording: Wording) -> Iterator[str]:
    from auditor.cli.paper import titled, wrapped
    from auditor.compose.notes import note_of
    from auditor.model.rule import ALWAYS

    note = note_of(rule, wording, {})
    spoken = [each for each in (rule.applies_to, rule.only) if each != ALWAYS]
    yield f"{note.id}  {note.title}"
    yield f"{rule.severity}, {'enabled' if rule.enabled else 'disabled'}, over the frame {rule.frame}"
    yield rule.path
    yield from titled("Why", list(wrapped(note.why, indent=2)))
    told = [line for each in spoken for line in wrapped(wording.condition(each), indent=2)]
    yield from titled("It speaks of rows with", told)
    yield from titled("What is expected", list(wrapped(note.expectation, indent=2)))
    yield from titled("Parameters, which a configuration may change", [f"  {n}: {v}" for n, v in note.parameters])
    for title, clauses in (
        ("Not applicable", rule.not_applicable),
        ("Pending, before anything is expected", rule.early_pending),
        ("Pending, where it would fail", rule.pending),
        ("Fail, the first reason that holds", rule.reasons),
    ):
        yield from titled(title, [line for clause in clauses for line in _clause(clause, wording)])
    yield from titled("What to do", list(_fixes(rule, wording)))
    yield from titled("Columns", list(_columns(rule)))
    yield from titled("Sources", [f"  {page}" for page in note.sources])


def _clause(clause: Clause, wording: Wording) -> Iterator[str]:
    """The code and its sentence, when it holds, and the fix that mends it."""
    from auditor.cli.paper import wrapped
    from auditor.model.rule import ALWAYS

    yield from wrapped(wording.text_of(clause.text), indent=_CODE_WIDTH, first=f"  {clause.code}  ")
    if clause.when != ALWAYS:
        yield from wrapped(f"when {wording.condition(clause.when)}", indent=_CODE_WIDTH)
    if clause.fix:
        yield from wrapped(f"fix: {clause.fix}", indent=_CODE_WIDTH)


def _fixes(rule: Rule, wording: Wording) -> Iterator[str]:
    """In the words for a virtual machine; the report has others for the other kinds."""
    from auditor.cli.paper import wrapped

    for fix in dict.fromkeys(clause.fix for clause in rule.reasons if clause.fix):
        yield from wrapped(wording.fix(fix, None), indent=_CODE_WIDTH, first=f"  {fix}  ")


def _columns(rule: Rule) -> Iterator[str]:
    from auditor.cli.paper import wrapped
    from auditor.model.dataset import rule_column

    for name in rule.columns():
        column = rule_column(rule.frame, name)
        if column is not None:
            words = f" ({', '.join(column.words)})" if column.words else ""
            yield from wrapped(f"{column.kind}: {column.meaning}{words}", indent=_CODE_WIDTH, first=f"  {name}  ")
