"""A night that was killed at any stage, started again: the report is the one of a night that was not."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain as chain_of
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ExitCode, OutOfTime
from auditor.simulator import Simulator, StaySpec
from tests.mailbox import MailServer, serving
from tests.night.killed import At, Ended, start
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    SECOND,
    TOKEN,
    Audited,
    Bench,
    agent,
    estate,
    machine,
    subscription,
)

OFF = agent("Linux", LATEST, auto_upgrade=False)
HEARD = (StaySpec(LATEST, NOW - timedelta(days=9)),)
IDS = (FIRST, SECOND)
CONFIG = {"archive": {"url": "file:./archive"}, "sources": {"inventory": "resource_graph"}}
SAME = ("findings.json", "findings.csv", "verdicts.parquet")
TIMES = ("started", "ended", "seconds", "starts")


@dataclass(frozen=True)
class Starts:
    """One archive, and the starts of its nights."""

    azure: Simulator
    folder: Path

    def start(self, at: At | None = None, **how: Any) -> Ended:
        log = self.folder / f"log-{len(list(self.folder.glob('log-*.err')))}"
        line = ("run", "--config", str(self.folder / "config.yaml"), "--output", str(self.report))
        formats = ("--format", "json", "--format", "csv", "--format", "parquet")
        return start((*line, *formats, "--as-of", NOW.isoformat()), at, environ=TOKEN, log=log, **how)

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def run(self) -> dict[str, Any]:
        return dict(json.loads((self.report / "run.json").read_bytes()))

    def left(self) -> list[str]:
        """What lies under way."""
        place = self.folder / "archive" / "under-way"
        return sorted(str(each.relative_to(place)) for each in place.rglob("*") if each.is_file())


@dataclass(frozen=True)
class Whole:
    """What a night that nobody killed has left behind, and what it asked."""

    files: Mapping[str, bytes]
    run: Mapping[str, Any]
    requests: Counter[str]


Chain = tuple[Starts, list[Ended], Counter[str]]


@pytest.fixture(scope="module")
def azure(shared_bench: Bench) -> Simulator:
    """Two shards, each with a machine whose failure is a new one, and to be read again."""
    machines = {each: (machine(f"a{each[0]}", OFF, stays=HEARD), machine(f"b{each[0]}", stays=HEARD)) for each in IDS}
    return shared_bench.simulate(estate(*(subscription(each, *machines[each]) for each in IDS), beats=True))


def asked(azure: Simulator) -> Counter[str]:
    return Counter(azure.requests.snapshot())


@pytest.fixture(scope="module")
def letters() -> Iterator[MailServer]:
    with serving(MailServer()) as served:
        yield served


def starts_in(folder: Path, bench: Bench, azure: Simulator, config: Mapping[str, Any] = CONFIG) -> Starts:
    """The same configuration, byte for byte, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    shutil.copy(bench.config(azure, config), folder / "config.yaml")
    azure.write_ca(folder / "ca.pem")
    return Starts(azure, folder)


@pytest.fixture(scope="module")
def whole(shared_bench: Bench, azure: Simulator, letters: MailServer) -> Whole:
    config = {**CONFIG, **sending_to(letters)}
    starts, before = starts_in(shared_bench.folder / "whole", shared_bench, azure, config), asked(azure)
    ended = starts.start()
    assert ended.code == 0, ended.err
    return Whole(
        {name: (starts.report / name).read_bytes() for name in SAME}, _without(starts.run), asked(azure) - before
    )


@pytest.fixture
def starts(tmp_path: Path, shared_bench: Bench, azure: Simulator, letters: MailServer) -> Starts:
    return starts_in(tmp_path / "starts", shared_bench, azure, {**CONFIG, **sending_to(letters)})


def sending_to(server: MailServer) -> dict[str, Any]:
    smtp = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    return {"deliver": [{"smtp": {**smtp, "from": "a@example.com", "to": "b@example.com"}}]}


def _without(run: Mapping[str, Any]) -> dict[str, Any]:
    timeless = {key: value for key, value in run.items() if key not in TIMES}
    return {**timeless, "receipts": [{**each, "at": None} for each in run["receipts"]]}


def same_report(starts: Starts, whole: Whole) -> None:
    assert {name: (starts.report / name).read_bytes() for name in SAME} == whole.files
    assert _without(starts.run) == whole.run


STAGES = (
    At("auditor.nightly:_survey"),
    At("auditor.shards:audit"),
    At("auditor.shards:audit", 2),
    At("auditor.shards:doubts_of"),
    At("auditor.shards:confirm"),
    At("auditor.shards:confirm", 2),
    At("auditor.nightly:_composer"),
    At("auditor.render:write_folder"),
    At("auditor.render:write_folder", after=True),
    At("auditor.history.night:Manifest.encoded"),
    At("auditor.handover:Handover.remember", after=True),
    At("auditor.deliver:PostOffice.put", after=True),
    At("auditor.deliver:PostOffice.empty", after=True),
    At("auditor.underway:UnderWay.ended"),
)
"""One start each, and each of them gets as far; the tenth dies while the night is kept, before its manifest."""


@pytest.fixture(scope="module")
def chain(shared_bench: Bench, azure: Simulator, whole: Whole, letters: MailServer) -> Chain:
    config = {**CONFIG, **sending_to(letters)}
    starts, before = starts_in(shared_bench.folder / "chain", shared_bench, azure, config), asked(azure)
    ends = [starts.start(at) for at in (*STAGES, None)]
    return starts, ends, asked(azure) - before


def test_a_night_that_is_killed_at_every_stage_goes_on_each_time(chain: Chain) -> None:
    _starts, ends, _asked = chain

    assert [each.code for each in ends] == [-9] * len(STAGES) + [0], [each.err for each in ends]
    assert "goes on (start 2); kept: nothing" in ends[1].err
    assert "goes on (start 3); kept: the survey\n" in ends[2].err
    assert "goes on (start 15); kept: the survey, 2 shards, 2 shards read again\n" in ends[14].err


def test_its_report_is_that_of_a_night_that_nobody_killed(chain: Chain, whole: Whole) -> None:
    starts, _ends, _asked = chain

    same_report(starts, whole)


def test_nothing_was_asked_twice(chain: Chain, whole: Whole) -> None:
    """Every kill fell between two questions."""
    _starts, _ends, requests = chain

    assert requests == whole.requests


def test_its_letter_was_sent_once(chain: Chain, letters: MailServer) -> None:
    """Killed before it lay in the outbox, while it did, and after the server had it."""
    starts, _ends, _asked = chain

    mine = [each for each in letters.mails if str(each["Subject"]).startswith("2 failures")]
    assert len(mine) == 2, "that of the night that nobody killed, and this one's"
    assert [each["accepted"] for each in starts.run["receipts"]] == [True]


def test_the_run_tells_how_often_it_was_started(chain: Chain) -> None:
    starts, _ends, _asked = chain

    assert len(starts.run["starts"]) == len(STAGES) + 1
    assert starts.run["starts"][0] == starts.run["started"]


def test_nothing_of_it_is_left_under_way(chain: Chain) -> None:
    starts, _ends, _asked = chain

    assert starts.left() == []


def test_a_kill_while_a_shard_is_read_costs_that_shard_alone(starts: Starts, whole: Whole, azure: Simulator) -> None:
    before = asked(azure)
    killed = starts.start(At("auditor.shard:judged", 2))  # the second shard is read, and not kept
    unkept = asked(azure) - before
    again = starts.start()

    assert (killed.code, again.code) == (-9, 0), killed.err + again.err
    assert starts.run["requests"] == whole.run["requests"], "what the killed start had not kept is not counted"
    twice = asked(azure) - before - whole.requests
    assert 0 < twice.total() < unkept.total() and "subscriptions" not in twice
    same_report(starts, whole)


def test_a_night_stops_in_time_and_the_next_start_goes_on(shared_bench: Bench, azure: Simulator, whole: Whole) -> None:
    """Each look at the stopwatch finds 25 seconds gone."""
    config = {**CONFIG, "time_budget": "5m"}
    starts, before = starts_in(shared_bench.folder / "budget", shared_bench, azure, config), asked(azure)

    ends: list[Ended] = []
    while not ends or (ends[-1].code == ExitCode.OUT_OF_TIME and len(ends) < 9):
        assert not starts.report.exists(), "no report before its end"
        ends.append(starts.start(seconds_a_piece=25.0))

    assert [each.code for each in ends] == [ExitCode.OUT_OF_TIME] * (len(ends) - 1) + [0]
    assert 1 < len(ends) < 7
    assert ends[0].err.splitlines()[-1].startswith("There is no report yet: the time budget of 5m does not last")
    assert "of 2 shards. Start it again" in ends[0].err and ends[0].out == ""
    assert {name: (starts.report / name).read_bytes() for name in SAME} == whole.files
    assert asked(azure) - before == whole.requests


def later(bench: Bench, azure: Simulator, config: Mapping[str, Any], **wanted: Any) -> Audited:
    """A night whose first start is out of time once it has read the survey and a shard."""
    budget = {**CONFIG, "time_budget": "1m"}
    ticks = chain_of([0.0] * 8, repeat(100.0))
    with pytest.raises(OutOfTime):
        bench.night(bench.config(azure, budget), azure, stopwatch=lambda: next(ticks), machines_per_shard=2)
    return bench.night(bench.config(azure, {**budget, **config}), azure, machines_per_shard=2, **wanted)


def test_the_page_tells_of_the_starts(bench: Bench, azure: Simulator) -> None:
    audited = later(bench, azure, {}, formats=("html",))

    assert "Started 2 times, first on" in audited.page_text
    assert "what earlier starts had read was kept, and not read again" in audited.page_text


def test_a_changed_rule_begins_the_night_anew_and_is_told(bench: Bench, azure: Simulator) -> None:
    audited = later(bench, azure, {"rules": {"AMA-002": {"enabled": False}}})

    (told,) = [sentence for stage, sentence in audited.told.stages if stage == "resume"]
    assert "is not gone on with: changed: the configuration. Tonight begins anew" in told
    assert len(audited.run["starts"]) == 1
    assert audited.run["machines"] == {"vm": 4}


def test_an_archive_that_takes_no_pieces_has_its_report_and_says_so_once(bench: Bench, azure: Simulator) -> None:
    (bench.folder / "archive").mkdir()
    (bench.folder / "archive" / "under-way").write_text("in the way")

    audited = bench.audit(azure, config=CONFIG)

    (told,) = [sentence for stage, sentence in audited.told.stages if stage == "resume"]
    assert "could not be written" in told and "The night goes on" in told
    assert audited.code == ExitCode.DELIVERED and len(list((bench.folder / "archive" / "nights").iterdir())) == 1
