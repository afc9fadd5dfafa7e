"""What stands in deploy/systemd/crontab does what it says, as cron reads it: crontab(5)."""

from __future__ import annotations

import fcntl
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from auditor.cli.init.hosts import host_files, this_host
from tests.real_parts import require

ODD = 'it\'s "100%" of $HOME \\ ü'
SHIPPED = Path(__file__).parents[2] / "deploy" / "systemd" / "crontab"


@dataclass(frozen=True)
class Crontab:
    """The variables and the one job of a crontab."""

    environ: dict[str, str]
    when: str
    command: str

    def run(self) -> subprocess.CompletedProcess[str]:
        """What it prints is what cron mails."""
        return subprocess.run(
            [self.environ["SHELL"], "-c", self.command],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,  # cron looks at nothing but the output
            timeout=60,
        )


def read(text: str) -> Crontab:
    """As cron does: a value goes to the end of its line, but for quotes around it; a percent sign ends a command."""
    environ, jobs = {}, []
    for line in text.splitlines():
        if found := re.fullmatch(r"(\w+)\s*=\s*(?:([\"'])(.*)\2|([^\"'].*?))\s*", line):
            environ[found[1]] = found[3] if found[2] else found[4]
        elif line and not line.startswith("#"):
            jobs.append(line)
    [job] = jobs
    *when, command = job.split(" ", 5)
    assert "%" not in command
    return Crontab(environ, " ".join(when), command)


@pytest.fixture(scope="module", autouse=True)
def flock_is_there() -> None:
    require("flock")


Tick = Callable[[str], Crontab]


@pytest.fixture(params=["my-audit", ODD])
def tick(request: pytest.FixtureRequest, tmp_path: Path) -> Tick:
    """A crontab as init writes it, for a program that does what a line of shell says."""
    folder = tmp_path / request.param
    (folder / "rules").mkdir(parents=True)

    def with_program(does: str) -> Crontab:
        program = folder / "python"
        program.write_text(f'#!/bin/sh\nprintf "%s|" "$@"; echo\n{does}\n', encoding="utf-8")
        program.chmod(0o755)
        host = replace(this_host(folder), python=program, state=folder, user="daemon")
        return read(dict(host_files(host))[Path("crontab")])

    return with_program


def test_the_auditor_is_asked_with_the_paths_as_they_are(tick: Tick) -> None:
    told = tick("exit 0")
    folder = Path(told.environ["STATE"])

    done = told.run()

    asked = ["-P", "-m", "auditor", "run", "--config", f"{folder}/config.yaml", "--rules", f"{folder}/rules"]
    asked += ["--output", f"{folder}/report", "--if-due"]
    assert (folder / "night.log").read_text("utf-8") == "|".join(asked) + "|\n"
    assert (done.stdout, done.stderr) == ("", ""), "no mail where nothing failed"
    assert (told.when, told.environ["MAILTO"]) == ("*/10 * * * *", "daemon")


@pytest.mark.parametrize("code", [5, 6, 10])
def test_what_the_report_itself_tells_is_not_mailed_by_cron(tick: Tick, code: int) -> None:
    done = tick(f"exit {code}").run()

    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("code", [1, 2, 3, 4, 137])
def test_a_failure_is_mailed_with_the_end_of_the_log(tick: Tick, code: int) -> None:
    done = tick(f"echo why >&2; exit {code}").run()

    assert done.stdout.endswith("|\nwhy\n")


def test_two_ticks_never_overlap(tick: Tick) -> None:
    told = tick("exit 1")
    with (Path(told.environ["STATE"]) / ".tick").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        done = told.run()

    assert (done.stdout, done.stderr) == ("", "")
    assert (Path(told.environ["STATE"]) / "night.log").read_text() == "", "the program was not started"


def test_secrets_reach_the_auditor(tick: Tick) -> None:
    told = tick('echo "$AUDITOR_MAIL_PASSWORD"')
    Path(told.environ["SECRETS"]).write_text("AUDITOR_MAIL_PASSWORD='a $b \"c\"'\n", encoding="utf-8")

    told.run()

    assert (Path(told.environ["STATE"]) / "night.log").read_text("utf-8").endswith('|\na $b "c"\n')


def test_the_shipped_crontab_names_no_rules() -> None:
    told = read(SHIPPED.read_text("utf-8"))

    expanded = subprocess.run(
        ["sh", "-c", 'printf "%s|" ${RULES:+--rules "$RULES"} end'],
        env=told.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert '${RULES:+--rules "$RULES"}' in told.command
    assert expanded.stdout == "end|"
