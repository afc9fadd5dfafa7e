"""``auditor rules schema``: the JSON schema of a rule's file, for editors with yaml-language-server."""

from __future__ import annotations

import argparse

from auditor.errors import ExitCode


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write it to a file, and begin each rule with the line: # yaml-language-server: $schema=rule.schema.json"
    )
    parser.set_defaults(command=_schema)


def _schema(_arguments: argparse.Namespace) -> int:
    from auditor.cli.paper import put_json
    from auditor.settle.schema import rule_schema

    put_json(rule_schema())
    return int(ExitCode.DELIVERED)
