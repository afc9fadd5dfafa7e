"""Where shards run: any ``concurrent.futures.Executor``; and how much memory the process keeps."""

from auditor.workers.local import local_executor
from auditor.workers.memory import collect_garbage_seldom, return_freed_memory

__all__ = ["collect_garbage_seldom", "local_executor", "return_freed_memory"]
