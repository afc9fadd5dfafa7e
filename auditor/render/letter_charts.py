"""The letter's charts as PNG, drawn without a browser and without a network. Mail programs show no SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from auditor.model.letter import Chart
from auditor.model.verdict import Status
from auditor.render import designs
from auditor.render.drawing import Artist, Drawing
from auditor.render.palette import BARS

_DESIGN = "letter/charts.yaml"


def pngs(charts: Sequence[Chart], artist: Artist) -> Callable[[], list[bytes]]:
    """Ask ``artist`` for the charts, on white; what is given waits for them."""
    return artist.asked("png", [_drawing(chart) for chart in charts])


def _drawing(chart: Chart) -> Drawing:
    drawn = statuses(chart)
    values = {"$words": list(map(str, drawn)), "$colours": [BARS[status] for status in drawn]}
    design = designs.filled(designs.data(_DESIGN)["upright" if chart.upright else "lying"], values)
    return {**designs.data(_DESIGN)["common"], **design, "data": {"values": list(_rows(chart))}}


def statuses(chart: Chart) -> list[Status]:
    """Those that have a part in a bar, for the legend."""
    seen = {status for bar in chart.bars for status, count in bar.counts if count}
    return [status for status in BARS if status in seen]


def _rows(chart: Chart) -> Iterator[dict[str, object]]:
    """A night of each label: two nights of one day are two bars only where their labels differ."""
    for bar in chart.bars:
        for order, (status, count) in enumerate(bar.counts):
            yield {"at": bar.label, "status": str(status), "count": count, "order": order}
