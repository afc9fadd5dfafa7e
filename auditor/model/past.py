"""What became of failures since the night that tonight is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model.memory import Failure, OpenFailure
from auditor.model.report import Night


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
class Transition:
    """A failure, and what became of it between two nights: ``change`` is one of ``CHANGES``."""

    failure: OpenFailure
    change: str


@dataclass(frozen=True)
class Past:
    """``standings``: of tonight's failures, and of verdicts on what failed before.

    ``departed`` are those that are open no more (fixed, gone or no_longer_visible), by rule and resource; ``open`` all
    that are open after tonight, and ``carried`` those among them that were asked about tonight and could not be seen.
    ``since`` is None on the first night: then nothing has changed, and all failures have only begun to be open.
    """

    since: datetime | None = None
    standings: Mapping[Failure, Standing] = field(default_factory=dict)
    departed: tuple[Transition, ...] = ()
    open: tuple[OpenFailure, ...] = ()
    carried: tuple[OpenFailure, ...] = ()

    @property
    def counts(self) -> Counter[str]:
        """Failures by what became of them; those that are carried are not among them."""
        failing = (str(each.change) for each in self.standings.values() if each.change in ("new", "still", "changed"))
        return Counter((*failing, *(each.change for each in self.departed)))


NO_PAST = Past()


@dataclass(frozen=True)
class Comparison:
    """What became, until ``after``, of the failures of ``before``; and those that came since.

    ``changes`` by rule and resource; ``unanswered`` are failures of ``before`` that are open and did not fail in
    ``after``, because they could not be read, are pending or exempt, or were not asked.
    """

    before: Night
    after: Night
    changes: tuple[Transition, ...]
    unanswered: tuple[OpenFailure, ...]
