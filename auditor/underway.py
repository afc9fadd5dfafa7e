"""A night that goes on where an earlier start of it has ended: killed, or out of time.

What a start has done is kept in the archive, piece by piece; a later start of the same order does only the rest, by the
clock of the first one. Without an archive nothing is kept, and nothing is bounded.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from auditor import history
from auditor.errors import ArchiveRefused, ClockRefused, OutOfTime
from auditor.model.duration import write_duration
from auditor.model.grounds import Changes
from auditor.model.narration import counted
from auditor.model.run import Order, Watch
from auditor.model.underway import KEPT_FOR, Begun
from auditor.pieces import Piece

T = TypeVar("T")

_COUNTED = {"shard": "", "confirm": " read again"}
_CONFIGURATION, _OTHERWISE = "the configuration", "the command line or the environment"


@dataclass
class UnderWay:
    """The night, as ``order`` asks for it since its first start. ``checkpoints`` is None where nothing is kept.

    ``stopwatch`` tells seconds, and told ``began`` when this start began; ``planned`` is how many pieces of a kind
    there will be, as far as it is known. ``done_now`` are the steps that this start has done itself; ``given_up`` is
    True once the archive has refused to keep one, and from then on none is kept.
    """

    order: Order
    watch: Watch
    begun: Begun
    checkpoints: history.Checkpoints | None
    scratch: Path
    stopwatch: Callable[[], float]
    planned: dict[str, int] = field(default_factory=dict)
    done_now: int = 0
    given_up: bool = False
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.stopwatch()

    def once(self, piece: Piece[T], make: Callable[[], T]) -> T:
        """What ``make`` gives, or what it gave on an earlier start. Raises OutOfTime where it should not be begun."""
        found = self._found(piece)
        if found is not None:
            return found
        if piece.kind:
            self.check_time(piece.kind)
        began = self.stopwatch()
        try:
            made = make()
        except ClockRefused:  # its time to judge by is of that clock: the next start takes its own
            self.ended()
            raise
        self.done_now += bool(piece.kind)
        self._keep(piece, made, self.stopwatch() - began)
        return made

    def check_time(self, kind: str) -> None:
        """Raise OutOfTime where a piece of this kind would hardly end within the budget.

        The slowest of its kind is the measure, before there is one the slowest of all. Every start does one piece at
        the least, so that nights end; and where nothing can be kept any more, stopping would only lose what is done.
        """
        checkpoints = self._keeping
        if checkpoints is None or not self.done_now:
            return
        left, done = self.left(), self.begun.pieces.values()
        alike = [each.seconds for each in done if each.kind == kind] or [each.seconds for each in done]
        if left < max(alike, default=0.0) or left <= 0:
            budget = write_duration(self.order.settings.time_budget or timedelta())
            raise OutOfTime(
                f"There is no report yet: the time budget of {budget} does not last for another piece "
                f"of the night of {self.order.as_of:%Y-%m-%d %H:%M} UTC. Kept in the archive "
                f"{checkpoints.store.where}: {self.progress()}. Start it again, and it goes on from there."
            )

    def left(self) -> float:
        """Seconds of the time budget; endless where there is none."""
        budget = self.order.settings.time_budget
        return math.inf if budget is None else budget.total_seconds() - (self.stopwatch() - self.began)

    def progress(self) -> str:
        """``the survey, 3 of 8 shards``: what is done so far."""
        done = Counter(each.kind for each in self.begun.pieces.values() if each.kind)
        parts = ["the survey"] if done["survey"] else []
        parts += [self._counted(kind, done[kind]) + end for kind, end in _COUNTED.items() if done[kind]]
        return ", ".join(parts) or "nothing"

    def ended(self) -> bool:
        """The night is over; False where a later start takes it up all the same, as the archive cannot be written."""
        if self.checkpoints is None:
            return True
        try:
            self.checkpoints.end()
        except ArchiveRefused as error:
            if not self.given_up:
                self.watch.narrator.stage("resume", f"{error} The next start will tell of this night once more.")
            return False
        return True

    def give_up(self, error: ArchiveRefused) -> None:
        """Go on without keeping anything, and say so once."""
        if not self.given_up:
            self.watch.narrator.stage("resume", f"{error} The night goes on; what it does from now on is not kept.")
        self.given_up = True

    @property
    def _keeping(self) -> history.Checkpoints | None:
        """Where what is done from now on is kept; None where nothing is, any more."""
        return None if self.given_up else self.checkpoints

    def _counted(self, kind: str, count: int) -> str:
        if kind not in self.planned:
            return counted(count, "shard")
        return f"{count} of {counted(self.planned[kind], 'shard')}"

    def left_open(self) -> None:
        """The night could not be kept: the next start tries that again, and as it is the same night sends no second
        letter."""
        if self._keeping:
            told = "The night is not kept, and so not over: the next start tries to keep it, and sends nothing twice."
            self.watch.narrator.stage("resume", told)

    def _found(self, piece: Piece[T]) -> T | None:
        """None too where its file is not what was written: then it is made anew."""
        checkpoints = self._keeping
        if checkpoints is None or piece.name not in self.begun.pieces:
            return None
        try:
            if checkpoints.get(self.begun, piece.name, self.scratch):
                return piece.unpack(self.scratch)
        except ArchiveRefused as error:
            self.give_up(error)
            return None
        except (ValueError, KeyError, OSError):  # what unpacking something else raises
            pass
        self.watch.narrator.stage("resume", f"{piece.name} was not kept as it was written: it is read anew")
        if piece.kind == "survey":  # another one may list machines that no shard has seen
            self.begun = self.begun.without_steps()
        return None

    def _keep(self, piece: Piece[T], made: T, seconds: float) -> None:
        checkpoints = self._keeping
        if checkpoints is None:
            return
        try:
            self.begun = checkpoints.put(self.begun, piece.name, piece.kind, seconds, piece.pack(made))
        except ArchiveRefused as error:
            self.give_up(error)


def go_on(
    order: Order,
    watch: Watch,
    archive: history.Archive | None,
    scratch: Path,
    stopwatch: Callable[[], float],
    tool: str,
) -> UnderWay:
    """The unfinished night of this very order, or a new one. Raises ArchiveRefused where the archive cannot be read.

    Of an unfinished night of another order it is told what differs, and what it has kept is removed.
    """
    marks = marks_of(order, tool)
    new = Begun(order.run_id, order.as_of, (watch.started,), marks)
    if archive is None:
        return UnderWay(order, watch, new, None, scratch, stopwatch)
    checkpoints = history.Checkpoints(archive.store, scratch)
    before = _begun_before(checkpoints, watch, marks)
    begun = before.started_again(watch.started) if before else new
    night = UnderWay(replace(order, as_of=begun.as_of), watch, begun, checkpoints, scratch, stopwatch)
    try:
        if before is None:
            checkpoints.end()
        checkpoints.note(begun)
    except ArchiveRefused as error:
        night.give_up(error)
    watch.earlier = begun.starts[:-1]
    watch.narrator.of_run(night.order.run_id)
    if before:
        told = f"the night of {begun.as_of:%Y-%m-%d %H:%M} UTC goes on (start {len(begun.starts)})"
        watch.narrator.stage("resume", f"{told}; kept: {night.progress()}")
    return night


def not_kept(order: Order, watch: Watch, scratch: Path) -> UnderWay:
    """A night of which no piece is kept."""
    return UnderWay(order, watch, Begun(order.run_id, order.as_of, (watch.started,), {}), None, scratch, lambda: 0.0)


def marks_of(order: Order, tool: str) -> dict[str, str]:
    """All that two starts of one night have in common, by what a person calls it. No secret goes into a digest."""
    hashes = {name: digest for name, digest in order.hashes.items() if name != "config"}
    return {
        **hashes,
        _CONFIGURATION: order.config_hash,
        _OTHERWISE: hashlib.sha256(order.settings.model_dump_json().encode()).hexdigest(),
        "the auditor's version": tool,
        "--as-of": order.as_of.isoformat() if order.fixed_clock else "",
    }


def _begun_before(checkpoints: history.Checkpoints, watch: Watch, marks: Mapping[str, str]) -> Begun | None:
    """The night to go on with; of one that is not gone on with it is told why."""
    try:
        begun = checkpoints.begun()
    except history.NightRefused as error:
        watch.narrator.stage("resume", f"the unfinished night in the archive {error}: tonight begins anew")
        return None
    if begun is None:
        return None
    why = _why_not(begun, watch.started, marks)
    if not why:
        return begun
    told = f"the unfinished night of {begun.as_of:%Y-%m-%d %H:%M} UTC is not gone on with"
    watch.narrator.stage("resume", f"{told}: {why}. Tonight begins anew")
    return None


def _why_not(begun: Begun, now: datetime, marks: Mapping[str, str]) -> str:
    """Empty where it may go on. A clock that was set back so far makes a night old, too."""
    if abs(now - begun.starts[0]) > KEPT_FOR:
        return f"it was begun on {begun.starts[0]:%Y-%m-%d %H:%M} UTC, more than {write_duration(KEPT_FOR)} ago"
    then, today = dict(begun.marks), dict(marks)
    if then.get(_CONFIGURATION) != today[_CONFIGURATION]:  # then the settings differ because of that
        then[_OTHERWISE] = today[_OTHERWISE]
    return str(Changes.between(then, today))
