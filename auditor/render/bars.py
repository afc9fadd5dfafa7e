"""The letter's charts as PNG, drawn without a browser and without a network. Mail programs show no SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import vl_convert
import yaml

from auditor.model.letter import Chart
from auditor.model.verdict import Status
from auditor.render.pictures import filled
from auditor.resources import reports_folder

COLOURS = {
    Status.FAIL: "#b3261e",
    Status.UNANSWERED: "#c77700",
    Status.PENDING: "#1d5b9e",
    Status.EXEMPT: "#6a3fa0",
    Status.NOT_APPLICABLE: "#8b95a3",
    Status.PASS: "#2f8a57",
}
_SCALE = 2
"""Screens of telephones have twice as many points as a letter's width says."""


def png(chart: Chart) -> bytes:
    """The chart on white."""
    drawn = statuses(chart)
    values = {"$words": list(map(str, drawn)), "$colours": [COLOURS[status] for status in drawn]}
    design = filled(_designs()["upright" if chart.upright else "lying"], values)
    drawing = {**_designs()["common"], **design, "data": {"values": list(_rows(chart))}}
    return bytes(vl_convert.vegalite_to_png(drawing, scale=_SCALE, allowed_base_urls=[]))


@cache
def _designs() -> Mapping[str, Any]:
    text = (reports_folder() / "letter" / "charts.yaml").read_bytes()
    loaded: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def statuses(chart: Chart) -> list[Status]:
    """Those that have a part in a bar, for the legend."""
    seen = {status for bar in chart.bars for status, count in bar.counts if count}
    return [status for status in COLOURS if status in seen]


def _rows(chart: Chart) -> Iterator[dict[str, object]]:
    """A night of each label: two nights of one day are two bars only where their labels differ."""
    for bar in chart.bars:
        for order, (status, count) in enumerate(bar.counts):
            yield {"at": bar.label, "status": str(status), "count": count, "order": order}
