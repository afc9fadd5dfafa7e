"""The standing reasons: what leaves a machine out of every rule, and what is told where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.rule import AllOf, Clause, Comparison, Operator, RuleBook
from tests.unit.settle.desk import RULE, Desk

LAB = """\
- code: laboratory
  when: {resource_group: {matches: "rg-lab-*"}, tags.owner: {not: unset}}
  text: {en: "In {resource_group}, which {tags.owner} looks after"}
"""


def with_own(desk: Desk, text: str, config: str | None = None) -> RuleBook:
    desk.write("pack/MY-001.yaml", RULE)
    desk.write("pack/standing.yaml", text)
    return desk.settle(config, rules=[Path("pack")]).rulebook


def test_a_packs_own_reasons_are_added_to_the_shipped_ones(desk: Desk) -> None:
    book = with_own(desk, LAB)
    when = AllOf(
        (
            Comparison("resource_group", Operator.MATCHES, "rg-lab-*"),
            Comparison("tags.owner", Operator.NOT, "unset"),
        )
    )
    text = {"en": "In {resource_group}, which {tags.owner} looks after"}
    assert book.standing == (*desk.settle(None).rulebook.standing, Clause("laboratory", when, text))
    assert {"standing.yaml", "pack/standing.yaml"} <= set(book.hashes)


@pytest.mark.parametrize(
    ("config", "codes"),
    [
        (None, ["managed", "expired"]),
        ("scope: {managed_machines: not_applicable}", ["managed", "expired"]),
        ("scope: {managed_machines: judged}", ["expired"]),
    ],
)
def test_managed_machines_are_left_out_unless_they_are_to_be_judged(
    desk: Desk, config: str | None, codes: list[str]
) -> None:
    assert [reason.code for reason in desk.settle(config).rulebook.standing] == codes


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (LAB, "code: x\n", ["1: a list of reasons is meant: begin each with '- code: ...'"]),
        (
            "resource_group: {matches",
            "auto_upgrade: {equals: enabled}, resource_group: {matches",
            ["2: [0].when.auto_upgrade: the frame machines has no column 'auto_upgrade'; there are: "],
        ),
        (
            "resource_group: {matches",
            "name: {matches: 'x*'}, resource_group: {matches",
            ["2: [0].when.name: name is the extension's own to a rule over extensions: name a column that means the"],
        ),
        ("In {resource_group}", "{publisher}", ["3: [0].text.en: the frame machines has no column 'publisher'"]),
        ("{en: ", "{ja: ", ["3: [0].text.en: is missing: write 'en: ...' below [0].text"]),
        ("laboratory", "Lab", ["1: [0].code: 'Lab' is no reason code: write small letters"]),
        ("laboratory", "instances_not_read", ["1: [0].code: 'instances_not_read' is a code of the auditor's own"]),
        (
            "  when:",
            "  if:",
            ["1: [0].when: is missing: write 'when: ...' in this entry", "2: [0].if: there is no such"],
        ),
        ("}\n", "}\n  fix: upgrade_now\n", ["3: [0].fix: there is no such setting; there are: when, code, text"]),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, old: str, new: str, told: list[str]) -> None:
    desk.write("pack/MY-001.yaml", RULE)
    desk.write("pack/standing.yaml", LAB.replace(old, new, 1))
    lines = [line.removeprefix("pack/standing.yaml:") for line in desk.told(None, rules=[Path("pack")])]
    assert len(lines) == len(told)
    assert all(line.startswith(begin) for line, begin in zip(lines, told, strict=True)), lines
