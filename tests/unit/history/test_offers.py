"""Since when a region offers a version: `first_seen` and `last_unseen` as :mod:`auditor.model.memory` means them."""

from __future__ import annotations

from auditor.model.reading import Source
from tests.unit.history.parts import DAY, NOW, Nights

OF = ("vm", "japaneast", "microsoft.azure.monitor", "azuremonitorlinuxagent")


def test_a_version_is_first_seen_only_where_an_earlier_night_had_not_seen_it(nights: Nights) -> None:
    nights.keep(NOW, [], versions=["1.0"])
    nights.keep(NOW + DAY, [], versions=["1.0", "1.1"])

    memory = nights.recall(NOW + 2 * DAY)

    assert memory.first_seen == {(*OF, "1.1"): NOW + DAY}
    assert memory.last_unseen == {(*OF, "1.1"): NOW}


def test_a_list_that_was_not_completely_read_proves_nothing(nights: Nights) -> None:
    nights.keep(NOW, [], versions=["1.0"])
    nights.keep(NOW + DAY, [], versions=["1.1"], unread=[Source.EXTENSION_VERSIONS])
    assert nights.recall(NOW + 2 * DAY).first_seen == {}
    nights.keep(NOW + 2 * DAY, [], versions=["1.0", "1.1"])

    memory = nights.recall(NOW + 3 * DAY)

    assert memory.first_seen == {(*OF, "1.1"): NOW + 2 * DAY}
    assert memory.last_unseen == {(*OF, "1.1"): NOW}, "the last night that read the whole list without it"


def test_a_version_that_comes_back_is_not_new(nights: Nights) -> None:
    for day, versions in enumerate((["1.0", "1.1"], ["1.0"], ["1.0", "1.1"])):
        nights.keep(NOW + day * DAY, [], versions=versions)

    assert nights.recall(NOW + 3 * DAY).first_seen == {}


def test_a_region_that_offered_nothing_is_remembered_as_read(nights: Nights) -> None:
    nights.keep(NOW, [], versions=[])
    nights.keep(NOW + DAY, [], versions=["1.0"])

    assert nights.recall(NOW + 2 * DAY).first_seen == {(*OF, "1.0"): NOW + DAY}
