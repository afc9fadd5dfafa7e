"""Which readings lie over a row: the same column by column as ``auditor.model.scopes.scopes_of`` says row by row."""

from __future__ import annotations

import pytest

from auditor.compose.answers import TELLERS, Answers
from auditor.compose.rows import View
from auditor.model.dataset import FRAMES, VIEWS
from auditor.model.reading import Source
from auditor.model.scopes import LIES_OVER, scopes_of
from tests.unit.compose import parts


def readings() -> list[object]:
    """One of every source for whatever can be a scope of the small estate."""
    rows = [*parts.shop().machines, *parts.plant().machines, *parts.shop().extensions, *parts.shop().scale_sets]
    scopes = {(source, scope) for row in rows for source in LIES_OVER for scope in scopes_of(source, row)}
    return [parts.reading(source, scope) for source, scope in sorted(scopes)]


@pytest.mark.parametrize("view", ["machines", "extensions"])
@pytest.mark.parametrize("source", list(LIES_OVER))
def test_columns_and_rows_agree_on_what_lies_over_them(view: str, source: Source) -> None:
    shard = parts.shop()
    shard.readings = readings()  # type: ignore[assignment]
    frames = shard.frames([])
    answers, rows = Answers.of(frames["readings"]), getattr(shard, view)
    told = answers.over(source, View(frames[view], view).rows())
    for row, answer in zip(rows, told, strict=True):
        expected = next(iter(scopes_of(source, row)), None)
        found = answer and next(scope for (_source, scope), each in answers.readings.items() if each is answer)
        assert found == expected, (source, row["id"])


def test_every_word_by_which_a_row_tells_its_source_is_known() -> None:
    told_by = {column.told_by for view in VIEWS.values() for column in view if column.told_by}
    words = {word for view in VIEWS.values() for column in view if column.name in told_by for word in column.words}
    assert words <= set(TELLERS)
    assert set(TELLERS) - words == set(), "no word for nothing"
    assert FRAMES["readings"].column("by")
