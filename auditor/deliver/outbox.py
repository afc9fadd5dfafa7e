"""Letters on their way: each lies here before it is sent, until everybody has answered for good.

Of a letter there are two files: ``NAME.zip``, the letter with the files that go with it, and ``NAME.json``, its
standing. The standing is written last, and again after every answer; a letter that is done loses its files first, and
its standing only when the night is over. So a start after one that was killed at any of these steps neither loses a
letter nor sends it twice.

One moment nobody can exclude: a start that was killed after a server took a letter, and before that was noted, is
followed by one that sends it once more. It is the same letter, byte by byte and with the same Message-ID, by which mail
programs know it. And where no place at all can be written, letters are sent from memory, and nobody notes it.

No secret is kept: whoever sends a letter signs in anew.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.deliver.beside import Beside
from auditor.deliver.message import Mail
from auditor.deliver.standing import Standing, standing_of
from auditor.disk.zips import DAMAGED
from auditor.errors import ArchiveBusy, ShelfRefused
from auditor.model.files import LETTER_HTML, LETTER_TEXT
from auditor.model.places import OUTBOX
from auditor.model.shelf import Shelf


@dataclass
class Outbox:
    """In the archive where there is one, else beside the output folder; there, too, where the archive refuses.

    Letters and their standings may lie in several places by then: they are read together. ``refused`` are sentences on
    places that did not work.
    """

    beside: Beside
    archive: Shelf | None = None
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._memory = _Memory()
        self._lie: dict[str, list[Shelf]] = {}  # where the files of each letter are

    @property
    def _shelves(self) -> tuple[Shelf, ...]:
        return (*((self.archive,) if self.archive is not None else ()), self.beside, self._memory)

    def put(self, standing: Standing, files: Mapping[str, bytes], *, for_later: bool = False) -> Standing:
        """Put a letter here, unless it is here or was sent by now. Returns how it stands.

        ``for_later``: raises ShelfRefused where no other start would know of it. Raises ArchiveBusy where another run
        has taken the archive over: what lies there is that one's to send. Raises ValueError where there is a standing
        of that name which is not as it was written.
        """
        there = self.standing(standing.name)
        if there is not None:
            return there
        content = _packed(files)
        for shelf in self._shelves[: -1 if for_later else None]:
            try:
                shelf.check_locked()
                shelf.write(_zip(standing.name), content)
                shelf.write(_json(standing.name), standing.encoded())
            except ArchiveBusy:
                raise
            except ShelfRefused as error:
                self._tell(error)
                with suppress(ShelfRefused):
                    shelf.remove(_zip(standing.name))
            else:
                self._lie[standing.name] = [shelf]
                return standing
        raise ShelfRefused(self.refused[-1])

    def withdraw(self, name: str) -> None:
        """Take a letter out again, its files first. Raises ShelfRefused."""
        for file in (_zip(name), _json(name)):
            for shelf in self._shelves:
                shelf.remove(file)

    def names(self) -> list[str]:
        """Of the letters that lie here, those among them that are done too; the oldest first."""
        names: set[str] = set()
        for shelf in self._shelves:
            with self._told():
                shelf.check_locked()
                files = [(Path(each).stem, Path(each).suffix) for each in shelf.files(OUTBOX)]
                names.update(name for name, kind in files if kind == ".json")
                for name in (name for name, kind in files if kind == ".zip"):
                    lie = self._lie.setdefault(name, [])
                    lie += [] if shelf in lie else [shelf]
        return sorted(names)

    def standing(self, name: str) -> Standing | None:
        """How it stands with a letter; None where none of that name is known.

        Raises ValueError where what is noted of it is not as it was written.
        """
        known: Standing | None = None
        for shelf in self._shelves:
            with self._told():
                content = shelf.read(_json(name))
                if content is not None:
                    told = standing_of(content, name)
                    known = known.with_told(told) if known else told
        return known

    def mail(self, standing: Standing) -> Mail:
        """The letter with its files. Raises ShelfRefused, LookupError where they are not there, and ValueError where
        they are damaged."""
        for shelf in self._lie.get(standing.name, ()):
            shelf.check_locked()
            content = shelf.read(_zip(standing.name))
            if content is not None:
                return Mail(_unpacked(content), standing.envelope, standing.name, standing.written)
        raise LookupError(standing.name)

    def note(self, standing: Standing) -> bool:
        """Write down who has it by now. Returns whether another start would know."""
        for shelf in self._shelves:
            with self._told():
                shelf.write(_json(standing.name), standing.encoded())
                return shelf is not self._memory
        return False

    def done(self, standing: Standing) -> bool:
        """Nobody waits for it any more. Returns whether another start would know."""
        standing = replace(standing, done=True)
        noted, gone = self.note(standing), True
        for shelf in self._lie.get(standing.name, ()):
            try:
                shelf.remove(_zip(standing.name))
            except ShelfRefused as error:
                self._tell(error)
                gone = False
        return noted or self.note(standing) or gone  # on a disk that was full there is room by now

    def finished(self) -> None:
        """The night is over, and no start takes it up again: what is left of letters that are done goes.

        What cannot be removed now the end of the next night removes.
        """
        if self.archive is not None:
            with self._told():
                self._sweep(self.archive)
        for name in self.names():
            with suppress(ValueError, ShelfRefused):
                standing = self.standing(name)
                if standing and standing.done:
                    self.withdraw(name)

    @staticmethod
    def _sweep(archive: Shelf) -> None:
        """Files without a standing are of a run that was killed while it put its letter there."""
        archive.check_locked()
        files = {Path(each) for each in archive.files(OUTBOX)}
        for each in files:
            if each.suffix == ".zip" and each.with_suffix(".json") not in files:
                archive.remove(each.as_posix())

    def place(self, name: str) -> str | None:
        """Where a letter lies, as a person finds it; None where it lies in memory only."""
        lie = self._lie.get(name, ())
        if self.archive is not None and self.archive in lie:
            return f"{self.archive.where}/{_zip(name)}"
        return str(self.beside.place(_zip(name))) if self.beside in lie else None

    def claimed(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody else is sending the letter, who is kept from it until the end.

        What lies in the archive is behind the archive's own lock.
        """
        return self.beside.claimed(_zip(name)) if self.beside in self._lie.get(name, ()) else nullcontext(True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ShelfRefused as error:
            self._tell(error)

    def _tell(self, error: ShelfRefused) -> None:
        if str(error) not in self.refused:
            self.refused.append(str(error))


class _Memory:
    """The last resort: where nothing can be written, letters are sent all the same."""

    where = "memory"

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def files(self, folder: str) -> list[str]:
        return [name for name in self._files if name.startswith(f"{folder}/")]

    def read(self, name: str) -> bytes | None:
        return self._files.get(name)

    def write(self, name: str, content: bytes | Path) -> None:
        self._files[name] = content.read_bytes() if isinstance(content, Path) else content

    def remove(self, name: str) -> None:
        self._files.pop(name, None)

    def check_locked(self) -> None:
        """Nobody else is at work in it."""


def _zip(name: str) -> str:
    return f"{OUTBOX}/{name}.zip"


def _json(name: str) -> str:
    return f"{OUTBOX}/{name}.json"


def _packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
    except (*DAMAGED, OSError) as error:
        raise ValueError(f"is damaged: {error}") from error
    if not files.keys() >= {LETTER_HTML, LETTER_TEXT}:
        raise ValueError("has lost its words")
    return files
