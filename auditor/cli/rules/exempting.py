"""``auditor rules list --exemptions``: how the exemptions stand by their dates, and which can never name anything.

Nothing of Azure is asked: whether they match tonight, and whether they are still needed, the report tells.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from auditor.cli.arguments import CONFIG
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.compose.wording import Wording
    from auditor.model.rule import Exemption, RuleBook

_SHOWN = ("standing", "rule", "expires", "owner", "ticket", "names")
"""The columns of the table."""


def list_exemptions(arguments: argparse.Namespace) -> int:
    """Ends with 2 where an exemption can never name anything: it is a mistake, and no date mends it."""
    from auditor.cli.paper import put_json, say
    from auditor.compose.wording import Wording
    from auditor.settle import settle

    config = arguments.config or CONFIG
    settled = settle(config, rules=arguments.rules, only_rules=arguments.only_rules, environ=os.environ)
    today = (arguments.as_of or datetime.now(UTC)).date()
    wording, file = Wording("en", "UTC"), str(settled.settings.exemptions or "")
    rows = [_row(each, settled.rulebook, today, wording, file) for each in settled.rulebook.exemptions]
    if arguments.json:
        put_json(rows)
    elif rows:
        _print_table(rows)
    else:
        say(f"{config} names no exemptions, or their file holds none.")
    wrong = any(row["cannot_match"] for row in rows)
    return int(ExitCode.SETTINGS_REFUSED if wrong else ExitCode.DELIVERED)


def _print_table(rows: Sequence[Mapping[str, object]]) -> None:
    """The exemptions as a table, and beside it a sentence on each that excuses nothing."""
    from auditor.cli.paper import put, say
    from auditor.render.terminal import aligned

    put(aligned([[name.capitalize() for name in _SHOWN], *([str(row[name]) for name in _SHOWN] for row in rows)]))
    for row in rows:
        for problem in (row["cannot_match"], row["note"]):
            if problem:
                say(f"{row['file']}:{row['line']}: {problem}")


def _row(exemption: Exemption, book: RuleBook, today: date, wording: Wording, file: str) -> dict[str, object]:
    rule = next(each for each in book.rules if each.id == exemption.rule)
    return {
        "standing": _standing(exemption, today),
        "rule": exemption.rule,
        "expires": exemption.expires.isoformat(),
        "owner": exemption.owner,
        "ticket": exemption.ticket,
        "reason": exemption.reason,
        "names": exemption.resource or wording.condition(exemption.selector),
        "file": file,
        "line": exemption.line,
        "cannot_match": _cannot_match(exemption, rule.frame),
        "note": "" if rule.enabled else f"the rule {rule.id} is disabled: there is nothing to excuse",
    }


def _standing(exemption: Exemption, today: date) -> str:
    if not exemption.in_force(today):
        return "expired"
    return "expiring" if exemption.expires_soon(today) else "valid"


def _cannot_match(exemption: Exemption, frame: str) -> str:
    """Why no row of the rule can ever be meant; empty where one can."""
    from auditor.model.exempting import Form, can_name_rows, form_of

    resource = exemption.resource
    if resource is None or can_name_rows(resource, frame):
        return ""
    if form_of(resource) is Form.OTHER:
        return (
            f"{resource} is the id of no machine, scale set or extension, so it excuses nothing: write such an id, or "
            "a selector, for a resource group {resource_group: {equals: NAME}}"
        )
    return f"{resource} is the id of no machine, and {exemption.rule} speaks of machines: write the machine's id"
