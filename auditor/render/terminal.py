"""Texts in the columns of a terminal, where a Japanese character takes two, and paragraphs of whole words, so that an
id or an action can be copied."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from typing import TextIO
from unicodedata import east_asian_width

from auditor.render.text import one_line

_WIDEST = 120
"""Lines that are longer than this are hard to read, however wide the window."""
_WIDE, _OPENING, _CLOSING = (
    "\u3001-\u30ff\u3400-\u9fff\uff01-\uff60",
    "（「『［",
    "、。，．）」』］：；！？ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ",
)
_WORDS = re.compile(rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*")
"""Blanks, and what stays on one line."""


def terminal_width() -> int:
    """Columns to write in; 80 where there is no terminal (or what ``COLUMNS`` says)."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def paragraph(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of at most ``width`` columns, but for words that are longer; ``first`` stands before the first
    line, ``rest`` (blanks of the same width by default) before the others. Japanese breaks between any two characters,
    but not before a mark that closes or after one that opens."""
    following = " " * columns_of(first) if rest is None else rest
    most = max(width, columns_of(first) + 20)
    lines, line, filled = [], first, False
    for word in _WORDS.findall(one_line(text)):
        if filled and columns_of(line) + columns_of(word.rstrip()) > most:
            lines.append(line.rstrip())
            line, filled = following, False
        if filled or word.strip():
            line, filled = line + word, True
    return [*lines, line.rstrip()] if filled else lines


def aligned(rows: Sequence[Sequence[str]], *, numbers_from: int | None = None) -> Iterator[str]:
    """``rows`` as lines in columns, to the left; from the column ``numbers_from`` on to the right."""
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        texts = [
            _pad(text, widths[index], right=numbers_from is not None and index >= numbers_from)
            for index, text in enumerate(row)
        ]
        yield "  ".join(texts).rstrip()


def fitting(rows: Sequence[Sequence[str]], least: Sequence[int], stream: TextIO) -> list[int]:
    """The columns of ``rows`` (by position) that a line of the terminal has room for; all of them where ``stream``
    is none, for what reads a pipe has no width. ``least`` names those that may be left out, the first one first."""
    kept = list(range(len(rows[0])))
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    for column in least if stream.isatty() else ():
        if sum(widths[each] + 2 for each in kept) - 2 <= shutil.get_terminal_size().columns:
            break
        kept.remove(column)
    return kept


def columns_of(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def cut(text: str, width: int) -> str:
    """The beginning of ``text`` that fits into ``width`` columns, with a sign that it goes on."""
    if columns_of(text) <= width:
        return text
    while text and columns_of(text) >= width:
        text = text[:-1]
    return text + "…"


def encodable_in(text: str, stream: TextIO) -> str:
    """A terminal that cannot show a character shows a question mark instead of ending the night."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _pad(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - columns_of(text))
    return blanks + text if right else text + blanks
