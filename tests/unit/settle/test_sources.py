"""The section ``sources`` of the configuration."""

from __future__ import annotations

import pytest

from tests.unit.settle.desk import Desk


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "sources: 14d\n",
            (
                "config.yaml:1: sources: settings are meant here: write lines such as 'inventory: ...' below it; there "
                "are: inventory, activity, lookback, rollout, release_table, heartbeats"
            ),
        ),
        (
            "sources:\n  lookback: 90d\n",
            (
                "config.yaml:2: sources.lookback: '90d' is too long: Azure keeps the activity log for 90 days only; "
                "write 89d or less"
            ),
        ),
        (
            "sources: {lookback: 14}\n",
            (
                "config.yaml:1: sources.lookback: 14 is not a duration: write a whole number above 0 and d, h, m or s, "
                "such as 14d"
            ),
        ),
        (
            "sources: {rollout: {vm: 0d}}\n",
            (
                "config.yaml:1: sources.rollout.vm: '0d' is not a duration: write a whole number above 0 and d, h, m "
                "or s, such as 14d"
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      month: 2025-13\n      versions: ['1.2.3']\n",
            (
                "config.yaml:4: sources.release_table[0].month: '2025-13' is not a month: write the year and the "
                'month, such as "2025-11"'
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: [1.39]\n",
            'config.yaml:4: sources.release_table[0].versions[0]: 1.39 is no text to YAML: write it in quotes, "1.39"',
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: [1.x]\n",
            (
                "config.yaml:4: sources.release_table[0].versions[0]: '1.x' is not a version: write two to four "
                'numbers with dots between, such as "1.38.1" or "1.37.x"'
            ),
        ),
        (
            "sources:\n  release_table:\n    - type: X\n      versions: []\n",
            "config.yaml:4: sources.release_table[0].versions: the list is empty: write at least one entry",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, config: str, told: str) -> None:
    assert desk.told(config) == [told]


@pytest.mark.parametrize("inventory", ["auto", "resource_graph", "compute"])
def test_the_inventory_can_be_read_in_each_way(desk: Desk, inventory: str) -> None:
    assert desk.settle(f"sources: {{inventory: {inventory}}}").settings.sources.inventory == inventory
