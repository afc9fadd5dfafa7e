"""A chart is the same whoever draws it: this process, or one of its own that draws while this one goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auditor.render import designs, drawing
from auditor.render.drawing import APART_FROM, Artist
from auditor.render.page_charts import drawings

ROWS = [{"region": "japaneast", "word": f"latest {place}", "machines": 3 + place, "place": place} for place in (0, 1)]
VALUES = {"$words": ["latest 0", "latest 1"], "$colours": ["#b3261e", "#1a6b3c"], "$days": [], "$axis": "machines"}
CHART = {
    **designs.filled(designs.data("page/charts.yaml")["common"], VALUES),
    **designs.filled(drawings()["versions"], VALUES),
    "data": {"values": ROWS},
}


ASKED = (("svg", [CHART, CHART]), ("png", [CHART]))


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is drawn in this process."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    return monkeypatch


def drawn(verdicts: int, *asked: tuple[str, list[drawing.Drawing]]) -> list[list[bytes]]:
    """What an artist gives who was begun once all of it was asked for."""
    with Artist(verdicts) as artist:
        wanted = [artist.asked(form, charts) for form, charts in asked]
        artist.begin()
        return [each() for each in wanted]


def test_one_process_draws_the_same_for_page_and_letter_of_a_large_report(refused: pytest.MonkeyPatch) -> None:
    apart = drawn(APART_FROM, *ASKED)
    refused.undo()
    assert apart == drawn(1, *ASKED)
    assert b"japaneast" in apart[0][0] and apart[1][0].startswith(b"\x89PNG")


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_where_no_other_process_can_draw_this_one_does(monkeypatch: pytest.MonkeyPatch, python: str) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert drawn(APART_FROM, *ASKED) == drawn(1, *ASKED)


def test_modules_in_the_folder_where_it_was_started_are_none_of_its_own(
    refused: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "orjson.py").write_text("raise SystemExit('not this one')")
    refused.chdir(tmp_path)
    assert drawn(APART_FROM, ("svg", [CHART]))[0][0].startswith(b"<svg")


def test_where_there_is_nothing_to_draw_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_drawn_apart", None)
    assert drawn(APART_FROM, ("svg", []), ("png", [])) == [[], []]


def test_a_night_that_ends_with_an_error_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *told: object, **more: object) -> None:
            super().__init__(*told, **more)  # type: ignore[call-overload]  # whatever it is told, it is passed on
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    with pytest.raises(OSError, match="full"), Artist(APART_FROM) as artist:
        artist.asked("svg", [CHART])
        artist.begin()
        raise OSError("full")
    assert [each.returncode for each in started] == [0]
