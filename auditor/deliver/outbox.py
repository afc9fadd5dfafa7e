"""Letters that could not be sent, each a folder of its own: the letter, its files, and an envelope that says who has
it.

They lie beside the output folder, which the next night replaces. No secret is kept: whoever sends them signs in anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import orjson

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
class Outbox:
    """The letters at ``folder``, which is there only while it holds some."""

    folder: Path

    def keep(self, mail: Mail, way: int, recipients: Sequence[str], accepted: Iterable[str]) -> Path:
        """Put a copy of the letter away, whole or not at all. Returns where. Raises OSError."""
        place = self.folder / f"{mail.envelope.run_id}-{way}"
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

    def letters(self) -> Iterator[Kept]:
        """The oldest first; what reads like no letter of ours is left alone. Raises OSError."""
        places = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        for place in places:
            if (place / _ENVELOPE).is_file() and not place.name.startswith("."):
                yield _read(place)

    def mark(self, kept: Kept, accepted: Iterable[str]) -> None:
        """Note who has it by now. Raises OSError."""
        told = dict.fromkeys((*kept.accepted, *accepted))
        self._write(kept.mail.folder, Kept(kept.mail, kept.way, kept.recipients, tuple(told)))

    def remove(self, kept: Kept) -> None:
        """It has arrived. Raises OSError."""
        shutil.rmtree(kept.mail.folder)
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


def _read(place: Path) -> Kept:
    told = orjson.loads((place / _ENVELOPE).read_bytes())
    words = {each.name: told[each.name] for each in fields(Envelope) if each.name != "occasions"}
    mail = Mail(place, Envelope(**words, occasions=frozenset()), datetime.fromisoformat(told["written"]))
    return Kept(mail, told["way"], tuple(told["recipients"]), tuple(told["accepted"]))
