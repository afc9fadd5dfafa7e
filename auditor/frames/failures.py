"""What became of the last failed operation on an extension.

A later success alone does not prove healing: after a failed upgrade the platform puts the old version back, and that
may itself be logged as a success. A newer installed version proves it.
https://learn.microsoft.com/azure/virtual-machines/automatic-extension-upgrade#upgrade-process-for-virtual-machine-scale-sets
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from auditor.frames.stays import Stay
from auditor.model.scopes import Subject
from auditor.model.version import Version

RECENT = timedelta(days=1)
"""How long an operation may go on without an end before it stops being "on its way"."""
SILENCE = timedelta(hours=1)
"""Heartbeats come every minute; an hour without one on a running machine is silence, not a gap between two."""
_THROTTLED = frozenset({"429", "toomanyrequests"})
_CONFLICT = frozenset({"409", "conflict"})
_REFUSAL = re.compile(r"409|conflict|notallowed|inprogress", re.IGNORECASE)
"""Error codes of a request that was refused because of another one."""
_BY_HAND = {"person", "policy", "deployment"}
_WRITES = {"write", "upgrade", "scale_set_write"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on the extension, on its machine (an upgrade of Arc) or on its scale set.

    ``codes``: its error code and HTTP status, as far as they were told. ``certain``: it was surely about this one.
    """

    action: str
    started: datetime | None
    ended: datetime | None
    outcome: str
    initiator: str
    codes: tuple[str, ...] = ()
    error: str = "none"
    certain: bool = True

    @property
    def at(self) -> datetime:
        """Its last known moment."""
        return self.ended or self.started or datetime.min.replace(tzinfo=UTC)

    @property
    def began(self) -> datetime:
        return self.started or self.at

    @property
    def reached_the_machine(self) -> bool:
        """Not where it was throttled, or refused for a conflict with another operation.

        A failure on the machine may be told as a Conflict too: then its error code says what happened there.
        """
        told = {code.lower() for code in self.codes}
        refused = bool(told & _CONFLICT) and all(map(_REFUSAL.search, told))
        return not (told & _THROTTLED or refused)


@dataclass(frozen=True)
class Scene:
    """All that is known of one extension around its failures.

    ``stays`` are in order of time, and empty unless every workspace was completely read. ``made_at``: when the
    extension, or its machine, was made. ``of`` is what the extension stands on: a scale set means its model.
    """

    operations: tuple[Operation, ...]
    installed: str | None
    installed_at: datetime | None
    installed_works: bool
    latest: str | None
    provisioning: str | None
    read_at: datetime | None
    made_at: datetime | None
    running: bool
    stays: tuple[Stay, ...]
    as_of: datetime
    of: Subject | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """``word`` None: not known. ``unfinished`` is one of none, recent, old."""

    word: str | None
    at: datetime | None
    error: str
    unfinished: str


_PASSING = ("healed", "superseded")

NO_OPERATION = Outcome("none", None, "none", "none")
"""Nothing was done to the extension, as far back as the log was read."""


def judge_failures(scene: Scene) -> Outcome:
    """The word for the last failure, tested in the order of DESIGN: the first that holds.

    A try that never reached the machine, and was healed, heals nothing but itself: where the failure before it still
    stands, that one speaks.
    """
    writes = sorted((each for each in scene.operations if each.action in _WRITES), key=lambda each: each.at)
    unfinished = _unfinished(scene, writes)
    failures = [each for each in writes if each.outcome == "failed"]
    if not failures:
        return Outcome(None if unfinished != "none" else "none", None, "none", unfinished)
    words = []
    for failure in reversed(failures):
        words.append((failure, _word(scene, failure, writes)))
        if failure.reached_the_machine:
            break
    failure, word = next((each for each in words if each[1] != "healed"), words[0])
    told = None if word in _PASSING and _open_since(scene, failure, writes) else word
    return Outcome(told, failure.at, failure.error, unfinished)


def _open_since(scene: Scene, failure: Operation, writes: Sequence[Operation]) -> bool:
    """Whether a write that began after ``failure`` never showed an end: then nothing is settled yet."""
    return any(each.began > failure.at and not _ended(scene, each, writes) for each in writes)


def _ended(scene: Scene, write: Operation, writes: Sequence[Operation]) -> bool:
    """Whether its end was seen, or Succeeded was read after its start. A model has no state: a later success does."""
    if write.outcome != "running" or _succeeded_after(scene, write.began):
        return True
    return scene.of is Subject.SCALE_SET and bool(_successes_since(write.began, writes))


def _successes_since(moment: datetime, writes: Sequence[Operation]) -> list[Operation]:
    return [each for each in writes if each.began > moment and each.outcome == "succeeded"]


def _unfinished(scene: Scene, writes: Sequence[Operation]) -> str:
    """An operation of which no end was seen; finished all the same where Succeeded was read after its start.

    It is no longer on its way once another one has reached the machine and ended there.
    """
    running = [each for each in writes if not _ended(scene, each, writes)]
    if not running:
        return "none"
    began = running[-1].began
    overtaken = any(each.ended and each.ended > began and each.reached_the_machine for each in writes)
    return "recent" if scene.as_of - began < RECENT and not overtaken else "old"


def _succeeded_after(scene: Scene, moment: datetime) -> bool:
    read_after = scene.read_at is not None and scene.read_at > moment
    return read_after and (scene.provisioning or "").lower() == "succeeded"


def _word(scene: Scene, failure: Operation, writes: Sequence[Operation]) -> str:
    # A success that began before the failure is another try's: what the failed one wanted did not happen by it.
    later = _successes_since(failure.at, writes)
    if _superseded(scene, failure):
        return "superseded"
    if scene.of is Subject.SCALE_SET:
        return "healed" if later else "unresolved"
    if _healed(scene, failure, later):
        return "healed"
    if (scene.provisioning or "").lower() == "failed" or _silent_since(scene, failure):
        return "broken"
    if _reports_old_version(scene, failure) or (not later and _put_back_by_arc(scene, failure)):
        return "rolled_back"
    return "retried" if later else "unresolved"


def _put_back_by_arc(scene: Scene, failure: Operation) -> bool:
    """On Arc an upgrade that was rolled back shows Succeeded, one that was not Failed.

    https://learn.microsoft.com/azure/azure-arc/servers/manage-automatic-vm-extension-upgrade
    """
    upgraded = scene.of is Subject.ARC and failure.action == "upgrade" and failure.certain
    succeeded = scene.running and _succeeded_after(scene, failure.at)
    return upgraded and succeeded and not _latest_is_installed(scene, failure)


def _superseded(scene: Scene, failure: Operation) -> bool:
    deleted = any(
        each.action == "delete" and each.outcome == "succeeded" and each.at > failure.at for each in scene.operations
    )
    return deleted or (scene.made_at is not None and scene.made_at > failure.at)


def _healed(scene: Scene, failure: Operation, later: Sequence[Operation]) -> bool:
    before, shown = _version_before(scene, failure), _version_shown_since(scene, failure)
    if before is not None and shown is not None and shown > before:
        return True
    if later and _latest_is_installed(scene, later[-1]):
        return True
    if not later or not _succeeded_after(scene, later[-1].at):
        return False
    return any(each.initiator in _BY_HAND for each in later) or not failure.reached_the_machine


def _latest_is_installed(scene: Scene, since: Operation) -> bool:
    installed, latest = Version.read(scene.installed), Version.read(scene.latest)
    told_since = scene.installed_at is not None and scene.installed_at > since.at
    works = told_since and scene.installed_works
    return works and installed is not None and latest is not None and installed >= latest


def _version_before(scene: Scene, failure: Operation) -> Version | None:
    """What the machine ran when the failed operation began."""
    before = [stay for stay in scene.stays if stay.since <= failure.began]
    return Version.read(before[-1].version) if before else None


def _version_shown_since(scene: Scene, failure: Operation) -> Version | None:
    """The last version shown after the failure, by a heartbeat or by the machine itself, whichever is later."""
    shown = [(stay.until, stay.version) for stay in scene.stays if stay.until > failure.at]
    told_since = scene.installed_at is not None and scene.installed_at > failure.at
    # A version whose install failed stands in the instance view too: only one that works has been shown.
    if scene.installed is not None and scene.installed_at is not None and told_since and scene.installed_works:
        shown.append((scene.installed_at, scene.installed))
    return Version.read(max(shown)[1]) if shown else None


def _silent_since(scene: Scene, failure: Operation) -> bool:
    """Heard in the window, and not for an hour since the failure, though the machine runs."""
    if not (scene.running and scene.stays):
        return False
    heard = max(stay.until for stay in scene.stays)
    return scene.as_of - max(heard, failure.at) > SILENCE


def _reports_old_version(scene: Scene, failure: Operation) -> bool:
    before, shown = _version_before(scene, failure), _version_shown_since(scene, failure)
    return before is not None and shown is not None and shown <= before
