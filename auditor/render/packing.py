"""Findings on their way into the page: packed as they come, so that 100,000 of them fit into it and into memory.

A parcel holds some hundred findings twice: what the table shows of each, which the page unpacks at once, and what opens
below it, which it unpacks when a finding of the parcel is opened. Either is JSON with every text once, compressed
(zlib) and in base64; ``reports/page/script.js`` reads it. Above the budget the last parcels give way: those without
news first.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from auditor.model.report import Evidence, Finding
from auditor.render.text import printable

PARCEL = 1_000
"""Findings of one parcel: opening one unpacks the details of so many, which takes some hundredths of a second."""

ROW_KEYS = (
    "status",
    "severity",
    "rule_id",
    "machine_name",
    "machine_kind",
    "subscription_name",
    "location",
    "reason",
    "installed_version",
    "latest_version",
    "change",
    "extension_name",
    "resource_group",
    "owner",
    "resource_id",
)
"""What the table knows of a finding, in this order; the first cell of a row is the finding's place in the night."""

_STANDING_FOR = ("resource_id", "machine_id", "resource_group", "subscription_id", "machine_name", "extension_name")
"""Texts that commands and links repeat. In a parcel a control character stands for each, which no text holds there."""
_LEAST = 4
"""Shorter names stand in texts by chance."""
_VALUE = Evidence._fields.index("value")
_NEWS = frozenset({"new", "changed", "fixed"})


@dataclass(frozen=True, slots=True)
class Parcel:
    """Compressed rows and details of ``count`` findings; ``news``: they are new or changed since the last night."""

    news: bool
    count: int
    rows: str
    details: str

    def __len__(self) -> int:
        return len(self.rows) + len(self.details)


class _Texts:
    """Every text once; the first is the empty one, which stands for what is not known."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {"": 0}
        self._raw: dict[str, int] = {}

    def place(self, text: str | None) -> int:
        """Of ``text``, made fit for people."""
        if not text:
            return 0
        found = self._raw.get(text)
        if found is None:
            found = self._raw[text] = self.marked(printable(text))
        return found

    def marked(self, text: str) -> int:
        """Of a text that was made fit already, and in which marks stand."""
        return self._places.setdefault(text, len(self._places))

    def as_list(self) -> list[str]:
        return list(self._places)


@dataclass
class _Open:
    """A parcel that is being filled."""

    telling: Telling
    news: bool
    row_texts: _Texts = field(default_factory=_Texts)
    texts: _Texts = field(default_factory=_Texts)
    rows: list[list[int]] = field(default_factory=list)
    details: list[list[object]] = field(default_factory=list)
    pieces: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """Pieces of evidence without their values, which may be mappings, in the order of their places."""

    def add(self, rank: int, finding: Finding) -> None:
        place = self.row_texts.place
        self.rows.append([rank, *(place(getattr(finding, key)) for key in ROW_KEYS)])
        self.details.append(self._detail(finding))

    def _detail(self, finding: Finding) -> list[object]:
        shortened = _Shortened(finding)
        told = finding.remedy
        texts = (
            told.words if told else finding.remediation,
            told.portal if told else None,
            told.azure_cli if told else None,
            told.azure_powershell if told else None,
            finding.history,
            finding.portal,
        )
        facts = (text for fact in self.telling.facts(finding) for text in fact)
        return [
            [self.texts.marked(shortened.text(text)) for text in texts],
            [self._piece(item) for item in finding.evidence],
            [self.texts.marked(shortened.text(text)) for text in facts],
            [self.texts.place(finding.machine_id), self.texts.place(finding.subscription_id)],
        ]

    def _piece(self, item: Evidence) -> int:
        return self.pieces.setdefault(item[:_VALUE] + item[_VALUE + 1 :], len(self.pieces))

    def closed(self) -> Parcel:
        place = self.texts.place
        items = (Evidence._make((*each[:_VALUE], None, *each[_VALUE:])) for each in self.pieces)
        pieces = [[place(text) for text in self.telling.evidence(item)] for item in items]
        details = {"texts": self.texts.as_list(), "pieces": pieces, "details": self.details}
        rows = {"texts": self.row_texts.as_list(), "rows": self.rows}
        return Parcel(self.news, len(self.rows), _packed(rows), _packed(details))


class _Shortened:
    """Puts marks in the place of what a finding's texts repeat."""

    def __init__(self, finding: Finding) -> None:
        named = ((getattr(finding, name), chr(at)) for at, name in enumerate(_STANDING_FOR, 1))
        self._marks = [(text, mark) for text, mark in named if text and len(text) >= _LEAST and text == printable(text)]

    def text(self, text: str | None) -> str:
        """``text`` made fit for people first: from there on a control character is a mark of ours."""
        if not text:
            return ""
        text = printable(text)
        for repeated, mark in self._marks:
            text = text.replace(repeated, mark)
        return text


@dataclass(frozen=True)
class Telling:
    """How details are put into words: labels and values of facts, and an evidence's label, value, source and time."""

    facts: Callable[[Finding], Iterable[tuple[str, str]]]
    evidence: Callable[[Evidence], Iterable[str]]


class Packing:
    """Takes findings in the order of their gravity; holds no more than ``budget`` bytes of them."""

    def __init__(self, telling: Telling, budget: int) -> None:
        self._telling = telling
        self._budget = budget
        self._open: dict[bool, _Open] = {}
        self._closed: list[Parcel] = []
        self._taken = 0

    def add(self, finding: Finding) -> None:
        news = finding.change in _NEWS
        parcel = self._open.setdefault(news, _Open(self._telling, news))
        parcel.add(self._taken, finding)
        self._taken += 1
        if len(parcel.rows) == PARCEL:
            self._close(news)

    def _close(self, news: bool) -> None:
        self._closed.append(self._open.pop(news).closed())
        self._fit(self._budget)

    def _fit(self, budget: int) -> None:
        while self._closed and sum(map(len, self._closed)) > budget:
            self._closed.pop(next(self._least_wanted()))

    def _least_wanted(self) -> Iterator[int]:
        """The positions of the parcels, those first that may rather be missed."""
        return iter(sorted(range(len(self._closed)), key=lambda at: (self._closed[at].news, -at)))

    def finish(self, budget: int) -> tuple[list[Parcel], int]:
        """The parcels that fit into ``budget`` bytes, and how many findings are left out."""
        for news in sorted(self._open, reverse=True):
            self._close(news)
        self._fit(budget)
        return self._closed, self._taken - sum(parcel.count for parcel in self._closed)


def _packed(value: object) -> str:
    return b64encode(zlib.compress(orjson.dumps(value), 9)).decode()
