"""A derived column is missing unless complete readings cover it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.dataset import VIEWS, Column
from auditor.model.reading import Reading, Source
from tests.unit.frames.parts import (
    Estate,
    ago,
    extension,
    known,
    machine,
    only,
    operation,
    stay,
    versions,
)

STOPPED = {"availability": "stopped", "power_state": "deallocated"}


def everything(**state: Any) -> Estate:
    """An estate of which every derived column is known."""
    return Estate(
        machines=(machine(**state),),
        extensions=(extension(installed_version="1.35.9"),),
        versions=tuple(versions("1.35.9", "1.36.1", "2.0")),
        operations=(operation(ago(days=5), "failed"), operation(ago(days=2), action="deallocate")),
        heartbeats=(stay("1.35.9", ago(days=20), ago(days=3)),),
    )


def derived(frame: str) -> list[Column]:
    return [column for column in VIEWS[frame] if column.derived]


def unread(estate: Estate, source: Source) -> Estate:
    """What the collector leaves where ``source`` did not answer: rows that were read before, an incomplete reading."""
    if source is Source.INSTANCE_VIEW:
        listed = machine(extensions_read="no", availability=None, power_state=None, agent_state=None, read_at=None)
        estate = replace(estate, machines=(listed,), extensions=())
    return estate.without(source)


RESTING = [(frame, source, column.name) for frame in VIEWS for column in derived(frame) for source in column.rests_on]
"""Frame, source, and column that is declared to rest on it."""


@pytest.mark.parametrize("state", [{}, STOPPED], ids=["running", "stopped"])
@pytest.mark.parametrize("frame", VIEWS)
def test_with_complete_readings_every_derived_column_is_known(frame: str, state: dict[str, Any]) -> None:
    row = only(everything(**state).frames()[frame])

    assert [column.name for column in derived(frame) if not known(row, column)] == []


@pytest.mark.parametrize("state", [{}, STOPPED], ids=["running", "stopped"])
@pytest.mark.parametrize(("frame", "source", "name"), RESTING)
def test_with_an_incomplete_reading_what_rests_on_it_is_missing(
    frame: str, source: Source, name: str, state: dict[str, Any]
) -> None:
    """Unless the row itself says that another source told it: a running machine runs now, whatever the log says."""
    found = unread(everything(**state), source).frames()[frame]
    if found.empty:
        assert (frame, source) == ("extensions", Source.INSTANCE_VIEW), "no row, and so nothing known of it"
        return
    row = only(found)
    column = VIEWS[frame].column(name)
    assert column is not None

    if known(row, column):
        assert column.name == "last_ran_source" or column.told_by
        assert row["last_ran_source"] not in (None, str(source))


@pytest.mark.parametrize("source", Source)
def test_an_incomplete_reading_takes_no_more_than_what_rests_on_it(source: Source) -> None:
    before = only(everything().frames()["machines"])
    after = only(unread(everything(), source).frames()["machines"])

    lost = [column for column in derived("machines") if known(before, column) and not known(after, column)]
    assert all(source in (*column.rests_on, *column.helped_by) for column in lost)


@pytest.mark.parametrize("source", [Source.ACTIVITY_LOG, Source.HEARTBEATS, Source.EXTENSION_VERSIONS])
def test_a_reading_that_is_both_complete_and_not_is_not_complete(source: Source) -> None:
    """The same scope asked twice, refused once."""
    estate = everything()
    [told] = [each for each in estate.readings() if each.source is source]
    refused = Reading(told.source, told.scope.upper(), False, 0, told.read_at, told.window_start, told.window_end, 403)

    row = only(estate.frames(refused)["extensions"])

    alone = [column for column in derived("extensions") if source in column.rests_on and not column.told_by]
    assert [column.name for column in alone if column.name != "last_ran_source" and known(row, column)] == []
