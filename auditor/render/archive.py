"""index.html of the archive: all nights that are kept, with their trend and the way to their reports. No scripts."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.catalogue import Catalogue
from auditor.model.files import KEPT
from auditor.model.report import CHANGES, Night, Report
from auditor.model.verdict import Status
from auditor.render.inlined import style
from auditor.render.page import template

TREND_NIGHTS = 400
"""Bars of the trend; a bar is a night."""
FEWEST_BARS = 30
"""For so many there is room even where fewer nights are kept: a bar stays a bar."""


def archive_page(report: Report, nights: Sequence[Night]) -> bytes:
    """The list of ``nights`` (oldest first), in the words, the language and the time zone of tonight's report."""
    text = template(report, "archive/index.html.j2").render(
        report=report,
        words=report.words,
        archive=Catalogue(report.language).sections["archive"],
        nights=tuple(reversed(nights)),
        trend=[night.counts.get(Status.FAIL, 0) for night in nights[-TREND_NIGHTS:]],
        fewest=FEWEST_BARS,
        style=style("archive/style.css"),
        statuses=tuple(Status),
        changes=CHANGES,
        links=dict(zip(KEPT, ("page", "workbook", "run_file"), strict=True)),
    )
    return text.encode("utf-8", "replace")
