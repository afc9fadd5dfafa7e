"""Memory that a night is done with goes back: two allocators keep what was freed unless they are told otherwise."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
"""glibc's names for how many arenas there may be, and from which size on a piece is the system's own.
https://man7.org/linux/man-pages/man3/mallopt.3.html"""
_PIECE = 128 * 1024
"""What glibc begins with, and left to itself raises to the size of whatever is freed: then columns lie among small
objects, and what lives beside them keeps their room."""
_NEW_OBJECTS = 50_000
"""Python looks for garbage in cycles whenever it has 700 objects more, and through all of them ever again."""


def choose_allocator() -> None:
    """All memory comes from the system's allocator, which gives it back: to be called before anything is imported.

    Arrow looks its allocator up when it is loaded; its own keeps what Parquet files were written from, whatever pool
    Python names later. A choice of the user's stays. https://arrow.apache.org/docs/cpp/env_vars.html#envvar-ARROW_DEFAULT_MEMORY_POOL

    glibc gives each of many threads an arena that never shrinks; those of numpy and Arrow have one once these are
    imported. The whole process is changed; where the system has another allocator, only the first holds.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _PIECE)


def return_freed_memory() -> None:
    """Arrow's own pool keeps what was freed: another is named, should it have been loaded before anybody chose."""
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def release() -> None:
    """Give back what lives no longer: next to a shard that is much.

    An error that was caught holds the frames that it came through, and all that they read, until somebody looks for
    cycles. What is freed between things that still live glibc keeps; on other systems nothing more happens.
    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    gc.collect()
    _spare_what_stays()
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


@cache
def _spare_what_stays() -> None:
    """What is there the first time, modules most of all, is not looked through again: that takes a tenth of a second
    each time. Once in a process, whose next nights may end with cycles among what they made."""
    gc.freeze()


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of the system's allocator that only glibc has."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def collect_garbage_seldom() -> None:
    """A night's rows are hundreds of thousands of objects, none of them in a cycle: looking through them again and
    again is a tenth of its processor time. :func:`release` looks once a shard. The whole process is changed."""
    _new, *older = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *older)
