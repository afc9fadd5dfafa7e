"""The scripts of a night, run by bash with the real Azure command line: what they change, and what they leave."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from auditor.simulator import (
    ArcMachineSpec,
    Estate,
    Fault,
    InstanceSpec,
    MachineSpec,
    ScaleSetSpec,
    Simulator,
    StaySpec,
    Weather,
    arc_monitor_agent,
)
from tests.night.parts import FIRST, IN_BULK, LATEST, NOW, OLD, Audited, agent, estate, open_bench, subscription
from tests.peers.parts import az as found_az
from tests.peers.parts import signed_in
from tests.real_parts import require

GROUP = f"/subscriptions/{FIRST}/resourceGroups/rg-main/providers"
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-monitor"
SETTINGS = {
    "authentication": {"managedIdentity": {"identifier-name": "mi_res_id", "identifier-value": IDENTITY}},
    "note": '=@/etc/hostname it\'s "quoted" $(touch pwned) `x` \\ 東京 \u202e',
    "empty": {},
    "nothing": None,
}
TAGS = {"team": "ops", "=@/etc/hostname": "@x"}
KEPT = ("publisher", "type", "settings", "autoUpgradeMinorVersion")

MACHINES = {
    "off": f"{GROUP}/Microsoft.Compute/virtualMachines/off-1",
    "stopped": f"{GROUP}/Microsoft.Compute/virtualMachines/stopped-1",
    "old": f"{GROUP}/Microsoft.Compute/virtualMachines/old-1",
    "model": f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/pool",
    "instance": f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/0",
    "late": f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/late/virtualMachines/7",
    "arc": f"{GROUP}/Microsoft.HybridCompute/machines/arc-off",
    "arc_old": f"{GROUP}/Microsoft.HybridCompute/machines/arc-old",
}


EXEMPTION = f"""\
- rule: AMA-001
  resource: {GROUP}/Microsoft.Compute/virtualMachines/exempt-1
  owner: ops
  reason: upgraded by its vendor
  ticket: CHG-1
  expires: 2027-01-01
"""


def told(installed: str = LATEST, **changes: Any) -> Any:
    return agent("Linux", installed, **{"settings": SETTINGS, "name": "AMA", **changes})


def fleet() -> Estate:
    """Automatic upgrade off on every kind, an instance behind its model, and old agents that it does not reach."""
    machines = (
        MachineSpec("off-1", extensions=(told(auto_upgrade=False, tags=TAGS),)),
        MachineSpec("stopped-1", power="deallocated", extensions=(told(auto_upgrade=None),)),
        MachineSpec("old-1", extensions=(told(OLD, tags=TAGS, auto_upgrade_minor=False),)),
        MachineSpec("exempt-1", extensions=(told(auto_upgrade=False),), tags={"exempt": "yes"}),
    )
    off, on = told(auto_upgrade=False), told(auto_upgrade=True)
    sets = (
        ScaleSetSpec(
            "pool", extensions=(off,), instances=tuple(InstanceSpec(each, extensions=(off,)) for each in "01")
        ),
        ScaleSetSpec("late", extensions=(on,), instances=(InstanceSpec("7", False, extensions=(off,)),)),
    )
    arc_off = arc_monitor_agent("Windows", LATEST, settings=SETTINGS, name="AMA", auto_upgrade=False)
    arc_old = arc_monitor_agent("Windows", OLD, settings=SETTINGS, name="AMA", auto_upgrade=True)
    servers = (
        ArcMachineSpec("arc-off", extensions=(arc_off,)),
        ArcMachineSpec("arc-old", extensions=(arc_old,), stays=(StaySpec(OLD, NOW),)),
    )
    return estate(subscription(FIRST, *machines, scale_sets=sets, arc_machines=servers, actions=("*",)))


class Watching(Weather):
    """Clear weather that keeps the method and the path of every request."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def meet(self, method: str, target: str, body: str = "") -> Fault | None:
        self.seen.append((method, target.partition("?")[0]))
        return super().meet(method, target, body)

    def written(self) -> list[tuple[str, str]]:
        reads = ("/query", "/resources", "/token")
        return [each for each in self.seen if each[0] != "GET" and not each[1].endswith(reads)]


@dataclass
class Operator:
    """Whoever runs the scripts, and looks at Azure before and after."""

    azure: Simulator
    weather: Watching
    audited: Audited
    environment: Mapping[str, str]
    folder: Path

    def run(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        """One of the night's scripts, by a bash that stands in a folder of its own."""
        command = [str(require("bash")), str(self.audited.folder / "remediation" / f"{script}.sh"), *options]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def paste(self, command: str) -> subprocess.CompletedProcess[str]:
        """What a finding says, in a shell that a person sits at."""
        whole = [str(require("bash")), "-c", command]
        return subprocess.run(
            whole,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def command(self, machine_name: str) -> str:
        """The command line's part of what to do about the machine's one failing row of the setting and the version."""
        [text] = [
            each["remediation"]
            for each in self.audited.findings
            if (each["machine_name"], each["status"]) == (machine_name, "fail")
            and each["rule_id"] in ("AMA-001", "AMA-002")
        ]
        return str(text.partition("Azure CLI:\n")[2].partition("\n\nAzure PowerShell:")[0])

    def look(self, machine: str) -> dict[str, Any]:
        """The extension's properties and tags as Azure shows them."""
        version = "2024-07-10" if machine.startswith("arc") else "2024-07-01"
        expand = "" if machine in ("model", "arc", "arc_old") else "$expand=instanceView&"
        answer = requests.get(
            f"{self.azure.url}{MACHINES[machine]}/extensions/AMA?{expand}api-version={version}",
            headers={"Authorization": "Bearer anything"}, verify=self.environment["REQUESTS_CA_BUNDLE"], timeout=30,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return {**body["properties"], "tags": body.get("tags")}

    def everything(self) -> dict[str, dict[str, Any]]:
        return {machine: self.look(machine) for machine in MACHINES}


@pytest.fixture
def other_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    yield from operating(tmp_path_factory)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    yield from operating(tmp_path_factory)


def operating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    program, folder = found_az(), tmp_path_factory.mktemp("remediation")
    weather = Watching()
    with ExitStack() as opened:
        bench = open_bench(tmp_path_factory.mktemp("night"), opened)
        azure = opened.enter_context(Simulator(fleet(), weather=weather))
        exempt = bench.folder / "exemptions.yaml"
        exempt.write_text(EXEMPTION, encoding="utf-8")
        audited = bench.audit(azure, config={**IN_BULK, "exemptions": str(exempt)})
        assert weather.written() == []
        yield Operator(azure, weather, audited, signed_in(program, azure, folder), folder)


def test_the_night_writes_a_script_for_each_kind_of_fix(operator: Operator) -> None:
    names = {path.name for path in (operator.audited.folder / "remediation").iterdir()}
    scripts = ("enable-automatic-upgrade", "upgrade-now", "update-instances")
    assert names == {f"{script}.{ending}" for script in scripts for ending in ("sh", "ps1")}


def test_a_head_tells_what_the_script_will_touch(operator: Operator) -> None:
    text = (operator.audited.folder / "remediation/enable-automatic-upgrade.sh").read_text("utf-8")
    head = text.partition("\n\n")[0]
    assert f"run {operator.audited.run['run_id']}, as of 2026-11-22T03:00:17Z" in head
    assert "It does 4 thing(s) for 5 failing row(s) (AMA-001: 4, AMA-005: 1)," in head
    assert f"Subscription 1 ({FIRST}): 4" in head
    assert "[" not in head and "exempt-1" not in text, "what is accepted is not mended"


def test_whole_story(operator: Operator) -> None:
    """Dry runs change nothing; what is put anew waits for the statement; then each script does its own and no more."""
    before = operator.everything()

    for script in ("enable-automatic-upgrade", "upgrade-now", "update-instances"):
        dry = operator.run(script)
        assert dry.returncode == 0, dry.stderr
        assert "Nothing was changed" in dry.stdout
    refused = operator.run("upgrade-now", "--apply")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Run it with --no-protected-settings too if you" in refused.stderr
    assert operator.weather.written() == [] and operator.everything() == before

    enabled = operator.run("enable-automatic-upgrade", "--apply")
    assert enabled.returncode == 1, "one machine is stopped, and Azure refuses it"
    assert "VM is not running" in enabled.stderr
    assert "3 done, 1 failed." in enabled.stdout
    assert {method for method, _path in operator.weather.written()} == {"PATCH"}
    after = operator.everything()
    for machine in ("off", "model", "arc"):
        assert after[machine] == before[machine] | {"enableAutomaticUpgrade": True}, machine
    for machine in set(MACHINES) - {"off", "model", "arc"}:
        assert after[machine] == before[machine], machine

    upgraded = operator.run("upgrade-now", "--apply", "--no-protected-settings")
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    now = operator.everything()
    assert now["old"]["typeHandlerVersion"] == "1.38"
    assert now["old"]["instanceView"]["typeHandlerVersion"] == LATEST
    assert now["arc_old"]["typeHandlerVersion"] == LATEST
    for machine in ("old", "arc_old"):
        kept = (*KEPT, "tags", "enableAutomaticUpgrade")
        assert {key: now[machine].get(key) for key in kept} == {key: before[machine].get(key) for key in kept}

    updated = operator.run("update-instances", "--apply")
    assert updated.returncode == 0, updated.stdout + updated.stderr
    last = operator.everything()
    for machine in ("instance", "late"):
        assert last[machine] == before[machine] | {"enableAutomaticUpgrade": True}, machine
    assert not list(operator.folder.glob("pwned"))


def test_each_rows_own_command_can_be_pasted(other_day: Operator) -> None:
    """From findings.json into a shell: one row after the other, and nothing but what it names changes."""
    before = other_day.everything()
    for name, changed in (
        ("off-1", ("off",)),
        ("pool", ("model", "instance")),
        ("arc-off", ("arc",)),
        ("late_7", ("late",)),
    ):
        done = other_day.paste(other_day.command(name))
        assert done.returncode == 0, done.stderr
        for machine in changed:
            before[machine] |= {"enableAutomaticUpgrade": True}
        assert other_day.everything() == before, name

    anew = other_day.command("old-1")
    other_day.paste(anew)
    assert other_day.everything() == before, "the statement is not made"
    done = other_day.paste(anew.replace("no_protected_settings=no", "no_protected_settings=yes"))
    assert done.returncode == 0, done.stderr
    old = other_day.look("old")
    assert old["instanceView"]["typeHandlerVersion"] == LATEST
    kept = (*KEPT, "tags", "enableAutomaticUpgrade")
    assert {key: old[key] for key in kept} == {key: before["old"][key] for key in kept}


def test_what_cannot_be_read_as_an_extension_is_not_put_anew(other_day: Operator) -> None:
    """Azure answers, and with something else: neither the script nor the command writes."""
    other_day.weather.set([Fault("old-1/extensions/AMA", method="GET", status=200, body={"value": []})])
    anew = other_day.command("old-1").replace("no_protected_settings=no", "no_protected_settings=yes")

    pasted = other_day.paste(anew)
    ran = other_day.run("upgrade-now", "--apply", "--no-protected-settings")

    assert (pasted.returncode, ran.returncode) == (1, 1)
    assert "could not be read as it must be" in ran.stderr
    assert [method for method, _path in other_day.weather.written()] == ["POST"], "Arc's own upgrade alone"
