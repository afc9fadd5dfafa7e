"""collect: how it ends, what it refuses, and that nothing secret lies in what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.night.commands import AS_OF, Shell
from tests.night.parts import FIRST, OLD, SECOND, TOKEN, Bench, agent, estate, machine, machine_id, subscription


def test_gaps_end_with_5_and_are_told(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    of = estate(subscription(FIRST, machine("web-1")), subscription(SECOND, name="Closed", refused=True))

    done = shell("collect", "--config", bench.config(bench.simulate(of)), "--output", tmp_path / "s", environ=TOKEN)

    assert done.code == 5
    assert done.out.startswith(f"Snapshot: {tmp_path / 's'}\nsha256 of its manifest.json: ")
    assert "Closed" in done.out
    assert [line.split()[0] for line in done.err.splitlines()] == ["settle", "survey", "audit", "confirm", "snapshot"]


def test_nothing_collected_ends_with_3_and_can_be_shown(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    """What was refused is evidence too: its report says why nothing is known."""
    config = bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1")))))
    expired = {"AUDITOR_ACCESS_TOKEN": "expired"}

    collected = shell("collect", "--config", config, "--output", tmp_path / "s", "-q", environ=expired)
    shown = shell("evaluate", "--snapshot", tmp_path / "s", "--output", tmp_path / "r", "-q")

    assert (collected.code, shown.code) == (3, 3)
    assert "The access token was refused" in collected.out and "The access token was refused" in shown.out


def test_a_place_that_is_taken_is_refused_before_anything_is_asked(bench: Bench, shell: Shell, tmp_path: Path) -> None:
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1"))))
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    done = shell("collect", "--config", bench.config(azure), "--output", tmp_path, environ=TOKEN)

    assert done.code == 2
    assert "The snapshot was not written to" in done.err and "it holds what is not an earlier snapshot" in done.err
    assert azure.requests.snapshot() == {}
    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"


def test_an_earlier_snapshot_gives_way_unless_something_else_lies_in_it(
    bench: Bench, shell: Shell, tmp_path: Path
) -> None:
    config = bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1")))))
    collect = ("collect", "--config", config, "--output", tmp_path / "s", "-q")
    assert shell(*collect, *AS_OF, environ=TOKEN).code == 0
    before = (tmp_path / "s/night.json").read_bytes()

    assert shell(*collect, environ=TOKEN).code == 0
    (tmp_path / "s/shards/note.txt").write_text("mine", encoding="utf-8")

    assert (tmp_path / "s/night.json").read_bytes() != before
    assert shell(*collect, environ=TOKEN).code == 2
    assert (tmp_path / "s/shards/note.txt").is_file()


def texts_in(snapshot: Path) -> str:
    """Every byte of every file, and of Parquet files what they say."""
    files = [each for each in snapshot.rglob("*") if each.is_file()]
    raw = [each.read_bytes().decode("latin-1") for each in files]
    told = [pd.read_parquet(each).to_csv() for each in files if each.suffix == ".parquet"]
    return "\n".join([*raw, *told])


SECRETS = {
    "AUDITOR_ACCESS_TOKEN": "token-that-nobody-may-keep",
    "AUDITOR_SECRET": "secret-that-nobody-may-keep",
    "AUDITOR_TITLE": "title-that-came-from-the-environment",
}


CLIENT = "99999999-1111-4111-a111-111111111111"


def odd_extension(name: str) -> dict[str, Any]:
    """Azure never gives protected settings back; if it did, nobody would keep them."""
    told = {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent", "typeHandlerVersion": "1.0"}
    settings = {"settings": {"key": "public-setting"}, "protectedSettings": {"key": "protected-setting"}}
    properties = {**told, "enableAutomaticUpgrade": True, "provisioningState": "Succeeded", **settings}
    return {"id": f"{machine_id(name)}/extensions/odd-name", "name": "odd-name", "properties": properties}


@pytest.mark.parametrize("credential", ["token", "client_secret"])
@pytest.mark.parametrize("inventory", ["auto", "compute"])
def test_no_secret_and_no_setting_is_in_it(
    bench: Bench, shell: Shell, tmp_path: Path, credential: str, inventory: str
) -> None:
    own = replace(agent("Linux", OLD), settings={"workspace": "setting-that-is-not-asked"})
    machines = (machine("web-1", own), machine("web-2", override={"resources": [odd_extension("web-2")]}))
    azure = bench.simulate(estate(subscription(FIRST, *machines)))
    way = {"credential": credential, "token": None}
    if credential == "token":
        way["token"] = "${AUDITOR_ACCESS_TOKEN}"
    else:
        way |= {"tenant_id": "tenant-of-nobody", "client_id": CLIENT, "client_secret": "${AUDITOR_SECRET}"}
    changes = {"azure": way, "sources": {"inventory": inventory}, "report": {"title": "${AUDITOR_TITLE}"}}

    done = shell(
        "collect", "--config", bench.config(azure, changes), "--output", tmp_path / "s", *AS_OF, environ=SECRETS
    )

    assert done.code == 0, done.err
    told = texts_in(tmp_path / "s")
    assert "web-1" in told and "AzureMonitorLinuxAgent" in told
    assert "odd-name" in told, "the answer that holds protected settings was read"
    forbidden = (*SECRETS.values(), "not-asked", "protected-setting", "public-setting", "AUDITOR_SECRET")
    assert [each for each in (*forbidden, "AUDITOR_ACCESS_TOKEN", "Bearer", "ca.pem") if each in told] == []
    assert "${AUDITOR_TITLE}" in (tmp_path / "s/config.yaml").read_text("utf-8"), "as it is written"
    again = ("evaluate", "--snapshot", tmp_path / "s", "--output", tmp_path / "r", "-q")
    assert "AUDITOR_TITLE is not set" in shell(*again).err
    assert shell(*again, environ=SECRETS).code == 0


def test_a_night_whose_own_files_may_not_grow_says_so_and_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    """As on a full disk."""
    config = bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1")))))
    program = (
        "import resource, sys\n"
        "from auditor.cli import main\n"
        "import auditor.nightly\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))\n"
        f"sys.exit(main(['collect', '--config', {str(config)!r}, '--output', {str(tmp_path / 'out/s')!r}, '-q']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **TOKEN},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("Nothing was reported: the night's own frames were not written to ")
    assert "(file too large). Free some space there" in done.stderr and "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
