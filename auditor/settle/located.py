"""YAML read strictly: plain values, each with the line that it stands on.

What YAML does behind a writer's back is refused rather than guessed: a key that is written twice, ``yes`` and ``no``,
merge keys, tags, aliases that grow without end. Keys are their written text, so ``on:`` is the key "on". The parser's
events are read, not its nodes, so that depth and size are limited before anything is built.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as File

import yaml

from auditor.errors import Problem

Path = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top of its file."""


def dotted(path: Path) -> str:
    """``("scope", "subscriptions", 0)`` as people write it: ``scope.subscriptions[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


MAX_BYTES = 2_000_000
MAX_DEPTH = 40
TOO_DEEP = f"nested more than {MAX_DEPTH} deep: write it flatter"
MAX_EVENTS = 300_000
MAX_EXPANDED = 5_000
"""How many values all aliases of a file together may bring in."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"~|null|Null|NULL|")
_FLAG = re.compile(r"true|True|TRUE|false|False|FALSE")
_TRAP = re.compile(r"yes|no|on|off|y|n", re.IGNORECASE)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_BROKEN = re.compile(r"[-+]?[0-9]+\.[0-9]*")


@dataclass(frozen=True, slots=True)
class Place:
    """The line of a value (of its key, where it has one), and a scalar's written text; None for lists and mappings."""

    line: int
    written: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: ``value`` is made of dict, list, str, int, float, bool and None.

    ``mistakes`` are what the reading itself found wrong. ``digest`` is the sha256 of the file's bytes.
    """

    file: str
    value: object = None
    places: Mapping[Path, Place] = field(default_factory=dict)
    digest: str = ""
    mistakes: tuple[tuple[Path, Problem], ...] = ()

    @property
    def readable(self) -> bool:
        """Whether it was read to its end, be it with mistakes."""
        return bool(self.places) or not self.mistakes

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest thing above it that is written."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path].line if path in self.places else 1

    def written(self, path: Path) -> str | None:
        """A scalar exactly as it stands in the file, ``${NAME}`` not filled in; None where there is none."""
        return self.places[path].written if path in self.places else None


class _RefusedError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


def read_document(path: File) -> Document:
    """Read the YAML file at ``path``; never raises: a file that cannot be read is a document with a mistake."""
    file = str(path)
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        return _unread(file, 0, f"cannot be read ({error.strerror}): check that it exists and may be read")
    if content is None:
        return _unread(file, 0, f"is larger than {MAX_BYTES // 1_000_000} MB and was not read: split it")
    return parse_document(file, content)


def parse_document(file: str, content: bytes) -> Document:
    """The same for bytes that are at hand; ``file`` is the name that messages give."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unread(file, line, "this is not UTF-8 text: save the file as UTF-8", digest)
    try:
        builder = _Builder(file, _events(text))
        value = builder.build((), 1)
    except _RefusedError as refusal:
        return _unread(file, refusal.line, refusal.sentence, digest)
    return Document(file, value, builder.places, digest, tuple(builder.mistakes))


def _unread(file: str, line: int, sentence: str, digest: str = "") -> Document:
    return Document(file, digest=digest, mistakes=(((), Problem(file, line, "", sentence)),))


def _events(text: str) -> list[yaml.Event]:
    """The events of the file's one document, limited in number and depth while they are read."""
    events: list[yaml.Event] = []
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            _limit(_line(event.start_mark), depth, len(events), documents)
            if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                events.append(event)
    except yaml.MarkedYAMLError as error:
        line, problem = _line(error.problem_mark), error.problem or ""
        if "nesting depth" in problem:  # the parser has a limit too, and looks far ahead of what it hands out
            raise _RefusedError(line, TOO_DEEP) from None
        raise _RefusedError(line, f"this is not YAML: {problem}; {_advice(problem)}") from None
    except yaml.YAMLError:
        raise _RefusedError(
            1, "this is not YAML: it holds characters that text does not; save it as plain text"
        ) from None
    return events


def _limit(line: int, depth: int, count: int, documents: int) -> None:
    if depth > MAX_DEPTH:
        raise _RefusedError(line, TOO_DEEP)
    if count > MAX_EVENTS:
        raise _RefusedError(line, f"holds more than {MAX_EVENTS} values: split the file")
    if documents > 1:
        raise _RefusedError(line, "a second document begins here: take out the line '---', or split the file")


def _advice(problem: str) -> str:
    if "tab" in problem or "cannot start any token" in problem:
        return "indent with blanks, never with tabs, and put text that begins with a sign such as @ or % in quotes"
    if "mapping values are not allowed" in problem:
        return "put text that holds ': ' in quotes, and check the indentation"
    return "check brackets, quotes and indentation here and in the lines above"


def _line(mark: object) -> int:
    """The line of the parser's mark, counted from 1; the parser may have none to give."""
    return int(getattr(mark, "line", 0)) + 1


class _Builder:
    """Builds plain values out of events, and remembers on which line each stands."""

    def __init__(self, file: str, events: list[yaml.Event]) -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self.mistakes: list[tuple[Path, Problem]] = []
        self._events = events
        self._at = 0
        self._anchors: dict[str, int] = {}
        self._replaying = 0
        self._expanded = 0

    def build(self, path: Path, depth: int, line: int | None = None) -> object:
        """The value that begins at the next event; ``line`` is that of its key. A file without any value is None."""
        if self._at >= len(self._events):
            return None
        begin, event = self._at, self._events[self._at]
        self._at += 1
        line = line or _line(event.start_mark)
        self._count(line, depth)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, depth, line)
        self.places[path] = Place(line, event.value if isinstance(event, yaml.ScalarEvent) else None)
        tag, anchor = getattr(event, "tag", None), getattr(event, "anchor", None)
        if tag is not None:
            self._mistake(path, line, f"the tag {tag!r} is not read: take it out, and use quotes for text")
        value = self._value(event, path, depth)
        if anchor is not None:
            self._anchors[anchor] = begin
        return value

    def _count(self, line: int, depth: int) -> None:
        self._expanded += self._replaying > 0
        if depth > MAX_DEPTH + 1 or self._expanded > MAX_EXPANDED:
            raise _RefusedError(
                line, f"the aliases (*name) grow to more than {MAX_EXPANDED} values: write them out instead"
            )

    def _alias(self, event: yaml.AliasEvent, path: Path, depth: int, line: int) -> object:
        begin = self._anchors.get(str(event.anchor))
        if begin is None:
            raise _RefusedError(
                line, f"the alias *{event.anchor} stands before or inside what it refers to: write it out"
            )
        back, self._at = self._at, begin
        self._replaying += 1
        value = self.build(path, depth, line)
        self._replaying -= 1
        self._at = back
        return value

    def _value(self, event: yaml.Event, path: Path, depth: int) -> object:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._mapping(path, depth)

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> object:
        text = str(event.value)
        if not event.implicit[0]:
            return text
        if _TRAP.fullmatch(text):
            self._mistake(path, self.places[path].line, _TRAPPED.format(text))
        for pattern, read in ((_NULL, _nothing), (_FLAG, _flag), (_WHOLE, int), (_BROKEN, float)):
            if pattern.fullmatch(text):
                return read(text)
        return text

    def _sequence(self, path: Path, depth: int) -> list[object]:
        items: list[object] = []
        while not self._ended():
            items.append(self.build((*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, object]:
        pairs: dict[str, object] = {}
        while not self._ended():
            key, line = self._key()
            below = (*path, key)
            if key in pairs:
                first = self.places[below].line
                self._mistake(below, line, f"is written twice, first on line {first}: keep one of the two")
                self._skip()
            elif key == "<<":
                self._mistake(below, line, "merge keys are not read: write the settings out")
                self._skip()
            else:
                pairs[key] = self.build(below, depth + 1, line)
        return pairs

    def _key(self) -> tuple[str, int]:
        event = self._events[self._at]
        self._at += 1
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
            raise _RefusedError(_line(event.start_mark), "a key must be plain text: write it as 'name: value'")
        return str(event.value), _line(event.start_mark)

    def _ended(self) -> bool:
        ended = isinstance(self._events[self._at], yaml.CollectionEndEvent)
        self._at += ended
        return ended

    def _skip(self) -> None:
        depth = 0
        while True:
            event = self._events[self._at]
            self._at += 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return

    def _mistake(self, path: Path, line: int, sentence: str) -> None:
        self.mistakes.append((path, Problem(self.file, line, dotted(path), sentence)))


_TRAPPED = (
    'YAML reads {0} without quotes as true or false: write "{0}" in quotes where the word is meant, else true or false'
)


def _nothing(_: str) -> None:
    return None


def _flag(text: str) -> bool:
    return text.lower() == "true"
