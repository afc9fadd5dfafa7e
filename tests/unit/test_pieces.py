"""What is kept of a night is read again as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.memory import EMPTY, KeptOperation, Memory, OpenFailure
from auditor.model.parcel import Chosen, Confirmation, ShardResult, ShardScope, Survey
from auditor.model.reading import Reading, Service, Source, Traffic
from auditor.model.report import Night
from auditor.model.verdict import Status
from auditor.pieces import Piece, choice_piece, memory_piece, shard_piece, survey_piece

NOW = datetime(2026, 11, 22, 3, 0, 17, 123456, tzinfo=UTC)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(st.characters(exclude_categories=("Cs",))),
    st.datetimes(timezones=st.just(UTC)),
)
ROWS = st.lists(st.dictionaries(st.sampled_from("abcd"), CELLS))
READING = Reading(Source.HEARTBEATS, "w", False, 2, NOW, NOW, None, 429, "busy", "wait", Service.LOG_ANALYTICS)


def again(piece: Piece[Any], made: Any, folder: Path) -> Any:
    """What a later start reads of it."""
    for name, content in piece.pack(made).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    return piece.unpack(folder)


@given(frames=st.dictionaries(st.sampled_from(["machines", "versions"]), ROWS))
def test_a_survey_keeps_each_cell_and_what_has_none(
    frames: Mapping[str, list[dict[str, object]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A key that is absent, one that is None, and the order of both: sources tell them apart."""
    survey = Survey(frames, (READING,), ("B", "a"))
    traffic = {Source.HEARTBEATS: Traffic(3, 1, 1, 900)}

    read, asked = again(survey_piece(), (survey, traffic), tmp_path_factory.mktemp("survey"))

    assert (read.readings, read.readable, asked) == (survey.readings, survey.readable, traffic)
    assert _told(read.rows) == _told(frames)


def _told(frames: Mapping[str, list[dict[str, object]]]) -> list[Any]:
    return [
        (frame, [[(key, type(cell), cell) for key, cell in row.items()] for row in rows])
        for frame, rows in frames.items()
    ]


def test_memory_is_what_it_was(tmp_path: Path) -> None:
    failure = OpenFailure("R", "/x", "/m", None, "s", None, "vm", "machine", "none", "high", "c", "Why.", NOW, NOW, 2)
    memory = Memory(
        first_seen={("vm", "l", "p", "t", "1.2"): NOW},
        failing=frozenset({failure.key}),
        last_unseen={("vm", "l", "p", "t", "1.2"): NOW - timedelta(days=1)},
        since=NOW,
        failures=(failure,),
        operations=(KeptOperation("o", None, "/m", None, "write", NOW, None, "failed", None, None, None, None, None),),
        nights=(Night(NOW, "id", {Status.FAIL: 1}, True, {"new": 1}, ("report.html",)),),
        passed_over=("nights/x was passed over.",),
        found_today=(failure,),
        ended_today=((failure.key, "fixed"),),
    )

    assert again(memory_piece(), memory, tmp_path) == memory
    assert again(memory_piece(), EMPTY, tmp_path) == EMPTY


def test_what_is_to_be_read_again_is_what_it_was(tmp_path: Path) -> None:
    chosen = Chosen((("/a", "/b"), ()), 7)

    assert again(choice_piece(), chosen, tmp_path) == chosen


def shard_in(folder: Path) -> ShardResult:
    for name in ("shard-00000", "shard-00000-judged"):
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text(name)
    traffic = {Source.INSTANCE_VIEW: Traffic(5, 0, 0, 10)}
    places = folder / "shard-00000", folder / "shard-00000-judged"
    return ShardResult(*places, 12, traffic, Confirmation(1, 2, 3, 4, 5), ("/a",))


def test_a_shard_lies_in_its_two_folders_again(tmp_path: Path) -> None:
    scope, later = ShardScope("shard-00000", ("a", "b")), tmp_path / "later"

    read = again(shard_piece(scope), shard_in(tmp_path / "first"), later)

    places = later / "shard-00000", later / "shard-00000-judged"
    assert (read.folder, read.judged) == places
    assert [(each / "manifest.json").read_text() for each in places] == ["shard-00000", "shard-00000-judged"]
    first = shard_in(tmp_path / "as it was")
    for name in ("machines", "traffic", "confirmed", "again"):
        assert getattr(read, name) == getattr(first, name)


def test_a_shard_of_other_subscriptions_is_another_one(tmp_path: Path) -> None:
    kept = shard_piece(ShardScope("shard-00000", ("a", "b"))).pack(shard_in(tmp_path))
    (tmp_path / "shard-00000.json").write_bytes(bytes(kept["shard-00000.json"]))  # type: ignore[arg-type]  # it is bytes

    with pytest.raises(ValueError, match="other subscriptions"):
        shard_piece(ShardScope("shard-00000", ("a",))).unpack(tmp_path)
