"""A night that goes on: what is kept of it, what is not believed, and when a start stops."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from auditor import underway
from auditor.errors import ExitCode, OutOfTime
from auditor.history import Archive
from auditor.model.archive import ArchiveSettings
from auditor.model.narration import NO_COUNTS, Counts, Silent
from auditor.model.rule import RuleBook
from auditor.model.run import Order, Watch
from auditor.model.settings import Azure, Scope, Settings
from auditor.pieces import Piece
from auditor.stores.folder import FolderStore
from auditor.underway import UnderWay
from tests.unit.stores.full import FullStore

NOW = datetime(2026, 11, 22, 3, 0, 17, 123456, tzinfo=UTC)
BEGUN = "under-way/begun.json"
SETTINGS = Settings(archive=ArchiveSettings(url="file:/unused"))
ORDER = Order(SETTINGS, RuleBook((), hashes={"AMA-001.yaml": "a"}), "c", Path("report"), ("json",), NOW)


@dataclass
class Told(Silent):
    lines: list[str] = field(default_factory=list)

    def stage(self, name: str, sentence: str, seconds: float | None = None, counts: Counts = NO_COUNTS) -> None:
        self.lines.append(f"{name}: {sentence}")


@dataclass
class Stopwatch:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Starts:
    """Starts of nights over one archive; ``made`` are the pieces that were made, and not kept by an earlier one."""

    folder: Path
    made: list[str] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    nights: Iterator[int] = field(default_factory=count)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.folder / "archive")

    def start(
        self, order: Order = ORDER, *, at: datetime = NOW, tool: str = "auditor 1", store: FolderStore | None = None
    ) -> UnderWay:
        scratch = self.folder / f"scratch-{next(self.nights)}"
        scratch.mkdir()
        archive = Archive(store or self.store, timedelta(days=9), "UTC")
        return underway.go_on(order, Watch(self.told, at), archive, scratch, self.stopwatch, tool)

    def do(self, night: UnderWay, *names: str, seconds: float = 0.0, kind: str = "shard") -> list[str]:
        """What each of the pieces gave."""

        def make(name: str) -> str:
            self.made.append(name)
            self.stopwatch.now += seconds
            return f"{name} of {night.order.as_of}"

        return [night.once(text(name, kind), lambda name=name: make(name)) for name in names]

    def files(self) -> list[str]:
        return self.store.files("under-way")


def text(name: str, kind: str = "shard") -> Piece[str]:
    def unpack(folder: Path) -> str:
        return (folder / f"{name}.txt").read_text("utf-8")

    return Piece(kind, name, lambda made: {f"{name}.txt": made.encode()}, unpack)


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path)


def test_what_is_done_is_not_done_again(starts: Starts) -> None:
    first = starts.do(starts.start(), "one", "two")

    assert starts.do(starts.start(), "one", "two", "three")[:2] == first
    assert starts.made == ["one", "two", "three"]


def test_a_later_start_judges_by_the_clock_of_the_first(starts: Starts) -> None:
    starts.start()

    later = starts.start(replace(ORDER, as_of=NOW + timedelta(hours=5)), at=NOW + timedelta(hours=5))

    assert (later.order.as_of, later.order.run_id) == (NOW, ORDER.run_id)
    assert later.watch.starts == (NOW, NOW + timedelta(hours=5))
    assert starts.told.lines == ["resume: the night of 2026-11-22 03:00 UTC goes on (start 2); kept: nothing"]


def test_a_night_that_ended_is_not_gone_on_with_and_leaves_nothing(starts: Starts) -> None:
    night = starts.start()
    starts.do(night, "one")
    starts.store.write(f"under-way/{ORDER.run_id}/.two.zip.0a1b2c3d.partial", b"of a run that was killed")
    night.ended()

    assert starts.files() == []
    starts.do(starts.start(), "one")
    assert starts.made == ["one", "one"]


@pytest.mark.parametrize("content", [b"", b"PK", b"something else of another length"])
def test_a_piece_that_is_not_as_it_was_written_is_made_anew(starts: Starts, content: bytes) -> None:
    starts.do(starts.start(), "one", "two")
    starts.store.write(f"under-way/{ORDER.run_id}/one.zip", content)

    starts.do(starts.start(), "one", "two")

    assert starts.made == ["one", "two", "one"]
    assert starts.told.lines[-1] == "resume: one was not kept as it was written: it is read anew"


def test_a_bit_that_fell_over_is_found(starts: Starts) -> None:
    starts.do(starts.start(), "one")
    place = f"under-way/{ORDER.run_id}/one.zip"
    content = bytearray(starts.store.read(place) or b"")
    content[len(content) // 2] ^= 1
    starts.store.write(place, bytes(content))

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]


def test_a_survey_that_is_made_anew_takes_the_shards_with_it(starts: Starts) -> None:
    """It may list a machine that no kept shard has seen, and that nobody would miss."""
    for _start in range(2):
        night = starts.start()
        starts.do(night, "memory", kind="")
        starts.do(night, "survey", kind="survey")
        starts.do(night, "shard-00000")
        starts.store.write(f"under-way/{ORDER.run_id}/survey.zip", b"PK")

    assert starts.made == ["memory", "survey", "shard-00000", "survey", "shard-00000"]


def test_a_piece_whose_file_is_gone_is_made_anew(starts: Starts) -> None:
    starts.do(starts.start(), "one")
    starts.store.remove(f"under-way/{ORDER.run_id}/one.zip")

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]


def test_a_piece_is_done_only_once_it_is_noted(starts: Starts) -> None:
    """Killed after the file was written and before ``begun.json`` was."""
    night = starts.start()
    before = starts.store.read(BEGUN)
    starts.do(night, "one")
    starts.store.write(BEGUN, before or b"")

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"run_id": "x"', b"[]"])
def test_a_night_that_cannot_be_read_begins_anew(starts: Starts, content: bytes) -> None:
    starts.do(starts.start(), "one")
    starts.store.write(BEGUN, content)

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]
    assert "is not what this version writes: tonight begins anew" in starts.told.lines[-1]


def test_one_of_another_format_begins_anew(starts: Starts) -> None:
    starts.do(starts.start(), "one")
    told = json.loads(starts.store.read(BEGUN) or b"")
    starts.store.write(BEGUN, json.dumps({**told, "format": 2}).encode())

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]


def _with(**settings: Any) -> Order:
    return replace(ORDER, settings=SETTINGS.model_copy(update=settings))


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (replace(ORDER, config_hash="d"), "changed: the configuration"),
        (
            replace(_with(scope=Scope(subscriptions=(f"{1:08}-0000-4000-a000-000000000000",))), config_hash="d"),
            "changed: the configuration",
        ),
        (replace(ORDER, rulebook=RuleBook((), hashes={"AMA-001.yaml": "b"})), "changed: AMA-001.yaml"),
        (
            replace(ORDER, rulebook=RuleBook((), hashes={"AMA-001.yaml": "a", "exemptions.yaml": "e"})),
            "added: exemptions.yaml",
        ),
        (replace(ORDER, rulebook=RuleBook(())), "removed: AMA-001.yaml"),
        (
            _with(scope=Scope(subscriptions=(f"{1:08}-0000-4000-a000-000000000000",))),
            "changed: the command line or the environment",
        ),
        (replace(ORDER, fixed_clock=True), "changed: --as-of"),
    ],
)
def test_another_order_is_told_and_begins_anew(starts: Starts, order: Order, told: str) -> None:
    starts.do(starts.start(), "one")

    starts.do(starts.start(order), "one")

    assert starts.made == ["one", "one"]
    said = "resume: the unfinished night of 2026-11-22 03:00 UTC is not gone on with"
    assert starts.told.lines == [f"{said}: {told}. Tonight begins anew"]
    assert starts.files() == [f"under-way/{order.run_id}/one.zip", BEGUN], "nothing of the other one is left"


def test_another_version_of_the_auditor_begins_anew(starts: Starts) -> None:
    starts.start()

    starts.start(tool="auditor 2")

    assert "changed: the auditor's version" in starts.told.lines[-1]


def test_a_new_token_is_the_same_order(starts: Starts) -> None:
    """A secret is no part of what is judged, and nothing that could be guessed from lies in the archive."""
    for token in ("first", "second"):
        azure = Azure.model_validate({"credential": "token", "token": token}, strict=False)
        starts.do(starts.start(_with(azure=azure)), "one")

    assert starts.made == ["one"]


@pytest.mark.parametrize("hours", [23.99, -23.99])
def test_the_start_of_the_next_day_begins_anew(starts: Starts, hours: float) -> None:
    """It comes a little earlier, perhaps. A clock that was wrong when it was begun makes a night old as well."""
    starts.do(starts.start(), "one")
    at = NOW + timedelta(hours=hours)

    later = starts.start(replace(ORDER, as_of=at), at=at)

    assert "it was begun on 2026-11-22 03:00 UTC, more than 20h ago" in starts.told.lines[-1]
    assert (later.order.as_of, later.watch.starts) == (at, (at,))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", "../../elsewhere"),
        ("run_id", "a\0b"),
        ("starts", ["2026-11-22T03:00:17"]),
        ("as_of", "0001-01-01T00:00:00+14:00"),
        ("as_of", "9999-12-31T23:59:59-14:00"),
        ("pieces", {"one": {"kind": "shard", "sha256": 1, "bytes": "many", "seconds": None}}),
    ],
)
def test_what_somebody_made_of_the_record_is_not_gone_on_with(starts: Starts, field: str, value: object) -> None:
    starts.do(starts.start(), "one")
    starts.store.write(BEGUN, json.dumps({**json.loads(starts.store.read(BEGUN) or b""), field: value}).encode())

    starts.do(starts.start(), "one")

    assert starts.made == ["one", "one"]
    assert "is not what this version writes: tonight begins anew" in starts.told.lines[-1]
    assert [each.name for each in starts.folder.iterdir() if "scratch" not in each.name] == ["archive"]


@pytest.mark.parametrize("room", range(4))
def test_an_archive_that_cannot_be_written_any_more_stops_nothing_and_is_told_once(starts: Starts, room: int) -> None:
    night = starts.start(store=FullStore(starts.folder / "archive", room))

    starts.do(night, "one", "two", "three")

    assert starts.made == ["one", "two", "three"]
    (told,) = starts.told.lines
    assert "could not be written: no space left on device" in told
    assert told.endswith("The night goes on; what it does from now on is not kept.")


def test_a_night_whose_end_cannot_be_noted_is_known_to_be_taken_up_again(starts: Starts) -> None:
    """Then what was sent to whom must still be known."""
    night = starts.start(store=FullStore(starts.folder / "archive", 2))
    starts.do(night, "one")
    (starts.folder / "archive" / BEGUN).unlink()
    (starts.folder / "archive" / BEGUN).mkdir()

    assert not night.ended()
    assert len(starts.told.lines) == 1


def test_where_its_end_alone_cannot_be_noted_that_is_told(starts: Starts) -> None:
    night = starts.start()
    (starts.folder / "archive" / BEGUN).unlink()
    (starts.folder / "archive" / BEGUN).mkdir()

    assert not night.ended()
    (told,) = starts.told.lines
    assert told.endswith("The next start will tell of this night once more.")


def test_a_night_that_gave_up_keeping_is_over_at_its_end(starts: Starts) -> None:
    night = starts.start(store=FullStore(starts.folder / "archive", 2))
    starts.do(night, "one")

    assert night.ended()
    assert starts.files() == []


def test_what_was_kept_before_the_disk_was_full_is_gone_on_with(starts: Starts) -> None:
    starts.do(starts.start(store=FullStore(starts.folder / "archive", 4)), "one", "two")

    starts.do(starts.start(), "one", "two")

    assert starts.made == ["one", "two", "two"]


class TestBudget:
    ORDER = _with(time_budget=timedelta(minutes=8))

    def nights(self, starts: Starts, seconds: Sequence[float], kinds: Sequence[str] = ()) -> list[list[str]]:
        """Starts until one does all the pieces, which take so long: what each of them has made."""
        found: list[list[str]] = []
        while True:
            starts.made = []
            night = starts.start(self.ORDER)
            try:
                for at, took in enumerate(seconds):
                    starts.do(night, f"piece-{at}", seconds=took, kind=kinds[at] if kinds else "shard")
            except OutOfTime as error:
                assert error.exit_code == ExitCode.OUT_OF_TIME
                found.append(starts.made)
            else:
                return [*found, starts.made]

    def test_no_piece_is_begun_that_may_take_longer_than_is_left(self, starts: Starts) -> None:
        """Of 480 seconds: after two of 200 there are 80 left."""
        assert self.nights(starts, [200, 200, 10, 10]) == [["piece-0", "piece-1"], ["piece-2", "piece-3"]]

    def test_the_slowest_of_its_kind_is_the_measure(self, starts: Starts) -> None:
        kinds = ["survey", "shard", "shard", "shard"]

        assert self.nights(starts, [300, 60, 60, 60], kinds) == [["piece-0"], ["piece-1", "piece-2", "piece-3"]]

    def test_every_start_does_one_piece_at_the_least(self, starts: Starts) -> None:
        assert self.nights(starts, [900, 900]) == [["piece-0"], ["piece-1"]]

    def test_what_earlier_starts_have_done_takes_no_time(self, starts: Starts) -> None:
        assert self.nights(starts, [200] * 5) == [["piece-0", "piece-1"], ["piece-2", "piece-3"], ["piece-4"]]

    def test_it_says_how_far_it_is_and_what_to_do(self, starts: Starts) -> None:
        night = starts.start(self.ORDER)
        night.planned["shard"] = 7
        starts.do(night, "survey", kind="survey")
        starts.do(night, "one", "two", seconds=239)

        with pytest.raises(OutOfTime) as caught:
            night.check_time("report")

        assert str(caught.value) == (
            "There is no report yet: the time budget of 8m does not last for another piece of the night of 2026-11-22 "
            f"03:00 UTC. Kept in the archive {starts.folder / 'archive'}: the survey, 2 of 7 shards. Start it again, "
            "and it goes on from there."
        )

    def test_where_nothing_can_be_kept_stopping_would_lose_what_is_done(self, starts: Starts) -> None:
        night = starts.start(self.ORDER, store=FullStore(starts.folder / "archive", 1))

        starts.do(night, "one", "two", "three", seconds=900)

        assert starts.made == ["one", "two", "three"]


def test_without_an_archive_every_piece_is_made(starts: Starts) -> None:
    night = underway.not_kept(ORDER, Watch(starts.told, NOW), starts.folder)

    starts.do(night, "one", "one")
    night.ended()

    assert (starts.made, list(starts.folder.iterdir())) == (["one", "one"], [])
