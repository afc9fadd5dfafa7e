"""Memory that a night is done with goes back: two allocators keep what was freed unless they are told otherwise."""

from __future__ import annotations

import ctypes
import gc
import sys

_M_ARENA_MAX = -8
"""glibc's name for how many arenas there may be. https://man7.org/linux/man-pages/man3/mallopt.3.html"""
_ARENAS = 2
_NEW_OBJECTS = 50_000
"""Python looks for garbage in cycles whenever it has 700 objects more, and through all of them ever again."""


def return_freed_memory() -> None:
    """Texts of frames come from the system's allocator, and that has few arenas; the whole process is changed.

    Arrow's own pool keeps what was freed, and glibc gives each of many threads an arena that never shrinks: together a
    third of a night's peak. Where the system has another allocator, only the first holds.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENAS)


def collect_garbage_seldom() -> None:
    """A night's rows are hundreds of thousands of objects, none of them in a cycle: looking through them again and
    again is a tenth of its processor time. The whole process is changed."""
    _new, *older = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *older)
