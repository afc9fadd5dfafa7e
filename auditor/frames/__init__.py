"""Records become frames with declared columns, and frames gain the columns that rules read."""

from auditor.frames.build import Frames, build, collected, declared
from auditor.frames.derive import Context, derive
from auditor.frames.narrow import renewed, rows_again, verdicts_on
from auditor.frames.store import FramesRefused, StoredFrames, read_collected, read_frame, read_frames, write_frames

__all__ = [
    "Context",
    "Frames",
    "FramesRefused",
    "StoredFrames",
    "build",
    "collected",
    "declared",
    "derive",
    "read_collected",
    "read_frame",
    "read_frames",
    "renewed",
    "rows_again",
    "verdicts_on",
    "write_frames",
]
