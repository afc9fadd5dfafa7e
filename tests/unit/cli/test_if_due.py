"""``auditor run --if-due``: a tick with nothing due ends at once, and what it needs is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.stores.folder import FolderStore
from tests.mailbox import MailServer, serving
from tests.unit.cli.conftest import Command
from tests.unit.deliver.parts import ANN, BOB, RUN, Sender, ended

CONFIG = """
    schedule: {from: "02:00", until: "06:00"}
    archive: {url: "file:./archive"}
"""
Write = Callable[[str, str], Path]


def test_a_tick_with_nothing_due_ends_with_0_and_says_why(command: Command, write: Write) -> None:
    write("config.yaml", CONFIG)

    assert command("run --if-due --as-of 2026-11-22T12:00Z") == (
        0,
        "",
        "schedule  nothing is due: nights begin from 02:00 until 06:00 (UTC); the next one from 2026-11-23 02:00\n",
    )


def test_a_tick_with_nothing_due_imports_nothing_heavy(folder: Path, write: Write) -> None:
    """Otherwise it takes seconds, 144 times a day."""
    write("config.yaml", f"{CONFIG}    deliver: [{{smtp: {way_of(MailServer(port=25))}}}]\n")
    script = (
        "import sys; from auditor.cli import main; main(['run', '--if-due', '--as-of', '2026-11-22T12:00Z']);"
        "heavy = {'pandas', 'pyarrow', 'openpyxl', 'jinja2', 'vl_convert', 'azure.identity', 'azure.mgmt', 'tenacity'};"
        "print(*heavy & {*sys.modules})"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "nothing is due" in done.stderr and done.stdout == "\n"


def test_a_tick_while_another_run_is_at_work_is_no_failure(command: Command, write: Write, folder: Path) -> None:
    write("config.yaml", f"{CONFIG}    azure: {{credential: cli}}\n")

    with FolderStore(folder / "archive").locked():
        code, out, err = command("run --if-due --as-of 2026-11-22T03:00Z")

    assert (code, out) == (0, "")
    assert "a night is due" in err and "another run is at work" in err


def test_a_tick_that_ran_no_night_is_counted_as_none(command: Command, write: Write, folder: Path) -> None:
    """Else whoever is told when no night has ended is told nothing while one hangs, and every tick finds it at work."""
    write("config.yaml", f"{CONFIG}    azure: {{credential: cli}}\n")

    with FolderStore(folder / "archive").locked():
        _code, _out, err = command("run --if-due --as-of 2026-11-22T03:00Z --log-format json")

    end = json.loads(err.splitlines()[-1])
    assert (end["event"], end["outcome"], end["exit_code"]) == ("end", "no_night", 0)
    assert end.get("run_id") is None


def test_a_tick_with_nothing_due_sends_the_letters_that_wait(command: Command, write: Write, folder: Path) -> None:
    """The mail server was down while the night lasted; nobody waits for the next night."""
    tick, sender, store = "run --if-due --as-of 2026-11-22T12:00Z", Sender(folder), FolderStore(folder / "archive")
    with serving(MailServer(answers=["451 4.3.0 Later"] * 7)) as server:
        write("config.yaml", f"{CONFIG}    deliver: [{{smtp: {way_of(server)}}}]\n")
        office = sender.office(server, archive=store)
        ended(office, sender.folder)

        code, out, err = command(tick)
        assert (code, err.splitlines()[-1]) == (4, "outbox    0 of 2 recipients")
        assert out.startswith(f"The letter of run {RUN} was not sent to"), "when quiet, too"
        assert command(f"{tick} --no-deliver")[0] == 0, "who asks for none sends none"

        code, _out, err = command(tick)
        assert (code, err.splitlines()[-1]) == (0, "outbox    2 of 2 recipients")
        assert (len(server.taken), store.files("outbox")) == (1, [])
        assert "outbox" not in command(tick)[2]


def way_of(server: MailServer) -> str:
    told = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "a@example.com", "to": [ANN, BOB]}
    return json.dumps(told)


def test_a_night_that_is_asked_for_by_hand_is_refused_while_another_is_at_work(
    command: Command, write: Write, folder: Path
) -> None:
    write("config.yaml", f"{CONFIG}    azure: {{credential: cli}}\n")

    with FolderStore(folder / "archive").locked():
        code, _out, err = command("run --as-of 2026-11-22T03:00Z")

    assert code == 2 and "another run is at work" in err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("run --if-due", "config.yaml: archive: is missing: --if-due looks there"),
        ("run --late", "--late: goes with --if-due only"),
    ],
)
def test_what_it_needs_is_told(command: Command, write: Write, line: str, told: str) -> None:
    write("config.yaml", "")

    code, out, err = command(line)

    assert (code, out) == (2, "") and told in err
