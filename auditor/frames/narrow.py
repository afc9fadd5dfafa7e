"""A shard's frames with some of its machines and scale sets read anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from auditor.frames.build import Frames, build
from auditor.frames.cells import among, lower, present, records
from auditor.model.dataset import FRAMES
from auditor.model.reading import Reading, Row, Source
from auditor.model.resource_id import names_in
from auditor.model.scopes import Subject

_KEYED = {"machines": "id", "scale_sets": "id", "extensions": "machine_id"}
"""The frames that are read anew, with the column that says whose a row is."""
_KINDS = {Subject.VM: "vm", Subject.UNIFORM: "scale_set_instance", Subject.ARC: "arc"}
"""Of machines that nothing but the activity log has told."""


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
    wanted = frames[name].loc[among(lower(frames[name]["id"]), ids), own]
    return [{key: _plain(value) for key, value in row.items()} for row in records(wanted)]


def _plain(value: object) -> object:
    known = present(value)
    return known.to_pydatetime() if isinstance(known, pd.Timestamp) else known


def _stranger(identifier: str) -> Row | None:
    for subject, kind in _KINDS.items():
        names = names_in(identifier, subject)
        if names:
            return {"id": identifier, "kind": kind, "subscription_id": names.subscription}
    return None


def renewed(
    before: Frames, ids: Collection[str], rows: Mapping[str, Sequence[Row]], readings: Iterable[Reading]
) -> Frames:
    """``before`` with ``ids`` (machines and scale sets, lower case) as ``rows`` and ``readings``, read anew, tell them.

    A machine that is not among ``rows`` is gone. So is a scale set, unless it did not answer: then it is as it was.
    """
    anew = build(rows, readings)
    silent = _silent(before, anew["readings"])
    result = {**before, "readings": _joined(anew["readings"], before["readings"]).drop_duplicates(["source", "scope"])}
    for name, column in _KEYED.items():
        told = set(ids) - (silent - {*lower(anew[name][column])})
        kept = before[name][~among(lower(before[name][column]), told)]
        result[name] = _joined(kept, _of(anew[name], column, ids)[kept.columns])
    result["associations"] = _reassociated(before["associations"], anew)
    return {name: frame.reset_index(drop=True) for name, frame in result.items()}


def _silent(before: Frames, readings: pd.DataFrame) -> set[str]:
    """The scale sets that did not answer: nobody knows whether they, or their models' extensions, are gone."""
    answered = readings["scope"][readings["source"].eq(Source.SCALE_SETS) & readings["complete"].eq("yes")]
    return {*lower(before["scale_sets"]["id"])} - {*answered}


def _of(frame: pd.DataFrame, column: str, ids: Collection[str]) -> pd.DataFrame:
    return frame[among(lower(frame[column]), ids)]


def _reassociated(known: pd.DataFrame, anew: Frames) -> pd.DataFrame:
    """``known`` with those of whatever answered by itself replaced: a uniform scale set does for its instances."""
    told = anew["readings"]["source"].eq(Source.DATA_COLLECTION_RULE_ASSOCIATIONS)
    answered = anew["readings"][told & anew["readings"]["complete"].eq("yes")]
    return _joined(known[~among(lower(known["machine_id"]), answered["scope"])], anew["associations"])


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Both, one below the other; pandas would look at the types of an empty one too."""
    parts = [each for each in (first, second) if len(each)]
    return pd.concat(parts, ignore_index=True) if parts else second


def verdicts_on(verdicts: pd.DataFrame, ids: Collection[str]) -> pd.DataFrame:
    """The verdicts on these machines and scale sets (ids in lower case), and on their extensions."""
    return _of(verdicts, "machine_id", ids)
