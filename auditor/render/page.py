"""report.html: one file that loads nothing, written from the design in ``reports/page``.

It can be read without scripts: the first findings of each rule, and every table. Its script (``inlined.py``) puts in
their place tables that sort, filter, search and open, over all findings, which the page holds packed (``packing.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from jinja2 import Environment, Template
from markupsafe import Markup

from auditor.catalogue import Catalogue
from auditor.model.contract import json_bytes
from auditor.model.report import CHANGES, EXEMPTION_LISTS, Evidence, Finding, Report
from auditor.model.table import Cell, CellKind, Link, Table
from auditor.model.verdict import Severity, Status
from auditor.render import designs
from auditor.render.batch import Batch, Take
from auditor.render.drawing import Artist
from auditor.render.inlined import script, style
from auditor.render.packing import ROW_KEYS, Packing, Parcel, Telling
from auditor.render.page_charts import Pictures, pictures
from auditor.render.text import Clock, utc_text

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

WORDED = {"installed_version_source": "source", **dict.fromkeys(("auto_upgrade", "os", "availability"), "value")}
"""Facts whose values have words in the catalogue, under WHAT_VALUE."""

IDS = ("reason_code", "resource_id", "machine_id", "subscription_id")

SCRIPT_WORDS = (
    *("not_known", "copy", "copied", "copy_failed", "history", "remediation", "in_portal", "azure_cli"),
    *("azure_powershell", "open_in_portal", "evidence"),
)
"""Words that the script says by the catalogue's own names."""

SHOWN = ("status", "rule_id", "machine_name", "subscription_name", "reason", "installed_version")
"""Columns of the findings' table in sight; searching, filtering and exporting know the others too."""
FILTERS = ("status", "severity", "rule_id", "subscription_name", "location", "change")
TABLE_WORDS = {
    "search": "table_search",
    "info": "table_info",
    "infoEmpty": "table_info_empty",
    "infoFiltered": "table_info_filtered",
    "pages": "table_pages",
    "lengthMenu": "table_length",
    "zeroRecords": "table_none",
}
"""The library's words of a table, and those of ours that it says."""
FOR_GOOD = frozenset({Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT})
"""Verdicts that the page lists; of the others only what is news, such as a failure that is fixed."""
ENDED = frozenset({"fixed", "gone", "no_longer_visible"})
OPEN = tuple(change for change in CHANGES if change not in ENDED)
"""Changes of what still fails: they are a view of the findings, the others stand in a table of their own."""

_STREAM_BUFFER = 64
_SPARE = 200_000
"""Bytes of the budget that are left for what stands around the packed rows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a table that the page shows, and whether there are more."""

    rows: Sequence[tuple[Cell, ...]]
    cut: bool


Key = tuple[str, Status]


@contextmanager
def page(report: Report, path: Path, artist: Artist | None = None) -> Iterator[Take]:
    """Pack the findings as they come, keep those that are shown without scripts, and write the page. Raises OSError."""
    shown: dict[Key, list[Finding]] = {(group.rule_id, group.status): [] for group in report.groups}
    room = {(group.rule_id, group.status): group.shown for group in report.groups}
    packing = Packing(_telling(report), report.page_budget)
    drawn = pictures(report, Clock(report.time_zone, report.language), artist or Artist())

    def take(batch: Batch) -> None:
        for finding in batch.findings:
            key = (finding.rule_id, finding.status)
            if len(shown.get(key, ())) < room.get(key, 0):
                shown[key].append(finding)
            if finding.status in FOR_GOOD or finding.change in ENDED:
                packing.add(finding)

    yield take
    _write(report, path, shown, packing, drawn())


def _telling(report: Report) -> Telling:
    """The words of a finding's details, as the page without scripts has them."""
    words, local = report.words, Clock(report.time_zone, report.language).text

    def worded(key: str, value: object) -> str:
        if isinstance(value, bool):
            return words["yes" if value else "no"]
        if isinstance(value, datetime):
            return local(value)
        return _worded(words, WORDED[key], str(value)) if key in WORDED else str(value)

    def facts(finding: Finding) -> Iterator[tuple[str, str]]:
        told = ((key, getattr(finding, key)) for key in (*FACTS, *IDS))
        return ((words[f"column_{key}"], worded(key, value)) for key, value in told if value is not None)

    def evidence(item: Evidence) -> tuple[str, ...]:
        return (
            item.label,
            item.shown,
            _worded(words, "source", item.source),
            local(item.read_at) if item.read_at else "",
        )

    return Telling(facts, evidence)


def _write(
    report: Report, path: Path, shown: Mapping[Key, Sequence[Finding]], packing: Packing, drawn: Pictures
) -> None:
    """The packed rows come last and take what the rest has left of the budget."""
    with path.open("wb") as file:

        def packed() -> Packed:
            file.flush()
            parcels, missing = packing.finish(report.page_budget - file.tell() - len(script().text.encode()) - _SPARE)
            return Packed(parcels, missing)

        stream = template(report, "page/page.html.j2").stream(
            report=report,
            words=report.words,
            tables=report.tables,
            shown=shown,
            style=style(),
            script=script(),
            packed=packed,
            pictures=drawn,
            script_words=_script_words(report),
            facts=FACTS,
            at_once=FINDINGS_AT_ONCE,
            gaps_at_once=GAPS_AT_ONCE,
            opened=OPENED,
            statuses=tuple(Status),
            changes=CHANGES,
            open_changes=OPEN,
            exemption_lists=EXEMPTION_LISTS,
        )
        stream.enable_buffering(_STREAM_BUFFER)
        file.writelines(part.encode() for part in stream)


@dataclass(frozen=True, slots=True)
class Packed:
    """What the page holds of the findings for its script, and how many had no place."""

    parcels: Sequence[Parcel]
    missing: int

    @property
    def held(self) -> int:
        return sum(parcel.count for parcel in self.parcels)


def _script_words(report: Report) -> Markup:
    """Every word that the script and the table library show, as JSON that cannot end its element."""
    words = report.words
    told = {
        "keys": ROW_KEYS,
        "shown": [*SHOWN, "change"] if report.changed else SHOWN,
        "filters": FILTERS,
        "columns": {key: words[f"column_{key}"] for key in ROW_KEYS}
        | {"installed_version": words["installed_and_latest"]},
        "statuses": {str(status): word for status, word in report.status_words.items()},
        "severities": {str(severity): word for severity, word in report.severity_words.items()},
        "kinds": {key.removeprefix("kind_"): word for key, word in words.items() if key.startswith("kind_")},
        "changes": {change: words[change] for change in CHANGES},
        "evidence_heads": [words[f"evidence_{part}"] for part in ("value", "shown", "source", "read_at")],
        "table": {
            **{name: words[key] for name, key in TABLE_WORDS.items()},
            "paginate": {"next": words["table_next"], "previous": words["table_previous"]},
            "aria": {
                "orderable": f": {words['table_sort_ascending']}",
                "orderableReverse": f": {words['table_sort_descending']}",
                "orderableRemove": f": {words['table_sort_remove']}",
                "paginate": {"next": words["table_next"], "previous": words["table_previous"]},
            },
        },
        "any": words["filter_any"],
        "clear": words["clear_filters"],
        "export": words["export_csv"],
        "file": f"audit-{Clock(report.time_zone, report.language).local(report.as_of):%Y-%m-%d}",
        **{key: words[key] for key in SCRIPT_WORDS},
    }
    return Markup(json_bytes(told).decode().replace("<", "\\u003c"))  # noqa: S704 - no markup is left in it


def _environment(report: Report) -> Environment:
    """With what tables, times and numbers are written with."""
    environment = designs.environment()
    clock, catalogue = Clock(report.time_zone, report.language), Catalogue(report.language)
    environment.filters.update(
        local=clock.text,
        zone=clock.name,
        day=catalogue.day,
        utc=utc_text,
        first_rows=_first_rows,
        fill=_fill,
        digits=catalogue.number,
        order=_order,
        source=partial(_worded, report.words, "source"),
        value=partial(_worded, report.words, "value"),
    )
    environment.tests.update(moment=_is(datetime), day=_is(date), link=_is(Link), whole=_is(int))
    return environment


def template(report: Report, name: str) -> Template:
    """A design of ``reports/``, with what every page is written with."""
    return _environment(report).get_template(name)


def _first_rows(table: Table) -> Shown:
    rows = tuple(islice(table.rows(), TABLE_ROWS + 1))
    return Shown(rows[:TABLE_ROWS], len(rows) > TABLE_ROWS)


def _fill(word: str, **values: object) -> str:
    """Put ``values`` into the braces of a word of the catalogue."""
    return word.format(**values)


def _worded(words: Mapping[str, str], what: str, name: str) -> str:
    """A source or a value in the words of the catalogue as far as it has them."""
    return words.get(f"{what}_{name}", name)


def _order(value: object, kind: CellKind) -> object:
    """What a cell is sorted by where its text would mislead; None where the text is right."""
    if kind is CellKind.SEVERITY and value in tuple(Severity):
        return tuple(Severity).index(Severity(str(value)))
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return -1 if kind is CellKind.NUMBER and value is None else None


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)
