"""The declared frames."""

from __future__ import annotations

import pytest

from auditor.model.dataset import FRAMES, JUDGED, VIEWS, Column, Frame, Kind, machine_column_in_extensions, rule_column


@pytest.mark.parametrize("frame", [*FRAMES.values(), *VIEWS.values()], ids=lambda frame: frame.name)
class TestEveryFrame:
    def test_declares_each_column_once(self, frame: Frame) -> None:
        stored = [name for column in frame for name in column.stored()]
        assert len(stored) == len(set(stored))

    def test_declares_its_key(self, frame: Frame) -> None:
        assert all(frame.column(name) for name in frame.key)

    def test_has_words_for_words_and_for_nothing_else(self, frame: Frame) -> None:
        assert [column.name for column in frame if bool(column.words) != (column.kind is Kind.WORD)] == []

    def test_has_no_word_for_not_known(self, frame: Frame) -> None:
        """A missing value means "not known"; only the initiator keeps the word."""
        assert [column.name for column in frame if "unknown" in column.words] in ([], ["initiator"])

    def test_says_what_each_column_means(self, frame: Frame) -> None:
        assert all(column.meaning for column in frame)


def test_what_is_derived_rests_on_a_source() -> None:
    assert [
        column.name for frame in FRAMES.values() for column in frame if column.derived and not column.rests_on
    ] == []


def test_a_rule_over_extensions_sees_its_machines_columns() -> None:
    frame = VIEWS["extensions"]
    assert frame.column("days_stopped") == FRAMES["machines"].column("days_stopped")
    assert machine_column_in_extensions("name") == "machine_name"
    assert frame.column("machine_name") is not None
    assert frame.column("name") == FRAMES["extensions"].column("name")


@pytest.mark.parametrize("frame", JUDGED)
def test_a_tag_is_a_text_column_of_its_own(frame: str) -> None:
    column = rule_column(frame, "tags.env")
    assert isinstance(column, Column)
    assert (column.name, column.kind) == ("tags.env", Kind.TEXT)
    assert rule_column(frame, "tags.") is None
    assert rule_column(frame, "nothing") is None


def test_bounds_are_stored_as_two_columns() -> None:
    column = rule_column("machines", "days_stopped")
    assert column is not None
    assert column.stored() == ("days_stopped.low", "days_stopped.high")
