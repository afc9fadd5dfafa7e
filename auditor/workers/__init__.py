"""Where shards run: any ``concurrent.futures.Executor``."""

from auditor.workers.local import local_executor

__all__ = ["local_executor"]
