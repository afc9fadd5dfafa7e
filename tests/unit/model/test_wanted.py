"""Of which extensions the enabled rules need versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.rule import AllOf, Comparison, NoneOf, Operator, Rule, RuleBook, Upgradable
from auditor.model.verdict import Severity
from auditor.model.wanted import Breadth, Wanted, products
from auditor.settle import settle

SHIPPED = settle(None, environ={}).rulebook
BEHIND = Comparison("releases_behind", Operator.AT_MOST, 2)
SUPPORTED = Comparison("supports_auto_upgrade", Operator.EQUALS, "yes")
ON_MACHINES = Comparison("on", Operator.EQUALS, "machine")
VAULT, SCRIPT = ("Microsoft.Azure.KeyVault", "KeyVaultForLinux"), ("Microsoft.Azure.Extensions", "CustomScript")
LINUX = ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent")


def rule(expect: Any = BEHIND, **more: Any) -> Rule:
    words = {"en": "x"}
    return Rule("MY-001", words, Severity.LOW, more.pop("frame", "extensions"), words, expect, (), **more)


def book(*rules: Rule) -> RuleBook:
    return RuleBook(rules, upgradable=(Upgradable(*VAULT), Upgradable("P", "T", ("arc",))))


def switched_on(*names: str) -> Wanted:
    rules = tuple(replace(each, enabled=each.enabled or each.id in names) for each in SHIPPED.rules)
    return Wanted.of(replace(SHIPPED, rules=rules))


def test_the_shipped_rules_need_the_monitor_agents_alone_until_ext_002_is_switched_on() -> None:
    assert Wanted.of(SHIPPED).breadth is Breadth.NAMED
    assert switched_on("EXT-001", "EXT-003").breadth is Breadth.NAMED
    assert switched_on("EXT-002").breadth is Breadth.UPGRADABLE
    for wanted in (Wanted.of(SHIPPED), switched_on("EXT-002")):
        assert wanted.includes("vm", *LINUX, "disabled")
        assert wanted.includes("arc", LINUX[0].upper(), LINUX[1].lower(), None)


@pytest.mark.parametrize(
    ("kind", "pair", "setting", "named", "wide"),
    [
        ("vm", VAULT, "unset", False, True),
        ("arc", VAULT, None, False, True),
        ("vm", SCRIPT, "unset", False, False),
        ("vm", SCRIPT, "enabled", False, True),
        ("vm", ("Microsoft.Azure.Security", "IaaSAntimalware"), "unset", False, False),
        ("arc", ("Microsoft.Azure.Security", "IaaSAntimalware"), None, False, True),
        ("vm", (None, None), "unset", False, False),
    ],
)
def test_then_those_that_the_table_lists_and_those_that_have_it_on(
    kind: str, pair: tuple[Any, Any], setting: str | None, named: bool, wide: bool
) -> None:
    assert Wanted.of(SHIPPED).includes(kind, *pair, setting) is named
    assert switched_on("EXT-002").includes(kind, *pair, setting) is wide


@pytest.mark.parametrize(
    ("rules", "breadth"),
    [
        ((), Breadth.NAMED),
        ((rule(applies_to=SUPPORTED),), Breadth.UPGRADABLE),
        ((rule(applies_to=AllOf((ON_MACHINES, SUPPORTED))),), Breadth.UPGRADABLE),
        ((rule(),), Breadth.ALL),
        ((rule(applies_to=ON_MACHINES),), Breadth.ALL),
        ((rule(applies_to=NoneOf((SUPPORTED,))),), Breadth.ALL),
        ((rule(applies_to=SUPPORTED), rule()), Breadth.ALL),
        ((rule(enabled=False),), Breadth.NAMED),
        ((rule(Comparison("auto_upgrade", Operator.EQUALS, "enabled")),), Breadth.NAMED),
        ((rule(Comparison("monitor_agents", Operator.AT_LEAST, 1), frame="machines"),), Breadth.NAMED),
    ],
)
def test_a_rule_that_names_no_extension_reaches_as_far_as_it_speaks(rules: tuple[Rule, ...], breadth: Breadth) -> None:
    assert Wanted.of(book(*rules)).breadth is breadth
    assert Wanted.of(book(*rules)).includes("vm", *SCRIPT, "unset") is (breadth is Breadth.ALL)


def test_the_table_is_looked_up_by_kind_and_in_lower_case() -> None:
    assert products(book().upgradable) == {
        *((kind, *(each.lower() for each in VAULT)) for kind in ("vm", "arc")),
        ("arc", "p", "t"),
    }
