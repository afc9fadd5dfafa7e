"""The least role: what a night asks, and nothing more; and the README's table of rights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.model.asked import asked_tonight
from auditor.model.reading import Source
from auditor.model.rights import RIGHTS
from auditor.model.role import PLACEHOLDER, least_role, remarks
from auditor.resources import rules_folder
from auditor.settle import Settled, settle

ONE = "11111111-1111-4111-a111-111111111111"
WORKSPACE = {"sources": {"heartbeats": {"workspaces": [ONE]}}}
COMPUTE = {"sources": {"inventory": "compute"}}
SHIPPED = [file.stem for file in rules_folder().glob("???-???.yaml")]
SETTING_ONLY = {"rules": {name: {"enabled": False} for name in SHIPPED if name != "AMA-001"}}
"""AMA-001 alone, which rests on no version and on no operation."""
LOGS = {Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG}
OF_WORKSPACES = {Source.HEARTBEATS, Source.DATA_COLLECTION_RULES}
"""Silence is judged where a workspace is named, and rests on where the machine's rules send its data."""
VERSIONS = {Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS}
README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def settled(tmp_path: Path) -> Any:
    def by(*settings: Mapping[str, Any]) -> Settled:
        written: dict[str, Any] = {}
        for each in settings:
            written |= each
        config = tmp_path / "config.yaml"
        config.write_text(yaml.safe_dump(written), encoding="utf-8")
        return settle(config, environ={})

    return by


def asked(of: Settled) -> frozenset[Source]:
    return asked_tonight(of.settings, of.rulebook)


def role(of: Settled) -> dict[str, Any]:
    return least_role(of.settings, of.rulebook)


def said(of: Settled) -> list[str]:
    return remarks(of.settings, of.rulebook)


def test_what_no_rule_needs_is_not_asked(settled: Any) -> None:
    everything = asked(settled({}))
    assert everything == set(Source) - OF_WORKSPACES - {Source.MANAGEMENT_GROUPS}
    without = everything - VERSIONS - {Source.DATA_COLLECTION_RULE_ASSOCIATIONS}
    assert asked(settled(SETTING_ONLY)) == without, "the log tells which rows may be old"
    assert asked(settled(SETTING_ONLY, COMPUTE)) == without - LOGS - {Source.EXTENSIONS}


def test_what_the_scope_and_the_sources_name_is_asked(settled: Any) -> None:
    more = asked(settled(WORKSPACE, {"scope": {"management_groups": ["corp"]}}))
    assert more - asked(settled({})) == OF_WORKSPACES | {Source.MANAGEMENT_GROUPS}


def test_the_role_has_the_actions_of_what_is_asked_and_no_other(settled: Any) -> None:
    told = role(settled(SETTING_ONLY, COMPUTE))
    assert told["Actions"] == [
        "Microsoft.Authorization/permissions/read",
        "Microsoft.Compute/virtualMachines/read",
        "Microsoft.Compute/virtualMachineScaleSets/read",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
        "Microsoft.HybridCompute/machines/extensions/read",
        "Microsoft.HybridCompute/machines/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
    ]
    assert told["DataActions"] == []
    assert list(told) == [
        "Name", "IsCustom", "Description", "Actions", "NotActions", "DataActions", "NotDataActions", "AssignableScopes",
    ]  # fmt: skip


def test_no_role_ever_has_more_than_reading(settled: Any) -> None:
    told = role(settled(WORKSPACE, {"scope": {"management_groups": ["corp"]}}))
    assert all(re.fullmatch(r"Microsoft\.[A-Za-z/]+/read", each) for each in (*told["Actions"], *told["DataActions"]))


def test_the_scopes_are_those_of_the_configuration(settled: Any) -> None:
    named = settled({"scope": {"subscriptions": [ONE], "management_groups": ["corp", "lab"]}})
    assert role(named)["AssignableScopes"] == [
        f"/subscriptions/{ONE}",
        "/providers/Microsoft.Management/managementGroups/corp",
        "/providers/Microsoft.Management/managementGroups/lab",
    ]
    assert "fill_in" not in said(named)
    assert {"one_group", "data_actions_on_groups"} <= set(said(named))


def test_where_the_configuration_names_no_scope_the_role_names_none_that_exists(settled: Any) -> None:
    told = role(settled({}))
    assert told["AssignableScopes"] == [PLACEHOLDER]
    assert not re.match(r"/subscriptions/[0-9a-f]{8}-", PLACEHOLDER) and "<" in PLACEHOLDER
    assert said(settled({})) == ["create", "fill_in", "data_actions", "assign"]
    assert "workspaces" in said(settled(WORKSPACE))


def test_every_source_has_its_right() -> None:
    assert set(RIGHTS) == set(Source)
    assert all(right.all for right in RIGHTS.values())


def test_the_table_of_rights_in_the_readme_is_this_one() -> None:
    table = README.split("| what is read | action | built-in role |", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()[2:]]
    told = {action: cells[2] for cells in rows for action in re.findall(r"`([^`]+)`", cells[1])}
    assert set(told) == {action for right in RIGHTS.values() for action in right.all}
    for right in RIGHTS.values():
        for action in right.all:
            assert told[action].split()[0].strip(",") == right.role.split()[0].strip(",")
