"""The letter: what of a night's report goes into a mail, every word and number of it settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.delivery import When
from auditor.model.verdict import Status


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is said around the letter. ``occasions`` are the nights that this one counts as.

    The letter holds the sentence ``beside``, which says where the whole report is. In a mail, ``attached`` stands in
    its place, and ``left_off`` or ``too_large`` where a file had to stay behind: by our own budget, or because the
    server refused it; in these ``{files}`` stands for their names. ``elsewhere`` is for a mail without any file.
    """

    run_id: str
    subject: str
    occasions: frozenset[When]
    beside: str
    attached: str
    left_off: str
    too_large: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class Part:
    """The first ``shown`` of the ``total`` findings with this verdict and change and of this rule, as far as they are
    not None. ``left_out`` says how many more there are and where, or is empty. ``brief``: names and rules only.
    ``first``: it comes before everything else.
    """

    heading: str
    tone: str
    status: Status | None
    change: str | None
    rule_id: str | None
    total: int
    shown: int
    left_out: str
    brief: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """A number of the letter; ``tone`` is one of bad, warn, good, calm."""

    label: str
    value: str
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: what it stands for, and how long it is by verdict. ``label`` is ASCII, for any font has it;
    ``told`` says the same in words."""

    label: str
    told: str
    counts: Sequence[tuple[Status, int]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of bars: upright, one for each night; or lying, one for each rule."""

    key: str
    title: str
    bars: tuple[Bar, ...]
    upright: bool

    @property
    def told(self) -> str:
        """The whole chart in words."""
        return "; ".join(bar.told for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says beside the report's own headline and findings.

    ``preview`` is what a list of mails shows below the subject. ``gaps`` are the first lines of the report's banner,
    ``gaps_left_out`` says how many more there are.
    """

    envelope: Envelope
    preview: str
    date: str
    changed: str
    counts: tuple[Count, ...]
    gaps: tuple[str, ...]
    gaps_left_out: str
    parts: tuple[Part, ...]
    charts: tuple[Chart, ...]
    link: str | None
    closing: tuple[str, ...]
