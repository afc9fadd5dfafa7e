"""Where shards run: any ``concurrent.futures.Executor``; and how much memory the process keeps."""

from auditor.workers.local import local_executor
from auditor.workers.memory import choose_allocator, collect_garbage_seldom, release, return_freed_memory

__all__ = ["choose_allocator", "collect_garbage_seldom", "local_executor", "release", "return_freed_memory"]
