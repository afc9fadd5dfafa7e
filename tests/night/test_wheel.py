"""The built wheel, installed into an empty environment outside the checkout, runs the demo: its data travel in it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parents[2]
_NO_INDEX = ("No matching distribution found", "Temporary failure in name resolution", "connection", "timed out")


def pip(python: Path | str, *arguments: str) -> None:
    """Skips where no package index can be reached, unless CI is set."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode and os.environ.get("CI") != "true" and any(sign in done.stderr for sign in _NO_INDEX):
        pytest.skip("no package index can be reached: the wheel cannot be built and installed here")
    assert done.returncode == 0, done.stderr[-2000:]


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that holds the wheel, its extra [demo], and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", str(ROOT), "--no-deps", "--wheel-dir", str(folder))
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "environment", with_pip=True)
    programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    pip(programs / "python", "install", "--quiet", f"{wheel}[demo]")
    return programs


def test_the_installed_script_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    done = run([str(installed / "auditor"), "demo"], tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"Report: {tmp_path / 'audit-demo'}"
    assert (tmp_path / "audit-demo" / "report.html").stat().st_size > 50_000


def test_the_files_to_start_from_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = run([str(installed / "auditor"), "init", "mine", "--yes"], tmp_path)
    tried = run([str(installed / "auditor"), "rules", "test", "--rules", str(Path("mine", "rules"))], tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-7:-4] == [
        f"  auditor rules test --rules {Path('mine', 'rules')}",
        f"  auditor doctor --config {Path('mine', 'config.yaml')} --rules {Path('mine', 'rules')}",
        f"  auditor run --config {Path('mine', 'config.yaml')} --rules {Path('mine', 'rules')}",
    ]
    assert tried.returncode == 0, tried.stdout


def test_the_module_does_the_same_and_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    program = "import auditor.resources as r; print(r.rules_folder()); print(r.reports_folder())"

    told = run([str(installed / "python"), "-c", program], tmp_path)
    done = run([str(installed / "python"), "-m", "auditor", "--version"], tmp_path)

    assert all(Path(line).is_dir() and str(ROOT) not in line for line in told.stdout.splitlines())
    assert len(told.stdout.splitlines()) == 2
    assert done.stdout.startswith("auditor ")
