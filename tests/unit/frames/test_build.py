"""Frames are exactly what the data set declares."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from auditor.frames import Context, build, collected, declared, derive
from auditor.frames.build import DTYPES
from auditor.model.dataset import FRAMES, VIEWS, Frame
from auditor.model.memory import EMPTY
from auditor.model.reading import Source
from tests.unit.frames.parts import EXTENSION, MACHINE, NOW, SUBSCRIPTION, Estate, extension, machine, reading

NOTHING = build({}, [])


def types_of(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in frame.dtypes.items()}


def declared_types(frame: Frame) -> dict[str, str]:
    return {stored: DTYPES[column.kind] for column in frame for stored in column.stored()}


@pytest.mark.parametrize("name", FRAMES)
def test_an_empty_frame_keeps_its_columns_and_their_types(name: str) -> None:
    assert len(NOTHING[name]) == 0
    assert types_of(NOTHING[name]) == declared_types(FRAMES[name])


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_what_rules_see_has_the_declared_types(name: str, filled: bool) -> None:
    context = Context((), EMPTY, {}, NOW)
    frames = Estate(heartbeats=()).frames() if filled else derive(NOTHING, context)

    expected = declared_types(VIEWS[name])
    assert {column: kind for column, kind in types_of(frames[name]).items() if column in expected} == expected


def test_a_view_of_extensions_without_a_single_machine_keeps_the_declared_types() -> None:
    """A join that finds nothing must not turn numbers into floats."""
    frames = Estate(machines=()).frames()

    assert len(frames["extensions"]) == 1
    expected = declared_types(VIEWS["extensions"])
    assert {name: kind for name, kind in types_of(frames["extensions"]).items() if name in expected} == expected


def test_a_word_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"availability: \['asleep'\] is not among"):
        build({"machines": [machine(availability="asleep")]}, [])


@pytest.mark.parametrize("name", FRAMES)
def test_every_derived_word_is_declared(name: str) -> None:
    """What derives the columns is not checked while it runs, so it is here."""
    frame = Estate(heartbeats=()).frames()[name]

    strangers = {
        column.name: set(frame[column.name].dropna()) - set(column.words) for column in FRAMES[name] if column.words
    }
    assert {column for column, found in strangers.items() if found} == set()


def test_a_missing_text_is_missing_and_never_the_text_nan() -> None:
    frames = build({"machines": [machine(location=None, os=None, availability=None)]}, [])
    derived = derive(frames, Context((), EMPTY, {}, NOW))

    machines = derived["machines"]
    texts = machines[[name for name, kind in types_of(machines).items() if kind == "str"]]
    assert not texts.isin(["nan", "None", "<NA>", "NaT"]).any().any()
    assert texts[["location", "os", "availability", "subscription_name", "last_ran_source"]].isna().all(axis=None)


def test_a_thing_that_is_listed_twice_is_one_thing() -> None:
    """A machine list whose pages shift while it is read names a machine on two pages."""
    again = machine(id=MACHINE.upper()), extension(id=EXTENSION.upper(), machine_id=MACHINE.upper())
    frames = Estate(machines=(machine(), again[0]), extensions=(extension(), again[1])).frames()

    assert frames["machines"]["id"].tolist() == [MACHINE]
    assert frames["extensions"]["id"].tolist() == [EXTENSION]
    assert frames["machines"]["monitor_agents"].tolist() == [1]


def test_ids_are_joined_in_any_letter_case_and_shown_as_they_were_given() -> None:
    frames = Estate(extensions=(extension(machine_id=MACHINE.upper()),)).frames()

    assert frames["extensions"]["machine_name"].tolist() == ["web-1"]
    assert frames["extensions"]["machine_id"].tolist() == [MACHINE.upper()]
    assert frames["machines"]["subscription_name"].tolist() == ["First"]


def test_a_reading_is_a_row_with_its_scope_in_lower_case() -> None:
    told = reading(Source.INSTANCE_VIEW, MACHINE, complete=False)

    [row] = build({}, [told])["readings"].to_dict("records")

    assert (row["source"], row["scope"], row["complete"]) == ("instance_view", MACHINE.lower(), "no")
    assert (row["status"], row["reason"], row["read_at"]) == (403, "refused", pd.Timestamp(NOW))


def test_the_same_rows_give_the_same_frames_and_leave_those_they_were_made_from_as_they_are() -> None:
    built = build({"machines": [machine()], "extensions": [extension()]}, [reading(Source.INSTANCE_VIEW, MACHINE)])
    before = {name: frame.copy() for name, frame in built.items()}
    context = Context((), EMPTY, {}, NOW)

    first, second = derive(built, context), derive(built, context)

    for name, frame in before.items():
        pd.testing.assert_frame_equal(built[name], frame)
        pd.testing.assert_frame_equal(first[name], second[name])


def test_a_subscription_without_a_name_leaves_its_machines_without_one() -> None:
    rows: dict[str, Any] = {"subscriptions": [{"id": SUBSCRIPTION, "name": None}], "machines": [machine()]}

    derived = derive(build(rows, []), Context((), EMPTY, {}, NOW))

    assert derived["machines"]["subscription_name"].isna().all()


# --- what was stored ---


def test_only_what_was_collected_is_stored_and_comes_back() -> None:
    built = Estate().built()

    stored = collected(built)

    assert "releases_behind" in built["extensions"] and "releases_behind" not in stored["extensions"]
    assert "days_stopped.low" not in stored["machines"]
    again = declared(stored)
    for name, frame in built.items():
        pd.testing.assert_frame_equal(again[name], frame)


def test_what_an_older_version_did_not_store_is_not_known() -> None:
    stored = collected(Estate().built())
    del stored["operations"]
    stored["machines"] = stored["machines"].drop(columns=["identity_kind", "created_at"])

    again = declared(stored)

    assert again["machines"]["identity_kind"].isna().all() and again["machines"]["created_at"].isna().all()
    assert len(again["machines"]) == 1 and again["operations"].empty
    assert list(again["operations"]) == list(Estate().built()["operations"])


def test_what_this_version_does_not_declare_is_passed_over() -> None:
    stored = collected(Estate().built())
    stored["machines"] = stored["machines"].assign(of_tomorrow="x")

    assert "of_tomorrow" not in declared({**stored, "frame_of_tomorrow": pd.DataFrame()})["machines"]


@pytest.mark.parametrize(("column", "value"), [("kind", "toaster"), ("created_at", "yesterday")])
def test_a_stored_value_that_is_none_of_its_column_is_refused(column: str, value: str) -> None:
    stored = collected(Estate().built())
    stored["machines"] = stored["machines"].assign(**{column: value})

    with pytest.raises(ValueError, match=r"toaster|yesterday"):
        declared(stored)
