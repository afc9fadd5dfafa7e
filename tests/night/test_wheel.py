"""The built wheel, installed into an empty environment outside the checkout, runs the demo: its data travel in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from auditor.cli.init.hosts import STATE, this_host
from auditor.errors import ExitCode
from auditor.simulator import Simulator
from tests.night.image import build
from tests.night.parts import FIRST, SECOND, estate, machine, subscription
from tests.peers.confined import confine, open_window
from tests.peers.test_kubernetes import CONTAINER

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parents[2]
_NO_INDEX = ("No matching distribution found", "Temporary failure in name resolution", "connection", "timed out")


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image has in /opt/auditor, made by its file's own commands: the wheel, and each package by its hash.

    Skips where no package index can be reached, unless CI is set.
    """
    try:
        return build(tmp_path_factory.mktemp("image"))
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI") != "true" and any(sign in error.stderr for sign in _NO_INDEX):
            pytest.skip("no package index can be reached: the image's packages cannot be installed here")
        pytest.fail(error.stderr[-2000:])


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulator]:
    """One agent that is as it should be, and a subscription that is told to be there and is not."""
    with Simulator(estate(subscription(FIRST, machine("vm-1")))) as served:
        yield served


def test_the_image_audits_as_the_cronjob_runs_it_and_writes_to_its_volumes_alone(
    image: Path, azure: Simulator, tmp_path: Path
) -> None:
    """Its second pod finds the night kept, so that an incomplete night is no failure of the job."""
    for name in ("etc", "state"):
        (tmp_path / name).mkdir()
    asked = [each.replace("/etc/auditor", str(tmp_path / "etc")) for each in CONTAINER["args"]]
    told = yaml.safe_load(azure.write_config(tmp_path / "etc" / "config.yaml").read_text("utf-8"))
    told |= {"scope": {"expected_subscriptions": [SECOND]}, "schedule": open_window()}
    told |= {"archive": {"url": "file:/var/lib/auditor/archive"}}
    (tmp_path / "etc" / "config.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")

    pods = [
        confine(
            [str(image / "bin" / "auditor"), *asked],
            {"AUDITOR_ACCESS_TOKEN": "anything", "PYTHONDONTWRITEBYTECODE": "1"},
            read=[image, tmp_path / "etc", *this_host(tmp_path).program],
            write={STATE: tmp_path / "state"},
        )
        for _pod in range(2)
    ]

    assert [each.returncode for each in pods] == [ExitCode.INCOMPLETE, ExitCode.DELIVERED], pods[0].stderr
    assert "is kept" in pods[1].stderr
    assert (tmp_path / "state" / "report" / "report.html").stat().st_size > 50_000


@pytest.fixture(scope="module")
def installed(image: Path) -> Path:
    """The folder of the programs of that environment, with the wheel's extra [demo] besides, and nothing else."""
    [wheel] = image.with_name("build").glob("dist/*.whl")
    pip = [str(image.with_name("base") / "bin" / "python"), "-m", "pip", "--python", str(image / "bin" / "python")]
    done = run([*pip, "install", "--quiet", f"{wheel}[demo]"], image)
    assert done.returncode == 0, done.stderr[-2000:]
    return image / "bin"


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
