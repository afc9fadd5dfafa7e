"""``auditor datasets``: the frames and their columns, from the declarations that rules are checked against."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.model.dataset import Column, Frame

_NAME_WIDTH = 26
_UNITS = {
    "version": '2 to 4 numbers, in quotes: "1.30"',
    "number": "a whole number",
    "flag": "true or false",
    "time": "UTC, to the microsecond",
    "duration": "written 14d, 36h, 90m or 30s",
    "tags": "a rule reads one as tags.NAME; unset where there is none",
}
"""How a value of each kind is measured and written."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Columns marked * may stand in a rule's conditions; those marked + in its texts and examples only."
    )
    parser.add_argument("frame", nargs="?", metavar="FRAME", help="only this one; default: all")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_datasets)


def _datasets(arguments: argparse.Namespace) -> int:
    from auditor.cli.paper import put, put_json, refuse
    from auditor.model.dataset import FRAMES, VIEWS
    from auditor.settle.complaints import did_you_mean

    frames = {**FRAMES, **VIEWS}
    name = arguments.frame
    if name is not None and name.lower() not in frames:
        raise refuse("auditor datasets", f"there is no frame {name!r}{did_you_mean(name, frames)}")
    chosen = list(frames.values()) if name is None else [frames[name.lower()]]
    if arguments.json:
        put_json([_as_json(frame) for frame in chosen])
    else:
        put(line for frame in chosen for line in _lines(frame))
    return int(ExitCode.DELIVERED)


def _lines(frame: Frame) -> Iterator[str]:
    from auditor.model.dataset import FRAMES, JUDGED

    own = [column for column in frame if FRAMES[frame.name].column(column.name) is not None]
    borrowed = [column for column in frame if column not in own]
    yield f"{frame.name}: {frame.row}"
    yield f"  key: {', '.join(frame.key)}"
    if frame.name in JUDGED:
        yield "  a rule may ask for this frame: * in conditions, + in texts and examples only"
    yield from _of_columns(frame, own)
    if borrowed:
        yield "  and of its machine, or of its scale set:"
        yield from _of_columns(frame, borrowed)
    yield ""


def _of_columns(frame: Frame, columns: Sequence[Column]) -> Iterator[str]:
    from auditor.cli.paper import wrapped

    for column in columns:
        yield from wrapped(f"{column.kind}: {column.meaning}", indent=_NAME_WIDTH, first=_marked(frame, column))
        for what, told in _more(column):
            yield from wrapped(f"{what}: {told}", indent=_NAME_WIDTH)


def _marked(frame: Frame, column: Column) -> str:
    use = _use(frame, column)
    return f"  {'*' if use == 'conditions' else '+' if use == 'texts' else ' '} {column.name}  "


def _use(frame: Frame, column: Column) -> str:
    """Where a rule over the frame may name the column: in conditions (and all else), in texts, or nowhere."""
    from auditor.model.dataset import JUDGED, Kind
    from auditor.model.operators import operators_of

    if frame.name not in JUDGED:
        return "nowhere"
    return "conditions" if operators_of(column.kind) or column.kind is Kind.TAGS else "texts"


def _more(column: Column) -> Iterator[tuple[str, str]]:
    """What is known of a column besides its kind and meaning."""
    if column.words:
        yield "words", ", ".join(column.words)
    if column.kind in _UNITS:
        yield "unit", _UNITS[column.kind]
    if column.bounds:
        yield "bounds", "where only a span is known, a condition holds if it holds all over it"
    if column.property:
        yield "Azure", column.property
    if column.derived:
        yield "derived", f"from {', '.join(column.inputs)}" if column.inputs else "from what its sources tell"
    if column.rests_on:
        yield "rests on", "; and ".join(" or ".join(need) for need in column.rests_on)
    if column.helped_by:
        yield "knows more with", ", ".join(column.helped_by)


def _as_json(frame: Frame) -> dict[str, object]:
    return {
        "frame": frame.name,
        "row": frame.row,
        "key": list(frame.key),
        "columns": [_column_as_json(frame, column) for column in frame],
    }


def _column_as_json(frame: Frame, column: Column) -> dict[str, object]:
    from auditor.model.operators import operators_of

    use = _use(frame, column)
    return {
        "name": column.name,
        "kind": str(column.kind),
        "unit": _UNITS.get(column.kind, ""),
        "words": list(column.words),
        "meaning": column.meaning,
        "property": column.property,
        "bounds": column.bounds,
        "derived": column.derived,
        "inputs": list(column.inputs),
        "rests_on": [[str(source) for source in need] for need in column.rests_on],
        "helped_by": [str(source) for source in column.helped_by],
        "rules": use,
        "operators": [str(each) for each in operators_of(column.kind)] if use == "conditions" else [],
    }
