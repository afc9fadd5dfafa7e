"""The table of automatic upgrade: which extensions the platform can upgrade by itself -> Upgradables."""

from __future__ import annotations

from auditor.model.rule import Upgradable
from auditor.settle.checked import check, entries
from auditor.settle.complaints import Complaints
from auditor.settle.located import Document
from auditor.settle.shape import UpgradableShape


def read_upgradable(document: Document, complaints: Complaints) -> tuple[Upgradable, ...]:
    """The rows of ``document``; mistakes go to ``complaints``."""
    positions = entries(document, complaints, of="extensions", begins="publisher")
    shapes = (check(UpgradableShape, document, complaints, (position,)) for position in positions)
    return tuple(Upgradable(each.publisher, each.type, each.kinds) for each in shapes if each is not None)
