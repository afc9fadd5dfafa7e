"""Which sources a night asks: what the estate itself takes, and what the columns of tonight's rules rest on.

The night and the least role go by the same answer, so that nothing is asked that the role does not allow.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.dataset import Column, rule_column
from auditor.model.reading import Source
from auditor.model.rule import RuleBook, comparisons_of
from auditor.model.settings import Settings

_ALWAYS = frozenset(
    {
        Source.SUBSCRIPTIONS,
        Source.RESOURCE_GROUPS,
        Source.VIRTUAL_MACHINES,
        Source.SCALE_SETS,
        Source.SCALE_SET_INSTANCES,
        Source.ARC_MACHINES,
        Source.ARC_EXTENSIONS,
        Source.INSTANCE_VIEW,
    }
)
"""What is there, whoever manages it, and with which extensions: the denominator of every report."""
_IN_BULK = frozenset({Source.EXTENSIONS})
"""Resource Manager tells a virtual machine's extensions with the machine itself."""
_AGES = frozenset({Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG})
"""The Resource Graph's rows may be old: the activity log tells what has changed since, and is to be read again."""


def asked_tonight(settings: Settings, rulebook: RuleBook) -> frozenset[Source]:
    """The sources that are asked with these settings for these rules."""
    bulk = settings.sources.inventory != "compute"
    asked = _ALWAYS | needed_by_rules(rulebook) | (_IN_BULK | _AGES if bulk else frozenset())
    if settings.scope.management_groups:
        asked |= {Source.MANAGEMENT_GROUPS}
    without = frozenset() if bulk else _IN_BULK
    if settings.sources.heartbeats.workspaces:
        return (asked | {Source.HEARTBEATS}) - without
    return asked - without - {Source.HEARTBEATS}


def needed_by_rules(rulebook: RuleBook) -> frozenset[Source]:
    """What the columns rest on, or are helped by, that the enabled rules and their exemptions name."""
    return frozenset(
        source for column in _columns(rulebook) for need in (*column.rests_on, column.helped_by) for source in need
    )


def _columns(rulebook: RuleBook) -> Iterator[Column]:
    for rule in rulebook.rules:
        if rule.enabled:
            exempting = (each.selector for each in rulebook.exemptions if each.rule == rule.id)
            named = (test.column for selector in exempting for test in comparisons_of(selector))
            for name in (*rulebook.columns(rule), *named):
                if (column := rule_column(rule.frame, name)) is not None:
                    yield column
