"""This machine: one shard after the other, each of them on 32 threads of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from auditor.workers.memory import release

P = ParamSpec("P")
T = TypeVar("T")


class _OneByOne(ThreadPoolExecutor):
    """What was done with before a shard begins, the shard before it among it, goes back to the system first."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        def begun() -> T:
            release()
            return fn(*args, **kwargs)

        return super().submit(begun)


def local_executor() -> Executor:
    """More shards at once would only share the same two cores and hold more frames in memory."""
    return _OneByOne(max_workers=1, thread_name_prefix="shard")
