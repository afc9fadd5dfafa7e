"""What ``auditor history`` prints: the nights of an archive, or what became of failures between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

import orjson

from auditor.catalogue import Catalogue
from auditor.model.past import Comparison
from auditor.model.report import CHANGES, Night
from auditor.model.verdict import Status
from auditor.render.terminal import aligned, encodable_in, fitting, paragraph, terminal_width
from auditor.render.text import Clock, one_line, utc_text

NIGHT_LEAST = (1, 14, 7, 6, 8, 5, 13, 11)
"""Columns of the list that a narrow terminal goes without, the first one first: the run's id (a day names a night as
well), no longer visible, not applicable, exempt, pass, pending, gone, changed."""
COMPARED_LEAST = (4,)


def print_nights(nights: Sequence[Night], zone: str, language: str, stream: TextIO) -> None:
    """One line a night, the newest first."""
    catalogue = Catalogue(language)
    say, statuses, words = (catalogue.sections[name] for name in ("archive", "statuses", "words"))
    if not nights:
        stream.write(encodable_in(say["empty"] + "\n", stream))
        return
    head = [say["night"], say["run"], say["read"], *(statuses[status] for status in Status), *map(words.get, CHANGES)]
    rows = [list(map(str, head)), *(_line(night, catalogue, Clock(zone, language)) for night in reversed(nights))]
    stream.write(encodable_in("\n".join(_in_room(rows, NIGHT_LEAST, catalogue, stream, 3)) + "\n", stream))


def _in_room(
    rows: Sequence[Sequence[str]],
    least: Sequence[int],
    catalogue: Catalogue,
    stream: TextIO,
    numbers: int | None = None,
) -> list[str]:
    """The columns that the terminal has room for, and a line that names the others."""
    kept = fitting(rows, least, stream)
    first = None if numbers is None else sum(column < numbers for column in kept)
    lines = list(aligned([[row[column] for column in kept] for row in rows], numbers_from=first))
    missing = [name for column, name in enumerate(rows[0]) if column not in kept]
    if missing:
        said = catalogue.say("archive", "narrow", columns=catalogue.listed(missing))
        lines += ["", *paragraph(said, terminal_width())]
    return lines


def _line(night: Night, catalogue: Catalogue, clock: Clock) -> list[str]:
    number = catalogue.number
    counts = ["-" if night.unread else number(night.counts.get(status, 0)) for status in Status]
    changes = [number(night.changes.get(change, 0)) if night.changes else "-" for change in CHANGES]
    return [clock.text(night.as_of), night.run_id, catalogue.say("archive", night.extent), *counts, *changes]


def print_comparison(found: Comparison, zone: str, language: str, stream: TextIO) -> None:
    """A sentence that counts, and a line for each failure that is not still the same."""
    catalogue, clock = Catalogue(language), Clock(zone, language)
    say, words = (catalogue.sections[name] for name in ("archive", "words"))
    counts = Counter(each.change for each in found.changes)
    parts = [catalogue.say("history", change, count=counts[change]) for change in CHANGES if counts[change]]
    if found.unanswered:
        parts.append(catalogue.say("archive", "not_seen", count=len(found.unanswered)))
    nights = {"before": clock.text(found.before.as_of), "after": clock.text(found.after.as_of)}
    lines = [catalogue.say("archive", "compared", **nights, parts=catalogue.listed(parts) or say["same"])]
    rows = [
        [
            words[each.change],
            each.failure.rule_id,
            one_line(each.failure.machine_name or ""),
            clock.text(each.failure.first_seen),
            one_line(each.failure.resource_id),
        ]
        for change in CHANGES
        for each in found.changes
        if each.change == change != "still"
    ]
    if rows:
        head = [say[key] for key in ("change", "rule", "machine", "since", "resource")]
        lines += ["", *_in_room([head, *rows], COMPARED_LEAST, catalogue, stream)]
    stream.write(encodable_in("\n".join(lines) + "\n", stream))


def write_nights(nights: Sequence[Night], stream: TextIO) -> None:
    """For programs: a list of objects, the newest first."""
    told = [
        {
            "run_id": night.run_id,
            "as_of": utc_text(night.as_of),
            "complete": night.complete,
            "narrow": night.narrow,
            "counts": {str(status): night.counts.get(status, 0) for status in Status},
            "changes": {change: night.changes.get(change, 0) for change in CHANGES} if night.changes else None,
        }
        for night in reversed(nights)
    ]
    stream.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")


def write_comparison(found: Comparison, stream: TextIO) -> None:
    """For programs: the two nights, counts, and each failure with what became of it."""
    told = {
        "before": found.before.run_id,
        "after": found.after.run_id,
        "unanswered": len(found.unanswered),
        "counts": {change: sum(each.change == change for each in found.changes) for change in CHANGES},
        "changes": [
            {
                "change": each.change,
                "rule_id": each.failure.rule_id,
                "resource_id": each.failure.resource_id,
                "machine_name": each.failure.machine_name,
                "reason_code": each.failure.reason_code,
                "first_seen": utc_text(each.failure.first_seen),
            }
            for each in found.changes
        ],
    }
    stream.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")
