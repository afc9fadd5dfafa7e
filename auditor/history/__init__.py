"""What earlier nights left behind, what became of their failures, and what tonight leaves to the next.

An archive holds one folder a night, each whole in itself, and a page that lists them.
"""

from auditor.history.archive import Archive, Tonight, configured, locked
from auditor.history.changes import changes, with_reasons
from auditor.history.checkpoints import Checkpoints
from auditor.history.compare import compare, find_night
from auditor.history.night import Content, Manifest, NightRefused
from auditor.history.seen import FAILED_OPERATIONS

__all__ = [
    "FAILED_OPERATIONS",
    "Archive",
    "Checkpoints",
    "Content",
    "Manifest",
    "NightRefused",
    "Tonight",
    "changes",
    "compare",
    "configured",
    "find_night",
    "locked",
    "with_reasons",
]
