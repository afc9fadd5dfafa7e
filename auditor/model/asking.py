"""What a night has to ask at all: the sources of the columns that its rules rest on, and nothing more."""

from __future__ import annotations

from collections.abc import Collection

from auditor.model.dataset import Column, Need, rule_column
from auditor.model.reading import Source
from auditor.model.rule import Rule, RuleBook
from auditor.model.settings import Settings


def configured_sources(settings: Settings) -> frozenset[Source]:
    """The sources that the configuration lets a night ask at all."""
    without = frozenset() if settings.sources.heartbeats.workspaces else frozenset({Source.HEARTBEATS})
    return frozenset(Source) - without


def unmet(rulebook: RuleBook, rule: Rule, configured: Collection[Source]) -> dict[str, list[Need]]:
    """The columns of ``rule`` with a need that no configured source meets, and those needs."""
    needs = {
        column.name: [need for need in column.rests_on if not set(need) & set(configured)]
        for column in _columns(rulebook, rule)
    }
    return {name: found for name, found in needs.items() if found}


def asked_for(rulebook: RuleBook, settings: Settings) -> frozenset[Source]:
    """The sources that tell, or help to tell, a column of an enabled rule that can be run."""
    configured = configured_sources(settings)
    running = (rule for rule in rulebook.rules if rule.enabled and not unmet(rulebook, rule, configured))
    named = {
        source
        for rule in running
        for column in _columns(rulebook, rule)
        for source in (*(each for need in column.rests_on for each in need), *column.helped_by)
    }
    return configured & named


def _columns(rulebook: RuleBook, rule: Rule) -> list[Column]:
    named = (rule_column(rule.frame, name) for name in rulebook.columns(rule))
    return [column for column in named if column is not None]
