"""One snapshot: what is in it, and the report that evaluate makes of it, which is the one that run would have made."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from auditor.cli import main
from auditor.model.run import Order
from auditor.nightly import collect_only
from auditor.resources import rules_folder
from auditor.settle import settle
from auditor.simulator import ExtensionSpec, SeededEstate, Simulator
from auditor.simulator.weather import PRESETS
from auditor.snapshot.manifest import MANIFEST, digest_of, write_manifest
from tests.night.commands import AS_OF, Shell
from tests.night.parts import (
    ALL,
    FIRST,
    IN_BULK,
    NOW,
    OLD,
    TOKEN,
    Bench,
    Told,
    agent,
    estate,
    machine,
    machine_id,
    subscription,
)

FILES = ("findings.json", "findings.csv", "verdicts.parquet")
MOVING = {"started", "ended", "starts", "seconds"}
CONFIG = {
    **IN_BULK,
    "report": {"title": "Überprüfung"},
    "rules": {"AMA-002": {"params": {"releases": 1}}},
    "exemptions": "accepted.yaml",
}


def with_exemption(bench: Bench, azure: Simulator) -> Path:
    accepted = {"rule": "AMA-001", "resource": machine_id("any"), "owner": "a", "reason": "b", "ticket": "C-1"}
    text = yaml.safe_dump([{**accepted, "expires": "2027-01-01"}])
    (bench.folder / "accepted.yaml").write_text(text, encoding="utf-8")
    return bench.config(azure, CONFIG)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def run_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run.json").read_bytes()))


def lasting(folder: Path) -> dict[str, Any]:
    run = {key: value for key, value in run_of(folder).items() if key not in MOVING}
    return {**run, "hashes": {name: told for name, told in run["hashes"].items() if name != "snapshot"}}


@dataclass(frozen=True)
class Night:
    """One estate that was audited whole, and collected only."""

    report: Path
    snapshot: Path
    azure: Simulator
    collected: int


@pytest.fixture(scope="module")
def night(shared_bench: Bench) -> Iterator[Night]:
    """All kinds of machines, one subscription that refuses, heartbeats, an exemption, a parameter that was changed."""
    azure = shared_bench.simulate(SeededEstate(60, now=NOW), *PRESETS["one_machine_500"])
    config, report, snapshot = (
        with_exemption(shared_bench, azure),
        shared_bench.folder / "run",
        shared_bench.folder / "snap",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDITOR_ACCESS_TOKEN", TOKEN["AUDITOR_ACCESS_TOKEN"])
        main(["run", "--config", str(config), "--output", str(report), *AS_OF, "-q"])
        code = main(["collect", "--config", str(config), "--output", str(snapshot), *AS_OF, "-q"])
    yield Night(report, snapshot, azure, code)


def copied(snapshot: Path, place: Path) -> Path:
    """A snapshot that a test may spoil."""
    for file in (each for each in snapshot.rglob("*") if each.is_file()):
        target = place / file.relative_to(snapshot)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    return place


# --- the same report again ---


def test_the_report_of_a_snapshot_is_that_of_the_run_byte_for_byte(night: Night, shell: Shell, tmp_path: Path) -> None:
    done = shell("evaluate", "--snapshot", night.snapshot, "--output", tmp_path / "again")

    assert done.code == night.collected == run_of(night.report)["exit_code"] == 5
    assert bytes_of(tmp_path / "again") == bytes_of(night.report)
    assert lasting(tmp_path / "again") == lasting(night.report)
    assert {each.name for each in (tmp_path / "again").iterdir()} == {each.name for each in night.report.iterdir()}
    assert [line.split()[0] for line in done.err.splitlines()] == ["snapshot", "settle", "judge", "compose", "render"]


def test_the_run_of_an_evaluate_is_of_now_and_its_data_of_then(night: Night, shell: Shell, tmp_path: Path) -> None:
    shell("evaluate", "--snapshot", night.snapshot, "--output", tmp_path / "again", "-q", "--format", "json")

    told, then = run_of(tmp_path / "again"), run_of(night.report)
    assert told["as_of"] == then["as_of"] == "2026-11-22T03:00:17Z"
    assert datetime.fromisoformat(told["started"]) > datetime.fromisoformat(then["ended"])
    assert told["requests"] == then["requests"] and sum(each["sent"] for each in told["requests"].values()) > 50
    assert told["confirmed"] == then["confirmed"] and told["confirmed"]["machines"] > 0
    assert (told["run_id"], told["identity"]) == (then["run_id"], then["identity"])
    assert len(told["hashes"]["snapshot"]) == 64


def test_judging_opens_no_socket(night: Night, tmp_path: Path) -> None:
    asked = night.azure.requests.snapshot()
    asking = ["evaluate", "--snapshot", str(night.snapshot), "--output", str(tmp_path / "r"), "-q"]
    program = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event.startswith('socket.'):\n"
        "        raise AssertionError(event)\n"
        "sys.addaudithook(hook)\n"
        "from auditor.cli import main\n"
        f"sys.exit(main({asking}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=180)

    assert (done.returncode, done.stderr) == (5, "")
    assert bytes_of(tmp_path / "r") == bytes_of(night.report)
    assert night.azure.requests.snapshot() == asked


def test_however_the_estate_was_cut_the_snapshot_gives_the_same_report(
    night: Night, shared_bench: Bench, shell: Shell, tmp_path: Path
) -> None:
    settled = settle(shared_bench.folder / "config.yaml", environ=TOKEN)
    order = Order(settled.settings, settled.rulebook, settled.config_hash, tmp_path / "cut", (), NOW, True)
    collect_only(order, settled.grounds, Told(), machines_per_shard=5)

    shell("evaluate", "--snapshot", tmp_path / "cut", "--output", tmp_path / "again", "-q")

    assert len(list((tmp_path / "cut/shards").iterdir())) > 1
    assert bytes_of(tmp_path / "again") == bytes_of(night.report)


def test_the_clock_of_the_snapshot_counts(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    """Collected now, without --as-of: whenever it is judged, nothing has grown older."""
    config = bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1")))))
    shell("collect", "--config", config, "--output", tmp_path / "snap", environ=TOKEN)

    for name in ("one", "two"):
        assert shell("evaluate", "--snapshot", tmp_path / "snap", "--output", tmp_path / name, "-q").code == 0

    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert run_of(tmp_path / "one")["as_of"] == json.loads((tmp_path / "snap/night.json").read_bytes())["as_of"]


def test_fail_on_counts_here_too(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    off = machine("off", agent("Linux", OLD, auto_upgrade=False))
    config = bench.config(bench.simulate(estate(subscription(FIRST, off))))
    assert shell("collect", "--config", config, "--output", tmp_path / "snap", *AS_OF, environ=TOKEN).code == 0

    done = shell("evaluate", "--snapshot", tmp_path / "snap", "--output", tmp_path / "r", "--fail-on", "info", "-q")

    assert done.code == 10


def test_a_report_into_the_snapshot_is_refused(night: Night, shell: Shell) -> None:
    done = shell("evaluate", "--snapshot", night.snapshot, "--output", night.snapshot / "report")

    assert done.code == 2 and "it lies in the snapshot" in done.err


# --- other rules ---


OWN = """\
id: OWN-001
title: {en: The custom script runs its latest release}
severity: low
frame: extensions
applies_to:
  on: {equals: machine}
  publisher: {equals: Microsoft.Azure.Extensions}
  type: {equals: CustomScript}
expect: {releases_behind: {at_most: 0}}
reasons:
  - code: behind
    text: {en: "Behind {latest_version}."}
    fix: upgrade_now
why: {en: It is our own.}
sources: []
examples:
  given: {publisher: Microsoft.Azure.Extensions, type: CustomScript, "on": machine}
  pass: [{releases_behind: 0}]
  fail: [{releases_behind: 1, code: behind}]
  unanswered: [{releases_behind: null}]
"""
SCRIPT = ExtensionSpec("script", "Microsoft.Azure.Extensions", "CustomScript", "2.1", installed="2.1.10")


def about(folder: Path) -> str:
    return " ".join((folder / "report.html").read_text("utf-8").split())


def test_what_nobody_asked_for_is_unanswered_and_says_so(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    """The shipped rules do not ask what the regions offer of that type."""
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", OLD), SCRIPT)))
    (tmp_path / "OWN-001.yaml").write_text(OWN, encoding="utf-8")
    shell("collect", "--config", bench.config(bench.simulate(of)), "--output", tmp_path / "snap", *AS_OF, environ=TOKEN)

    done = shell(
        "evaluate", "--snapshot", tmp_path / "snap", "--output", tmp_path / "r", "--rules", tmp_path / "OWN-001.yaml"
    )

    [own] = [each for each in json.loads((tmp_path / "r/findings.json").read_bytes()) if each["rule_id"] == "OWN-001"]
    assert own["status"] == "unanswered"
    assert "Nobody asked for it when the data were collected" in own["reason"]
    assert "Collect anew with the rules" in own["remediation"]
    assert "rules     not those of the snapshot: added: OWN-001" in done.err
    assert "and not there when it was collected" in about(tmp_path / "r")


def test_a_rule_that_has_changed_is_told_and_judged_as_it_is_now(night: Night, shell: Shell, tmp_path: Path) -> None:
    """A pack with one rule changed, one left out; the configuration's own parameter holds as before."""
    for name in ("AMA-001", "AMA-002", "AMA-003"):
        text = (rules_folder() / f"{name}.yaml").read_text("utf-8")
        changed = text.replace("severity: medium", "severity: critical") if name == "AMA-002" else text
        (tmp_path / f"{name}.yaml").write_text(changed, encoding="utf-8")

    done = shell(
        "evaluate", "--snapshot", night.snapshot, "--output", tmp_path / "r", "--only-rules", "--rules", tmp_path,
        "--format", "json", "--format", "html",
    )  # fmt: skip

    assert "rules     not those of the snapshot: changed: AMA-002; removed: AMA-004" in done.err
    hashes, then = run_of(tmp_path / "r")["hashes"], run_of(night.report)["hashes"]
    assert hashes["AMA-002.yaml"] != hashes["snapshot/AMA-002.yaml"] == then["AMA-002.yaml"]
    assert hashes["snapshot/AMA-004.yaml"] == then["AMA-004.yaml"] and "snapshot/AMA-001.yaml" not in hashes
    findings = json.loads((tmp_path / "r/findings.json").read_bytes())
    assert {each["severity"] for each in findings if each["rule_id"] == "AMA-002"} == {"critical"}
    assert "Not judged by any more" in about(tmp_path / "r")


def test_another_configuration_changes_what_it_says_and_needs_no_way_into_azure(
    night: Night, shell: Shell, tmp_path: Path
) -> None:
    written = {
        "azure": {"credential": "token", "token": "${NOT_SET_HERE}", "ca_bundle": "not-there.pem"},
        "rules": {"AMA-002": {"params": {"releases": 9}}, "AMA-004": {"enabled": False}},
    }
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")

    done = shell(
        "evaluate", "--snapshot", night.snapshot, "--output", tmp_path / "r", "--config", tmp_path / "other.yaml"
    )

    assert "changed: AMA-002, configuration; removed: AMA-004, exemptions" in done.err
    now, then = (run_of(each)["counts"] for each in (tmp_path / "r", night.report))
    assert now["AMA-002"]["fail"] < then["AMA-002"]["fail"]
    assert now["AMA-001"] == then["AMA-001"] and "AMA-004" not in now


def test_a_mistake_in_another_rule_is_refused(night: Night, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "OWN-001.yaml").write_text(
        OWN.replace("releases_behind: 0}]", "releases_behind: 5}]"), encoding="utf-8"
    )

    done = shell("evaluate", "--snapshot", night.snapshot, "--output", tmp_path / "r", "--rules", tmp_path)

    assert done.code == 2 and "OWN-001" in done.err and not (tmp_path / "r").exists()


# --- what is in it ---


def test_rules_and_exemptions_lie_in_it_byte_for_byte(night: Night, shared_bench: Bench) -> None:
    for file in rules_folder().glob("AMA-*.yaml"):
        assert (night.snapshot / "rules" / file.name).read_bytes() == file.read_bytes()
    for role in ("releases", "standing"):
        assert (night.snapshot / role / f"{role}.yaml").read_bytes() == (rules_folder() / f"{role}.yaml").read_bytes()
    accepted = (shared_bench.folder / "accepted.yaml").read_bytes()
    assert (night.snapshot / "exemptions/accepted.yaml").read_bytes() == accepted


def test_it_tells_who_was_read_again(night: Night) -> None:
    told = json.loads((night.snapshot / "night.json").read_bytes())

    assert len(told["again"]) == told["confirmed"]["machines"] > 0
    assert all(each.startswith("/subscriptions/") for each in told["again"])


def test_only_what_was_collected_is_stored(night: Night) -> None:
    """What is derived may be derived otherwise by a later version."""
    [shard] = (night.snapshot / "shards").iterdir()

    assert "releases_behind" not in pd.read_parquet(shard / "extensions.parquet")
    assert "monitor_agents" not in pd.read_parquet(shard / "machines.parquet")
    assert not (shard / "verdicts.parquet").exists()


def test_a_snapshot_of_an_older_version_is_judged_by_what_it_has(night: Night, shell: Shell, tmp_path: Path) -> None:
    """It lacks a frame and a column of today: what rests on them is not known, and the rest is as it was."""
    older = copied(night.snapshot, tmp_path / "older")
    [shard] = (older / "shards").iterdir()
    extensions = pd.read_parquet(shard / "extensions.parquet")
    extensions.drop(columns="auto_upgrade").to_parquet(shard / "extensions.parquet")
    (shard / "operations.parquet").unlink()
    _sealed(older)

    done = shell("evaluate", "--snapshot", older, "--output", tmp_path / "r", "-q")

    assert done.code == 5, done.err
    then, now = (run_of(each)["counts"] for each in (night.report, tmp_path / "r"))
    assert now["AMA-001"]["pass"] == 0 and now["AMA-001"]["unanswered"] > then["AMA-001"]["unanswered"]
    assert now["AMA-004"] == then["AMA-004"]
    findings = json.loads((tmp_path / "r/findings.json").read_bytes())
    unanswered = [each for each in findings if (each["rule_id"], each["status"]) == ("AMA-001", "unanswered")]
    assert any("Automatic upgrade" in each["reason"] for each in unanswered)
    assert [each for each in unanswered if not each["reason"].strip() or not each["remediation"]] == []


def test_frames_that_cannot_be_read_are_refused(night: Night, shell: Shell, tmp_path: Path) -> None:
    """Hashes that fit say only that nothing has changed since."""
    odd = copied(night.snapshot, tmp_path / "odd")
    [shard] = (odd / "shards").iterdir()
    (shard / "machines.parquet").write_bytes(b"no parquet")
    _sealed(odd)

    done = shell("evaluate", "--snapshot", odd, "--output", tmp_path / "r", "-q")

    assert done.code == 2 and done.err.startswith("The snapshot was not judged: shard-00000: ")
    assert not (tmp_path / "r").exists()


def _sealed(snapshot: Path) -> None:
    """New manifests over whatever lies there."""
    for shard in (snapshot / "shards").iterdir():
        hashes = {each.name: digest_of(each) for each in shard.glob("*.parquet")}
        (shard / "manifest.json").write_text(json.dumps({"frames": hashes}), encoding="utf-8")
    (snapshot / MANIFEST).unlink()
    write_manifest(snapshot, "azure-extension-auditor 0.0.1")


def test_all_formats_can_be_asked_for(night: Night, shell: Shell, tmp_path: Path) -> None:
    for name in ALL:
        shell("evaluate", "--snapshot", night.snapshot, "--output", tmp_path / name, "--format", name, "-q")
        assert {each.suffix for each in (tmp_path / name).iterdir()} == {f".{name}", ".json", "", ".html", ".txt"}, (
            "and remediation and the letter"
        )
