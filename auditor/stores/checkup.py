"""Whether the archive of nights can be reached, read, locked and written: nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from auditor.errors import ArchiveBusy, ArchiveRefused, ExtraMissing
from auditor.model.archive import Folder, place_of
from auditor.model.checkup import Endpoint
from auditor.model.settings import Settings
from auditor.stores import open_store
from auditor.stores.interface import LOCK

_PROBE = "doctor.partial"
_CLOSE = "Compare archive in the configuration with what is there; nothing was left behind."


def try_archive(settings: Settings) -> Endpoint | None:
    """What every night does before it fetches anything; None where no nights are kept."""
    if settings.archive is None:
        return None
    url = settings.archive.url
    try:
        with _as_it_was(url):
            _try(settings)
    except ArchiveBusy:  # a night is at work in it: that is what it is for
        return Endpoint("archive", url)
    except (ArchiveRefused, ExtraMissing) as error:
        reason, _stop, close = str(error).partition(". ")
        return Endpoint("archive", url, reason, close or _CLOSE)
    return Endpoint("archive", url)


def _try(settings: Settings) -> None:
    store = open_store(settings)
    if store is None:
        return
    store.nights()
    is_new = store.read(LOCK) is None
    with store.locked():
        store.write(_PROBE, b"")
        store.remove(_PROBE)
    if is_new:
        with suppress(ArchiveRefused):  # somebody has locked it since
            store.remove(LOCK)


@contextmanager
def _as_it_was(url: str) -> Iterator[None]:
    """The folders that were not there are not there afterwards."""
    place = place_of(url)
    made = (
        [each for each in (place.path, *place.path.parents) if not each.exists()] if isinstance(place, Folder) else []
    )
    try:
        yield
    finally:
        with suppress(OSError):  # somebody else has put something there
            for each in made:
                each.rmdir()
