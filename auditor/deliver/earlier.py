"""Letters as earlier versions kept them beside the output folder: each a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from auditor.deliver.standing import Standing
from auditor.model.files import LETTER_FILES
from auditor.model.letter import Envelope

_ENVELOPE = "envelope.json"


@dataclass(frozen=True, slots=True)
class _Told:
    """What an envelope says of a letter beside its words."""

    written: datetime
    way: Annotated[int, Field(ge=0)]
    recipients: tuple[str, ...]
    accepted: tuple[str, ...]


_ENVELOPES, _TOLD = TypeAdapter(Envelope), TypeAdapter(_Told)


def places(folder: Path) -> list[Path]:
    """Where such letters lie, the oldest first; what looks like none of ours is left alone."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # there is none, or nothing can be read there: the outbox tells that
        return []
    return [each for each in entries if (each / _ENVELOPE).is_file() and not each.name.startswith(".")]


def read(place: Path) -> tuple[Standing, Mapping[str, bytes]]:
    """The letter at ``place``, and its files. Raises OSError, and ValueError where it is not as it was written."""
    content = (place / _ENVELOPE).read_bytes()
    envelope, told = _ENVELOPES.validate_json(content), _TOLD.validate_json(content)
    files = {name: (place / name).read_bytes() for name in LETTER_FILES if (place / name).is_file()}
    return Standing(envelope, told.written, told.way, told.recipients, told.accepted), files


def remove(place: Path) -> None:
    """It lies elsewhere by now. Raises OSError."""
    shutil.rmtree(place)
    with suppress(OSError):  # other letters lie there yet
        place.parent.rmdir()
