"""What earlier nights left behind, what became of their failures, and what tonight leaves to the next.

An archive holds one folder a night, each whole in itself, and a page that lists them.
"""

from auditor.history.archive import Archive, Tonight, opened
from auditor.history.changes import changes, with_reasons
from auditor.history.compare import Comparison, compare, find_night
from auditor.history.seen import FAILED_OPERATIONS
from auditor.model.memory import Memory

__all__ = [
    "FAILED_OPERATIONS",
    "Archive",
    "Comparison",
    "Memory",
    "Tonight",
    "changes",
    "compare",
    "find_night",
    "opened",
    "with_reasons",
]
