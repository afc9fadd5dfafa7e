"""The function app in one warm process, as a worker calls it: tick after tick, over a simulated Azure."""

from __future__ import annotations

import importlib.util
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb_kql
import pytest
from azure.functions.timer import TimerRequest

from auditor import nightly
from auditor.errors import ExitCode, OutOfTime
from auditor.model.narration import Silent
from auditor.model.run import Order
from auditor.settle import settle
from auditor.simulator import Fault, Simulator
from tests.mailbox import MailServer, serving
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    SECOND,
    TOKEN,
    Bench,
    agent,
    estate,
    machine,
    open_bench,
    refusal,
    subscription,
)

APP = Path(__file__).parents[2] / "deploy" / "azure-functions" / "function_app.py"
MINUTES = timedelta(minutes=1)
CONFIG = {"archive": {"url": "file:./archive"}, "schedule": {"from": "02:00", "until": "06:00"}}
NOON = NOW.replace(hour=12)
REFUSE = Fault(rf"/subscriptions/{SECOND}/", **refusal())


@pytest.fixture(scope="module")
def app() -> ModuleType:
    """Imported once, as a worker does it."""
    spec = importlib.util.spec_from_file_location("function_app", APP)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def night(app: ModuleType) -> Callable[[TimerRequest], None]:
    """The app's one function, as a worker finds it."""
    [function] = app.app.get_functions()
    found: Callable[[TimerRequest], None] = function.get_user_function()
    return found


@dataclass
class Worker:
    """A host that ticks; ``heard`` are the lines that the night told it."""

    app: ModuleType
    night: Callable[[TimerRequest], None]
    bench: Bench
    monkeypatch: pytest.MonkeyPatch
    caplog: pytest.LogCaptureFixture

    def starts_with(self, azure: Simulator, **changes: Any) -> None:
        self.monkeypatch.setenv("AUDITOR_CONFIG", str(self.bench.config(azure, {**CONFIG, **changes})))

    def tick(self, at: datetime, *, late: bool = False, more: str = "") -> list[dict[str, Any]]:
        """Returns what was told, and raises what the host would see."""
        self.caplog.clear()
        self.monkeypatch.setenv("AUDITOR_ARGUMENTS", f"--as-of {at.isoformat()} {more}")
        self.night(TimerRequest(past_due=late))
        return self.heard

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(each.message) for each in self.caplog.records if each.name == "auditor"]

    @property
    def nights(self) -> list[str]:
        kept = self.bench.folder / "archive" / "nights"
        return sorted(each.name[:15] for each in kept.iterdir()) if kept.is_dir() else []


@pytest.fixture
def worker(
    app: ModuleType,
    night: Callable[[TimerRequest], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Worker]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.INFO)
    with ExitStack() as opened:
        yield Worker(app, night, open_bench(tmp_path, opened), monkeypatch, caplog)


def of_two() -> Any:
    return estate(subscription(FIRST, machine("a")), subscription(SECOND, machine("b")))


def test_two_nights_of_one_process_have_two_dates_and_ticks_between_them_ask_nothing(worker: Worker) -> None:
    azure = worker.bench.simulate(of_two())
    worker.starts_with(azure)

    first = worker.tick(NOW)
    asked = azure.requests.snapshot()
    idle = [worker.tick(NOW + 10 * MINUTES), worker.tick(NOON), worker.tick(NOON, late=True)]
    assert azure.requests.snapshot() == asked
    second = worker.tick(NOW + timedelta(days=1))

    assert worker.nights == ["20261122T030017", "20261123T030017"]
    ends = [told[-1] for told in (first, *idle, second)]
    assert [(end["event"], end["exit_code"], (end["run_id"] or "")[:8]) for end in ends] == [
        ("end", 0, "20261122"),
        ("end", 0, ""),
        ("end", 0, ""),
        ("end", 0, ""),
        ("end", 0, "20261123"),
    ]
    runs = sorted((worker.bench.folder / "archive/nights").glob("*/run.json"))
    assert [json.loads(each.read_bytes())["as_of"][:10] for each in runs] == ["2026-11-22", "2026-11-23"]


def test_a_tick_that_should_have_been_earlier_makes_up_for_the_night(worker: Worker) -> None:
    worker.starts_with(worker.bench.simulate(of_two()))

    worker.tick(NOON)
    assert worker.nights == []

    told = worker.tick(NOON, late=True)
    assert told[0]["message"] == "a night is made up for: no whole one since 2026-11-22 02:00"
    assert worker.nights == ["20261122T120017"]


def no_night_for_26_hours(now: datetime, lines: list[tuple[datetime, str]]) -> bool:
    """What the alert's own query says at ``now`` of lines as Application Insights has them."""
    template = (APP.parent / "alerts.bicep").read_text("utf-8")
    [query] = re.findall(r"query: \'\'\'\n(.*?)\'\'\'", template, re.DOTALL)
    database = duckdb_kql.connect()
    database.execute("create table traces (timestamp timestamp, message varchar)")
    for at, message in lines:
        database.execute("insert into traces values (?, ?)", [at.replace(tzinfo=None), message])
    return bool(duckdb_kql.kql(database, query, allow_write=False, query_now=now).fetchall())


def test_the_alert_of_a_missing_night_reads_what_the_app_logs(worker: Worker) -> None:
    worker.starts_with(worker.bench.simulate(of_two()))
    assert no_night_for_26_hours(NOW, [])

    lines = []
    for at in (NOW, NOW + 10 * MINUTES, NOON, NOW + timedelta(days=1, hours=12)):
        worker.tick(at)
        lines += [(at, each) for each in worker.caplog.messages]

    assert not no_night_for_26_hours(NOW + timedelta(hours=25), lines)
    assert no_night_for_26_hours(NOW + timedelta(hours=27), lines), "ticks with nothing due are no nights"


def test_a_letter_that_was_refused_fails_its_tick_and_goes_out_with_a_later_one_that_has_no_night(
    worker: Worker,
) -> None:
    azure = worker.bench.simulate(of_two())
    with serving(MailServer(answers=["554 5.7.1 Refused"] * 2)) as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "a@example.com"}
        worker.starts_with(azure, deliver=[{"smtp": {**smtp, "to": "b@example.com"}}])
        with pytest.raises(worker.app.TickFailed, match="exit code 4"):
            worker.tick(NOW)
        asked = azure.requests.snapshot()
        with pytest.raises(worker.app.TickFailed, match="exit code 4"):
            worker.tick(NOON)
        assert "was not sent to b@example.com" in worker.heard[-1]["problems"][0]

        told = worker.tick(NOON)

        assert len(server.taken) == 1 and told[-1]["exit_code"] == 0
        assert "outbox" in [each.get("stage") for each in told]
        assert worker.tick(NOON)[-1]["exit_code"] == 0 and len(server.taken) == 1
    assert azure.requests.snapshot() == asked and len(worker.nights) == 1


def begun_by_a_start_that_took_long(bench: Bench, config: Path) -> None:
    """Only the survey is done, in a quarter of an hour: no other piece is begun within this budget any more."""
    asked = settle(config, environ=TOKEN)
    order = Order(asked.settings, asked.rulebook, asked.config_hash, bench.folder / "x", ("html", "xlsx"), NOW, True)
    with pytest.raises(OutOfTime):
        nightly.night(order, Silent(), stopwatch=count(0, 900).__next__)


def test_a_night_that_runs_out_of_time_is_gone_on_with_tick_by_tick(worker: Worker) -> None:
    azure = worker.bench.simulate(of_two())
    worker.starts_with(azure, time_budget="8m")
    begun_by_a_start_that_took_long(worker.bench, worker.bench.folder / "config.yaml")
    listed = azure.requests.snapshot()["subscriptions"]

    codes = []
    while (worker.bench.folder / "archive/under-way/begun.json").exists():
        told = worker.tick(NOW)
        assert told[0]["message"] == "a night was begun and has not ended: it is gone on with"
        codes.append(told[-1]["exit_code"])

    assert codes[0] == codes[-2] == ExitCode.OUT_OF_TIME and codes[-1] == 0
    assert worker.nights == ["20261122T030017"]
    assert azure.requests.snapshot()["subscriptions"] == listed, "what was read is not read again"


def test_a_night_with_gaps_is_no_failure_of_the_tick(worker: Worker) -> None:
    worker.starts_with(worker.bench.simulate(of_two(), REFUSE))

    assert worker.tick(NOW)[-1]["exit_code"] == ExitCode.INCOMPLETE
    assert "exit code 5: incomplete" in worker.caplog.messages[-1]


def test_findings_that_the_operator_asks_for_are_no_failure_of_the_tick(worker: Worker) -> None:
    failing = estate(subscription(FIRST, machine("a", agent("Linux", LATEST, auto_upgrade=False))))
    worker.starts_with(worker.bench.simulate(failing))

    assert worker.tick(NOW, more="--fail-on low")[-1]["exit_code"] == ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda worker: worker.monkeypatch.delenv("AUDITOR_ACCESS_TOKEN"), ExitCode.SETTINGS_REFUSED),
        (lambda worker: worker.monkeypatch.setenv("AUDITOR_CONFIG", "nowhere.yaml"), ExitCode.SETTINGS_REFUSED),
    ],
    ids=["a secret that is not there", "no configuration"],
)
def test_what_was_refused_fails_the_tick(worker: Worker, spoil: Callable[[Worker], None], code: ExitCode) -> None:
    worker.starts_with(worker.bench.simulate(of_two()))
    spoil(worker)

    with pytest.raises(worker.app.TickFailed, match=f"exit code {code:d}"):
        worker.tick(NOW)
    assert worker.heard[-1]["exit_code"] == code and worker.heard[-1]["level"] == "ERROR"


def test_a_night_that_could_read_nothing_fails_its_tick_and_is_not_tried_again_every_ten_minutes(
    worker: Worker,
) -> None:
    worker.starts_with(worker.bench.simulate(of_two(), Fault("/subscriptions", **refusal())))

    with pytest.raises(worker.app.TickFailed, match="exit code 3"):
        worker.tick(NOW)

    assert worker.tick(NOW + 10 * MINUTES)[-1]["exit_code"] == 0


def test_a_mistake_in_the_command_line_fails_the_tick_and_not_the_worker(
    worker: Worker, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.starts_with(worker.bench.simulate(of_two()))

    with pytest.raises(worker.app.TickFailed, match="exit code 2"):
        worker.tick(NOW, more="--no-such-thing")
    assert "--no-such-thing" in capsys.readouterr().err


def test_every_exit_code_either_fails_a_tick_or_does_not(app: ModuleType) -> None:
    fails = {ExitCode.SETTINGS_REFUSED, ExitCode.NOTHING_COLLECTED, ExitCode.NOT_DELIVERED}

    assert {*app.WELL} == {int(code) for code in ExitCode} - fails


def test_a_night_leaves_what_stays_in_the_archive_and_nothing_on_the_disk(worker: Worker) -> None:
    worker.starts_with(worker.bench.simulate(of_two()))
    before = {each for each in APP.parent.rglob("*") if "__pycache__" not in each.parts}

    worker.tick(NOW)

    assert {each for each in APP.parent.rglob("*") if "__pycache__" not in each.parts} == before
    assert [each for each in (worker.bench.folder / "tmp").rglob("*") if each.is_file()] == [], "the disk is small"
    kept = next((worker.bench.folder / "archive" / "nights").iterdir())
    assert {"report.html", "report.xlsx", "run.json"} <= {each.name for each in kept.iterdir()}
