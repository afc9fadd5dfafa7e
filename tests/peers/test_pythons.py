"""Two versions of Python leave the same bytes of the same data: last year's report can be made again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from auditor.simulator import SeededEstate, Simulator
from tests.night.parts import NOW, TOKEN
from tests.peers.parts import other_python

ROOT = Path(__file__).parents[2]
FILES = ("findings.json", "findings.csv")


def version(python: Path) -> str:
    asked = [str(python), "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def auditor(python: Path, *arguments: str, ends_with: int = 5, environ: Mapping[str, str] = TOKEN) -> None:
    done = subprocess.run(
        [str(python), "-m", "auditor", *arguments, "-q"],
        cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == ends_with, done.stderr


def told(output: Path) -> list[bytes]:
    return [(output / name).read_bytes() for name in FILES]


def report(python: Path, output: Path, *command: str, environ: Mapping[str, str] = TOKEN) -> list[bytes]:
    auditor(python, *command, "--output", str(output), "--format", "json", "--format", "csv", environ=environ)
    return told(output)


@pytest.fixture(scope="module")
def pythons() -> tuple[Path, Path]:
    own, other = Path(sys.executable), other_python()
    assert version(own) != version(other), "the second Python is of the same version as the one that runs the tests"
    return own, other


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Simulator(SeededEstate(300, now=NOW, subscriptions=5)) as azure:
        yield azure.write_config(tmp_path_factory.mktemp("azure") / "config.yaml")


AS_OF = ("--as-of", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_two_versions_of_python_leave_the_same_bytes(pythons: tuple[Path, Path], config: Path, tmp_path: Path) -> None:
    left, right = (report(each, tmp_path / version(each), "run", "--config", str(config), *AS_OF) for each in pythons)

    assert len(left[0]) > 100_000
    assert left == right


def test_a_snapshot_of_one_version_is_judged_by_the_other(
    pythons: tuple[Path, Path], config: Path, tmp_path: Path
) -> None:
    """Whichever of them collects: the report is that of the run, byte for byte."""
    own, other = pythons
    run = report(own, tmp_path / "run", "run", "--config", str(config), *AS_OF)
    for collecting, judging in ((own, other), (other, own)):
        snapshot = str(tmp_path / f"of-{version(collecting)}")
        auditor(collecting, "collect", "--config", str(config), "--output", snapshot, *AS_OF)

        again = report(judging, tmp_path / f"by-{version(judging)}", "evaluate", "--snapshot", snapshot, environ={})

        assert again == run
