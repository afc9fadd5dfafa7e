"""Any two nights that are kept, compared with each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.errors import ArchiveRefused
from auditor.history import compare, find_night
from auditor.model.verdict import Status
from tests.unit.history.parts import DAY, NOW, Machine, Nights, fails, run_at


@pytest.fixture
def three(nights: Nights) -> Nights:
    nights.keep(NOW, [fails("a"), fails("b"), fails("c"), fails("d")])
    nights.keep(NOW + DAY, [fails("a", "behind"), Machine("b"), Machine("d", Status.UNANSWERED, "not_known")])
    nights.keep(NOW + 2 * DAY, [fails("a"), Machine("b"), fails("e"), Machine("d", Status.UNANSWERED, "not_known")])
    return nights


def test_any_two_nights_are_compared_as_they_were_kept(three: Nights) -> None:
    archive = three.archive()
    manifests, _told = archive.manifests()

    found = compare(archive, manifests, manifests[0], manifests[2])

    told = {each.failure.machine_name: each.change for each in found.changes}
    assert told == {"a": "still", "b": "fixed", "c": "gone", "e": "new"}
    assert [each.machine_name for each in found.unanswered] == ["d"]


def test_a_failure_whose_end_is_in_no_night_any_more_is_not_called_fixed(three: Nights) -> None:
    archive = three.archive()
    manifests = [each for each in archive.manifests()[0] if each.as_of != NOW + DAY]

    found = compare(archive, manifests, *manifests)

    told = {each.failure.machine_name: each.change for each in found.changes}
    assert told == {"a": "still", "b": "no_longer_visible", "c": "no_longer_visible", "e": "new"}


@pytest.mark.parametrize("named", ["2026-11-23", "20261123T030000Z", run_at(NOW + DAY)])
def test_a_night_is_named_by_its_day_or_its_run(three: Nights, named: str) -> None:
    assert find_night(three.archive().manifests()[0], named, "UTC").as_of == NOW + DAY


@pytest.mark.parametrize(("named", "why"), [("2026-01-01", "no night is called so"), ("202611", "3 nights begin so")])
def test_no_night_and_several_are_refused(three: Nights, named: str, why: str) -> None:
    with pytest.raises(ArchiveRefused, match=why):
        find_night(three.archive().manifests()[0], named, "UTC")


def test_nights_the_wrong_way_round_and_empty_ones_are_refused(three: Nights) -> None:
    archive = three.archive()
    manifests, _told = archive.manifests()

    with pytest.raises(ArchiveRefused, match="is not before"):
        compare(archive, manifests, manifests[1], manifests[0])
    with pytest.raises(ArchiveRefused, match="nothing could be collected"):
        compare(archive, manifests, replace(manifests[0], collected=False), manifests[1])
