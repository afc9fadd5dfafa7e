"""A machine whose clock is not Azure's: what happened last is never called seen, and the night says what to do.

Azure's clock is the simulator's; the auditor's is this machine's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from auditor import render
from auditor.cli import main
from auditor.errors import ClockRefused, ExitCode, OutputRefused
from auditor.simulator import Fault, HandMadeEstate, OperationSpec, Simulator, StaySpec, WorkspaceSpec
from auditor.stores.folder import FolderStore
from tests.mailbox import MailServer, serving
from tests.night.commands import Shell
from tests.night.parts import FIRST, LATEST, NOW, TOKEN, WORKSPACE, Audited, Bench, agent, machine, offers, subscription

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
AGENT = agent("Linux", LATEST)
SET = "Set the clock of this machine and keep it so (timedatectl set-ntp true, chrony, w32time), then run again."


def azure(bench: Bench, ahead: timedelta, *faults: Fault) -> Simulator:
    """An Azure whose clock is ahead of this machine's, where an operation has failed five minutes ago."""
    now = datetime.now(UTC) + ahead
    failed = OperationSpec(now - 5 * MINUTES, AGENT.name, outcome="Failed", error_code="VMExtensionProvisioningError")
    stays = (StaySpec(LATEST, now - timedelta(days=9)),)
    machines = (machine("fresh", AGENT, stays=stays, operations=(failed,)), machine("calm", AGENT, stays=stays))
    of = HandMadeEstate(
        (subscription(FIRST, *machines),),
        now=now,
        workspaces=(WorkspaceSpec(WORKSPACE),),
        heartbeat_every=HOURS,
        offers=offers(),
    )
    return bench.simulate(of, *faults, clock=lambda: datetime.now(UTC) + ahead)


def by_own_clock(bench: Bench, served: Simulator, **changes: object) -> Audited:
    return bench.night(bench.config(served, changes), served, as_of=datetime.now(UTC), fixed_clock=False)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(12 * MINUTES, "12 min behind that of Azure"), (-12 * MINUTES, "12 min ahead of that of Azure")],
    ids=["behind", "ahead"],
)
def test_minutes_off_are_gaps_and_what_rests_on_them_is_not_called_seen(
    bench: Bench, ahead: timedelta, told: str
) -> None:
    audited = by_own_clock(bench, azure(bench, ahead))

    assert audited.code is ExitCode.INCOMPLETE
    for source, scope in (("activity_log", FIRST), ("heartbeats", WORKSPACE)):
        gap = audited.gap(source, scope)
        assert gap["reason"] == f"Only a part was answered: the clock of this machine is {told}"
        assert gap["close"] == SET
    assert ("calm", "pass") not in {(name, status) for name, status, _code in audited.verdicts("AMA-003")}
    assert audited.statuses("AMA-003")["pass"] == 0
    assert audited.statuses("AMA-003")["fail"] == 0, "what healed it may lie in the minutes that were not read"
    [survey] = [sentence for name, sentence in audited.told.stages if name == "survey"]
    assert survey.endswith(f"(the clock of this machine is {told})")


@pytest.mark.parametrize("faults", [(), (Fault("", headers={"Date": ""}),)], ids=["two minutes off", "nobody told"])
def test_a_clock_that_agrees_or_is_compared_with_nothing_is_not_told(bench: Bench, faults: tuple[Fault, ...]) -> None:
    """Two minutes are no more than events take to reach the log; an answer without a date proves nothing."""
    audited = by_own_clock(bench, azure(bench, 2 * MINUTES if not faults else 12 * MINUTES, *faults))
    assert audited.gaps() == []
    assert not any("clock" in sentence for _name, sentence in audited.told.stages)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(3 * HOURS, "3 h behind that of Azure"), (-3 * HOURS, "3 h ahead of that of Azure")],
    ids=["behind", "ahead"],
)
def test_hours_off_nothing_is_judged_and_nothing_kept(bench: Bench, ahead: timedelta, told: str) -> None:
    served = azure(bench, ahead)
    with pytest.raises(ClockRefused) as refused:
        by_own_clock(bench, served, archive={"url": "file:./archive"})

    assert str(refused.value) == (
        f"Nothing was judged. Times and ages would be wrong: the clock of this machine is {told}. {SET}"
    )
    assert refused.value.exit_code is ExitCode.NOTHING_COLLECTED
    assert list(bench.folder.glob("report-*/*")) == []
    assert [each.name for each in _kept(bench.folder / "archive")] == []
    assert served.requests["activity_log"] == 0, "it ends before the long questions"


def test_hours_off_a_letter_tells_what_to_do_and_in_an_hour_there_is_one(bench: Bench) -> None:
    """Whoever reads the report in the morning waits for one; a tick every ten minutes would send one each."""
    served, store = azure(bench, 3 * HOURS), FolderStore(bench.folder / "archive")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with serving(MailServer()) as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "a@example.com"}
        config = bench.config(
            served, {"archive": {"url": "file:./archive"}, "deliver": [{"smtp": {**smtp, "to": "b@example.com"}}]}
        )
        for minutes in (10, 20, 70):
            with pytest.raises(ClockRefused):
                bench.night(config, served, as_of=hour + minutes * MINUTES, fixed_clock=False)
        first, later = server.mails

    assert first["Subject"] == "Nothing could be read - Azure extension audit"
    assert first["Message-ID"] != later["Message-ID"]
    words = " ".join(first.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]  # or it fails
    assert "the clock of this machine is 3 h behind that of Azure" in words and SET in words
    assert "There is none, as nothing was judged." in words and "lies" not in words
    assert [each.name for each in _kept(bench.folder / "archive")] == store.nights() == []
    assert list(bench.folder.glob("report-*/*")) == []


def test_a_disk_that_refuses_the_letter_does_not_hide_what_it_was_to_say(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, shell: Shell
) -> None:
    def full(*_told: object) -> NoReturn:
        raise OutputRefused("The disk is full.")

    monkeypatch.setattr(render, "write_folder", full)
    smtp = {"host": "127.0.0.1", "port": 1, "security": "none", "from": "a@example.com", "to": "b@example.com"}
    config = bench.config(azure(bench, 3 * HOURS), {"deliver": [{"smtp": smtp}]})
    told = shell("run", "--config", config, "--output", bench.folder / "report", environ=TOKEN)
    assert told.code == ExitCode.NOTHING_COLLECTED and "3 h behind that of Azure" in told.err
    assert "No letter was sent. The disk is full." in told.err


def _kept(archive: Path) -> list[Path]:
    """Nights, and what the next start would go on with."""
    return [each for place in ("nights", "under-way") for each in (archive / place).rglob("*") if each.is_file()]


def test_a_time_that_was_given_is_compared_with_nothing(bench: Bench) -> None:
    served = azure(bench, 3 * HOURS)
    audited = bench.night(bench.config(served), served, as_of=NOW)
    assert not any("clock" in gap["reason"] for gap in audited.gaps())


def test_a_tick_at_which_the_clock_is_wrong_says_what_to_do_and_the_next_one_tries_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No night is kept, so that one is due until the clock is right: in the window, or made up for after it."""
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    changes = {"archive": {"url": "file:./archive"}, "schedule": {"from": "00:00", "until": "23:59"}}
    config = bench.config(azure(bench, 3 * HOURS), changes)
    line = ["run", "--config", str(config), "--output", str(bench.folder / "report"), "--if-due", "--late"]
    for _tick in range(2):
        assert main(line) == 3
        told = capsys.readouterr().err
        assert "a night is " in told
        assert f"the clock of this machine is 3 h behind that of Azure. {SET}" in " ".join(told.split())
        assert "goes on" not in told, "nothing of the wrong time is kept"
