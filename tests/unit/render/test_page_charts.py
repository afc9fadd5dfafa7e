"""What the page's charts say on their axes: whole numbers of what is counted, and days as the report writes them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model.report import Night
from auditor.model.verdict import Status
from auditor.render.drawing import Artist
from auditor.render.page_charts import pictures
from auditor.render.text import Clock
from tests.unit.render import sample


@pytest.mark.parametrize("most", [1, 2, 3, 59])
def test_a_few_verdicts_are_counted_in_whole_numbers_and_days_are_written_in_japanese(most: int) -> None:
    nights = tuple(
        Night(sample.AS_OF - timedelta(days=ago), str(ago), {Status.FAIL: most - ago}, True) for ago in (1, 0)
    )
    drawn = pictures(replace(sample.report(), nights=nights), Clock(sample.ZONE, "ja"), Artist())().nights
    assert drawn is not None

    texts = re.findall(r">([^<>]+)</text>", drawn.svg)
    numbers = [text for text in texts if text.replace(".", "").isdigit()]
    assert len(numbers) == len(set(numbers)) >= 2 and all(text.isdigit() for text in numbers), numbers
    assert {"2026/03/02", "2026/03/03"} <= set(texts)
    assert "2026/03/03" in drawn.told
