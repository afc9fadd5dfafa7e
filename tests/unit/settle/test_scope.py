"""The section ``scope`` of the configuration, and the subscriptions of the command line in its place."""

from __future__ import annotations

import pytest

from auditor.model.reading import Source
from tests.unit.settle.desk import ID, Desk


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "scope:\n  subscriptions:\n    - prod\n",
            (
                "config.yaml:3: scope.subscriptions[0]: 'prod' is not an id: write the GUID, such as "
                "12345678-9abc-def0-1234-56789abcdef0, not the name"
            ),
        ),
        (
            f"scope:\n  accepted_gaps:\n    - {{scope: {ID}, source: any, owner: Ann, until: 2026-12-31}}\n",
            "config.yaml:3: scope.accepted_gaps[0].reason: is missing: write 'reason: ...' in this entry",
        ),
        (
            (
                "scope:\n  accepted_gaps:\n    - scope: x\n      source: activity\n      owner: A\n      reason: Why\n"
                "      until: 2026-12-31\n"
            ),
            (
                "config.yaml:4: scope.accepted_gaps[0].source: 'activity' is not a source: write any, or one of "
                f"{', '.join(Source)}"
            ),
        ),
        (
            "scope:\n  accepted_gaps:\n    - {scope: x, source: any, owner: '', reason: Why, until: 2026-12-31}\n",
            "config.yaml:3: scope.accepted_gaps[0].owner: is empty: write a text",
        ),
        (
            "scope:\n  accepted_gaps:\n    - {scope: x, source: any, owner: Ann, reason: Why, until: 20261231}\n",
            (
                "config.yaml:3: scope.accepted_gaps[0].until: 20261231 is not a date: write year, month and day, such "
                "as 2026-01-31"
            ),
        ),
        (
            f"scope:\n  exclude_subscriptions: [{ID}]\n  expected_subscriptions: [{ID.upper()}]\n",
            (
                "config.yaml:3: scope.expected_subscriptions[0]: stands under exclude_subscriptions as well: take it "
                "out of one of the two"
            ),
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, config: str, told: str) -> None:
    assert desk.told(config) == [told]


@pytest.mark.parametrize(
    "written",
    [
        "Production team",
        "/providers/Microsoft.Management/managementGroups/prod",
        "prod/europe",
        "",
        "生産",
        "x" * 91,
    ],
)
def test_a_management_group_is_named_by_its_id(desk: Desk, written: str) -> None:
    told = desk.told(f"scope:\n  management_groups: [root, '{written}']\n")
    assert told == [
        (
            f"config.yaml:2: scope.management_groups[1]: {written!r} is not a management group's id: write the id that "
            "the portal shows beside the name (letters, digits and -_.() only), not the display name and not a path"
        )
    ]


@pytest.mark.parametrize("source", ["any", *Source])
def test_a_gap_of_every_source_can_be_accepted(desk: Desk, source: str) -> None:
    gap = f"{{scope: {ID}, source: {source}, owner: Ann, reason: Refused, until: 2026-12-31}}"
    (accepted,) = desk.settle(f"scope: {{accepted_gaps: [{gap}]}}").settings.scope.accepted_gaps
    assert accepted.source == source


class TestSubscriptionsOfTheCommandLine:
    OTHER = "00000000-0000-0000-0000-00000000000A"

    def test_replace_those_of_the_configuration(self, desk: Desk) -> None:
        settled = desk.settle(f"scope: {{subscriptions: [{ID}]}}", subscriptions=[self.OTHER])
        assert settled.settings.scope.subscriptions == (self.OTHER.lower(),)

    def test_replace_its_management_groups_too(self, desk: Desk) -> None:
        """Asked for one subscription, a night does not audit all that lies below a group besides."""
        scope = desk.settle("scope: {management_groups: [root]}", subscriptions=[self.OTHER]).settings.scope
        assert (scope.subscriptions, scope.management_groups) == ((self.OTHER.lower(),), ())

    def test_must_be_ids(self, desk: Desk) -> None:
        assert desk.told(None, subscriptions=["prod"]) == [
            "--subscription: 'prod' is not a subscription id: write the GUID, not the subscription's name"
        ]
