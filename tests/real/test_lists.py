"""Recorded lists: machines (with extensions by id alone, empty, of status only) and subscriptions."""

from __future__ import annotations

import pytest

from auditor.model.reading import Source
from auditor.model.settings import Scope
from tests.real.night import SUBSCRIPTION, give_nothing, give_subscription, give_versions, list_path, spend
from tests.real.recordings import answer_of, body_of
from tests.real.replay import Answer, Replay

CUSTODIAN = "ea42f556-5106-4743-99b0-c129bfa71a47"
AN_EMPTY_LIST = [("compute-vm-list/list-empty", at) for at in range(4)]
SUBSCRIPTIONS = "subscriptions-mg/subscriptions-list"


def test_a_recorded_list_names_its_machines(replay: Replay) -> None:
    """None of them is answered for by itself, so none of their extensions is known: the list names those by id only."""
    give_subscription(replay, CUSTODIAN)
    replay.give(list_path(CUSTODIAN), answer_of("compute-vm-list/list-all-c7n-2019-03-5vms", 0))
    night = spend(replay)
    agent = {"orchestrator": "Kubernetes:1.7.7", "resourceNameSuffix": "C02B7042"}
    assert [row["name"] for row in night.survey.rows["machines"]] == [
        "k8s-agent-C02B7042-0",
        "k8s-agent-C02B7042-1",
        "k8s-agent-C02B7042-2",
        "k8s-master-C02B7042-0",
        "cctestvm",
    ]
    assert all(text in str(night.survey.rows["machines"][0]["tags"]) for text in agent.values())
    columns = ("kind", "location", "os", "resource_group", "extensions_read")
    assert night.rows("machines", *columns) == [
        *[("vm", "southcentralus", "linux", "TEST_CONTAINERSERVICE", "no")] * 4,
        ("vm", "southcentralus", "linux", "TEST_VM", "no"),
    ]
    assert night.rows("extensions", "name") == []
    codes = {rule: {code for _status, code in found} for rule, found in night.judged().items()}
    assert codes.pop("AMA-004") == codes.pop("AMA-010") == {"not_known"}
    unread = ("AMA-001", "AMA-002", "AMA-003", "AMA-005", "AMA-006", "AMA-007")
    assert codes == {rule: {"extensions_not_read"} for rule in unread}
    assert night.reading(Source.VIRTUAL_MACHINES).rows == 5


def test_the_list_and_the_machine_of_one_recorded_estate(replay: Replay) -> None:
    """As recorded together: the list without a publisher, then the machine with everything."""
    give_subscription(replay, CUSTODIAN)
    replay.give(list_path(CUSTODIAN), answer_of("compute-vm-scenarios/c7n-virtual_machine_instance", 0))
    machine = body_of("compute-vm-scenarios/c7n-virtual_machine_instance", 1)
    replay.give(machine["id"], answer_of("compute-vm-scenarios/c7n-virtual_machine_instance", 1))
    give_versions(replay, "southcentralus", Answer.json([]), CUSTODIAN)
    night = spend(replay)
    assert night.rows("extensions", "name", "publisher", "type", "installed_version", "machine_id") == [
        ("script1", "Microsoft.Azure.Extensions", "CustomScript", "2.1.3", machine["id"])
    ]
    assert all(reading.complete for reading in night.readings)


def test_machines_that_came_to_be_between_two_readings_of_a_list(replay: Replay) -> None:
    give_subscription(replay)
    for at, names in ((0, ["vma0", "vma1", "vma2"]), (1, ["vma0", "vma1", "vma2", "vmb0", "vmb1", "vmb2"])):
        replay.give(list_path(), answer_of("compute-vm-list/list-rg-cli-2024-07-6vms", at))
        night = spend(replay)
        assert [row[0] for row in night.rows("machines", "name")] == names


@pytest.mark.parametrize(("file", "at"), AN_EMPTY_LIST)
def test_an_empty_list_is_read_and_there_is_nothing(replay: Replay, file: str, at: int) -> None:
    give_subscription(replay)
    replay.give(list_path(), answer_of(file, at))
    night = spend(replay)
    reading = night.reading(Source.VIRTUAL_MACHINES)
    assert (reading.complete, reading.rows) == (True, 0)
    assert night.judged() == {}
    assert not replay.asked_for("/locations")


def test_a_list_of_status_only_tells_no_more_than_that_a_machine_is_there(replay: Replay) -> None:
    """Its ids were masked by those who recorded it, so the machine cannot be asked: an unread machine, and a gap."""
    give_subscription(replay)
    replay.give(list_path(), answer_of("compute-vm-list/status-only-true-live-2026-03", 0))
    night = spend(replay)
    assert night.rows("machines", "name", "location", "os", "availability", "extensions_read") == [
        ("thalassaops-s10-fixture-vm", "eastasia", None, None, "no")
    ]
    assert not night.reading(Source.INSTANCE_VIEW).complete
    assert {status for found in night.judged().values() for status, _code in found} == {"unanswered"}


SEEN = {
    0: [("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "AzureSDKTest", "54826b22-38d6-4fb2-bad9-b7b93a3e9c5a", "Enabled")],
    1: [(SUBSCRIPTION, "AzureSDKTest", "54826b22-38d6-4fb2-bad9-b7b93a3e9c5a", "Enabled")],
    2: [("AZURE_SUBSCRIPTION_ID", "Pay-As-You-Go", None, "Enabled")],
    3: [
        (SUBSCRIPTION, "Visual Studio China Jenkins DevINT with TTL = 7 Days", SUBSCRIPTION, "Enabled"),
        ("685ba005-af8d-4b04-8f16-a7bf38b2eb5a", "Java Tooling Tests with TTL = 7 Days", SUBSCRIPTION, "Enabled"),
    ],
}
"""Id, name, tenant, state; older versions of the answer know no tenant, newer ones carry a ``count`` beside."""


@pytest.mark.parametrize("at", SEEN)
def test_a_recorded_list_of_subscriptions(replay: Replay, at: int) -> None:
    replay.give("/subscriptions", answer_of(SUBSCRIPTIONS, at))
    for row in SEEN[at]:
        give_nothing(replay, row[0])
    night = spend(replay)
    assert night.rows("subscriptions", "id", "name", "tenant", "state") == SEEN[at]
    assert night.survey.readable == tuple(sorted(row[0] for row in SEEN[at]))
    assert all(reading.complete for reading in night.readings)


DISABLED = {
    "86bc4fb6-0fc8-4db5-8568-2f8aeb998e4c",
    "e35ea3b7-3091-4787-9216-d0b90889234f",
    "bab9215e-6f79-467b-969a-c758934700d9",
    "996e8f3d-9765-4bee-a716-b693914b30b5",
}
ENABLED = {
    "4b7571aa-8a25-4e1e-b884-e9a33cea95c5",
    "6aaa903e-7c45-4492-8d3c-ef882bc009b5",
    "e3d4b083-25f4-4418-ac6e-e94ac4974560",
    "bf46ae24-b93e-42b8-b9c2-8f910a8d5d07",
    "8ce5b704-34d5-4c0e-8551-cc5fab0e0784",
    "d50bf18c-e268-4da7-81cb-c752f2323415",
    "8338eecb-3bd3-4162-a212-80452f84f3b3",
    SUBSCRIPTION,
}


@pytest.mark.parametrize("at", [4, 5])
def test_disabled_subscriptions_are_gaps_and_not_asked_for_machines(replay: Replay, at: int) -> None:
    replay.give("/subscriptions", answer_of(SUBSCRIPTIONS, at))
    night = spend(replay)
    gaps = {
        reading.scope: reading
        for reading in night.readings
        if reading.source is Source.SUBSCRIPTIONS and not reading.complete
    }
    assert set(gaps) == DISABLED
    assert all(reading.reason and "disabled" in reading.reason and reading.close for reading in gaps.values())
    assert set(night.survey.readable) == ENABLED
    asked = {each.path.split("/")[2] for each in replay.asked if each.path.endswith("/virtualmachines")}
    assert asked == ENABLED
    assert len(night.rows("subscriptions", "id")) == 12


def test_an_expected_subscription_that_the_list_does_not_name_is_a_gap(replay: Replay) -> None:
    wanted = "685ba005-af8d-4b04-8f16-a7bf38b2eb5a"
    replay.give("/subscriptions", answer_of(SUBSCRIPTIONS, 1))
    night = spend(replay, scope=Scope(expected_subscriptions=(wanted, SUBSCRIPTION)))
    assert night.reading(Source.SUBSCRIPTIONS, SUBSCRIPTION).complete
    missing = night.reading(Source.SUBSCRIPTIONS, wanted)
    assert not missing.complete
    assert missing.reason is not None and "cannot see it" in missing.reason
    assert missing.close is not None and f"/subscriptions/{wanted}" in missing.close
