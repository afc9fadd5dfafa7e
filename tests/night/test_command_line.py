"""The program as a person starts it: a process of its own, its exit code, and what it says where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from auditor.cli import main
from auditor.simulator import Fault
from tests.night.parts import (
    DATED,
    FIRST,
    LETTER,
    NOW,
    SECOND,
    SHIPPED,
    TOKEN,
    YOUNG,
    Bench,
    agent,
    estate,
    machine,
    refusal,
    subscription,
)

ROOT = Path(__file__).parents[2]
HEAVY = (
    "pandas",
    "numpy",
    "pyarrow",
    "vl_convert",
    "azure",
    "jinja2",
    "openpyxl",
    "duckdb",
    "aiohttp",
    "requests",
    "pythonjsonlogger",
)


def start(*arguments: str, environ: Mapping[str, str] = TOKEN) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "auditor", *arguments], environ)


def run(command: Sequence[str], environ: Mapping[str, str] = TOKEN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=180
    )


def audit(bench: Bench, config: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    output = str(bench.folder / "report")
    return start("run", "--config", str(config), "--output", output, *more, environ={**TOKEN, **environ})


# --- run ---


def test_a_night_puts_the_result_on_stdout_and_the_talk_on_stderr(bench: Bench) -> None:
    of = estate(subscription(FIRST, machine("web-1"), machine("off", agent("Linux", "1.38.1", auto_upgrade=False))))

    done = audit(bench, bench.config(bench.simulate(of)))

    assert done.returncode == 0, done.stderr
    first, *_between, last = done.stdout.splitlines()
    assert first == f"Report: {bench.folder / 'report'}"
    assert last == "1 of 2 machines fail a rule"
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        "settle",
        "survey",
        "audit",
        "confirm",
        "compose",
        "render",
    ]
    rows = {line.split()[0]: line.split()[-6:] for line in done.stdout.splitlines() if line.startswith("AMA-")}
    assert rows["AMA-001"] == ["1", "0", "0", "0", "0", "1"]


def test_an_expired_token_is_one_clear_sentence(bench: Bench) -> None:
    config = bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1")))))

    done = audit(bench, config, "-q", AUDITOR_ACCESS_TOKEN="expired")

    assert done.returncode == 3
    assert done.stderr == ""
    [told] = [line for line in done.stdout.splitlines() if line.startswith("  - ")]
    assert "The access token was refused" in told and "Sign in again" in told
    assert done.stdout.splitlines()[-1] == "Nothing could be read"
    assert (bench.folder / "report" / "report.html").is_file()


def test_a_real_wait_is_waited_and_shown(bench: Bench) -> None:
    asked_to_wait = Fault(
        r"/web-1\?.*expand=instanceView",
        headers={"Retry-After": "2"},
        times=1,
        **refusal("TooManyRequests", "Later", 429),
    )

    done = audit(bench, bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1"))), asked_to_wait)))

    assert done.returncode == 0
    [told] = [line for line in done.stderr.splitlines() if line.startswith("waiting")]
    assert "2 s for instance_view" in told


def test_an_odd_refusal_puts_no_traceback_on_the_terminal(bench: Bench) -> None:
    """The SDK logs the traceback of an error body that it cannot read."""
    odd = Fault("/vmextension/types/", status=403, body="<html>Forbidden</html>")

    done = audit(bench, bench.config(bench.simulate(estate(subscription(FIRST, machine("web-1"))), odd)), "-q")

    assert done.returncode == 5
    assert done.stderr == ""


class Shell:
    """The same in this process, which is quicker."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.output = folder / "report"
        self._capsys = capsys

    def run(self, config: Path, *more: str) -> tuple[int, str, str]:
        code = main(["run", "--config", str(config), "--output", str(self.output), "--format", "json", *more])
        return code, *self._capsys.readouterr()


@pytest.fixture
def shell(bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    return Shell(bench.folder, capsys)


def test_quiet_says_nothing_but_the_result(bench: Bench, shell: Shell) -> None:
    of = estate(subscription(FIRST, machine("web-1", agent("Linux", YOUNG))))

    code, out, err = shell.run(bench.config(bench.simulate(of), DATED), "-q", "--as-of", NOW.isoformat())

    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Every verdict is as expected"


def test_gaps_are_told_and_end_with_5(bench: Bench, shell: Shell) -> None:
    of = estate(subscription(FIRST, machine("web-1")), subscription(SECOND, name="Closed", refused=True))

    code, out, _err = shell.run(bench.config(bench.simulate(of)))

    assert code == 5
    assert "Closed" in out and "Grant the action Microsoft.Compute/virtualMachines/read" in out
    assert json.loads((shell.output / "run.json").read_bytes())["exit_code"] == 5


def test_fail_on_ends_with_10(bench: Bench, shell: Shell) -> None:
    of = estate(subscription(FIRST, machine("off", agent("Linux", "1.38.1", auto_upgrade=False))))

    code, _out, _err = shell.run(bench.config(bench.simulate(of)), "--fail-on", "high")

    assert code == 10
    assert {path.name for path in shell.output.iterdir()} == {"findings.json", "run.json", "remediation", *LETTER}


def test_a_time_without_a_zone_is_refused(bench: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        shell.run(bench.folder / "config.yaml", "--as-of", "2026-11-22T03:00")

    assert ended.value.code == 2
    assert "no time zone" in capsys.readouterr().err


# --- demo ---


def test_the_demo_ends_with_0_and_prints_path_table_and_verdict(bench: Bench) -> None:
    output = bench.folder / "demo"

    done = start("demo", "--output", str(output), environ={})

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Report: {output}"
    assert [line.split()[0] for line in lines if line.startswith("AMA-")] == list(SHIPPED)
    assert "of the 60 machines that were listed fail a rule; 1 of 4 subscriptions" in lines[-1]
    assert done.stderr.startswith("settle")
    run_json = json.loads((output / "run.json").read_bytes())
    assert run_json["machines"] == {"arc": 6, "scale_set_instance": 12, "vm": 42}
    assert len(run_json["subscriptions"]["seen"]) == 4 and len(run_json["subscriptions"]["refused"]) == 1
    assert {path.name for path in output.iterdir()} == {
        "report.html", "report.xlsx", "findings.json", "findings.csv", "verdicts.parquet", "run.json", *LETTER,
        "remediation",
    }  # fmt: skip


def test_the_demo_refuses_a_place_that_it_cannot_write(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    file = bench.folder / "file"
    file.write_text("mine")

    assert main(["demo", "--output", str(file)]) == 2
    assert "in the way" in capsys.readouterr().err


# --- what must not be waited for ---


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["run", "--help"], ["--version"], ["doctor"], ["run", "--config", "none"]),
        *(
            ["rules", "list"],
            ["rules", "show", "AMA-001"],
            ["rules", "schema"],
            ["rules", "test", "NONE-001"],
            ["datasets"],
        ),
    ],
)
def test_help_and_mistakes_import_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import json, runpy, sys\n"
        f"sys.argv = ['auditor', *{arguments!r}]\n"
        "try:\n    runpy.run_module('auditor', run_name='__main__', alter_sys=True)\n"
        "except SystemExit:\n    pass\n"
        "sys.stderr.write('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )

    done = run([sys.executable, "-c", code])

    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert "auditor" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_every_command_of_the_contract_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    told = capsys.readouterr().out
    for name in ("run", "demo", "simulate", "collect", "evaluate", "doctor", "rules", "datasets", "history", "init"):
        assert f"\n    {name} " in told, name


def test_simulate_serves_what_run_can_audit(bench: Bench) -> None:
    """As the contract says: it writes the configuration once it answers, and prints one line."""
    config = bench.folder / "simulated.yaml"
    command = [
        sys.executable,
        "-m",
        "auditor",
        "simulate",
        "--estate",
        "5",
        "--seed",
        "3",
        "--write-config",
        str(config),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            line = served.stdout.readline()
            assert "5 machines" in line and str(config) in line
            done = audit(bench, config, "-q")
        finally:
            served.terminate()

    assert done.returncode == 5, done.stderr
    assert json.loads((bench.folder / "report" / "run.json").read_bytes())["machines"] == {"vm": 5}
