"""How far this machine's clock is from Azure's, as the ``Date`` of its answers tells.

A window that ends by a clock that is behind leaves out what happened last, and nothing in the answer shows it.
https://www.rfc-editor.org/rfc/rfc9110#name-date
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from threading import Lock

from auditor.errors import ClockRefused

TOLERANCE = timedelta(minutes=5)
"""What Microsoft's libraries allow between two clocks where they look at a token; and what is logged takes minutes
until it can be read, so that the end of a window is never sure. The next night asks for those minutes again.
https://learn.microsoft.com/dotnet/api/microsoft.identitymodel.tokens.tokenvalidationparameters.defaultclockskew
https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time"""
BEARABLE = timedelta(minutes=30)
"""A clock that drifts is off by minutes; one that takes another zone's time for UTC by an hour and more. By that ages,
exemptions and the dates of the archive would be wrong, too."""
_CERTIFIED = timedelta(days=398)
"""For no longer has a public server's certificate been valid since 2020 (since March 2026 for 200 days). By a clock
further off nobody would be spoken to at all, so a date further away was told by no clock: what answers repeats what was
said long ago. (A company's own authority may certify for longer; such a clock is compared with nothing.)
https://cabforum.org/working-groups/server/baseline-requirements/requirements/"""
_ALIKE_S = 60.0
"""So many seconds around the middle lies half of what clocks tell that go."""
_FIRST = 51
"""So many answers are compared: the first ones, as the time to judge by was taken just before them."""
_SECOND = timedelta(seconds=1)


class Clocks:
    """This machine's clock (``own``, aware UTC) beside Azure's, of one start of a night. Safe to share between threads.

    Of many answers the median counts: neither a slow answer nor a single server's odd date decides. Where they
    contradict each other nobody knows.
    """

    def __init__(self, own: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.own = own
        self._lock = Lock()
        self._seconds: list[float] = []

    def heard(self, asked: datetime, answered: datetime, date: str | None) -> None:
        """An answer between two moments by this machine's clock, and its ``Date``; without one it tells nothing."""
        theirs = moment_of(date)
        if theirs is None or answered < asked or abs(answered - theirs) > _CERTIFIED:  # or a clock put back meanwhile
            return
        with self._lock:
            if len(self._seconds) < _FIRST:
                self._seconds.append(_ahead(asked, answered, theirs).total_seconds())

    @property
    def ahead(self) -> timedelta | None:
        """By how much this machine's clock is ahead at the least, negative where it is behind; None: nobody knows."""
        with self._lock:
            heard = [*self._seconds]
        if not heard:
            return None
        middle = median(heard)
        alike = median(abs(each - middle) for each in heard) <= _ALIKE_S
        return timedelta(seconds=middle) if alike else None

    @property
    def complaint(self) -> str | None:
        """What is wrong with this machine's clock, within a sentence; None where it agrees, or nobody told."""
        ahead = self.ahead
        return told(ahead) if ahead is not None and abs(ahead) > TOLERANCE else None

    def check(self) -> None:
        """Raise ClockRefused where this machine's clock is too far off to judge by."""
        ahead = self.ahead
        if ahead is not None and abs(ahead) > BEARABLE:
            raise ClockRefused(WRONG.format(what=told(ahead)), SET)


WRONG = "Times and ages would be wrong: {what}"
SET = "Set the clock of this machine and keep it so (timedatectl set-ntp true, chrony, w32time), then run again."


def told(ahead: timedelta) -> str:
    """``the clock of this machine is 3 h 5 min behind that of Azure``."""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    parts = {"d": minutes // 1440, "h": minutes // 60 % 24, "min": minutes % 60}
    span = " ".join(f"{number} {unit}" for unit, number in parts.items() if number)
    return f"the clock of this machine is {span} {'ahead of' if ahead > timedelta() else 'behind'} that of Azure"


def moment_of(date: str | None) -> datetime | None:
    """A date as HTTP writes it, aware UTC; None where it is none."""
    try:
        moment = parsedate_to_datetime(date or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _ahead(asked: datetime, answered: datetime, theirs: datetime) -> timedelta:
    """As little as the answer proves: it was dated some time between question and end, within that second."""
    least, most = asked - theirs - _SECOND, answered - theirs
    return max(least, timedelta()) + min(most, timedelta())
