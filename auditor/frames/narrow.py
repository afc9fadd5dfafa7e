"""A shard's frames cut down to some of its machines, with what was read of them anew, and put back again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from auditor.frames.build import Frames, build
from auditor.frames.cells import lower, present, records
from auditor.model.dataset import FRAMES
from auditor.model.reading import Reading, Row, Source

_KEYED = {"machines": "id", "scale_sets": "id", "extensions": "machine_id"}
"""The frames that are read anew, with the column that says whose a row is."""
_KINDS = (
    ("/virtualmachinescalesets/", "/virtualmachines/", "scale_set_instance"),
    ("/microsoft.compute/", "/virtualmachines/", "vm"),
    ("/microsoft.hybridcompute/", "/machines/", "arc"),
)
"""What an id is the id of, where nothing but the activity log has told it."""


def rows_again(frames: Frames, ids: Collection[str]) -> tuple[list[Row], list[Row]]:
    """The machines and the scale sets among ``ids`` (lower case) as rows.

    A machine that no list told has its id, kind and subscription only: it is younger than what Resource Graph shows.
    """
    machines, scale_sets = (_rows(frames, name, ids) for name in ("machines", "scale_sets"))
    known = {str(row["id"]).lower() for row in (*machines, *scale_sets)}
    strangers = (_stranger(each) for each in ids if each not in known)
    return [*machines, *(row for row in strangers if row is not None)], scale_sets


def _rows(frames: Frames, name: str, ids: Collection[str]) -> list[Row]:
    own = [stored for column in FRAMES[name] if not column.derived for stored in column.stored()]
    wanted = frames[name].loc[lower(frames[name]["id"]).isin(ids), own]
    return [{key: _plain(value) for key, value in row.items()} for row in records(wanted)]


def _plain(value: object) -> object:
    known = present(value)
    return known.to_pydatetime() if isinstance(known, pd.Timestamp) else known


def _stranger(identifier: str) -> Row | None:
    kind = next((kind for above, own, kind in _KINDS if above in identifier and own in identifier), None)
    parts = identifier.split("/")
    return {"id": identifier, "kind": kind, "subscription_id": parts[2]} if kind and len(parts) > 2 else None


def narrowed(
    frames: Frames, ids: Collection[str], rows: Mapping[str, Sequence[Row]], readings: Iterable[Reading]
) -> Frames:
    """Frames to derive from, of ``ids`` only: ``rows`` and ``readings`` were read anew, all else is as it was."""
    anew = build(rows, readings)
    parts = {
        **frames,
        "machines": anew["machines"],
        "scale_sets": _renewed(frames, anew, "scale_sets"),
        # The models' extensions stay beside their instances, which are held against them.
        "extensions": _renewed({**frames, "extensions": _of_models(frames)}, anew, "extensions"),
        # What was done to a scale set as a whole was done to its instances, too.
        "operations": _of(
            frames["operations"], "machine_id", {*ids, *lower(anew["machines"]["scale_set_id"].dropna())}
        ),
        "heartbeats": _of(frames["heartbeats"], "machine_id", ids),
        "associations": _reassociated(frames["associations"], anew),
        "readings": _joined(anew["readings"], frames["readings"]).drop_duplicates(["source", "scope"]),
    }
    stored = {name: [each for column in declared for each in column.stored()] for name, declared in FRAMES.items()}
    return {name: parts[name][columns].reset_index(drop=True) for name, columns in stored.items()}


def _of(frame: pd.DataFrame, column: str, ids: Collection[str]) -> pd.DataFrame:
    return frame[lower(frame[column]).isin(ids)]


def _of_models(frames: Frames) -> pd.DataFrame:
    return frames["extensions"][frames["extensions"]["on"].eq("model")]


def _renewed(frames: Frames, anew: Frames, name: str) -> pd.DataFrame:
    """The frame with the rows of whatever ``anew`` tells of replaced by what it tells.

    A scale set that answered and is not among its rows is gone, or has a model without extensions.
    """
    answered = anew["readings"][
        anew["readings"]["source"].eq(Source.SCALE_SETS) & anew["readings"]["complete"].eq("yes")
    ]
    told = {*lower(anew[name][_KEYED[name]]), *answered["scope"]}
    kept = frames[name][~lower(frames[name][_KEYED[name]]).isin(told)]
    return _joined(kept[anew[name].columns], anew[name])


def _reassociated(known: pd.DataFrame, anew: Frames) -> pd.DataFrame:
    """``known`` with those of whatever answered by itself replaced: a uniform scale set does for its instances."""
    told = anew["readings"]["source"].eq(Source.DATA_COLLECTION_RULE_ASSOCIATIONS)
    answered = anew["readings"][told & anew["readings"]["complete"].eq("yes")]
    return _joined(known[~lower(known["machine_id"]).isin(answered["scope"])], anew["associations"])


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Both, one below the other; pandas would look at the types of an empty one too."""
    parts = [each for each in (first, second) if len(each)]
    return pd.concat(parts, ignore_index=True) if parts else second


def merged(before: Frames, after: Frames, ids: Collection[str]) -> Frames:
    """``before`` with the rows of ``ids`` replaced by those of ``after``; verdicts are left out: they count rows."""
    result = {name: frame for name, frame in before.items() if name != "verdicts"}
    for name, column in _KEYED.items():
        kept = before[name][~lower(before[name][column]).isin(ids)]
        result[name] = _joined(kept, _of(after[name], column, ids)[kept.columns])
    return {**result, "readings": after["readings"], "associations": after["associations"]}


def verdicts_on(verdicts: pd.DataFrame, ids: Collection[str]) -> pd.DataFrame:
    """The verdicts on these machines and scale sets (ids in lower case), and on their extensions."""
    return _of(verdicts, "machine_id", ids)
