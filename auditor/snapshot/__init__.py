"""All that a night collected and was judged by, in one folder that can be judged again: no Azure, and no secret in it.

Stored are the frames before anything was derived from them. A newer version may derive more, and other rules, another
release table or another memory derive otherwise; only what was collected stays what it was.
"""

from auditor.snapshot.letter import decoded_memory, encoded_memory
from auditor.snapshot.read import Opened, open_snapshot
from auditor.snapshot.write import check_output, claimed, write_snapshot

__all__ = ["Opened", "check_output", "claimed", "decoded_memory", "encoded_memory", "open_snapshot", "write_snapshot"]
