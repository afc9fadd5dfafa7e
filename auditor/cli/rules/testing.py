"""``auditor rules test``: each rule's examples, judged; a line for each rule, and what came out otherwise."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.rules.showing import find_rule
from auditor.errors import ExitCode, Problem

if TYPE_CHECKING:
    from auditor.model.rule import Rule


@dataclass(frozen=True)
class Tried:
    """One rule and its examples that came out otherwise than they say."""

    rule: Rule
    problems: tuple[Problem, ...]

    @property
    def word(self) -> str:
        """A rule without examples was not tested: that is no success."""
        return "untested" if not self.rule.examples else "failed" if self.problems else "ok"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID", help="only these rules; default: all")
    common.add_rules(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_test)


def _test(arguments: argparse.Namespace) -> int:
    """Ends with 2 where an example comes out otherwise, and where a rule has none."""
    from auditor.cli.paper import put, put_json
    from auditor.settle import settle

    rules = settle(None, rules=arguments.rules, only_rules=arguments.only_rules, environ={}).rulebook.rules
    chosen = [find_rule(rules, name, "auditor rules test") for name in dict.fromkeys(arguments.id)] or rules
    from auditor.judge import check_examples  # the second that pandas takes comes after the mistakes in the files

    tried = [Tried(rule, tuple(replace(each, file=rule.path) for each in check_examples(rule))) for rule in chosen]
    if arguments.json:
        put_json([_as_json(each) for each in tried])
    else:
        put(_lines(tried))
    whole = all(each.word == "ok" for each in tried)
    return int(ExitCode.DELIVERED if whole else ExitCode.SETTINGS_REFUSED)


def _lines(tried: Sequence[Tried]) -> Iterator[str]:
    for each in tried:
        yield f"{each.rule.id:<9} {each.word:<9} {_count(each)}"
        yield from (f"  {problem}" for problem in each.problems)
    good, examples = sum(each.word == "ok" for each in tried), sum(len(each.rule.examples) for each in tried)
    yield f"{good} of {len(tried)} rules are as their examples say ({examples} examples)"


def _count(tried: Tried) -> str:
    count, failed = len(tried.rule.examples), len(tried.problems)
    if not count:
        return "it has no examples: write some, they are its tests"
    return f"{failed} of {count} examples" if failed else f"{count} example{'s' if count > 1 else ''}"


def _as_json(tried: Tried) -> dict[str, object]:
    return {
        "rule": tried.rule.id,
        "file": tried.rule.path,
        "result": tried.word,
        "examples": len(tried.rule.examples),
        "problems": [{"line": each.line, "field": each.field, "sentence": each.sentence} for each in tried.problems],
    }
