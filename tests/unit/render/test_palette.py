"""The colours that style sheets write are those of the palette."""

from __future__ import annotations

import re

import pytest

from auditor.model.verdict import Status
from auditor.render import designs
from auditor.render.letter_charts import statuses
from auditor.render.palette import BARS, INKS, TINTS
from auditor.render.styles import TONE_STATUS
from tests.unit.render.test_letter import remembered

PAGE, LETTER = designs.text("page/style.css"), designs.text("letter/style.css")
LIGHT = dict(re.findall(r"--([a-z_-]+): (#[0-9a-f]{6})", PAGE.split("@media", 1)[0]))


@pytest.mark.parametrize("status", Status)
def test_the_page_has_the_colours_of_each_verdict(status: Status) -> None:
    assert (LIGHT[str(status)], LIGHT[f"{status}-tint"]) == (INKS[status], TINTS[status])


@pytest.mark.parametrize("status", Status)
def test_each_colour_of_a_chart_follows_the_scheme(status: Status) -> None:
    [variable] = re.findall(rf'\[fill="{BARS[status]}"\] {{ fill: var\(--([a-z_-]+)\)', PAGE)
    assert LIGHT[variable] == BARS[status]


def test_the_letters_legend_has_the_colours_of_its_charts() -> None:
    letter = remembered().letter
    assert letter
    drawn = {status for chart in letter.charts for status in statuses(chart)}
    assert drawn
    assert (
        dict(re.findall(r"\.s-([a-z_]+) { color: (#[0-9a-f]{6})", LETTER)).items()
        >= {str(status): BARS[status] for status in drawn}.items()
    )


@pytest.mark.parametrize("tone", TONE_STATUS)
def test_the_letters_tones_are_those_of_verdicts(tone: str) -> None:
    [colour] = re.findall(rf"\.{tone} {{ color: (#[0-9a-f]{{6}})", LETTER)
    assert colour == INKS[TONE_STATUS[tone]]
