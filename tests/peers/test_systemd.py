"""What stands in deploy/systemd is taken by systemd itself, as far as it goes without being the first process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "systemd"
EXPOSURE = 13
"""Tenths, as `--threshold` counts: 1.3 of 10. A service that says nothing of the kind has 9.6."""


@pytest.fixture(scope="module", autouse=True)
def systemd_is_there() -> None:
    if shutil.which("systemd-analyze"):
        return
    if os.environ.get("CI") == "true":
        pytest.fail("systemd-analyze is missing: install the package systemd")
    pytest.skip("systemd-analyze is not installed: units are not verified here")


def analyze(*arguments: str | Path, debug: bool = False) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "SYSTEMD_LOG_LEVEL": "debug" if debug else "warning", "SYSTEMD_COLORS": "0"}
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)


@dataclass(frozen=True)
class Loaded:
    """A unit as systemd has understood it."""

    dump: str

    def value(self, key: str) -> str:
        [found] = re.findall(rf"^\s*{key}: (.*)$", self.dump, re.MULTILINE)
        return str(found)

    @property
    def command(self) -> list[str]:
        """The words that would be started; systemd writes them down as a shell reads them."""
        script = f"printf '%s\\0' {self.value('Command Line')}"
        told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=10)
        return told.stdout.split("\0")[:-1]


def load(unit: Path) -> Loaded:
    """Raises AssertionError, with what systemd says, where it does not take the unit as it stands."""
    verified = analyze("verify", unit)
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stderr
    return Loaded(analyze("verify", unit, debug=True).stdout)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The shipped units, with this Python in the place of the one that only an installation has."""
    folder = tmp_path / "units"
    shutil.copytree(SHIPPED, folder)
    service = folder / "auditor.service"
    text = service.read_text("utf-8")
    assert text.count("/opt/auditor/bin/python") == 1
    service.write_text(text.replace("/opt/auditor/bin/python", sys.executable), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["auditor.service", "auditor.timer", "auditor-failed@auditor.service"])
def test_systemd_takes_every_unit_without_a_warning(units: Path, name: str) -> None:
    assert name.split("@")[0] in load(units / name).dump


def test_the_service_may_do_little(units: Path) -> None:
    told = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", units / "auditor.service")

    assert told.returncode == 0, told.stdout[-2000:]


def test_the_timer_ticks_every_ten_minutes() -> None:
    [when] = re.findall(r"^OnCalendar=(.*)$", (SHIPPED / "auditor.timer").read_text("utf-8"), re.MULTILINE)

    told = analyze("calendar", "--base-time=2026-11-27 01:55:00 UTC", "--iterations=3", when)

    assert told.returncode == 0, told.stderr
    assert re.findall(r"2026-11-27 (\d\d:\d\d:\d\d) UTC", told.stdout) == ["02:00:00", "02:10:00", "02:20:00"]


def test_a_failure_is_told_to_root_with_the_end_of_the_log(units: Path, tmp_path: Path) -> None:
    told = load(units / "auditor.service").value("OnFailure").split()[0]
    shell, *arguments = load(units / told).command
    letter = tmp_path / "letter"

    posted = [each.replace("/usr/sbin/sendmail -t", f"tee {letter}") for each in arguments]
    subprocess.run([shell, *posted], capture_output=True, check=True, timeout=60)

    assert told == "auditor-failed@auditor.service"
    assert letter.read_text("utf-8").startswith(f"To: root\nSubject: auditor failed on {os.uname().nodename}\n\n")
