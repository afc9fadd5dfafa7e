"""What is sent: one GET a machine and little else, each thing once, and nothing that could change the estate."""

from __future__ import annotations

import pytest

from auditor.simulator import (
    ArcMachineSpec,
    Fault,
    InstanceSpec,
    PageSizes,
    ScaleSetSpec,
    Simulator,
    StaySpec,
    Weather,
    arc_monitor_agent,
)
from tests.night.parts import (
    FIRST,
    IN_BULK,
    LATEST,
    NOW,
    OLD,
    SECOND,
    THIRD,
    Bench,
    agent,
    estate,
    machine,
    subscription,
)


class Watching(Weather):
    """Clear weather that keeps the method and the path of every request."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def meet(self, method: str, target: str, body: str = "") -> Fault | None:
        self.seen.append((method, target))
        return super().meet(method, target, body)


@pytest.fixture
def watching() -> Watching:
    return Watching()


@pytest.fixture
def watched(bench: Bench, watching: Watching) -> Simulator:
    machines = [machine(f"web-{number}", location="Japan East" if number % 2 else "japaneast") for number in range(9)]
    machines.append(machine("eu-1", location="westeurope", stays=(StaySpec(LATEST, NOW),)))
    of = estate(
        subscription(FIRST, *machines),
        subscription(SECOND, machine("sql-1"), machine("sql-2")),
        subscription(THIRD),
        beats=True,
    )
    return bench.opened(Simulator(of, weather=watching, pages=PageSizes(virtual_machines=5)))


def test_one_get_a_machine_and_little_else(bench: Bench, watched: Simulator) -> None:
    audited = bench.audit(watched)

    assert audited.code == 0
    assert audited.requests == {
        "subscriptions": 1,
        "permissions": 3,
        "resource_groups": 3,
        "scale_sets": 3,
        "arc_machines": 3,
        "virtual_machines": 4,  # two pages, one and one
        "virtual_machine": 12,
        "data_collection_rules": 3,
        "data_collection_rule_associations": 12,
        "extension_versions": 4,  # two regions, two types
        "activity_log": 3,
        "log_analytics": 1,
    }


def test_what_no_rule_needs_is_not_asked(bench: Bench, watched: Simulator) -> None:
    off = {rule: {"enabled": False} for rule in ("AMA-008", "AMA-011")}

    audited = bench.audit(watched, config={"rules": off})

    assert not {each for each in audited.requests if each.startswith("data_collection")}
    assert "AMA-010" in audited.run["counts"]


def test_nothing_is_asked_twice(bench: Bench, watched: Simulator, watching: Watching) -> None:
    bench.audit(watched)

    assert len(watching.seen) == len(set(watching.seen))


def test_nothing_is_sent_that_could_change_the_estate(bench: Bench, watched: Simulator, watching: Watching) -> None:
    bench.audit(watched)

    assert {method for method, _path in watching.seen} == {"GET", "POST"}
    [posted] = [path for method, path in watching.seen if method == "POST"]
    assert posted.startswith("/v1/workspaces/") and posted.endswith("/query")


def test_a_night_in_bulk_that_may_write_only_reads(bench: Bench, watching: Watching) -> None:
    """Failing rows on every kind, an identity that may do everything, and a second look at what is doubtful."""
    off = agent("Linux", OLD, auto_upgrade=False)
    sets = (ScaleSetSpec("pool", extensions=(off,), instances=(InstanceSpec("0", False, extensions=(off,)),)),)
    servers = (ArcMachineSpec("arc-1", extensions=(arc_monitor_agent("Windows", OLD, auto_upgrade=False),)),)
    held = subscription(FIRST, machine("web-1", off), scale_sets=sets, arc_machines=servers, actions=("*",))
    azure = bench.opened(Simulator(estate(held, beats=True), weather=watching))

    audited = bench.audit(azure, config=IN_BULK)

    assert {each["machine_kind"] for each in audited.findings if each["status"] == "fail"} >= {"vm", "scale_set", "arc"}
    assert (audited.folder / "remediation").is_dir()
    methods = {method for method, _path in watching.seen}
    posted = {path.partition("?")[0].rsplit("/", 1)[-1] for method, path in watching.seen if method == "POST"}
    assert methods == {"GET", "POST"} and posted == {"query", "resources"}


def test_a_region_is_asked_once_however_it_is_spelled(bench: Bench, watched: Simulator, watching: Watching) -> None:
    bench.audit(watched)

    asked = sorted(
        path.partition("?")[0].partition("/locations/")[2] for _method, path in watching.seen if "/locations/" in path
    )
    assert [path.lower() for path in asked] == [
        f"{where}/publishers/microsoft.azure.monitor/artifacttypes/vmextension/types/azuremonitor{os}agent/versions"
        for where in ("japaneast", "westeurope")
        for os in ("linux", "windows")
    ]


def test_run_json_counts_what_the_service_counted(bench: Bench, watched: Simulator) -> None:
    audited = bench.audit(watched)

    asked = {source: told for source, told in audited.run["requests"].items() if told["sent"]}
    assert {source: told["sent"] for source, told in asked.items()} == {
        "subscriptions": 4,  # the list, and what may be read in each
        "resource_groups": 3,
        "virtual_machines": 4,
        "scale_sets": 3,
        "arc_machines": 3,
        "instance_view": 12,
        "extension_versions": 4,
        "activity_log": 3,
        "data_collection_rules": 3,
        "data_collection_rule_associations": 12,
        "heartbeats": 1,
    }
    assert all(told["bytes"] > 0 for told in asked.values())


def test_an_unregistered_provider_is_a_gap_and_is_not_registered(bench: Bench) -> None:
    """The SDK would by itself POST a registration."""
    body = {
        "error": {
            "code": "MissingSubscriptionRegistration",
            "message": "The subscription is not registered to use namespace 'Microsoft.Compute'.",
        }
    }
    azure = bench.simulate(
        estate(subscription(FIRST, machine("web-1")), subscription(SECOND, machine("sql-1"))),
        Fault(f"/subscriptions/{SECOND}/providers/Microsoft.Compute/virtualMachines", status=409, body=body),
    )

    audited = bench.audit(azure)

    assert audited.code == 5
    assert audited.gap("virtual_machines", SECOND)["close"]
    assert audited.requests.get("unknown", 0) == 0
    assert audited.statuses("AMA-001") == {"pass": 1}
