"""What the commands for people who write rules have in common: data on stdout, as wide as the terminal, or as JSON."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from auditor.errors import Problem, SettingsRefused
from auditor.render.terminal import encodable_in, terminal_width
from auditor.render.text import printable


def put(lines: Iterable[str]) -> None:
    """The lines, on stdout; what a name or a tag holds cannot command the terminal."""
    text = "".join(f"{printable(line)}\n" for line in lines)
    sys.stdout.write(encodable_in(text, sys.stdout))


def say(sentence: str) -> None:
    """Talk about the data, on stderr."""
    sys.stderr.write(encodable_in(f"{printable(sentence)}\n", sys.stderr))


def put_json(value: object) -> None:
    """``value`` for programs, on stdout; ASCII only, so that every pipe can carry it."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def wrapped(text: str, *, indent: int = 0, first: str = "") -> Iterator[str]:
    """``text`` in lines of the terminal's width, behind ``first`` (on the first line) or as many blanks."""
    blanks = " " * indent
    for number, line in enumerate(text.splitlines() or [""]):
        start = f"{first:<{indent}}" if number == 0 else blanks
        yield from textwrap.wrap(
            line,
            max(terminal_width(), indent + 40),
            initial_indent=start,
            subsequent_indent=blanks,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [start.rstrip()]


def titled(title: str, lines: Sequence[str]) -> Iterator[str]:
    """A heading with its lines below it; nothing where there are none."""
    if lines:
        yield from ("", title, *lines)


def refuse(where: str, sentence: str) -> SettingsRefused:
    """The error that says what is wrong with a word of the command line."""
    return SettingsRefused([Problem(where, 0, "", sentence)])
