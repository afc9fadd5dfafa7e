"""report.html: one file without scripts that loads nothing, written from the design in ``reports/``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from auditor.catalogue import Catalogue
from auditor.model.report import EXEMPTION_LISTS, Finding, Report
from auditor.model.table import Cell, Link, Table
from auditor.model.verdict import Status
from auditor.render.batch import Batch, Take
from auditor.render.text import Clock, printable, utc_text
from auditor.resources import reports_folder

TABLE_ROWS = 1_000
"""Rows of one table that the page shows; the workbook has them all."""

FINDINGS_AT_ONCE = 50
"""Findings of one group in view before the rest is folded away."""

GAPS_AT_ONCE = 5
"""Lines of the banner in view before the rest is folded away: the verdicts stay on the first screen."""

OPENED = frozenset({Status.FAIL, Status.UNANSWERED})
"""Verdicts whose groups stand open: those that somebody has to act on."""

FACTS = (
    "extension_name",
    "extension_publisher",
    "extension_type",
    "auto_upgrade",
    "auto_upgrade_minor",
    "requested_version",
    "installed_version_source",
    "installed_version_at",
    "resource_group",
    "os",
    "availability",
    "first_seen",
    "owner",
    "exemption",
)
"""What is told of a finding beside its evidence where it is known."""

_STREAM_BUFFER = 64
_TIMES = 10_000
"""Times of which the text is kept: most evidence was read at one of a few."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a table that the page shows, and whether there are more."""

    rows: Sequence[tuple[Cell, ...]]
    cut: bool


Key = tuple[str, Status]


@contextmanager
def page(report: Report, path: Path) -> Iterator[Take]:
    """Keep of each group what the page shows, and write the page when all findings are told. Raises OSError."""
    shown: dict[Key, list[Finding]] = {(group.rule_id, group.status): [] for group in report.groups}
    room = {(group.rule_id, group.status): group.shown for group in report.groups}

    def take(batch: Batch) -> None:
        for finding in batch.findings:
            key = (finding.rule_id, finding.status)
            if len(shown.get(key, ())) < room.get(key, 0):
                shown[key].append(finding)

    yield take
    _write(report, path, shown)


def _write(report: Report, path: Path, shown: Mapping[Key, Sequence[Finding]]) -> None:
    style = Markup(design("page.css"))  # noqa: S704 - our own style sheet, shipped with the program
    stream = template(report, "page.html.j2").stream(
        report=report,
        words=report.words,
        tables=report.tables,
        shown=shown,
        style=style,
        style_hash=hash_of(style),
        facts=FACTS,
        at_once=FINDINGS_AT_ONCE,
        gaps_at_once=GAPS_AT_ONCE,
        opened=OPENED,
        statuses=tuple(Status),
        exemption_lists=EXEMPTION_LISTS,
    )
    stream.enable_buffering(_STREAM_BUFFER)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(stream)


def _environment(report: Report) -> Environment:
    """Escapes whatever it writes, and refuses a word that the catalogue does not have."""
    environment = Environment(
        loader=FileSystemLoader(reports_folder()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    clock, catalogue = Clock(report.time_zone, report.language), Catalogue(report.language)
    environment.filters.update(
        local=lru_cache(_TIMES)(clock.text),
        zone=clock.name,
        utc=lru_cache(_TIMES)(utc_text),
        first_rows=_first_rows,
        fill=_fill,
        digits=lru_cache(_TIMES)(catalogue.number),
        source=partial(_worded, report.words, "source"),
        value=partial(_worded, report.words, "value"),
    )
    environment.tests.update(moment=_is(datetime), link=_is(Link), whole=_is(int))
    return environment


def template(report: Report, name: str) -> Template:
    """A design of ``reports/``, with what every page is written with."""
    return _environment(report).get_template(name)


def design(name: str) -> str:
    """The text of a file of ``reports/``."""
    return (reports_folder() / name).read_text(encoding="utf-8")


def hash_of(style: str) -> str:
    """The only style sheet that a page's Content-Security-Policy lets in."""
    return "sha256-" + b64encode(sha256(style.encode()).digest()).decode()


def _shown(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _first_rows(table: Table) -> Shown:
    rows = tuple(islice(table.rows(), TABLE_ROWS + 1))
    return Shown(rows[:TABLE_ROWS], len(rows) > TABLE_ROWS)


def _fill(word: str, **values: object) -> str:
    """Put ``values`` into the braces of a word of the catalogue."""
    return word.format(**values)


def _worded(words: Mapping[str, str], what: str, name: str) -> str:
    """A source or a value in the words of the catalogue as far as it has them."""
    return words.get(f"{what}_{name}", name)


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)
