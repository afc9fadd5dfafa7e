"""A chart is the same whoever draws it: this process, or one of its own that ends with the last chart."""

from __future__ import annotations

import sys

import pytest

from auditor.render import designs, drawing
from auditor.render.drawing import APART_FROM
from auditor.render.page_charts import drawings

ROWS = [{"region": "japaneast", "word": f"latest {place}", "machines": 3 + place, "place": place} for place in (0, 1)]
VALUES = {"$words": ["latest 0", "latest 1"], "$colours": ["#b3261e", "#1a6b3c"], "$days": [], "$axis": "machines"}
CHART = {
    **designs.filled(designs.data("page/charts.yaml")["common"], VALUES),
    **designs.filled(drawings()["versions"], VALUES),
    "data": {"values": ROWS},
}


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is drawn in this process."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    return monkeypatch


def test_another_process_draws_the_same_for_a_large_report(refused: pytest.MonkeyPatch) -> None:
    apart = drawing.svg([CHART, CHART], APART_FROM), drawing.png([CHART], APART_FROM)
    refused.undo()
    assert apart == (drawing.svg([CHART, CHART], 1), drawing.png([CHART], 1))
    assert "japaneast" in apart[0][0] and apart[1][0].startswith(b"\x89PNG")


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_where_no_other_process_can_draw_this_one_does(monkeypatch: pytest.MonkeyPatch, python: str) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert drawing.svg([CHART], APART_FROM) == drawing.svg([CHART], 1)


def test_where_there_is_nothing_to_draw_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_drawn_apart", None)
    assert drawing.svg([], APART_FROM) == []
