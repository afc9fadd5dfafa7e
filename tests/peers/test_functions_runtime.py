"""The function app's package, built as its README says, in Microsoft's own worker for Python 3.13 and nothing else.

That environment holds the worker alone: the auditor, its dependencies and the app come out of the package, as in Azure.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.simulator import Simulator
from tests.night.parts import FIRST, NOW, TOKEN, estate, machine, subscription
from tests.peers.parts import functions_python

pytestmark = pytest.mark.wheel
APP = Path(__file__).parents[2] / "deploy" / "azure-functions"
DAY, MINUTES = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What build.py puts into package.zip."""
    functions_python()
    folder = tmp_path_factory.mktemp("functions")
    app = folder / "app"
    app.mkdir()
    for name in ("function_app.py", "host.json", ".funcignore"):
        (app / name).write_bytes((APP / name).read_bytes())
    (app / "config.yaml").write_bytes((APP / "config.example.yaml").read_bytes())
    spec = importlib.util.spec_from_file_location("build", APP / "build.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.fill(folder / "package", app)
    return folder / "package"


def hosted(package: Path, ticks: Sequence[Mapping[str, Any]], scratch: Path) -> dict[str, Any]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AUDITOR"))}
    libraries = str(package / ".python_packages" / "lib" / "site-packages")
    done = subprocess.run(
        [str(functions_python()), str(Path(__file__).with_name("functions_host.py")), str(package)],
        input=json.dumps(ticks), env={**clean, "PYTHONPATH": libraries, "TMPDIR": str(scratch)},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shipped configuration, as far as it can be over a simulated Azure."""
    with Simulator(estate(subscription(FIRST, machine("a"), machine("b")))) as azure:
        path = azure.write_config(tmp_path_factory.mktemp("azure") / "config.yaml")
        shipped = yaml.safe_load((APP / "config.example.yaml").read_text("utf-8"))
        written = {**shipped, **yaml.safe_load(path.read_text("utf-8")), "deliver": []}
        path.write_text(yaml.safe_dump({**written, "archive": {"url": "file:./archive"}}), encoding="utf-8")
        yield path


@pytest.fixture(scope="module")
def told(package: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    def tick(at: Any, late: bool = False, **settings: str) -> dict[str, Any]:
        told = {"AUDITOR_CONFIG": str(config), "AUDITOR_ARGUMENTS": f"--as-of {at.isoformat()}", **settings}
        return {"late": late, "settings": {**TOKEN, **told}}

    ticks = [
        tick(NOW),
        tick(NOW + 10 * MINUTES),
        tick(NOW + DAY),
        tick(NOW + 2 * DAY, AUDITOR_CONFIG="nowhere.yaml"),
        tick(NOW.replace(hour=12) + 2 * DAY),
        tick(NOW.replace(hour=12) + 2 * DAY, late=True),
        tick(NOW + 3 * DAY, AUDITOR_ARGUMENTS="--no-such-thing"),
    ]
    return hosted(package, ticks, tmp_path_factory.mktemp("scratch"))


def test_the_worker_finds_one_function_with_its_timer(told: dict[str, Any]) -> None:
    assert (told["begun"], told["loaded"], told["name"], told["retry"]) == ("Success", "Success", "night", None)
    [binding] = told["bindings"]
    assert {name: binding[name] for name in ("type", "name", "schedule", "useMonitor", "runOnStartup")} == {
        "type": "timerTrigger",
        "name": "tick",
        "schedule": "0 */10 * * * *",
        "useMonitor": True,
        "runOnStartup": False,
    }


def test_ticks_succeed_and_fail_as_the_alerts_want_it(told: dict[str, Any]) -> None:
    assert [each["status"] for each in told["ticks"]] == [
        "Success", "Success", "Success", "Failure", "Success", "Success", "Failure",
    ]  # fmt: skip
    assert "TickFailed: The auditor ended with exit code 2" in told["ticks"][3]["error"]


def test_nights_of_one_worker_have_their_own_dates_and_nothing_due_is_said(told: dict[str, Any]) -> None:
    ends = [
        [json.loads(text) for _level, name, text in each["log"] if name == "auditor"][-1] for each in told["ticks"][:6]
    ]

    assert [(each["exit_code"], (each["run_id"] or "")[:8]) for each in ends] == [
        (0, "20261122"), (0, ""), (0, "20261123"), (2, ""), (0, ""), (0, "20261124"),
    ]  # fmt: skip


def test_no_request_becomes_a_line_of_the_log(told: dict[str, Any]) -> None:
    names = {name.partition(".")[0] for each in told["ticks"] for _level, name, _text in each["log"]}
    assert names <= {"auditor", "azure", "root"}
    requests = [line for each in told["ticks"] for line in each["log"] if line[1].startswith(("azure.core", "msal"))]
    assert not requests
