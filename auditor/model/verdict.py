"""Verdicts: what a rule says of one row."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The six verdicts. ``unanswered`` is not a kind of pass: something that the verdict rests on is not known."""

    FAIL = "fail"
    UNANSWERED = "unanswered"
    PENDING = "pending"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "not_applicable"
    PASS = "pass"  # noqa: S105 - the verdict's word, not a password


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return list(Severity).index(self)


EXTENSIONS_NOT_READ = "extensions_not_read"
"""Reason code of the one unanswered verdict on a machine whose extensions were not read."""

INSTANCES_NOT_READ = "instances_not_read"
"""Reason code of the one unanswered verdict on a uniform scale set whose instances were not read."""

NOT_KNOWN = "not_known"
"""Reason code of an unanswered verdict: at least one column that the rule rests on is missing."""

AS_EXPECTED = "as_expected"
"""Reason code of a pass."""
