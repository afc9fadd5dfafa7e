"""Two versions of Python leave the same bytes of the same data: last year's report can be made again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from auditor.simulator import SeededEstate, Simulator
from tests.night.parts import NOW, TOKEN
from tests.peers.parts import other_python

ROOT = Path(__file__).parents[2]
FILES = ("findings.json", "findings.csv")


def version(python: Path) -> str:
    asked = [str(python), "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def report(python: Path, config: Path, output: Path) -> list[bytes]:
    done = subprocess.run(
        [str(python), "-m", "auditor", "run", "--config", str(config), "--output", str(output),
         "--as-of", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), "--format", "json", "--format", "csv", "-q"],
        cwd=ROOT, env={**os.environ, **TOKEN}, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    return [(output / name).read_bytes() for name in FILES]


def test_two_versions_of_python_leave_the_same_bytes(tmp_path: Path) -> None:
    own, other = Path(sys.executable), other_python()
    assert version(own) != version(other), "the second Python is of the same version as the one that runs the tests"
    with Simulator(SeededEstate(300, now=NOW, subscriptions=5)) as azure:
        config = tmp_path / "config.yaml"
        azure.write_config(config)

        left, right = report(own, config, tmp_path / "own"), report(other, config, tmp_path / "other")

    assert len(left[0]) > 100_000
    assert left == right
