"""What became of failures since the night that tonight is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model.memory import Failure, OpenFailure


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a verdict of tonight: ``change`` is one of ``CHANGES``, or None where an open failure was not answered, or is
    exempt by now.

    ``nights`` in which it was seen to fail, tonight among them where it fails; ``first_seen`` the first of them.
    """

    change: str | None
    first_seen: datetime
    nights: int


@dataclass(frozen=True, slots=True)
class Departed:
    """A failure that is open no more; ``change`` is fixed, gone or no_longer_visible."""

    failure: OpenFailure
    change: str


@dataclass(frozen=True)
class Past:
    """``standings``: of tonight's failures, and of verdicts on what failed before. ``departed``: by rule and resource.

    ``open`` are all failures that are open after tonight, ``carried`` those among them that nobody could see tonight.
    ``since`` is None on the first night: then nothing has changed, and all failures have only begun to be open.
    """

    since: datetime | None = None
    standings: Mapping[Failure, Standing] = field(default_factory=dict)
    departed: tuple[Departed, ...] = ()
    open: tuple[OpenFailure, ...] = ()
    carried: tuple[OpenFailure, ...] = ()

    @property
    def counts(self) -> Counter[str]:
        """Failures by what became of them; those that are carried are not among them."""
        told = Counter(each.change for each in self.standings.values() if each.change in ("new", "still", "changed"))
        return Counter({str(change): count for change, count in told.items()}) + Counter(
            each.change for each in self.departed
        )


NO_PAST = Past()
