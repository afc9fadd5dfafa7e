"""This machine: one shard after the other, each of them on 32 threads of its own."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor


def local_executor() -> Executor:
    """More shards at once would only share the same two cores and hold more frames in memory."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="shard")
