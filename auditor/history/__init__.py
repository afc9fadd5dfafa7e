"""What earlier nights left behind, and what tonight leaves to the next. There is no archive yet."""

from auditor.history.recall import recall
from auditor.model.memory import Memory

__all__ = ["Memory", "recall"]
