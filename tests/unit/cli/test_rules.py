"""``auditor rules``: what a person who writes rules sees, and what other programs read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from auditor.model.rule import Rule
from auditor.settle import settle
from auditor.settle.schema import rule_schema
from tests.unit.cli.conftest import Command

Write = Callable[[str, str], Path]
SHIPPED = settle(None, environ={}).rulebook.rules

OWN = """\
id: OWN-001
title: {en: "Machines have been running within {limit}"}
severity: low
frame: machines
params: {limit: 7d}
applies_to:
  kind: {equals: vm}
not_applicable:
  - when: {tags.parked: {not: unset}}
    code: parked
    text: {en: "It is parked ({tags.parked})."}
expect: {days_stopped: {under: $limit}}
reasons:
  - when: {os: {equals: windows}}
    code: stopped_windows
    text: {en: "Stopped since {last_ran}; Windows."}
    fix: upgrade_now
  - code: stopped_long
    text: {en: "Stopped since {last_ran}."}
why: {en: What never runs is never patched.}
sources: [https://contoso.com/policy]
examples:
  given: {kind: vm, tags.parked: unset, os: linux}
  pass:
    - {days_stopped: 2d}
  fail:
    - {days_stopped: 8d, code: stopped_long}
  not_applicable:
    - {days_stopped: 8d, tags.parked: winter}
"""


# --- list ---


def test_the_list_has_a_line_for_each_rule(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN)

    code, out, err = command("rules list --rules OWN-001.yaml --only-rules")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Rule     Severity  Enabled  Title",
        "OWN-001  low       yes      Machines have been running within 7d",
    ]


def test_the_shipped_rules_are_listed_in_their_order(command: Command) -> None:
    code, out, _err = command("rules list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == [rule.id for rule in SHIPPED]


CHANGING = """\
rules:
  OWN-001:
    enabled: false
    severity: critical
    params: {limit: 36h}
    only: {resource_group: {matches: "rg-prod-*"}}
"""


def test_the_list_tells_what_a_configuration_changes(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN)
    write("config.yaml", CHANGING)

    code, out, _err = command("rules list --rules OWN-001.yaml --only-rules --config config.yaml")

    assert code == 0
    assert out == dedent("""\
        Rule       Severity  Enabled  Title
        OWN-001 *  critical  no       Machines have been running within 36h

        Changed by config.yaml:
        OWN-001  disabled
        OWN-001  severity: critical (was low)
        OWN-001  params.limit: 36h (was 7 days)
        OWN-001  only: resource_group matches rg-prod-*
        """)


def test_the_list_for_programs(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN)
    write("config.yaml", "rules: {OWN-001: {severity: high}}\n")

    code, out, err = command("rules list --rules OWN-001.yaml --only-rules --config config.yaml --json")

    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {
            "id": "OWN-001",
            "severity": "high",
            "enabled": True,
            "title": "Machines have been running within 7d",
            "frame": "machines",
            "file": "OWN-001.yaml",
            "changed": ["severity: high (was low)"],
        }
    ]


def test_mistakes_are_told_as_a_night_would_tell_them(command: Command, write: Write) -> None:
    write("config.yaml", "rules: {AMA-01: {enabled: false}}\n")

    code, out, err = command("rules list --config config.yaml")

    assert (code, out) == (2, "")
    assert err.startswith("config.yaml:1: rules.AMA-01: there is no rule 'AMA-01'; there are: AMA-001")


# --- list --exemptions ---

VM = (
    "/subscriptions/11111111-1111-4111-a111-111111111111/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v"
)


def exemptions(write: Write, *entries: str, config: str = "") -> None:
    who = "owner: Ann, reason: Certified, ticket"
    write("exemptions.yaml", "".join(f"- {{{each.replace('WHO', who)}}}\n" for each in entries))
    write("config.yaml", f"exemptions: exemptions.yaml\n{config}")


AS_OF = "--as-of 2026-11-22T03:00Z"


def test_exemptions_are_listed_with_how_they_stand_by_date(command: Command, write: Write) -> None:
    exemptions(
        write,
        f"rule: AMA-001, resource: {VM}, WHO: T-1, expires: 2026-11-21",
        "rule: AMA-002, selector: {os: {equals: linux}}, WHO: T-2, expires: 2026-11-22",
        "rule: AMA-002, selector: {tags.env: {in: [test, dev]}}, WHO: T-3, expires: 2026-12-06",
        f"rule: AMA-004, resource: {VM}, WHO: T-4, expires: 2026-12-07",
    )

    code, out, err = command(f"rules list --exemptions {AS_OF}")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Standing  Rule     Expires     Owner  Ticket  Names",
        f"expired   AMA-001  2026-11-21  Ann    T-1     {VM}",
        "expiring  AMA-002  2026-11-22  Ann    T-2     os equals linux",
        "expiring  AMA-002  2026-12-06  Ann    T-3     tags.env in test, dev",
        f"valid     AMA-004  2026-12-07  Ann    T-4     {VM}",
    ]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            "rule: AMA-001, resource: /subscriptions/1/resourceGroups/rg, WHO: T-1, expires: 2026-12-31",
            "is the id of no machine, scale set or extension, so it excuses nothing: write such an id, or a selector",
        ),
        (
            f"rule: AMA-004, resource: {VM}/extensions/AMA, WHO: T-1, expires: 2026-12-31",
            "is the id of no machine, and AMA-004 speaks of machines: write the machine's id",
        ),
    ],
)
def test_an_exemption_that_can_never_name_anything_is_a_mistake(
    command: Command, write: Write, entry: str, told: str
) -> None:
    exemptions(write, entry)

    code, out, err = command(f"rules list --exemptions {AS_OF}")

    assert code == 2
    assert "T-1" in out
    assert err.startswith("exemptions.yaml:1: /subscriptions/") and told in err


def test_an_exemption_of_a_rule_that_there_is_not_is_told_with_what_there_is(command: Command, write: Write) -> None:
    exemptions(write, f"rule: AMA-01, resource: {VM}, WHO: T-1, expires: 2026-12-31")

    code, out, err = command("rules list --exemptions")

    assert (code, out) == (2, "")
    assert err.startswith("exemptions.yaml:1: [0].rule: there is no rule 'AMA-01'; there are: AMA-001")


def test_an_exemption_of_a_disabled_rule_is_told_and_no_mistake(command: Command, write: Write) -> None:
    entry = f"rule: AMA-001, resource: {VM}, WHO: T-1, expires: 2026-12-31"
    exemptions(write, entry, config="rules: {AMA-001: {enabled: false}}\n")

    code, _out, err = command(f"rules list --exemptions {AS_OF}")

    assert code == 0
    assert err == "exemptions.yaml:1: the rule AMA-001 is disabled: there is nothing to excuse\n"


def test_exemptions_for_programs(command: Command, write: Write) -> None:
    exemptions(write, f"rule: AMA-001, resource: {VM}, WHO: T-1, expires: 2026-12-31")

    code, out, err = command(f"rules list --exemptions --json {AS_OF}")

    assert (code, err) == (0, "")
    [told] = json.loads(out)
    assert told == {
        "standing": "valid",
        "rule": "AMA-001",
        "expires": "2026-12-31",
        "owner": "Ann",
        "ticket": "T-1",
        "reason": "Certified",
        "names": VM,
        "file": "exemptions.yaml",
        "line": 1,
        "cannot_match": "",
        "note": "",
    }


def test_where_there_are_no_exemptions_that_is_said(command: Command, write: Write) -> None:
    write("config.yaml", "")

    assert command("rules list --exemptions") == (
        0,
        "",
        "config.yaml names no exemptions, or their file holds none.\n",
    )


# --- show ---


def test_a_rule_is_shown_in_full(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN)

    code, out, err = command("rules show own-001 --rules OWN-001.yaml")

    assert (code, err) == (0, "")
    assert out == dedent("""\
        OWN-001  Machines have been running within 7d
        low, enabled, over the frame machines
        OWN-001.yaml

        Why
          What never runs is never patched.

        It speaks of rows with
          kind equals vm

        What is expected
          days_stopped under 7 days

        Parameters, which a configuration may change
          limit: 7 days

        Not applicable
          parked                  It is parked ({tags.parked}).
                                  when tags.parked not unset

        Fail, the first reason that holds
          stopped_windows         Stopped since {last_ran}; Windows.
                                  when os equals windows
                                  fix: upgrade_now
          stopped_long            Stopped since {last_ran}.

        What to do
          upgrade_now             Upgrade this extension by hand to the version that its
                                  region offers. Check first why the automatic upgrade
                                  does not come: the machine must run and its guest
                                  agent must be ready. The commands put the extension
                                  again with all that Azure tells of it; protected
                                  settings Azure does not tell, so they do it only where
                                  you state that it has none.

        Columns
          kind                    word: kind of machine (vm, scale_set_instance, arc)
          tags.parked             text: tag 'parked'
          days_stopped            duration: for how long the machine has not run; zero
                                  while it runs
          os                      word: operating system (windows, linux)

        Sources
          https://contoso.com/policy
        """)


@pytest.mark.parametrize("shown", SHIPPED, ids=lambda rule: rule.id)
def test_every_shipped_rule_can_be_shown_with_all_its_codes_and_columns(command: Command, shown: Rule) -> None:
    code, out, _err = command(f"rules show {shown.id}")

    assert code == 0
    words = set(out.split())
    clauses = (*shown.not_applicable, *shown.early_pending, *shown.pending, *shown.reasons)
    assert words >= {each.code for each in clauses} | set(shown.columns()) | set(shown.sources)


@pytest.mark.parametrize("action", ["show", "test"])
def test_a_rule_that_there_is_not_is_told_with_what_was_perhaps_meant(command: Command, action: str) -> None:
    code, out, err = command(f"rules {action} AMA-0002")

    assert (code, out) == (2, "")
    assert err == f"auditor rules {action}: there is no rule 'AMA-0002'; did you mean 'AMA-002'?\n"


# --- test ---


def test_each_rule_has_its_line(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN)

    code, out, err = command("rules test --rules OWN-001.yaml --only-rules")

    assert (code, err) == (0, "")
    assert out.splitlines() == ["OWN-001   ok        3 examples", "1 of 1 rules are as their examples say (3 examples)"]


def test_the_shipped_rules_are_as_their_examples_say(command: Command) -> None:
    code, out, _err = command("rules test")

    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[:-1]] == [[rule.id, "ok"] for rule in SHIPPED]


def test_an_example_that_comes_out_otherwise_is_told_with_its_line_and_what_came_out(
    command: Command, write: Write
) -> None:
    write("pack/OWN-001.yaml", OWN.replace("{days_stopped: 2d}", "{days_stopped: 9d}"))
    came_out, advice = "the rule's verdict on this row is", "correct the example or the rule"

    code, out, err = command("rules test OWN-001 --rules pack")

    assert (code, err) == (2, "")
    assert out.splitlines() == [
        "OWN-001   failed    1 of 3 examples",
        f"  {Path('pack/OWN-001.yaml')}:25: examples.pass: {came_out} fail (stopped_long): {advice}",
        "0 of 1 rules are as their examples say (3 examples)",
    ]


def test_nothing_ran_is_no_success(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN.split("examples:")[0])

    code, out, _err = command("rules test OWN-001 --rules OWN-001.yaml")

    assert code == 2
    assert out.splitlines() == [
        "OWN-001   untested  it has no examples: write some, they are its tests",
        "0 of 1 rules are as their examples say (0 examples)",
    ]


def test_the_result_for_programs(command: Command, write: Write) -> None:
    write("OWN-001.yaml", OWN.replace("{days_stopped: 2d}", "{days_stopped: null}"))

    code, out, _err = command("rules test OWN-001 --rules OWN-001.yaml --json")

    assert code == 2
    assert json.loads(out) == [
        {
            "rule": "OWN-001",
            "file": "OWN-001.yaml",
            "result": "failed",
            "examples": 3,
            "problems": [
                {
                    "line": 25,
                    "field": "examples.pass",
                    "sentence": "the rule's verdict on this row is unanswered (not_known): correct the example or the "
                    "rule",
                }
            ],
        }
    ]


# --- schema ---


def test_the_schema_is_printed_as_json(command: Command) -> None:
    code, out, err = command("rules schema")

    assert (code, err) == (0, "")
    assert json.loads(out) == rule_schema()
