"""Letters that wait while no night is due: whoever looks in may send them, without all that a night needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from auditor.deliver.beside import Beside
from auditor.deliver.office import PostOffice
from auditor.deliver.outbox import Outbox
from auditor.model.places import outbox_of
from auditor.model.posted import Posted
from auditor.model.settings import Settings
from auditor.stores import Store


def send_waiting(settings: Settings, store: Store | None, output: Path, pause: Callable[[float], None]) -> Posted:
    """Try each letter that waits in ``store``, the archive, or beside ``output``, once; for when no night is under way.

    Raises ArchiveBusy where another run is at work in the archive, and ArchiveRefused where that cannot be reached.
    """
    office = PostOffice(settings.deliver, Outbox(Beside(outbox_of(output)), store), pause)
    with store.locked() if store else nullcontext():
        office.empty(tries=1)
        office.finished()
    return office.posted
