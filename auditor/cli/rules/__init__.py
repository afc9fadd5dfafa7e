"""``auditor rules``: what the rules are, what each says, whether its examples come out, and how a file is written."""

from __future__ import annotations

import argparse

from auditor.cli.rules import listing, schema, showing, testing


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing.add(actions.add_parser("list", help="the rules, or with --exemptions what excuses their findings"))
    showing.add(actions.add_parser("show", help="one rule: what it expects, why, and what its verdicts say"))
    testing.add(actions.add_parser("test", help="try each rule's examples"))
    schema.add(actions.add_parser("schema", help="the JSON schema of a rule's file, for editors"))
