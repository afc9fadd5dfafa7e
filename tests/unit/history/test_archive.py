"""Nights one after another: what the next one remembers, what it does not trust, and what it lets go."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import ArchiveRefused, ExtraMissing
from auditor.history import Archive, compare, configured, find_night
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


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path / "archive")


def place(nights: Nights, as_of: datetime) -> Path:
    return nights.folder / "nights" / run_at(as_of)


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
        spoil(place(nights, NOW + DAY) / "departed.parquet")

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
    (place(nights, NOW + DAY) / "night.json").unlink()

    memory = nights.recall(NOW + 2 * DAY)

    assert memory.since == NOW
    (told,) = memory.passed_over
    assert run_at(NOW + DAY) in told and "was not finished" in told


@pytest.mark.parametrize("name", ["failures.parquet", "operations.parquet", "versions.parquet"])
def test_a_damaged_night_is_told_and_passed_over(nights: Nights, name: str) -> None:
    nights.keep(NOW, [fails("a")])
    nights.keep(NOW + DAY, [Machine("a")])
    spoil(place(nights, NOW + DAY) / name)

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
    path = place(nights, NOW) / "night.json"
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


class TestRetention:
    def test_older_nights_go_and_their_failures_stay(self, tmp_path: Path) -> None:
        nights = Nights(tmp_path / "archive", retention=2 * DAY)
        for day in range(5):
            nights.keep(NOW + day * DAY, [fails("a")], versions=["1.0", "1.1"][: day or 1])

        memory = nights.recall(NOW + 5 * DAY)

        assert [each.as_of for each in memory.nights] == [NOW + day * DAY for day in (2, 3, 4)]
        assert memory.failures[0].first_seen == NOW
        assert list(memory.first_seen.values()) == [NOW + 2 * DAY], "a version that only a lost night saw arrive"

    def test_the_night_that_is_compared_with_is_never_let_go(self, tmp_path: Path) -> None:
        """After a long pause, tonight may be made again, or be able to read nothing."""
        nights = Nights(tmp_path / "archive", retention=DAY)
        nights.keep(NOW, [fails("a")])
        nights.keep(NOW + 500 * DAY, [], collected=False)

        past = nights.keep(NOW + 501 * DAY, [fails("a")])

        assert (became(past), past.since) == ({"a": "still"}, NOW)

    def test_one_night_with_a_wrong_clock_takes_no_other_away(self, nights: Nights) -> None:
        for day in range(3):
            nights.keep(NOW + day * DAY, [fails("a")])
        nights.keep(NOW + 4000 * DAY, [fails("a")])
        past = nights.keep(NOW + 3 * DAY, [fails("a")])

        assert (past.since, [each.nights for each in past.open]) == (NOW + 2 * DAY, [4])
        assert len(nights.recall(NOW + 4 * DAY).nights) == 4

    def test_nor_do_several_until_they_are_as_old_as_nights_may_become(self, tmp_path: Path) -> None:
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

    def test_what_a_killed_run_left_goes_with_its_time(self, tmp_path: Path) -> None:
        """Killed while it kept the night, or while it let it go: it is not told for ever."""
        nights = Nights(tmp_path / "archive", retention=2 * DAY)
        nights.keep(NOW, [fails("a")])
        (place(nights, NOW) / "night.json").unlink()
        (place(nights, NOW) / ".verdicts.parquet.0a1b2c3d.partial").write_text("half")
        nights.keep(NOW + DAY, [fails("a")])
        assert len(nights.recall(NOW + 2 * DAY).passed_over) == 1, "it is told while it would be kept"
        nights.keep(NOW + 3 * DAY, [fails("a")])

        assert nights.recall(NOW + 4 * DAY).passed_over == ()
        assert not place(nights, NOW).exists()

    def test_only_what_a_night_is_made_of_is_ever_taken_away(self, tmp_path: Path) -> None:
        nights = Nights(tmp_path / "archive", retention=DAY)
        nights.keep(NOW, [fails("a")])
        notes, outside = place(nights, NOW) / "notes.txt", nights.folder / "verdicts.parquet"
        for path in (notes, outside):
            path.write_text("mine")
        nights.keep(NOW + 5 * DAY, [fails("a")])
        nights.keep(NOW + 9 * DAY, [fails("a")])

        assert notes.read_text() == outside.read_text() == "mine"
        assert [path.name for path in place(nights, NOW).iterdir()] == ["notes.txt"]
        assert not place(nights, NOW + DAY).exists()


def test_the_report_is_kept_beside_the_night_and_the_index_lists_all(nights: Nights, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("the page")
    nights.keep(NOW, [fails("a")], reports={"report.html": page})
    nights.keep(NOW + DAY, [fails("a")])

    assert (place(nights, NOW) / "report.html").read_text() == "the page"
    assert (nights.folder / "index.html").read_text() == f"{run_at(NOW)},{run_at(NOW + DAY)}"
    assert nights.recall(NOW + 2 * DAY).nights[0].files == ("report.html",)


class TestOffers:
    """`first_seen` and `last_unseen` as :mod:`auditor.model.memory` means them."""

    OF = ("vm", "japaneast", "microsoft.azure.monitor", "azuremonitorlinuxagent")

    def test_a_version_is_first_seen_only_where_an_earlier_night_had_not_seen_it(self, nights: Nights) -> None:
        nights.keep(NOW, [], versions=["1.0"])
        nights.keep(NOW + DAY, [], versions=["1.0", "1.1"])

        memory = nights.recall(NOW + 2 * DAY)

        assert memory.first_seen == {(*self.OF, "1.1"): NOW + DAY}
        assert memory.last_unseen == {(*self.OF, "1.1"): NOW}

    def test_a_list_that_was_not_completely_read_proves_nothing(self, nights: Nights) -> None:
        nights.keep(NOW, [], versions=["1.0"])
        nights.keep(NOW + DAY, [], versions=["1.1"], unread=[Source.EXTENSION_VERSIONS])
        assert nights.recall(NOW + 2 * DAY).first_seen == {}
        nights.keep(NOW + 2 * DAY, [], versions=["1.0", "1.1"])

        memory = nights.recall(NOW + 3 * DAY)

        assert memory.first_seen == {(*self.OF, "1.1"): NOW + 2 * DAY}
        assert memory.last_unseen == {(*self.OF, "1.1"): NOW}, "the last night that read the whole list without it"

    def test_a_version_that_comes_back_is_not_new(self, nights: Nights) -> None:
        for day, versions in enumerate((["1.0", "1.1"], ["1.0"], ["1.0", "1.1"])):
            nights.keep(NOW + day * DAY, [], versions=versions)

        assert nights.recall(NOW + 3 * DAY).first_seen == {}

    def test_a_region_that_offered_nothing_is_remembered_as_read(self, nights: Nights) -> None:
        nights.keep(NOW, [], versions=[])
        nights.keep(NOW + DAY, [], versions=["1.0"])

        assert nights.recall(NOW + 2 * DAY).first_seen == {(*self.OF, "1.0"): NOW + DAY}


class TestComparing:
    @pytest.fixture
    def three(self, nights: Nights) -> Nights:
        nights.keep(NOW, [fails("a"), fails("b"), fails("c"), fails("d")])
        nights.keep(NOW + DAY, [fails("a", "behind"), Machine("b"), Machine("d", Status.UNANSWERED, "not_known")])
        nights.keep(NOW + 2 * DAY, [fails("a"), Machine("b"), fails("e"), Machine("d", Status.UNANSWERED, "not_known")])
        return nights

    def test_any_two_nights_are_compared_as_they_were_kept(self, three: Nights) -> None:
        archive = three.archive()
        manifests, _told = archive.manifests()

        found = compare(archive, manifests, manifests[0], manifests[2])

        told = {each.failure.machine_name: each.change for each in found.changes}
        assert told == {"a": "still", "b": "fixed", "c": "gone", "e": "new"}
        assert [each.machine_name for each in found.unanswered] == ["d"]

    def test_a_failure_whose_end_is_in_no_night_any_more_is_not_called_fixed(self, three: Nights) -> None:
        archive = three.archive()
        manifests = [each for each in archive.manifests()[0] if each.as_of != NOW + DAY]

        found = compare(archive, manifests, *manifests)

        told = {each.failure.machine_name: each.change for each in found.changes}
        assert told == {"a": "still", "b": "no_longer_visible", "c": "no_longer_visible", "e": "new"}

    @pytest.mark.parametrize("named", ["2026-11-23", "20261123T030000Z", run_at(NOW + DAY)])
    def test_a_night_is_named_by_its_day_or_its_run(self, three: Nights, named: str) -> None:
        assert find_night(three.archive().manifests()[0], named, "UTC").as_of == NOW + DAY

    @pytest.mark.parametrize(
        ("named", "why"), [("2026-01-01", "no night is called so"), ("202611", "3 nights begin so")]
    )
    def test_no_night_and_several_are_refused(self, three: Nights, named: str, why: str) -> None:
        with pytest.raises(ArchiveRefused, match=why):
            find_night(three.archive().manifests()[0], named, "UTC")

    def test_nights_the_wrong_way_round_and_empty_ones_are_refused(self, three: Nights) -> None:
        archive = three.archive()
        manifests, _told = archive.manifests()

        with pytest.raises(ArchiveRefused, match="is not before"):
            compare(archive, manifests, manifests[1], manifests[0])
        with pytest.raises(ArchiveRefused, match="nothing could be collected"):
            compare(archive, manifests, replace(manifests[0], collected=False), manifests[1])


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
