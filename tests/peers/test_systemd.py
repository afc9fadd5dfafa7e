"""What stands in deploy/systemd is taken by systemd itself, as far as it goes without being the first process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from auditor.cli.init.hosts import STATE, Host, host_files, this_host
from auditor.errors import ExitCode
from auditor.resources import rules_folder
from auditor.simulator import Simulator
from tests.night.parts import FIRST, OLD, agent, estate, machine, subscription
from tests.peers.confined import confine, open_window
from tests.real_parts import require

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "systemd"
INHERITED = {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
"""Tells which checkout is meant, where several share an environment."""
EXPOSURE = 13
"""Tenths, as `--threshold` counts: 1.3 of 10. A service that says nothing of the kind has 9.6."""


@pytest.fixture(scope="module", autouse=True)
def systemd_is_there() -> None:
    require("systemd-analyze")


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


# --- what init writes ---

PLAIN, ODD = "my-audit", 'it\'s "100%" of $HOME \\ ü'


@dataclass(frozen=True)
class Written:
    """What init left in ``folder``, and the unit as systemd takes it."""

    host: Host
    service: Loaded


def write(folder: Path, user: str, state: Path) -> Written:
    host = replace(this_host(folder), user=user, state=state)
    for name, text in host_files(host):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Written(host, load(folder / "systemd" / "auditor.service"))


@pytest.mark.parametrize("name", [PLAIN, ODD])
def test_paths_come_out_of_the_unit_as_they_are(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name

    made = write(folder, "daemon", folder)

    config, rules, report = str(folder / "config.yaml"), str(folder / "rules"), str(folder / "report")
    assert made.service.command[1:10] == [
        "-P",
        "-m",
        "auditor",
        "run",
        "--config",
        config,
        "--rules",
        rules,
        "--output",
    ]
    assert (made.service.command[0], made.service.command[10]) == (sys.executable, report)
    assert made.service.value("BindPaths") == f"{folder}:{folder}:rbind"
    assert made.service.value("User") == "daemon"
    assert made.service.value("EnvironmentFile").replace("\\\\", "\\") == f"-{folder}/environment"


def test_the_line_for_a_certificate_is_taken_once_it_is_no_comment(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    write(folder, "daemon", folder)
    unit = folder / "systemd" / "auditor.service"
    text = unit.read_text("utf-8").replace("#LoadCredential", "LoadCredential")
    unit.write_text(text, encoding="utf-8")

    load(unit)

    certificate = str(folder / "auditor.pem").replace("%", "%%")
    assert f"\nLoadCredential=auditor.pem:{certificate}\n" in text


def test_a_python_whose_name_has_quotes_is_started_too(tmp_path: Path) -> None:
    (tmp_path / ODD).mkdir()
    (tmp_path / ODD / "python").symlink_to(sys.executable)
    host = replace(this_host(tmp_path), python=tmp_path / ODD / "python")
    unit = tmp_path / "auditor.service"
    unit.write_text(dict(host_files(host))[Path("systemd/auditor.service")], encoding="utf-8")

    assert load(unit).command[:2] == ["/usr/bin/env", str(host.python)]


def test_roots_audit_gets_a_user_that_systemd_makes_up(tmp_path: Path) -> None:
    made = write(tmp_path / PLAIN, "", STATE)

    assert made.service.value("DynamicUser") == "yes"
    assert made.service.value("StateDirectory") == "auditor"
    assert made.service.command[10] == "/var/lib/auditor/report"
    assert str(tmp_path / PLAIN) in made.service.dump.split("BindReadOnlyPaths: ", 1)[1], (
        "hidden else, as all below /tmp"
    )


# --- a night as the unit confines it ---


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulator]:
    with Simulator(estate(subscription(FIRST, machine("vm-1"), machine("vm-2", agent("Linux", OLD))))) as served:
        yield served


def allowed_calls(service: Path) -> list[str]:
    """Every system call that the unit's filter lets through, by systemd's own sets of them."""
    first, second = re.findall(r"^SystemCallFilter=(.*)$", service.read_text("utf-8"), re.MULTILINE)
    refused = {call for each in second.removeprefix("~").split() for call in calls_of(each)}
    return sorted(calls_of(first) - refused)


def calls_of(name: str) -> set[str]:
    told = [line.strip() for line in analyze("syscall-filter", name).stdout.splitlines()[1:]]
    calls = {each for each in told if each and not each.startswith(("#", "@"))}
    return calls.union(*(calls_of(each) for each in told if each.startswith("@")))


@pytest.mark.parametrize(("name", "made_up"), [(PLAIN, True), (ODD, False)])
def test_the_service_audits_and_writes_to_its_state_alone(
    tmp_path: Path, azure: Simulator, name: str, made_up: bool
) -> None:
    folder, state = tmp_path / name, tmp_path / "state"
    state.mkdir()
    made = write(folder, "" if made_up else "nobody", STATE if made_up else folder)
    config = yaml.safe_load(azure.write_config(folder / "config.yaml").read_text("utf-8"))
    told = {"archive": {"url": made.host.archive}, "schedule": open_window()}
    (folder / "config.yaml").write_text(yaml.safe_dump({**config, **told}), encoding="utf-8")
    (folder / "rules").mkdir()
    shutil.copyfile(rules_folder() / "OWN-001.example.yaml", folder / "rules" / "OWN-001.yaml")

    done = confine(
        made.service.command,
        {"AUDITOR_ACCESS_TOKEN": "anything", "PYTHONDONTWRITEBYTECODE": "1", **INHERITED},
        read=[*made.host.program, *([folder] if made_up else []), ROOT],
        write={STATE: state} if made_up else {folder: folder},
        filtered=allowed_calls(folder / "systemd" / "auditor.service"),
    )

    kept = state if made_up else folder
    assert done.returncode == ExitCode.DELIVERED, done.stderr
    assert {"report", "archive"} <= {each.name for each in kept.iterdir()}
    assert (kept / "report" / "report.html").stat().st_size > 50_000


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (f"open({str(ROOT / 'deploy' / 'new')!r}, 'w')", "Read-only file system"),
        ("import os; os.nice(1)", "Operation not permitted"),
        ("import os; os.setuid(0)", "Operation not permitted"),
        ("import os; os.listdir('/root') and open('/proc/meminfo')", "No such file or directory"),
    ],
)
def test_what_the_unit_refuses_is_refused_where_these_tests_run_it(tmp_path: Path, program: str, told: str) -> None:
    done = confine(
        [sys.executable, "-c", program],
        {},
        read=[*this_host(tmp_path).program, ROOT],
        write={STATE: tmp_path},
        filtered=allowed_calls(SHIPPED / "auditor.service"),
    )

    assert done.returncode == 1
    assert told in done.stderr
