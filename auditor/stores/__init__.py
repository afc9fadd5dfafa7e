"""Where an archive keeps its files: a folder on a disk, or a container of blobs.

Nothing heavy is imported here: whoever only asks whether a night is due looks in, and is gone within a second.
"""

from auditor.cloud import Cloud
from auditor.model.archive import Folder, place_of
from auditor.model.settings import Settings
from auditor.stores.blobs import BlobStore
from auditor.stores.folder import FolderStore
from auditor.stores.interface import Store
from auditor.stores.outbox import letters_wait

__all__ = ["Store", "letters_wait", "open_store"]


def open_store(settings: Settings) -> Store | None:
    """The configured archive's; None where no nights are kept. Nothing is asked of it yet.

    Raises ExtraMissing where the package of its service is not installed.
    """
    if settings.archive is None:
        return None
    place = place_of(settings.archive.url)
    if isinstance(place, Folder):
        return FolderStore(place.path)
    return BlobStore(settings.archive, place, Cloud(settings.azure))
