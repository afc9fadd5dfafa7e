"""Whether letters wait: asked at every tick, and by every night, without what sends them."""

from __future__ import annotations

from auditor.errors import ShelfRefused
from auditor.model.places import OUTBOX, outbox_of
from auditor.model.run import Order
from auditor.stores.interface import Store


def letters_wait(order: Order, store: Store | None) -> bool:
    """Whether an earlier start has left letters, in the archive or beside the output folder, that this one may send.

    True, too, where nobody can look into the archive: whoever then tries to send what lies there tells why not.
    """
    if not (order.deliver and order.settings.deliver):
        return False
    try:
        kept = store.files(OUTBOX) if store else []
    except ShelfRefused:
        return True
    return any(each.endswith(".zip") for each in kept) or outbox_of(order.output).is_dir()
