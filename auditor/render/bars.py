"""The letter's charts as PNG, drawn without a browser and without a network. Mail programs show no SVG."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt
import vl_convert

from auditor.model.letter import Chart
from auditor.model.verdict import Status

COLOURS = {
    Status.FAIL: "#b3261e",
    Status.UNANSWERED: "#c77700",
    Status.PENDING: "#1d5b9e",
    Status.EXEMPT: "#6a3fa0",
    Status.NOT_APPLICABLE: "#8b95a3",
    Status.PASS: "#2f8a57",
}
_WIDTH, _HEIGHT, _BAR = 480, 120, 20
_SCALE = 2
"""Screens of telephones have twice as many points as a letter's width says."""


def png(chart: Chart) -> bytes:
    """The chart on white. Nothing is written in it but the bars' labels and numbers: no font lacks those."""
    length = alt.Y if chart.upright else alt.X
    place = alt.X if chart.upright else alt.Y
    axis = alt.Axis(labelAngle=0, labelOverlap=True, title=None, ticks=False, labelPadding=6)
    grid = alt.Axis(title=None, tickCount=4, format="~s", gridColor="#eef1f5", domain=False, ticks=False)
    drawn = [status for status in COLOURS if any(status == each for bar in chart.bars for each, _count in bar.counts)]
    colours = alt.Scale(domain=list(map(str, drawn)), range=[COLOURS[status] for status in drawn])
    across = {"width": _WIDTH, "height": _HEIGHT} if chart.upright else {"width": _WIDTH, "height": alt.Step(_BAR)}
    made = (
        alt.Chart(alt.InlineData(values=list(_rows(chart))), background="#ffffff", **across)
        .mark_bar()
        .encode(
            place("at:O", axis=axis, sort=None, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.15)),
            length("count:Q", axis=grid, stack=True),
            alt.Color("status:N", scale=colours, legend=None),
            alt.Order("order:Q"),
        )
        .configure_view(stroke=None)
        .configure_axis(labelFont="sans-serif", labelFontSize=12, labelColor="#566273", domainColor="#dfe3e9")
    )
    return bytes(vl_convert.vegalite_to_png(made.to_dict(), scale=_SCALE))


def statuses(chart: Chart) -> list[Status]:
    """Those that have a part in a bar, for the legend."""
    seen = {status for bar in chart.bars for status, count in bar.counts if count}
    return [status for status in COLOURS if status in seen]


def _rows(chart: Chart) -> Iterator[dict[str, object]]:
    """A night of each label: two nights of one day are two bars only where their labels differ."""
    for bar in chart.bars:
        for order, (status, count) in enumerate(bar.counts):
            yield {"at": bar.label, "status": str(status), "count": count, "order": order}
