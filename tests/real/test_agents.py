"""The shipped rules over recorded machines, an extension of which is renamed to be the Azure Monitor Agent.

No recorded machine has the agent, so publisher and type are changed (``recordings.as_agent``), and the region is given
the recorded version list of another extension. All else is as recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.real.night import SUBSCRIPTION, Night, activity_path, give_machines, give_subscription, give_versions, spend
from tests.real.recordings import Json, answer_of, as_agent, body_of, listed
from tests.real.replay import Answer, Replay

VIEWS = "compute-vm-instanceview/variants-by-feature"
DEALLOCATED, STOPPED = 19, 8
OFFERS = "compute-vm-extension-images/cli-monitoring-security-network"
DIAGNOSTICS = (OFFERS, 5)
"""51 versions of 20 releases in text order: it begins with 1.1.0.0 and ends with 1.9.0.0; the highest is 1.22.0.1."""
ATTESTATION = (OFFERS, 8)
"""25 versions of one release, 1.0; the list ends with 1.0.1.9, the highest is 1.0.1.32."""
ACCESS = ("compute-vm-extension-images/net-filters-top-orderby", 1)
"""2.0, 2.0.1, 2.0.2, 2.3: two releases."""
NOTHING = ("compute-vm-extension-images/net-filters-top-orderby", 3)
"""An empty list."""
PASS = ("pass", "as_expected")
UNSET = ("fail", "unset")
BEHIND = ("fail", "behind_and_not_upgrading")


@dataclass(frozen=True)
class Case:
    """A recorded machine with its extension, what its region offers, and what must be said of it."""

    file: str
    index: int
    extension: str
    offers: tuple[str, int]
    installed: str | None
    latest: str | None
    behind: int | None
    automatic: tuple[str, str]
    lag: tuple[str, str]


CASES = [
    Case(VIEWS, 9, "SqlIaasExtension", ACCESS, "2.0.212.0", "2.3", 1, PASS, PASS),
    Case(VIEWS, 33, "GuestAttestation", ATTESTATION, "1.0.1.32", "1.0.1.32", 0, PASS, PASS),
    Case(VIEWS, 33, "GuestAttestation", DIAGNOSTICS, "1.0.1.32", "1.22.0.1", 20, PASS, ("fail", "upgrade_overdue")),
    Case(VIEWS, 33, "GuestAttestation", NOTHING, "1.0.1.32", None, None, PASS, ("unanswered", "not_known")),
    Case(VIEWS, 33, "GuestAttestation", ACCESS, "1.0.1.32", None, None, PASS, ("unanswered", "not_known")),
    # 1.6 to 1.12, 1.14, 1.16 to 1.22 are newer than the installed 1.5; the requested version is 1.5 too.
    Case(VIEWS, 18, "enablevmaccess", DIAGNOSTICS, "1.5.11", "1.22.0.1", 15, UNSET, BEHIND),
    # Deallocated, and no operation within fourteen days: it has been so for longer than a week.
    Case(VIEWS, DEALLOCATED, "enablevmaccess", DIAGNOSTICS, None, None, None, UNSET, ("not_applicable", "stopped")),
    Case(VIEWS, 13, "LinuxDiagnostic", ACCESS, "2.3.9029", "2.3", 0, UNSET, PASS),
    Case(VIEWS, 21, "AzureDiskEncryption", ACCESS, "2.4.0.2", "2.3", 0, UNSET, PASS),
    Case("compute-vm-scenarios/c7n-virtual_machine_instance", 1, "script1", ACCESS, "2.1.3", "2.3", 1, UNSET, PASS),
    # instanceView.extensions[] is {"name"} alone, and the guest agent tells nothing.
    Case(
        "compute-vm-scenarios/cli-extension-failed-agent-unresponsive", 2, "GuestAttestation", ATTESTATION,
        None, None, None, PASS, ("unanswered", "not_known"),
    ),
]  # fmt: skip


def night_of(replay: Replay, machine: Json, offers: Answer) -> Night:
    subscription = machine["id"].split("/")[2]
    give_subscription(replay, subscription)
    give_machines(replay, [(listed(machine), Answer.json(machine))], subscription)
    give_versions(replay, machine["location"], offers, subscription)
    return spend(replay)


def agent_of(index: int, extension: str) -> Json:
    return as_agent(body_of(VIEWS, index), extension)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.extension}-{case.index}-{case.latest}")
def test_an_agent_in_the_shape_of_a_recorded_extension(replay: Replay, case: Case) -> None:
    machine = as_agent(body_of(case.file, case.index), case.extension)
    night = night_of(replay, machine, answer_of(*case.offers))
    columns = ("installed_version", "latest_version", "releases_behind", "monitor_agents")
    assert night.rows("extensions", *columns) == [(case.installed, case.latest, case.behind, 1)]
    judged = night.judged()
    assert (judged["AMA-001"], judged["AMA-002"]) == ([case.automatic], [case.lag])
    assert len(judged["AMA-003"]) == 1
    assert all(reading.complete for reading in night.readings)


def test_what_is_installed_is_compared_and_not_what_was_requested(replay: Replay) -> None:
    """The handler is taken out of the answer, then the extension's own version: with neither, nothing is known."""
    machine = agent_of(18, "enablevmaccess")
    view = machine["properties"]["instanceView"]
    view["extensions"][0].pop("typeHandlerVersion")
    night = night_of(replay, machine, answer_of(*DIAGNOSTICS))
    columns = ("requested_version", "installed_version", "installed_version_source", "releases_behind")
    assert night.rows("extensions", *columns) == [("1.5", "1.5.11", "guest_agent", 15)]
    view["vmAgent"]["extensionHandlers"] = []
    night = night_of(replay, machine, answer_of(*DIAGNOSTICS))
    assert night.rows("extensions", *columns) == [("1.5", None, None, None)]
    assert night.judged()["AMA-002"] == [("unanswered", "not_known")]


def test_a_version_that_the_region_no_longer_lists_is_still_compared(replay: Replay) -> None:
    offers = [each for each in body_of(*DIAGNOSTICS) if not each["name"].startswith("1.5.")]
    night = night_of(replay, agent_of(18, "enablevmaccess"), Answer.json(offers))
    assert night.rows("extensions", "latest_version", "releases_behind") == [("1.22.0.1", 15)]


def with_power_of(machine: Json, index: int) -> Json:
    """The machine with the power state of another recorded one."""
    view = body_of(VIEWS, index)["properties"]["instanceView"]
    machine["properties"]["instanceView"]["statuses"] = view["statuses"]
    return machine


def test_a_deallocated_machine_that_still_shows_its_agent_shows_an_old_version(replay: Replay) -> None:
    """It is told as old as the guest agent's last word, and nobody is blamed for a machine that does not run."""
    machine = with_power_of(agent_of(13, "LinuxDiagnostic"), DEALLOCATED)
    night = night_of(replay, machine, answer_of(*DIAGNOSTICS))
    [(version, told_at, agent_at, availability)] = night.rows(
        "extensions", "installed_version", "installed_version_at", "agent_at", "availability"
    )
    assert (version, availability) == ("2.3.9029", "stopped")
    assert told_at == agent_at is not None
    assert night.judged()["AMA-002"] == [("not_applicable", "stopped")]


def test_a_machine_stopped_from_within_is_not_judged_by_its_old_version(replay: Replay) -> None:
    """It shows a version, but no event tells since when it is stopped: it may be excused, so nobody knows."""
    machine = with_power_of(agent_of(18, "enablevmaccess"), STOPPED)
    night = night_of(replay, machine, answer_of(*DIAGNOSTICS))
    assert night.rows("extensions", "availability", "power_state", "installed_version", "releases_behind") == [
        ("stopped", "stopped", "1.5.11", 15)
    ]
    assert night.judged()["AMA-002"] == [("unanswered", "not_known")]


def test_the_order_of_statuses_means_nothing(replay: Replay) -> None:
    machine = agent_of(33, "GuestAttestation")
    view = machine["properties"]["instanceView"]
    told = night_of(replay, machine, answer_of(*ATTESTATION)).rows("extensions", "availability", "instance_status")
    view["statuses"] = [*reversed(view["statuses"]), {"code": "HibernationState/Hibernated"}, {"code": "OSState/x"}]
    view["extensions"][0]["statuses"].insert(0, {"code": "ComponentStatus/Some Part/failed/-4"})
    again = night_of(replay, machine, answer_of(*ATTESTATION)).rows("extensions", "availability", "instance_status")
    assert told == again == [("running", "succeeded")]


SUFFIXED = {
    "ProvisioningState/failed/1": "failed/1",
    "provisioningState/Succeeded/osProvisioningInProgress": "Succeeded/osProvisioningInProgress",
    "ProvisioningState/NotReady/21": "NotReady/21",
    "ProvisioningState/transitioning": "transitioning",
}


@pytest.mark.parametrize("code", SUFFIXED)
def test_a_status_code_keeps_its_suffix(replay: Replay, code: str) -> None:
    machine = agent_of(33, "GuestAttestation")
    machine["properties"]["instanceView"]["extensions"][0]["statuses"] = [{"code": code}]
    night = night_of(replay, machine, answer_of(*ATTESTATION))
    assert night.rows("extensions", "instance_status") == [(SUFFIXED[code],)]


@pytest.mark.parametrize(
    ("index", "rules"),
    [
        (33, {"AMA-003", "AMA-005"}),
        (DEALLOCATED, {"AMA-002", "AMA-003", "AMA-005", "AMA-006", "AMA-007"}),
    ],
    ids=["running", "deallocated"],
)
def test_without_the_activity_log_what_rests_on_it_is_unanswered(replay: Replay, index: int, rules: set[str]) -> None:
    """A deallocated machine is excused by the log too: that it shows no start within the look-back.

    The age of the version, which is another extension's, nobody knows with the log either.
    """
    machine = agent_of(index, {33: "GuestAttestation", DEALLOCATED: "enablevmaccess"}[index])
    night_of(replay, machine, answer_of(*ATTESTATION))
    replay.give(activity_path(), answer_of("errors/403", 6))
    verdicts: dict[str, Any] = spend(replay).judged()
    assert {rule for rule, found in verdicts.items() if found == [("unanswered", "not_known")]} == rules


def test_a_flexible_scale_sets_instance_is_judged_as_a_machine(replay: Replay) -> None:
    """The recorded extension of one machine within the recorded instance of a flexible scale set."""
    instance = body_of("compute-vmss/flexible-simple-orchestration", 1)
    donor = agent_of(33, "GuestAttestation")
    instance["resources"] = donor["resources"]
    instance["properties"]["instanceView"]["extensions"] = donor["properties"]["instanceView"]["extensions"]
    night = night_of(replay, instance, answer_of(*ATTESTATION))
    assert night.rows("extensions", "kind", "model_auto_upgrade") == [("scale_set_instance", None)]
    judged = night.judged()
    assert judged.pop("AMA-005") == [("unanswered", "not_known")], "the version is another extension's"
    assert judged.pop("AMA-010") == [("fail", "no_identity")]
    rules = ("AMA-001", "AMA-002", "AMA-003", "AMA-004", "AMA-006", "AMA-007")
    assert judged == {rule: [PASS] for rule in rules}
    assert instance["id"].split("/")[2] == SUBSCRIPTION
