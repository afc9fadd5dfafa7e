"""Nights one after another: what the next one remembers, and what it does not trust."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import ArchiveRefused, ExtraMissing
from auditor.history import Archive, compare, configured
from auditor.model.archive import ArchiveSettings
from auditor.model.reading import Source
from auditor.model.settings import Settings
from auditor.model.verdict import Status
from auditor.stores.folder import FolderStore
from tests.unit.history.parts import (
    DAY,
    LISTS,
    NOW,
    ON_OPERATIONS,
    Machine,
    Nights,
    became,
    failed_write,
    fails,
    machine_id,
    run_at,
)


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def test_the_first_night_remembers_nothing_and_the_next_one_the_first(nights: Nights) -> None:
    assert nights.recall(NOW).since is None
    nights.keep(NOW, [fails("a")])

    memory = nights.recall(NOW + DAY)

    assert memory.since == NOW
    assert [(each.machine_name, each.first_seen, each.nights) for each in memory.failures] == [("a", NOW, 1)]
    assert memory.failing == frozenset(each.key for each in memory.failures)


def test_first_seen_is_kept_over_nights_that_could_not_read_it(nights: Nights) -> None:
    """Failing, unread, nothing collected at all, failing again: still, and since the first night."""
    unread = Machine("a", Status.UNANSWERED, "not_known")
    nights.keep(NOW, [fails("a")])
    assert became(nights.keep(NOW + DAY, [unread])) == {}
    assert became(nights.keep(NOW + 2 * DAY, [], collected=False)) == {}

    past = nights.keep(NOW + 3 * DAY, [fails("a")])

    assert became(past) == {"a": "still"}
    assert [(each.first_seen, each.nights) for each in past.open] == [(NOW, 2)]


def test_a_night_that_could_collect_nothing_is_kept_and_never_compared_with(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + DAY, [], collected=False)

    memory = nights.recall(NOW + 2 * DAY)

    assert memory.since == NOW
    assert [each.as_of for each in memory.nights] == [NOW, NOW + DAY]


def test_a_second_run_of_the_day_is_compared_with_the_night_before(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + DAY, [Machine("a")])

    again = nights.keep(NOW + DAY + timedelta(hours=5), [fails("a")])

    assert (again.since, became(again)) == (NOW, {"a": "still"})


class TestAnExemptionThatEnds:
    """What it excused fails again, and nobody accepts that any more: people are told, once."""

    EXEMPT = Machine("a", Status.EXEMPT, "disabled")

    def test_its_failure_has_changed_and_is_as_old_as_it_was(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a")])
        assert became(nights.keep(NOW + DAY, [self.EXEMPT])) == {}

        past = nights.keep(NOW + 2 * DAY, [fails("a")])
        assert became(past) == {"a": "changed"}
        assert [(each.first_seen, each.nights) for each in past.open] == [(NOW, 2)]
        assert became(nights.keep(NOW + 3 * DAY, [fails("a")])) == {"a": "still"}

    @pytest.mark.parametrize(
        "between", [Machine("a", Status.UNANSWERED, "not_known"), Machine("a", Status.PENDING, "rolling_out")]
    )
    def test_it_is_told_after_nights_that_could_not_see_it(self, nights: Nights, between: Machine) -> None:
        nights.keep(NOW, [fails("a")])
        nights.keep(NOW + DAY, [self.EXEMPT])
        assert became(nights.keep(NOW + 2 * DAY, [between])) == {}

        assert became(nights.keep(NOW + 3 * DAY, [fails("a")])) == {"a": "changed"}

    def test_any_two_nights_say_the_same(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a")])
        nights.keep(NOW + DAY, [self.EXEMPT])
        nights.keep(NOW + 2 * DAY, [fails("a")])

        archive = nights.archive()
        first, second, third = archive.manifests()[0]
        told = [
            [each.change for each in compare(archive, [], *two).changes] for two in ((second, third), (first, third))
        ]
        assert told == [["changed"], ["still"]]


class TestASecondRunOfTheDay:
    """It may see less than the first: it was told to (``--subscription``), or a subscription refuses by now."""

    LATER = NOW + DAY + timedelta(hours=5)

    def test_what_the_first_found_is_open_still_and_not_new_again_the_next_night(self, nights: Nights) -> None:
        nights.keep(NOW, [Machine("a")])
        assert became(nights.keep(NOW + DAY, [fails("a")])) == {"a": "new"}
        assert became(nights.keep(self.LATER, [], unread=LISTS)) == {}

        past = nights.keep(NOW + 2 * DAY, [fails("a")])

        assert became(past) == {"a": "still"}
        assert [(each.first_seen, each.nights) for each in past.open] == [(NOW + DAY, 2)]

    def test_what_fails_again_is_new_of_this_day_and_one_night_old(self, nights: Nights) -> None:
        nights.keep(NOW, [Machine("a")])
        nights.keep(NOW + DAY, [fails("a")])

        past = nights.keep(self.LATER, [fails("a")])

        assert became(past) == {"a": "new"}
        assert [(each.first_seen, each.nights) for each in past.open] == [(NOW + DAY, 1)]

    def test_what_the_first_saw_mended_is_not_told_again_the_next_night(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a")])
        assert became(nights.keep(NOW + DAY, [Machine("a")])) == {"a": "fixed"}
        assert became(nights.keep(self.LATER, [], unread=LISTS)) == {"a": "fixed"}, "since the night before"

        assert became(nights.keep(NOW + 2 * DAY, [Machine("a")])) == {}

    @pytest.mark.parametrize("status", [Status.PENDING, Status.FAIL])
    def test_what_it_sees_itself_counts_more_than_what_the_first_saw(self, nights: Nights, status: Status) -> None:
        nights.keep(NOW, [fails("a")])
        nights.keep(NOW + DAY, [Machine("a")])

        past = nights.keep(self.LATER, [Machine("a", status, "disabled")])

        assert (len(past.open), past.departed) == (1, ())

    def test_on_the_first_day_of_all_nothing_has_changed_and_nothing_is_lost(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a"), fails("b")])
        past = nights.keep(NOW + timedelta(hours=5), [Machine("b")], unread=[Source.VIRTUAL_MACHINES])

        assert (past.standings, past.departed, [each.machine_name for each in past.open]) == ({}, (), ["a"])

    def test_a_first_run_that_is_damaged_is_told_and_passed_over(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a")])
        nights.keep(NOW + DAY, [Machine("a")])
        spoil(nights.place(NOW + DAY) / "departed.parquet")

        memory = nights.recall(self.LATER)

        assert (memory.since, memory.ended_today) == (NOW, ())
        assert "another departed.parquet than was written" in memory.passed_over[0]


def test_which_day_it_is_depends_on_the_reports_time_zone(nights: Nights) -> None:
    """03:00 and 16:00 UTC are one day in London and two in Tokyo."""
    nights.keep(NOW, [fails("a")])
    later = NOW + timedelta(hours=13)

    tokyo = Archive(FolderStore(nights.folder), 400 * DAY, "Asia/Tokyo")

    assert tokyo.recall(later, run_at(later)).since == NOW
    assert nights.recall(later).since is None


def test_the_same_run_again_takes_the_place_of_the_former_one(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW, [fails("b")])

    memory = nights.recall(NOW + DAY)

    assert [each.machine_name for each in memory.failures] == ["b"]
    assert len(memory.nights) == 1


def test_a_night_that_cannot_even_be_put_together_leaves_the_former_one_of_its_run(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    with pytest.raises(ArchiveRefused, match=r"its report cannot be read \(no such file or directory\)"):
        nights.keep(NOW, [fails("b")], reports={"report.html": nights.folder / "nowhere"})

    assert [each.machine_name for each in nights.recall(NOW + DAY).failures] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="every name is text there")
def test_a_folder_whose_name_is_no_text_is_told_in_one(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    (nights.folder / "nights" / os.fsdecode(b"\xff\xfe")).mkdir()

    memory = nights.recall(NOW + DAY)

    assert memory.since == NOW
    assert memory.passed_over[0].encode().startswith(b"In the archive nights/\\udcff\\udcfe was passed over")


def test_a_night_that_was_not_finished_is_no_night(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + DAY, [Machine("a")])
    (nights.place(NOW + DAY) / "night.json").unlink()

    memory = nights.recall(NOW + 2 * DAY)

    assert memory.since == NOW
    (told,) = memory.passed_over
    assert run_at(NOW + DAY) in told and "was not finished" in told


@pytest.mark.parametrize("name", ["failures.parquet", "operations.parquet", "versions.parquet"])
def test_a_damaged_night_is_told_and_passed_over(nights: Nights, name: str) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + DAY, [Machine("a")])
    spoil(nights.place(NOW + DAY) / name)

    memory = nights.recall(NOW + 2 * DAY)

    assert (memory.since, len(memory.failures)) == (NOW, 1), "what it said is not trusted"
    (told,) = memory.passed_over
    assert f"another {name} than was written" in told


def test_what_is_no_night_is_told_and_left_alone(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    foreign = nights.folder / "nights" / "holiday photos"
    other = nights.folder / "nights" / run_at(NOW + DAY)
    for each in (foreign, other):
        each.mkdir()
        (each / "night.json").write_text("[]")

    memory = nights.recall(NOW + 2 * DAY)

    assert memory.since == NOW
    assert ["holiday photos" in memory.passed_over[1], "cannot be read" in memory.passed_over[0]] == [True, True]
    nights.keep(NOW + 900 * DAY, [])
    assert (foreign / "night.json").exists() and (other / "night.json").exists()


def test_an_archive_of_a_newer_version_is_refused(nights: Nights) -> None:
    nights.keep(NOW, [fails("a")])
    path = nights.place(NOW) / "night.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2, "tool": "auditor 9.0", "more": 1}))

    with pytest.raises(ArchiveRefused, match=r"newer auditor \(auditor 9\.0, format 2; this one reads 1\)"):
        nights.recall(NOW + DAY)


def test_nights_of_the_future_are_told_and_nothing_is_compared_with_them(nights: Nights) -> None:
    """The clock was put back by hours: what is kept since is later than now."""
    nights.keep(NOW, [fails("a"), fails("b")])
    nights.keep(NOW + DAY, [fails("a")])
    late = NOW + DAY - timedelta(hours=2)

    past = nights.keep(late, [fails("a"), fails("b")])

    assert (past.since, became(past)) == (NOW, {"a": "still", "b": "still"})
    (told,) = nights.recall(late).passed_over
    assert told.startswith("In the archive 1 night is later than tonight, up to 2026-11-23 03:00 UTC,")
    assert "Set the clock of this machine" in told
    assert nights.recall(NOW + 2 * DAY).since == NOW + DAY and not nights.recall(NOW + 2 * DAY).passed_over


def test_the_day_on_which_the_clocks_are_put_back_is_one_day(tmp_path: Path) -> None:
    """Half past two comes twice then: the second run is compared with the night of the day before, as the first was."""
    nights = Nights(tmp_path / "archive", zone="Europe/Berlin")
    before, first, again, after = (
        datetime(2026, 10, day, hour, 30, tzinfo=UTC) for day, hour in ((24, 0), (25, 0), (25, 1), (26, 1))
    )
    nights.keep(before, [fails("a")])
    since = [nights.keep(at, [fails("a")]).since for at in (first, again, after)]

    assert since == [before, before, again]
    (failure,) = nights.recall(after + DAY).failures
    assert (failure.nights, failure.first_seen) == (3, before), "of three days"


def test_the_report_is_kept_beside_the_night_and_the_index_lists_all(nights: Nights, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("the page")
    nights.keep(NOW, [fails("a")], reports={"report.html": page})
    nights.keep(NOW + DAY, [fails("a")])

    assert (nights.place(NOW) / "report.html").read_text() == "the page"
    assert (nights.folder / "index.html").read_text() == f"{run_at(NOW)},{run_at(NOW + DAY)}"
    assert nights.recall(NOW + 2 * DAY).nights[0].files == ("report.html",)


def test_a_container_without_its_package_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    url = "abfs://nights@account.dfs.core.windows.net"

    with pytest.raises(ExtraMissing, match=r'pip install "azure-extension-auditor\[azure-storage\]"'):
        configured(Settings(archive=ArchiveSettings(url=url)))


def test_without_an_archive_there_is_none() -> None:
    assert configured(Settings()) is None


class TestOperations:
    def remembered(self, nights: Nights, as_of: datetime) -> list[str]:
        return [each.machine_id for each in nights.recall(as_of).operations]

    def test_they_are_remembered_until_their_rule_passes(self, nights: Nights) -> None:
        """An exemption that expires must find the failure where it was, though no look-back shows it any more."""
        told = {"rules": (ON_OPERATIONS,), "operations": [failed_write("a", NOW - DAY)]}
        nights.keep(NOW, [fails("a")], **told)
        nights.keep(NOW + DAY, [Machine("a", Status.EXEMPT, "broken")], **told)
        assert self.remembered(nights, NOW + 2 * DAY) == [machine_id("a")]
        nights.keep(NOW + 2 * DAY, [Machine("a", last_failure="healed")], **told)

        assert self.remembered(nights, NOW + 3 * DAY) == []

    def test_they_are_remembered_through_a_night_that_could_not_read_them(self, nights: Nights) -> None:
        nights.keep(NOW, [fails("a")], rules=(ON_OPERATIONS,), operations=[failed_write("a", NOW - DAY)])
        nights.keep(NOW + DAY, [], rules=(ON_OPERATIONS,), unread=[Source.VIRTUAL_MACHINES])

        assert self.remembered(nights, NOW + 2 * DAY) == [machine_id("a")]

    def test_every_operation_stands_in_one_night_at_least(self, nights: Nights) -> None:
        """The look-back shows it for many nights; the one that saw it first keeps it, whatever became of it."""
        for day in range(4):
            nights.keep(NOW + day * DAY, [Machine("a")], operations=[failed_write("a", NOW - DAY)])

        archive = nights.archive()
        manifests, _told = archive.manifests()
        kept = [len(archive.table(each, "operations.parquet", {"id": "text"})) for each in manifests]
        assert kept == [1, 1, 0, 0]
