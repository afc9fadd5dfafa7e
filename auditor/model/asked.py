"""Which sources a night asks: what the estate itself takes, and what the columns of tonight's rules rest on.

The night, the least role and the checkup go by the same answer, so that nothing is asked that the role does not allow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from auditor.model.dataset import Column, Need, rule_column
from auditor.model.reading import Source
from auditor.model.rule import Rule, RuleBook, comparisons_of
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


def configured_sources(settings: Settings) -> frozenset[Source]:
    """The sources that the configuration lets a night ask at all."""
    without = frozenset() if settings.sources.heartbeats.workspaces else frozenset({Source.HEARTBEATS})
    return frozenset(Source) - without


def asked_tonight(settings: Settings, rulebook: RuleBook) -> frozenset[Source]:
    """The sources that are asked with these settings for these rules."""
    configured, bulk = configured_sources(settings), settings.sources.inventory != "compute"
    asked = _ALWAYS | _needed(rulebook, configured) | (_IN_BULK | _AGES if bulk else frozenset())
    if settings.scope.management_groups:
        asked |= {Source.MANAGEMENT_GROUPS}
    if Source.HEARTBEATS in configured:
        asked |= {Source.HEARTBEATS}
    return asked - (frozenset() if bulk else _IN_BULK)


def unmet(rulebook: RuleBook, rule: Rule, configured: Collection[Source]) -> dict[str, list[Need]]:
    """The columns of ``rule`` with a need that no configured source meets, and those needs."""
    needs = {
        column.name: [need for need in column.rests_on if not set(need) & set(configured)]
        for column in _columns(rule, rulebook.columns(rule))
    }
    return {name: found for name, found in needs.items() if found}


def _needed(rulebook: RuleBook, configured: frozenset[Source]) -> frozenset[Source]:
    """What the columns rest on, or are helped by, that the rules that can be run and their exemptions name."""
    running = (rule for rule in rulebook.rules if rule.enabled and not unmet(rulebook, rule, configured))
    columns = (column for rule in running for column in _columns(rule, _named(rulebook, rule)))
    return configured & {source for each in columns for need in (*each.rests_on, each.helped_by) for source in need}


def _named(rulebook: RuleBook, rule: Rule) -> Iterator[str]:
    yield from rulebook.columns(rule)
    for exemption in rulebook.exemptions:
        if exemption.rule == rule.id:
            yield from (test.column for test in comparisons_of(exemption.selector))


def _columns(rule: Rule, names: Iterable[str]) -> list[Column]:
    found = (rule_column(rule.frame, name) for name in names)
    return [column for column in found if column is not None]
