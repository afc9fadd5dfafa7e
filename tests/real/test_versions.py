"""Recorded lists of a region's versions, under the agent's name: the latest is the highest number in any order."""

from __future__ import annotations

import json

import pytest

from auditor.model.reading import Source
from tests.real.night import SUBSCRIPTION, Night, give_machines, give_subscription, give_versions, spend
from tests.real.recordings import Json, answer_of, as_agent, body_of, listed
from tests.real.replay import Answer, Replay

OFFERS = "compute-vm-extension-images/cli-monitoring-security-network"
LINUX = "westus/microsoft.azure.monitor/azuremonitorlinuxagent"
HIGHEST = {
    1: (41, "1.4.3320.3", "1.4.905.3"),
    3: (1, "1.0.0.0", "1.0.0.0"),
    5: (51, "1.22.0.1", "1.9.0.0"),
    8: (25, "1.0.1.32", "1.0.1.9"),
    10: (15, "1.0.0.16", "1.0.0.9"),
    12: (12, "1.0.1.23", "1.0.1.23"),
    13: (37, "1.4.2798.3", "1.4.905.3"),
}
"""How many versions a list has, the highest, and the last of the list."""


def machine() -> Json:
    """An agent at 1.0.1.32 in westus."""
    return as_agent(body_of("compute-vm-instanceview/variants-by-feature", 33), "GuestAttestation")


def night_of(replay: Replay, offers: Answer) -> Night:
    give_subscription(replay)
    give_machines(replay, [(listed(machine()), Answer.json(machine()))], SUBSCRIPTION)
    give_versions(replay, "westus", offers)
    return spend(replay)


@pytest.mark.parametrize("at", HIGHEST)
def test_the_latest_is_the_highest_number(replay: Replay, at: int) -> None:
    count, highest, last = HIGHEST[at]
    assert body_of(OFFERS, at)[-1]["name"] == last
    night = night_of(replay, answer_of(OFFERS, at))
    assert night.rows("extensions", "latest_version") == [(highest,)]
    reading = night.reading(Source.EXTENSION_VERSIONS, LINUX)
    assert (reading.complete, reading.rows) == (True, count)


@pytest.mark.parametrize("recorded", [(OFFERS, 14), ("compute-vm-extension-images/net-filters-top-orderby", 5)])
def test_an_empty_list_was_read_and_proves_nothing(replay: Replay, recorded: tuple[str, int]) -> None:
    night = night_of(replay, answer_of(*recorded))
    reading = night.reading(Source.EXTENSION_VERSIONS, LINUX)
    assert (reading.complete, reading.rows) == (True, 0)
    columns = ("latest_version", "newer_major", "releases_behind", "releases_overdue")
    assert night.rows("extensions", *columns) == [(None, None, None, None)]
    assert night.judged()["AMA-002"] == [("unanswered", "not_known")]


def test_an_unknown_publisher_is_a_gap(replay: Replay) -> None:
    night = night_of(replay, answer_of("errors/404-compute", 5))
    reading = night.reading(Source.EXTENSION_VERSIONS, LINUX)
    assert (reading.complete, reading.status) == (False, 404)
    assert reading.reason is not None and "Publisher: fooBAR was not found" in reading.reason
    assert night.judged()["AMA-002"] == [("unanswered", "not_known")]


def test_a_single_version_is_no_list(replay: Replay) -> None:
    """The recorded GET of one version answers with an object where a list is promised."""
    night = night_of(replay, answer_of(OFFERS, 6))
    assert not night.reading(Source.EXTENSION_VERSIONS, LINUX).complete
    assert night.judged()["AMA-002"] == [("unanswered", "not_known")]


def test_another_subscription_is_asked_where_one_may_not(replay: Replay) -> None:
    """Two subscriptions have a machine in the region, and the versions are the region's."""
    other = "685ba005-af8d-4b04-8f16-a7bf38b2eb5a"
    replay.give("/subscriptions", answer_of("subscriptions-mg/subscriptions-list", 3))
    give_machines(replay, [(listed(machine()), Answer.json(machine()))], SUBSCRIPTION)
    second = json.loads(json.dumps(machine()).replace(SUBSCRIPTION, other))
    give_machines(replay, [(listed(second), Answer.json(second))], other)
    give_versions(replay, "westus", answer_of("errors/403", 1), SUBSCRIPTION)
    give_versions(replay, "westus", answer_of(OFFERS, 8), other)
    night = spend(replay)
    assert night.reading(Source.EXTENSION_VERSIONS, LINUX).complete
    assert night.rows("extensions", "latest_version") == [("1.0.1.32",)] * 2


def test_each_list_is_fetched_once(replay: Replay) -> None:
    night_of(replay, answer_of(OFFERS, 8))
    paths = [each.path for each in replay.asked]
    lists = "subscriptions, groups, machines, scale sets, servers, what may be read, two of versions"
    assert len(paths) == len(set(paths)) == 8 + 2, f"{lists}; one machine, one log"
