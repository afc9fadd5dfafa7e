"""What an archive lets go: nights that are older than the retention, and none while a clock may be wrong."""

from __future__ import annotations

from pathlib import Path

from tests.unit.history.parts import DAY, NOW, Nights, became, fails


def test_older_nights_go_and_their_failures_stay(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "archive", retention=2 * DAY)
    for day in range(5):
        nights.keep(NOW + day * DAY, [fails("a")], versions=["1.0", "1.1"][: day or 1])

    memory = nights.recall(NOW + 5 * DAY)

    assert [each.as_of for each in memory.nights] == [NOW + day * DAY for day in (2, 3, 4)]
    assert memory.failures[0].first_seen == NOW
    assert list(memory.first_seen.values()) == [NOW + 2 * DAY], "a version that only a lost night saw arrive"


def test_the_night_that_is_compared_with_is_never_let_go(tmp_path: Path) -> None:
    """After a long pause, tonight may be made again, or be able to read nothing."""
    nights = Nights(tmp_path / "archive", retention=DAY)
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + 500 * DAY, [], collected=False)

    past = nights.keep(NOW + 501 * DAY, [fails("a")])

    assert (became(past), past.since) == ({"a": "still"}, NOW)


def test_one_night_with_a_wrong_clock_takes_no_other_away(nights: Nights) -> None:
    for day in range(3):
        nights.keep(NOW + day * DAY, [fails("a")])
    nights.keep(NOW + 4000 * DAY, [fails("a")])
    past = nights.keep(NOW + 3 * DAY, [fails("a")])

    assert (past.since, [each.nights for each in past.open]) == (NOW + 2 * DAY, [4])
    assert len(nights.recall(NOW + 4 * DAY).nights) == 4


def test_nor_do_several_until_they_are_as_old_as_nights_may_become(tmp_path: Path) -> None:
    """Who lets a machine rest for years loses its nights in the end; who mends its clock within days loses none."""
    nights = Nights(tmp_path / "archive", retention=30 * DAY)
    for day in range(3):
        nights.keep(NOW + day * DAY, [fails("a")])
    for day in range(4000, 4030):
        nights.keep(NOW + day * DAY, [fails("a")])
    assert len(nights.recall(NOW + 3 * DAY).nights) == 3

    for day in (4030, 4031):
        nights.keep(NOW + day * DAY, [fails("a")])
    assert nights.recall(NOW + 3 * DAY).nights == ()


def test_what_a_killed_run_left_goes_with_its_time(tmp_path: Path) -> None:
    """Killed while it kept the night, or while it let it go: it is not told for ever."""
    nights = Nights(tmp_path / "archive", retention=2 * DAY)
    nights.keep(NOW, [fails("a")])
    (nights.place(NOW) / "night.json").unlink()
    (nights.place(NOW) / ".verdicts.parquet.0a1b2c3d.partial").write_text("half")
    nights.keep(NOW + DAY, [fails("a")])
    assert len(nights.recall(NOW + 2 * DAY).passed_over) == 1, "it is told while it would be kept"
    nights.keep(NOW + 3 * DAY, [fails("a")])

    assert nights.recall(NOW + 4 * DAY).passed_over == ()
    assert not nights.place(NOW).exists()


def test_only_what_a_night_is_made_of_is_ever_taken_away(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "archive", retention=DAY)
    nights.keep(NOW, [fails("a")])
    notes, outside = nights.place(NOW) / "notes.txt", nights.folder / "verdicts.parquet"
    for path in (notes, outside):
        path.write_text("mine")
    nights.keep(NOW + 5 * DAY, [fails("a")])
    nights.keep(NOW + 9 * DAY, [fails("a")])

    assert notes.read_text() == outside.read_text() == "mine"
    assert [path.name for path in nights.place(NOW).iterdir()] == ["notes.txt"]
    assert not nights.place(NOW + DAY).exists()
