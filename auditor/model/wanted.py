"""Of which extensions the enabled rules need versions: what regions offer of them, and what machines run of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.model.dataset import rule_column
from auditor.model.reading import Source
from auditor.model.rule import AllOf, Comparison, Condition, Operator, Rule, RuleBook, Upgradable, pairs_named

Product = tuple[str, str, str]
"""(machine kind, publisher, type), in lower case."""
_OFFERS = frozenset({Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS})
_ONLY_UPGRADABLE = Comparison("supports_auto_upgrade", Operator.EQUALS, "yes")


class Breadth(StrEnum):
    """How far rules that name no publisher and type reach beyond those that others name."""

    NAMED = "named"
    """No further: no such rule needs versions."""
    UPGRADABLE = "upgradable"
    """To all that can be upgraded automatically."""
    ALL = "all"


@dataclass(frozen=True)
class Wanted:
    """``named``: (publisher, type) in lower case; ``upgradable``: what the table of automatic upgrade lists."""

    named: frozenset[tuple[str, str]]
    breadth: Breadth = Breadth.NAMED
    upgradable: frozenset[Product] = field(default_factory=frozenset)

    @classmethod
    def of(cls, rulebook: RuleBook) -> Wanted:
        named = frozenset((publisher.lower(), kind.lower()) for publisher, kind in rulebook.agents())
        return cls(named, _breadth(rulebook.rules), products(rulebook.upgradable))

    @property
    def is_wide(self) -> bool:
        """Whether versions are needed of what no rule names."""
        return self.breadth is not Breadth.NAMED

    def includes(self, machine_kind: str, publisher: object, kind: object, auto_upgrade: object) -> bool:
        """Whether versions are needed of such an extension; ``machine_kind`` is vm or arc."""
        pair = (str(publisher).lower(), str(kind).lower())
        if pair in self.named or self.breadth is Breadth.ALL:
            return True
        listed = (machine_kind, *pair) in self.upgradable
        return self.breadth is Breadth.UPGRADABLE and (listed or auto_upgrade == "enabled")


def products(rows: Iterable[Upgradable]) -> frozenset[Product]:
    """The table of automatic upgrade, for looking things up in it."""
    return frozenset((kind, row.publisher.lower(), row.type.lower()) for row in rows for kind in row.kinds)


def _breadth(rules: Iterable[Rule]) -> Breadth:
    open_rules = [rule for rule in rules if rule.enabled and _needs_offers(rule) and not pairs_named(rule.applies_to)]
    if not open_rules:
        return Breadth.NAMED
    narrow = all(_ONLY_UPGRADABLE in _parts(rule.applies_to) for rule in open_rules)
    return Breadth.UPGRADABLE if narrow else Breadth.ALL


def _needs_offers(rule: Rule) -> bool:
    columns = (rule_column(rule.frame, name) for name in rule.columns())
    return any(_OFFERS & set(need) for column in columns if column for need in column.rests_on)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)
