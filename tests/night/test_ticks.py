"""Ticks of a clock that fall into the last seconds of a night: a night is run once, whoever asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor import schedule
from auditor.cli import main
from auditor.errors import ExitCode
from auditor.schedule import Due
from auditor.stores.folder import FolderStore
from tests.night.parts import FIRST, TOKEN, Bench, estate, machine, subscription

CONFIG = {"archive": {"url": "file:./archive"}, "schedule": {"from": "02:00", "until": "06:00"}}


@pytest.mark.parametrize("begun", [False, True], ids=["not begun", "begun"])
def test_a_night_that_ends_while_a_tick_gets_ready_is_not_run_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], begun: bool
) -> None:
    """Between asking whether a night is due and locking the archive lie seconds: another run may end one in them."""
    monkeypatch.setenv("AUDITOR_ACCESS_TOKEN", TOKEN["AUDITOR_ACCESS_TOKEN"])
    azure = bench.simulate(estate(subscription(FIRST, machine("vm-1"))))
    config, asked = bench.config(azure, CONFIG), schedule.due
    store, answers = FolderStore(bench.folder / "archive"), list[Due]()
    if begun:
        store.write("under-way/begun.json", b"{}")

    def run(output: Path, *more: str) -> int:
        line = ["run", "--config", str(config), "--output", str(output), "--format", "json", *more]
        return main([*line, "--as-of", "2026-11-22T02:00Z"])

    def due(*told: Any, **how: Any) -> Due:
        answers.append(asked(*told, **how))
        if len(answers) == 1:
            assert run(bench.folder / "first", "--quiet") == ExitCode.DELIVERED
        return answers[-1]

    monkeypatch.setattr(schedule, "due", due)
    code = run(bench.folder / "second", "--if-due")

    assert [each.night for each in answers] == [True, False]
    assert (code, len(store.nights()), store.files("under-way")) == (0, 1, [])
    assert not (bench.folder / "second").exists()
    assert "nothing is due: the night 20261122T020000Z-" in capsys.readouterr().err.splitlines()[-1]
