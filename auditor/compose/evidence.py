"""What a verdict rests on, column by column: the value, the source that told it, and when that was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from auditor.compose.answers import TELLERS, Answer, Answers, sources_of, speakers
from auditor.compose.rows import Coded, Rows, View, stored_of
from auditor.compose.wording import Wording
from auditor.model.contract import piece_json
from auditor.model.dataset import Column, rule_column
from auditor.model.reading import Source
from auditor.model.report import Evidence
from auditor.model.scopes import LIES_OVER, Subject

_ALREADY_TOLD = frozenset({"publisher", "type", "on", "name", "machine_name"})
"""Columns that a finding shows by itself; they are no evidence for a verdict."""


_MISSING = (None, (None, None))
"""How a column's value, or its bounds, are missing."""

Key = tuple[Any, str | None, datetime | None, Answer | Subject | None]


@dataclass(frozen=True)
class Witness:
    """Gives evidence on the rows of one shard."""

    answers: Answers
    wording: Wording

    def told(self, names: Iterable[str], rows: Rows) -> list[tuple[Evidence, ...]]:
        """For each row what the columns ``names`` say, with what they were made from and what explains them.

        What only explains (a failure's time, the guest agent's state) is told where it is known.
        """
        columns = [self._pieces(column, rows, always=always) for column, always in _columns(names, rows.view.name)]
        return [tuple(filter(None, row)) for row in zip(*columns, strict=True)] or [()] * len(rows)

    def written(self, names: Iterable[str], rows: Rows) -> list[pa.Array]:
        """The same as :func:`listed_json`: a column for each piece, missing where that is not told."""
        return [self._texts(column, rows, always=always) for column, always in _columns(names, rows.view.name)]

    def _pieces(self, column: Column, rows: Rows, *, always: bool) -> Iterator[Evidence | None]:
        """One column; what is alike in value, source and time is made when it is first asked for, and shared."""
        codes, keys = self._keyed(column, rows.view)
        label, told = self.wording.label(column.name), self.wording.told

        def make(code: int) -> Evidence | None:
            if not always and keys[code][0] in _MISSING:
                return None
            return Evidence(column.name, label, *told(column, keys[code][0]), *_source(column, keys[code]))

        made = rows.view.once((Evidence, column.name, always), lambda: _Made(make))
        return map(made.__getitem__, codes[rows.positions].tolist())

    def _texts(self, column: Column, rows: Rows, *, always: bool) -> pa.Array:
        """The same for machines: how a value reads for people is dear, and not needed."""

        def write(keys: Iterable[Key]) -> pa.Array:
            texts = (
                listed_json(column.name, self.wording.value(column, key[0]), *_source(column, key))
                if always or key[0] not in _MISSING
                else None
                for key in keys
            )
            return pa.array(texts, pa.string())

        return rows.written((listed_json, column.name, always), self._keyed(column, rows.view), write)

    def _keyed(self, column: Column, view: View) -> Coded:
        """What tells the evidence of one row from another's, for all rules that name the column."""

        def made() -> Coded:
            return view.combined([*self._grounds(column, view)], lambda rows: [*self._keys(column, rows)])

        return view.once((Witness, column.name), made)

    def _grounds(self, column: Column, view: View) -> Iterator[Coded]:
        """The columns that tell the evidence of one row from another's."""
        for name in (*stored_of(column), column.told_by, column.told_at):
            if name:
                yield view.column(name)
        yield view.subjects
        for sources in _speakers(column, view):
            yield self.answers.latest_in(sources, view)

    def _keys(self, column: Column, rows: Rows) -> Iterator[Key]:
        """Value, the row's own word and time, and who answered.

        Where nobody was asked, the subject stands for who would have been.
        """
        words = rows.values(column.told_by) if column.told_by else [None] * len(rows)
        moments = rows.values(column.told_at) if column.told_at else [None] * len(rows)
        answers = {sources: self.answers.latest(sources, rows) for sources in _speakers(column, rows.view)}
        own = speakers(column)
        asked = [
            answers[TELLERS[word] if word else own][at] or subject
            for at, (word, subject) in enumerate(zip(words, rows.subjects, strict=True))
        ]
        return zip(rows.raw(column), words, moments, asked, strict=True)

    def gap_over(self, columns: Sequence[Column], rows: Rows, at: int) -> tuple[str, str] | None:
        """Reason and remedy of a gap that may be why the columns are missing in the row."""
        failed = self.answers.failed(sources_of(columns), rows, at)
        return self.gap_of(failed) if failed else self._not_asked(columns, rows, at)

    def gap_of(self, failed: Answer) -> tuple[str, str] | None:
        """Reason and remedy of an answer that is not complete, in the words of the report."""
        if failed.gap is None:
            return None
        why, close = map(self.wording.said, failed.gap)
        return why, close

    def _not_asked(self, columns: Sequence[Column], rows: Rows, at: int) -> tuple[str, str] | None:
        """The same where the question was never put: the rules, when the data were collected, did not need it."""
        for need in (need for column in columns for need in column.rests_on):
            if not self.answers.asked(need, rows, at):
                sources = self.wording.listed(self.wording.say("sources", source) for source in need)
                say = self.wording.say
                return say("texts", "not_asked", sources=sources), say("texts", "ask_for_it")
        return None


def _columns(names: Iterable[str], view: str) -> list[tuple[Column, bool]]:
    """The columns to tell of, in order, and whether each is told even where it is missing."""
    named = [column for name in names if name not in _ALREADY_TOLD if (column := rule_column(view, name))]
    always: dict[str, bool] = {}
    for column in named:
        for name in (column.name, *column.inputs):
            always[name] = True
        for name in column.beside:
            always.setdefault(name, False)
    return [(column, told) for name, told in always.items() if (column := rule_column(view, name))]


class _Made(dict[int, Evidence | None]):
    """Pieces by their number, each made when it is first asked for: most rows are told to machines alone."""

    def __init__(self, make: Callable[[int], Evidence | None]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, code: int) -> Evidence | None:
        made = self[code] = self._make(code)
        return made


def listed_json(name: str, value: object, source: str, read_at: datetime | None) -> str:
    """A piece as it stands in a list: a comma follows."""
    return f"{piece_json(name, value, source, read_at)},"


def _speakers(column: Column, view: View) -> set[tuple[Source, ...]]:
    """Who may have told the column in some row: its own sources, and those that the rows name."""
    words = view.column(column.told_by).values if column.told_by else ()
    return {speakers(column), *(TELLERS[word] for word in words if word)}


def _source(column: Column, key: Key) -> tuple[str, datetime | None]:
    """Who told a value and when: the row's own word and time, else who answered, else who would have been asked."""
    _raw, word, moment, answer = key
    if isinstance(answer, Answer):
        return word or answer.word, moment or answer.read_at
    asked = [source for source in speakers(column) if source not in LIES_OVER or answer in LIES_OVER[source][0]]
    return word or str(next(iter((*asked, *speakers(column))), "")), moment
