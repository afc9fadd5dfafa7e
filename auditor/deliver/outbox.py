"""Letters that could not be sent, each a folder of its own: the letter, its files, and an envelope that says who has
it.

They lie beside the output folder, which the next night replaces. No secret is kept: whoever sends them signs in anew.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import orjson
from pydantic import Field, TypeAdapter

from auditor.deliver.message import Mail
from auditor.model.files import LETTER_HTML, LETTER_TEXT, READABLE
from auditor.model.letter import Envelope

_ENVELOPE = "envelope.json"
_KEPT = (LETTER_HTML, LETTER_TEXT, *READABLE.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter of an earlier start. ``way`` is the place in ``deliver`` of the one that could not send it,
    ``recipients`` were its recipients then, and ``accepted`` those of them who have it."""

    mail: Mail
    way: int
    recipients: tuple[str, ...]
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What an envelope says of a letter beside its words."""

    written: datetime
    way: Annotated[int, Field(ge=0)]
    recipients: tuple[str, ...]
    accepted: tuple[str, ...]


_ENVELOPES, _STANDINGS = TypeAdapter(Envelope), TypeAdapter(_Standing)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The letters at ``folder``, which is there only while it holds some."""

    folder: Path

    def place_of(self, mail: Mail, way: int) -> Path:
        """Where the letter lies while it is kept."""
        return self.folder / f"{mail.envelope.run_id}-{way}"

    def keep(self, mail: Mail, way: int, recipients: Sequence[str], accepted: Iterable[str]) -> Path:
        """Put a copy of the letter away, whole or not at all. Returns where. Raises OSError."""
        place = self.place_of(mail, way)
        draft = self.folder / f".{place.name}.{uuid4().hex[:8]}.partial"
        try:
            draft.mkdir(parents=True)
            for name in _KEPT:
                if (mail.folder / name).is_file():
                    shutil.copyfile(mail.folder / name, draft / name)
            self._write(draft, Kept(mail, way, tuple(recipients), tuple(accepted)))
            if place.exists():
                shutil.rmtree(place)
            draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return place

    def places(self) -> list[Path]:
        """Where letters lie, the oldest first; what looks like none of ours is left alone. Raises OSError."""
        places = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return [each for each in places if (each / _ENVELOPE).is_file() and not each.name.startswith(".")]

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Whether nobody else is sending what lies here, who is kept from it until the end. Raises OSError.

        Two runs over one output folder would send a letter twice. The system lets go of the claim when a process ends.
        """
        if sys.platform == "win32" or not self.folder.is_dir():  # folders cannot be locked there: nobody is kept out
            yield True
            return
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            yield _lock(folder)
        finally:
            os.close(folder)

    @staticmethod
    def read(place: Path) -> Kept:
        """The letter at ``place``. Raises OSError, and ValueError where its envelope is not as it was written."""
        content = (place / _ENVELOPE).read_bytes()
        envelope, told = _ENVELOPES.validate_json(content), _STANDINGS.validate_json(content)
        return Kept(Mail(place, envelope, told.written), told.way, told.recipients, told.accepted)

    def mark(self, kept: Kept, accepted: Iterable[str]) -> None:
        """Note who has it by now. Raises OSError."""
        told = dict.fromkeys((*kept.accepted, *accepted))
        self._write(kept.mail.folder, Kept(kept.mail, kept.way, kept.recipients, tuple(told)))

    def remove(self, place: Path) -> None:
        """The letter at ``place`` has arrived. Raises OSError."""
        shutil.rmtree(place)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _write(self, place: Path, kept: Kept) -> None:
        envelope = {each.name: getattr(kept.mail.envelope, each.name) for each in fields(Envelope)}
        told = {
            **envelope,
            "occasions": [],
            "written": kept.mail.written,
            "way": kept.way,
            "recipients": kept.recipients,
            "accepted": kept.accepted,
        }
        draft = place / f"{_ENVELOPE}.partial"
        draft.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        draft.replace(place / _ENVELOPE)


if sys.platform != "win32":

    def _lock(folder: int) -> bool:
        import fcntl

        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk that knows no locks: letters go out all the same
            return True
        return True
