"""Two runs over one output folder never overlap, with no archive whose lock would keep them apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli import main
from tests.night.parts import FIRST, TOKEN, Bench, estate, machine, subscription

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be held still there")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDITOR_ACCESS_TOKEN", TOKEN["AUDITOR_ACCESS_TOKEN"])
    return bench.config(bench.simulate(estate(subscription(FIRST, machine("vm-1")))))


@pytest.fixture
def at_work(bench: Bench, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, held still amid its night over ``report``."""
    asked = ["run", "--config", str(config), "--output", str(bench.folder / "report")]
    command = [sys.executable, "-m", "auditor", *asked]
    lock = bench.folder / ".report.lock"
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as other:
        while not lock.exists():
            assert other.poll() is None, "the other run ended before its time"
            time.sleep(0.01)
        time.sleep(0.1)  # between making the file and locking it
        os.kill(other.pid, signal.SIGSTOP)
        yield other
        other.kill()


@pytest.mark.parametrize(("command", "what"), [("run", "The report"), ("collect", "The snapshot")])
def test_a_second_start_is_refused_with_a_sentence_before_anything_is_asked(
    at_work: subprocess.Popen[bytes],
    bench: Bench,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    what: str,
) -> None:
    code = main([command, "--config", str(config), "--output", str(bench.folder / "report"), "--quiet"])

    assert code == 2
    assert capsys.readouterr().err == (
        f"{what} was not written to {bench.folder / 'report'}: another run is at work on it, and one would replace the "
        "other's. Wait until it has ended, or choose another with --output.\n"
    )
    assert not (bench.folder / "report").exists()


def test_a_run_that_was_killed_holds_nobody_up(at_work: subprocess.Popen[bytes], bench: Bench, config: Path) -> None:
    at_work.kill()
    at_work.wait()

    code = main(
        ["run", "--config", str(config), "--output", str(bench.folder / "report"), "--format", "json", "--quiet"]
    )

    assert code == 0
    left = [each.name for each in bench.folder.iterdir() if "report" in each.name]
    assert left == ["report"], "no lock is left"


def test_a_lock_that_cannot_be_opened_is_named(bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.folder / ".report.lock").mkdir()

    code = main(["run", "--config", str(config), "--output", str(bench.folder / "report"), "--quiet"])

    assert code == 2
    assert capsys.readouterr().err == (
        f"The report was not written to {bench.folder / 'report'}: the lock .report.lock beside it cannot be opened "
        "(is a directory). Remove it where no run is at work, or choose another folder with --output.\n"
    )


def test_another_folder_beside_it_is_free(at_work: subprocess.Popen[bytes], bench: Bench, config: Path) -> None:
    code = main(["run", "--config", str(config), "--output", str(bench.folder / "mine"), "--format", "json", "--quiet"])

    assert code == 0
    assert (bench.folder / ".report.lock").exists()


def test_the_signal_by_which_hosts_stop_it_ends_it_in_order(at_work: subprocess.Popen[bytes], bench: Bench) -> None:
    unit = (ROOT / "deploy" / "systemd" / "auditor.service").read_text("utf-8")
    image = (ROOT / "deploy" / "container" / "Containerfile").read_text("utf-8")
    assert "\nKillSignal=SIGINT\n" in unit and "\nSTOPSIGNAL SIGINT\n" in image

    at_work.send_signal(signal.SIGINT)
    at_work.send_signal(signal.SIGCONT)

    assert at_work.wait() == 130
    assert [each.name for each in bench.folder.iterdir() if "report" in each.name] == []
