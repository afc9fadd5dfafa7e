"""Records become frames with declared columns, and frames gain the columns that rules read."""

from auditor.frames.build import Frames, build
from auditor.frames.derive import Context, derive
from auditor.frames.narrow import merged, narrowed, rows_again, verdicts_on
from auditor.frames.store import read_frames, write_frames

__all__ = [
    "Context",
    "Frames",
    "build",
    "derive",
    "merged",
    "narrowed",
    "read_frames",
    "rows_again",
    "verdicts_on",
    "write_frames",
]
