"""What Resource Graph told is read again from Resource Manager where it may be old, and judged again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auditor import shards
from auditor.simulator import AssociationSpec, ExtensionSpec, Fault, Lag, MachineSpec, OperationSpec, StaySpec
from tests.night.parts import FIRST, LATEST, NOW, OLD, SECOND, Audited, Bench, agent, estate, machine, subscription

HOUR = timedelta(hours=1)
ON = agent("Linux", LATEST)
OFF = agent("Linux", LATEST, auto_upgrade=False)
WRITTEN = OperationSpec(NOW - HOUR, ON.name)


def heard(name: str, *extensions: ExtensionSpec, **more: Any) -> MachineSpec:
    """A machine whose heartbeats tell its version: nothing has asked it by itself yet."""
    return machine(name, *extensions, stays=(StaySpec(LATEST, NOW - 9 * 24 * HOUR),), **more)


def shown(now: ExtensionSpec, earlier: ExtensionSpec | Lag, *operations: OperationSpec) -> MachineSpec:
    """A machine whose agent is ``now``, while Resource Graph still shows it as it was."""
    return heard("web-1", replace(now, in_graph=earlier), operations=operations)


def night(bench: Bench, *machines: MachineSpec) -> Audited:
    return bench.audit(
        estate(subscription(FIRST, *machines), beats=True), config={"sources": {"inventory": "resource_graph"}}
    )


def settings(audited: Audited) -> list[tuple[str, str, str]]:
    return audited.verdicts("AMA-001")


def test_a_failure_that_was_mended_an_hour_ago_passes(bench: Bench) -> None:
    """Resource Graph still says off; the machine itself says on."""
    audited = night(bench, shown(ON, OFF, WRITTEN))

    assert settings(audited) == [("web-1", "pass", "as_expected")]
    assert audited.run["confirmed"]["machines"] == 1
    assert audited.run["confirmed"]["changed"] >= 1


def test_a_pass_that_was_undone_an_hour_ago_fails(bench: Bench) -> None:
    """The other way round: an operation in the last hours is what gives it away."""
    audited = night(bench, shown(OFF, ON, WRITTEN))

    assert settings(audited) == [("web-1", "fail", "disabled")]
    assert audited.run["confirmed"]["changed"] >= 1


def test_a_failure_is_read_again_without_any_operation(bench: Bench) -> None:
    """The activity log's events come late: a failure that is new is reason enough."""
    audited = night(bench, shown(ON, OFF))

    assert settings(audited) == [("web-1", "pass", "as_expected")]


def test_an_association_that_resource_graph_does_not_show_yet_is_found(bench: Bench) -> None:
    """Another that is gone is missed only where the machine is read again for something else."""
    late, gone = (AssociationSpec(in_graph=lag) for lag in (Lag.UNSEEN, Lag.DELETED))

    audited = night(
        bench,
        heard("late", associations=(late,)),
        heard("gone", OFF, associations=(gone,)),
        heard("without", associations=()),
    )

    assert sorted(audited.verdicts("AMA-011")) == [
        ("gone", "fail", "not_associated"),
        ("late", "pass", "as_expected"),
        ("without", "fail", "not_associated"),
    ]
    assert audited.requests["data_collection_rule_associations"] == 3


def test_a_confirmed_verdict_shows_resource_manager_as_its_source(bench: Bench) -> None:
    [finding] = [each for each in night(bench, shown(OFF, OFF)).findings if each["rule_id"] == "AMA-001"]

    [setting] = [each for each in finding["evidence"] if each["name"] == "auto_upgrade"]
    assert (finding["status"], setting["source"]) == ("fail", "instance_view")


def test_a_machine_that_is_gone_leaves_the_report(bench: Bench) -> None:
    gone = heard("old-1", OFF, in_graph=Lag.DELETED)

    audited = night(bench, gone, heard("web-1"))

    assert {each["machine_name"] for each in audited.findings} == {"web-1"}
    assert audited.run["machines"] == {"vm": 1}


def test_a_machine_too_young_for_resource_graph_is_found_by_its_operation(bench: Bench) -> None:
    young = heard("new-1", OFF, in_graph=Lag.UNSEEN, operations=(replace(WRITTEN, extension=OFF.name),))

    audited = night(bench, heard("web-1"), young)

    assert ("new-1", "fail", "disabled") in settings(audited)


def test_of_two_agents_the_stale_one_vanishes(bench: Bench) -> None:
    stale = agent("Linux", OLD, name="old-name", in_graph=Lag.DELETED)

    audited = night(bench, heard("web-1", ON, stale))

    assert audited.verdicts("AMA-001") == [("web-1", "pass", "as_expected")]


def test_what_does_not_change_is_counted_as_read_again_and_not_as_changed(bench: Bench) -> None:
    audited = night(bench, heard("web-1", OFF), heard("web-2"))

    confirmed = audited.run["confirmed"]
    assert (confirmed["machines"], confirmed["left"]) == (1, 0)
    assert confirmed["changed"] == 0, confirmed


def test_a_machine_that_refuses_to_be_read_again_is_unanswered(bench: Bench) -> None:
    """What it told before is in doubt, and what it says now is not known."""
    refuse = Fault(r"virtualMachines/web-1\?", status=500)

    audited = bench.audit(
        estate(subscription(FIRST, heard("web-1", OFF), heard("web-2")), beats=True),
        refuse,
        config={"sources": {"inventory": "resource_graph"}},
    )

    statuses = {name: status for name, status, _code in settings(audited)}
    assert statuses == {"web-1": "unanswered", "web-2": "pass"}


@pytest.mark.parametrize("machines_per_shard", [1, 100])
def test_only_so_many_are_read_again_the_same_in_any_cut(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, machines_per_shard: int
) -> None:
    monkeypatch.setattr(shards, "MOST_CONFIRMED", 2)
    two = (subscription(each, *(heard(f"{name}-{each[0]}", OFF) for name in "ab")) for each in (FIRST, SECOND))

    audited = bench.audit(
        estate(*two, beats=True),
        config={"sources": {"inventory": "resource_graph"}},
        machines_per_shard=machines_per_shard,
    )

    assert (audited.run["confirmed"]["machines"], audited.run["confirmed"]["left"]) == (2, 2)
    read = {
        each["machine_name"]
        for each in audited.findings
        for item in each["evidence"]
        if each["rule_id"] == "AMA-001" and item["source"] == "instance_view"
    }
    assert read == {"a-1", "b-1"}, "the gravest, then by id"
