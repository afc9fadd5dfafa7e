"""The pieces that a night is made of, and how each of them lies in a file: a start that was killed is gone on with.

A shard is its two folders of frames as they are; the rows of the survey have types that no frame declares yet, and are
kept as they were told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from auditor import snapshot
from auditor.history import Content
from auditor.model.memory import Memory
from auditor.model.parcel import Chosen, Confirmation, ShardResult, ShardScope, Survey
from auditor.model.reading import Reading, Requests, Row

T = TypeVar("T")


@dataclass(frozen=True)
class Piece(Generic[T]):
    """A step whose outcome is kept. ``kind``: what sort of step, by which its time is measured; empty for one that
    takes none.

    ``pack`` gives the files that it is kept as; ``unpack`` reads them again where they lie in a folder, and raises
    ValueError where they are of something else.
    """

    kind: str
    name: str
    pack: Callable[[T], Mapping[str, Content]]
    unpack: Callable[[Path], T]


def memory_piece() -> Piece[Memory]:
    """What the first start recalled: once the night is kept itself, the archive may have let another one go."""
    return _in_one_file("", "memory", snapshot.encoded_memory, snapshot.decoded_memory)


def survey_piece() -> Piece[tuple[Survey, Requests]]:
    return Piece("survey", "survey", _pack_survey, _unpack_survey)


def shard_piece(scope: ShardScope) -> Piece[ShardResult]:
    """The shard as it was audited."""
    return Piece("shard", scope.name, partial(_pack_shard, scope), partial(_unpack_shard, scope))


def choice_piece() -> Piece[Chosen]:
    """What is to be read again; once some of it was, other things would be chosen."""
    return _in_one_file("choice", "chosen", _CHOSEN.dump_json, _CHOSEN.validate_json)


def confirmed_piece(scope: ShardScope) -> Piece[ShardResult]:
    """The same shard after what is doubtful of it was read again."""
    return Piece("confirm", f"{scope.name}-again", partial(_pack_shard, scope), partial(_unpack_shard, scope))


def _in_one_file(kind: str, name: str, encode: Callable[[T], bytes], decode: Callable[[bytes], T]) -> Piece[T]:
    file = f"{name}.json"
    return Piece(kind, name, lambda made: {file: encode(made)}, lambda folder: decode((folder / file).read_bytes()))


@dataclass(frozen=True)
class _Survey:
    readings: tuple[Reading, ...]
    readable: tuple[str, ...]
    traffic: Requests


@dataclass(frozen=True)
class _Shard:
    subscriptions: tuple[str, ...]
    machines: int
    traffic: Requests
    confirmed: Confirmation
    again: tuple[str, ...]


_SURVEY, _SHARD, _CHOSEN = TypeAdapter(_Survey), TypeAdapter(_Shard), TypeAdapter(Chosen)
_TIME = "time"
"""JSON has no times, and no cell of a row is a mapping: a mapping with this one key is a time."""


def _pack_survey(made: tuple[Survey, Requests]) -> dict[str, Content]:
    survey, traffic = made
    rows = orjson.dumps(survey.rows, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return {"rows.json": rows, "survey.json": _SURVEY.dump_json(_Survey(survey.readings, survey.readable, traffic))}


def _unpack_survey(folder: Path) -> tuple[Survey, Requests]:
    told = _SURVEY.validate_json((folder / "survey.json").read_bytes())
    rows: dict[str, list[Row]] = orjson.loads((folder / "rows.json").read_bytes())
    for row in (each for frame in rows.values() for each in frame):
        row.update({name: _time(value) for name, value in row.items() if isinstance(value, dict)})
    return Survey(rows, told.readings, told.readable), told.traffic


def _tagged(value: object) -> dict[str, str]:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is no cell of a row")
    return {_TIME: value.isoformat()}


def _time(tagged: dict[str, str]) -> datetime:
    return datetime.fromisoformat(tagged[_TIME])


def _pack_shard(scope: ShardScope, shard: ShardResult) -> dict[str, Content]:
    told = _Shard(scope.subscriptions, shard.machines, shard.traffic, shard.confirmed, shard.again)
    files = (file for folder in (shard.folder, shard.judged) for file in sorted(folder.iterdir()))
    return {_told_of(scope): _SHARD.dump_json(told), **{f"{file.parent.name}/{file.name}": file for file in files}}


def _unpack_shard(scope: ShardScope, folder: Path) -> ShardResult:
    """Raises ValueError where another batch of subscriptions has the name by now."""
    told = _SHARD.validate_json((folder / _told_of(scope)).read_bytes())
    if told.subscriptions != scope.subscriptions:
        raise ValueError("other subscriptions")
    places = (folder / scope.name, folder / f"{scope.name}-judged")
    return ShardResult(*places, told.machines, told.traffic, told.confirmed, told.again)


def _told_of(scope: ShardScope) -> str:
    return f"{scope.name}.json"
