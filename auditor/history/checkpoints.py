"""The pieces of a night that is not ended, in the archive: each of them one file, whole or not there.

``begun.json`` names those that are done, with their hashes; whatever else lies beside it was left by a run that was
killed, and is not looked at.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.disk.scratch import MORE_ROOM
from auditor.disk.zips import DAMAGED
from auditor.errors import ArchiveRefused, why
from auditor.history.night import Content, NightRefused, described
from auditor.model.places import BEGUN, UNDER_WAY
from auditor.model.underway import Begun, Kept, begun_in
from auditor.stores import Store


@dataclass(frozen=True)
class Checkpoints:
    """``scratch`` is a folder of this machine where a piece is packed. Every method raises ArchiveRefused."""

    store: Store
    scratch: Path

    def begun(self) -> Begun | None:
        """The night that is not ended; None where there is none. Raises NightRefused for one that cannot be read."""
        content = self.store.read(BEGUN)
        if content is None:
            return None
        try:
            return begun_in(content)
        except ValueError as error:
            raise NightRefused("is not what this version writes") from error

    def note(self, begun: Begun) -> None:
        """From now on the night is under way, or is known to have been started once more."""
        self.store.check_locked()
        self.store.write(BEGUN, begun.encoded())

    def put(self, begun: Begun, name: str, kind: str, seconds: float, files: Mapping[str, Content]) -> Begun:
        """Keep a piece; it is done once ``begun.json`` says so. Gives what that says now."""
        packed = self._packed(name, files)
        try:
            told = described(packed)
            self.store.check_locked()
            self.store.write(begun.place(name), packed)
        finally:
            packed.unlink(missing_ok=True)
        begun = begun.with_piece(name, Kept(kind, told.sha256, told.bytes, seconds))
        self.store.write(BEGUN, begun.encoded())
        return begun

    def get(self, begun: Begun, name: str, folder: Path) -> bool:
        """Put the files of a piece into ``folder``; False where it is not done, or its file is not what was written.

        Raises ValueError for one that somebody has written in its place.
        """
        kept = begun.pieces.get(name)
        content = self.store.read(begun.place(name)) if kept else None
        if kept is None or content is None:
            return False
        told = described(content)
        if (told.sha256, told.bytes) != (kept.sha256, kept.bytes):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as files:
                files.extractall(folder)
        except OSError as error:
            raise self._refused(name, error) from error
        except DAMAGED as error:  # with the hash of itself
            raise ValueError(f"is damaged: {error}") from error
        return True

    def end(self) -> None:
        """The night is over; what it had kept, and whatever killed runs left beside it, goes."""
        self.store.check_locked()
        self.store.remove(BEGUN)
        for name in self.store.files(UNDER_WAY):
            self.store.remove(name)

    def _packed(self, name: str, files: Mapping[str, Content]) -> Path:
        packed = self.scratch / f"{name}.zip"
        try:
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as whole:
                for inside, content in files.items():
                    if isinstance(content, Path):
                        whole.write(content, inside)
                    else:
                        whole.writestr(inside, content)
        except OSError as error:
            raise self._refused(name, error) from error
        return packed

    def _refused(self, name: str, error: OSError) -> ArchiveRefused:
        return ArchiveRefused(
            f"The night's own piece {name} could not be packed for the archive, or unpacked from it, "
            f"in {self.scratch}: {why(error)}. {MORE_ROOM}"
        )
