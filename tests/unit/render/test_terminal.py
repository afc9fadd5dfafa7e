"""Paragraphs in the columns of a terminal, in languages with blanks between words and without."""

from __future__ import annotations

import os
import shutil
import textwrap
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.render.terminal import columns_of, fitting, paragraph

JAPANESE = "サブスクリプション全体で、ID に Microsoft.Compute/virtualMachines/read の権限がありません（HTTP 403）。"


def test_japanese_fits_between_any_two_characters_and_words_stay_whole() -> None:
    lines = paragraph(JAPANESE, 60, "理由  ")
    assert "".join(line.strip() for line in lines).replace(" ", "") == f"理由{JAPANESE}".replace(" ", "")
    assert all(columns_of(line) <= 60 for line in lines)
    assert all(line.startswith("      ") for line in lines[1:])
    assert any("Microsoft.Compute/virtualMachines/read" in line for line in lines)


@given(st.text("あいアイ漢字（「、。）」ー abc", max_size=80), st.integers(21, 40))
def test_no_line_begins_with_a_mark_that_closes(text: str, width: int) -> None:
    told = " ".join(part.lstrip("、。）」ー") for part in text.split())
    assert not [line for line in paragraph(told, width) if line[0] in "、。）」ー"]


@given(st.text("abc-/. ", max_size=200), st.integers(10, 60), st.sampled_from(["", "- ", "  12. "]))
def test_words_with_blanks_between_are_wrapped_as_the_standard_library_does(text: str, width: int, first: str) -> None:
    assert paragraph(text, width, first) == textwrap.wrap(
        " ".join(text.split()),
        max(width, len(first) + 20),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


class Window(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_narrow_window_goes_without_the_least_and_a_pipe_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["night", "run", "判定"], ["2026-11-22", "x" * 60, "5"]]
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((70, 24)))

    assert fitting(rows, (1, 2), Window()) == [0, 2]
    assert fitting(rows, (2, 1), Window()) == [0], "it goes on until the line fits"
    assert fitting(rows, (1, 2), StringIO()) == [0, 1, 2]
