"""Text fitted to a terminal: paragraphs of whole words, so that an id or an action can be copied."""

from __future__ import annotations

import shutil
import textwrap
from typing import TextIO
from unicodedata import east_asian_width

from auditor.render.text import one_line

_WIDEST = 120
"""Lines that are longer than this are hard to read, however wide the window."""


def terminal_width() -> int:
    """Columns to write in; 80 where there is no terminal (or what ``COLUMNS`` says)."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def paragraph(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of at most ``width`` columns, but for words that are longer; ``first`` stands before the first
    line, ``rest`` (blanks of the same length by default) before the others."""
    following = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        one_line(text),
        max(width, len(first) + 20),
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes: Japanese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def encodable(text: str, stream: TextIO) -> str:
    """A terminal that cannot show a character shows a question mark."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
