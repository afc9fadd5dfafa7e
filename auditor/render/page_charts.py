"""The charts of the page: SVG drawn without a browser or a network, from numbers that the report has settled.

What they look like is data (``reports/page/charts.yaml``, Vega-Lite), so that no library for writing such charts in
Python is needed; ``drawing.py`` has them drawn. SVG of vl-convert's making has attributes only, no style: the page's
policy lets in one style sheet, which colours the charts for either colour scheme.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from markupsafe import Markup

from auditor.model.report import Report
from auditor.model.table import Table
from auditor.model.verdict import Status
from auditor.render import designs
from auditor.render.drawing import Artist
from auditor.render.palette import BARS
from auditor.render.text import Clock, printable

_DESIGN = "page/charts.yaml"
TREND = (Status.FAIL, Status.UNANSWERED, Status.PENDING)
"""The verdicts whose numbers a trend shows: what passes would dwarf them."""
BEHIND = (("latest", Status.PASS, 0), ("behind_2", Status.PENDING, 2), ("behind_5", Status.UNANSWERED, 5))
"""How far behind the latest of its region a version is: word, colour, and up to how many releases."""
REGIONS = 25
"""Regions that a chart shows: those with the most machines; the table below has them all."""
LOG_KEPT = timedelta(days=90)
"""For how long Azure keeps the activity log."""
NIGHTS = 60
"""Nights that a trend shows, the last ones."""

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, and what it says in words."""

    svg: Markup
    told: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """The charts of one report; None where there is nothing to draw."""

    rules: Picture | None
    versions: Picture | None
    operations: Picture | None
    nights: Picture | None


def pictures(report: Report, clock: Clock, artist: Artist) -> Callable[[], Pictures]:
    """Ask ``artist`` for the charts of ``report``; what is given waits for them."""
    sketcher = _Sketcher(report, clock)
    told = (sketcher.rules(), sketcher.versions(), sketcher.operations(), sketcher.nights())
    drawn = artist.asked("svg", [sketch.drawing for sketch in told if sketch])

    def hung() -> Pictures:
        svgs = iter(drawn())
        markup = (Picture(Markup(next(svgs).decode()), sketch.told) if sketch else None for sketch in told)  # noqa: S704 - texts come escaped
        return Pictures(*markup)

    return hung


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A chart in Vega-Lite, and what it says in words."""

    drawing: Row
    told: str


@dataclass(frozen=True)
class _Sketcher:
    """Designs with the report's numbers in them; None where there is nothing to draw."""

    report: Report
    clock: Clock

    def rules(self) -> _Sketch | None:
        words = self.report.status_words
        rows = [
            {"rule": rule.id, "word": words[status], "share": count, "place": place}
            for rule in self.report.rules
            for place, status in enumerate(Status)
            if (count := rule.counts.get(status, 0))
        ]
        told = (f"{row['rule']}: {row['word']} {row['share']}" for row in rows)
        return self._sketch("rules", rows, [(words[status], BARS[status]) for status in Status], told)

    def versions(self) -> _Sketch | None:
        counted: Counter[tuple[str, str]] = Counter()
        for row in _records(self.report.tables["by_version"]):
            counted[str(row["region"]), self._distance(row["behind"])] += _whole(row["machines"])
        legend = [*((self._word(key), BARS[status]) for key, status, _most in BEHIND), *self._further()]
        places = [word for word, _colour in legend]
        regions = Counter[str]()
        for (region, _word), number in counted.items():
            regions[region] += number
        rows = [
            {"region": region, "word": word, "machines": number, "place": place}
            for region, _number in regions.most_common(REGIONS)
            for place, word in enumerate(places)
            if (number := counted[region, word])
        ]
        told = (f"{row['region']}: {row['word']} {row['machines']}" for row in rows)
        return self._sketch("versions", rows, legend, told)

    def _distance(self, behind: object) -> str:
        if not isinstance(behind, int):
            return self._word("behind_unknown")
        return next((self._word(key) for key, _status, most in BEHIND if behind <= most), self._word("behind_more"))

    def _further(self) -> Iterator[tuple[str, str]]:
        yield self._word("behind_more"), BARS[Status.FAIL]
        yield self._word("behind_unknown"), BARS[Status.NOT_APPLICABLE]

    def operations(self) -> _Sketch | None:
        """By day of the report's zone and by outcome; a day without any has its place too."""
        counted: Counter[tuple[date, str]] = Counter()
        for row in _records(self.report.tables["operations"]):
            if isinstance(row["ended"], datetime):
                counted[self.clock.local(row["ended"]).date(), str(row["outcome"])] += 1
        outcomes = sorted({outcome for _day, outcome in counted})
        colours = (BARS[Status.FAIL], BARS[Status.UNANSWERED], BARS[Status.PENDING])
        rows: list[Row] = [
            {"day": self.clock.day(day), "word": word, "number": number}
            for (day, word), number in sorted(counted.items())
        ]
        days = [self.clock.day(day) for day in _span({day for day, _outcome in counted})]
        told = (f"{row['day']}: {row['word']} {row['number']}" for row in rows)
        return self._sketch("operations", rows, list(zip(outcomes, colours, strict=False)), told, days)

    def nights(self) -> _Sketch | None:
        """The trend, from the second night on."""
        if len(self.report.nights) < 2:
            return None
        words = self.report.status_words
        rows = [
            {
                "night": self.clock.day(self.clock.local(night.as_of)),
                "word": words[status],
                "number": None if night.unread else night.counts.get(status, 0),
            }
            for night in self.report.nights[-NIGHTS:]
            for status in TREND
        ]
        told = (f"{row['night']}: {row['word']} {'-' if row['number'] is None else row['number']}" for row in rows)
        return self._sketch("nights", rows, [(words[status], BARS[status]) for status in TREND], told)

    def _word(self, key: str) -> str:
        return self.report.words[f"chart_{key}"]

    def _sketch(
        self,
        name: str,
        rows: Sequence[Row],
        legend: Sequence[tuple[str, str]],
        told: Iterable[str],
        days: Sequence[str] = (),
    ) -> _Sketch | None:
        if not rows:
            return None
        words, colours = [word for word, _colour in legend], [colour for _word, colour in legend]
        axis = self.report.words.get(f"chart_axis_{name}", "")
        values = {"$words": words, "$colours": colours, "$days": list(days), "$axis": axis}
        design = {
            **designs.filled(designs.data(_DESIGN)["common"], values),
            **designs.filled(drawings()[name], values),
        }
        shown = [
            {key: printable(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows
        ]
        sentence = f"{self._word(name)} {'; '.join(islice(told, 40))}"
        return _Sketch({**design, "data": {"values": shown}}, sentence)


def _records(table: Table) -> Iterator[Row]:
    """The rows of a table by the keys of its columns."""
    keys = [column.key for column in table.columns]
    return (dict(zip(keys, row, strict=True)) for row in table.rows())


def _span(told: Collection[date]) -> Sequence[date]:
    """Every day from the first to the last; where that is longer than Azure keeps a log, only those that are told."""
    days = sorted(told)
    if not days or days[-1] - days[0] > LOG_KEPT:
        return days
    return [days[0] + timedelta(days=at) for at in range((days[-1] - days[0]).days + 1)]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def drawings() -> Mapping[str, Any]:
    """The designs of the charts by name."""
    return {name: design for name, design in designs.data(_DESIGN).items() if name != "common"}
